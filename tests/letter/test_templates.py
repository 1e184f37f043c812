"""An operator's own words, colours and templates: used where they are right, refused by file and line where not."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from digest.errors import TemplateError
from digest.letter.press import Press
from digest.letter.templates import shipped_folder
from tests.letter import samples

_UNKNOWN_TAG = (
    "<mjml><mj-body><mj-section><mj-column>\n"
    "<mj-text><mj-nonsense>x</mj-nonsense></mj-text></mj-column></mj-section></mj-body></mjml>"
)


def press(folder: Path) -> Press:
    return Press(samples.SITE, samples.SENDER, folder)


def test_a_single_changed_line_is_enough(tmp_path: Path) -> None:
    (tmp_path / "words.yaml").write_text('headline: {one: "{number} for you", many: "{number} for you on {weekday}"}\n')
    (tmp_path / "colours.yaml").write_text('light: {leaf: "#003366"}\n')
    own = press(tmp_path)
    message = samples.set_letter(own, samples.DAILY)
    assert "Nine for you on Thursday" in message.html and "Picked from 612" in message.html
    assert "#003366" in message.html and "#1D5B42" not in message.html
    assert own.template_version != Press(samples.SITE, samples.SENDER).template_version


def test_a_whole_template_can_be_replaced(tmp_path: Path) -> None:
    (tmp_path / "letter.txt.j2").write_text("{{ view.headline }} <& all>\n")
    assert samples.set_letter(press(tmp_path), samples.DAILY).text == "Nine papers for Thursday <& all>\n"


@pytest.mark.parametrize(
    ("name", "content", "says"),
    [
        ("words.yaml", "language: en\nnonsense: x\n", "words.yaml:2: nonsense: no letter says this"),
        ("words.yaml", "\n\nlead: {one: a, many: 'b {colour}'}\n", "words.yaml:3: lead: there is nothing to put"),
        ("words.yaml", "lead: plain\n", "words.yaml:1: lead: expected one and many, found a sentence"),
        ("words.yaml", "numbers: [none]\n", "words.yaml:1: numbers: expected a list of 21, found a list of 1"),
        ("words.yaml", "more: 'x {'\n", "words.yaml:1: more:"),
        ("words.yaml", "a: b: c\n", "words.yaml:1: mapping values are not allowed"),
        ("words.yaml", "- a\n", "words.yaml:1: expected names"),
        ("colours.yaml", "light:\n  muted: '#CCCCCC'\n", "contrast 1.5, at least 4.5"),
        ("colours.yaml", "dark: {leaf: red}\n", "colours.yaml:1: dark.leaf: expected #RRGGBB"),
        ("colours.yaml", "dark: {sky: '#000000'}\n", "colours.yaml:1: dark.sky: no such colour"),
        ("colours.yaml", "dark: red\n", "colours.yaml:1: dark:"),
        ("letter.txt.j2", "a\n\n{% if %}\n", "letter.txt.j2:3: "),
        ("letter.txt.j2", "a\n{{ view.nonsense }}\n", "letter.txt.j2:2: "),
        ("parts.html.j2", "{% macro head( %}", "parts.html.j2:1: "),
        ("letter.mjml.j2", "<mjml>\n<mj-body>\n<mj-section></mj-body></mjml>", "letter.mjml.j2:3: "),
        ("letter.mjml.j2", _UNKNOWN_TAG, "letter.mjml.j2:2: <mj-nonsense was not understood"),
        ("letter.mjml.j2", "<mjml><mj-body><mj-raw>{{ view.nonsense }}</mj-raw></mj-body></mjml>", "letter.mjml.j2: "),
    ],
)  # fmt: skip
def test_a_mistake_is_named_by_file_and_line(tmp_path: Path, name: str, content: str, says: str) -> None:
    (tmp_path / name).write_text(content)
    with pytest.raises(TemplateError) as caught:
        press(tmp_path)
    assert says in str(caught.value) and str(tmp_path / name) in str(caught.value)


def test_no_font_and_no_picture_is_loaded_even_with_a_tempting_font(tmp_path: Path) -> None:
    shell = (shipped_folder() / "letter.mjml.j2").read_text().replace("Georgia,serif", "Roboto,Georgia,serif")
    (tmp_path / "letter.mjml.j2").write_text(shell)
    html = samples.set_letter(press(tmp_path), samples.DAILY).html
    assert "Roboto" in html
    for outside in ("googleapis", "<link", "<img", "@import", "url(", "src="):
        assert outside not in html


def test_a_copy_of_the_shipped_templates_is_the_shipped_press(tmp_path: Path) -> None:
    shutil.copytree(shipped_folder(), tmp_path / "email")
    assert press(tmp_path / "email").template_version == Press(samples.SITE, samples.SENDER).template_version
