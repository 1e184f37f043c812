"""What the MJML compiler gets wrong in silence is refused before, by file and line."""

from __future__ import annotations

from pathlib import Path

import pytest

from digest.errors import TemplateError
from digest.letter.shell import Source, compiled

_HEAD = Source(Path("head.mjml.j2"), "<mj-style>\n.a { color: red; }\n</mj-style>")


def shell(body: str, head: str = "") -> Source:
    """A shell whose body begins on its third line."""
    return Source(Path("odd.mjml.j2"), f"<mjml>\n<mj-head>{head}</mj-head>\n<mj-body>{body}</mj-body></mjml>")


def column(inside: str) -> str:
    return f"<mj-section><mj-column>{inside}</mj-column></mj-section>"


def test_what_is_right_is_compiled_with_its_places() -> None:
    source = shell(column("<mj-raw>{% for x in y %}<p>{{ x }}</p>{% endfor %}</mj-raw>"), '<mj-include path="h" />')
    html = compiled(source, {"h": _HEAD})
    assert "{% for x in y %}<p>{{ x }}</p>{% endfor %}" in html and ".a { color: red; }" in html


@pytest.mark.parametrize(
    ("source", "says"),
    [
        (shell("\n" + column("<mj-nonsense>x</mj-nonsense>")), "odd.mjml.j2:4: <mj-nonsense was not understood"),
        (shell(column("<p>bare</p>")), "odd.mjml.j2:3: <p> stands bare"),
        (shell("<div></div>"), "odd.mjml.j2:3: <div> stands bare"),
        (shell("", '<mj-style inline="inline">x</mj-style>'), "odd.mjml.j2:2: styles are not inlined"),
        (shell(column('<mj-table role="presentation"></mj-table>')), "odd.mjml.j2:3: the role of an mj-table"),
        (shell(column('<mj-image src="https://a.example/b" />')), "odd.mjml.j2:3: an mj-image needs an alt"),
        (shell("<mj-wrapper><mj-raw><p>x</p></mj-raw></mj-wrapper>"), "odd.mjml.j2:3: mj-raw in an mj-wrapper"),
        (shell('<mj-wrapper gap="4px"></mj-wrapper>'), "odd.mjml.j2:3: the gap of an mj-wrapper"),
        (shell(column('<mj-spacer height="{{ high }}px" />')), "odd.mjml.j2:3: height is reckoned with"),
        (shell("<mj-section>" * 10_000), "odd.mjml.j2:3: nested more than 60 tags deep"),
        (shell(column("<mj-raw>" + "<div>" * 10_000 + "</mj-raw>")), "odd.mjml.j2:3: nested more than 60 tags deep"),
        (shell(column("<mj-text>{% if a < 3 %}x{% endif %}</mj-text>")), "odd.mjml.j2:3: "),
        (shell("", '\n<mj-include path="h" />\n<mj-nonsense />'), "odd.mjml.j2:4: <mj-nonsense"),
    ],
)
def test_what_would_go_wrong_in_silence_is_refused(source: Source, says: str) -> None:
    with pytest.raises(TemplateError) as caught:
        compiled(source, {"h": _HEAD})
    assert says in str(caught.value)


@pytest.mark.parametrize(
    ("fragment", "says"),
    [("<mj-style>\n\n<mj-style>", "head.mjml.j2:"), ("\n<mj-nonsense />", "head.mjml.j2:2: <mj-nonsense")],
)
def test_a_mistake_in_a_fragment_is_told_of_the_fragment(fragment: str, says: str) -> None:
    with pytest.raises(TemplateError) as caught:
        compiled(shell("", '<mj-include path="h" />'), {"h": _HEAD._replace(text=fragment)})
    assert str(caught.value).startswith(says)


def test_no_font_is_loaded_whatever_its_name() -> None:
    html = compiled(shell(column('<mj-text font-family="Roboto,Ubuntu,Lato">x</mj-text>')), {})
    assert "Roboto" in html and "googleapis" not in html and "@import" not in html
