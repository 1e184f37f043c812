"""An operator's own words, colours and templates: used where they are right, refused by file and line where not."""

from __future__ import annotations

import shutil
from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from ruamel.yaml import YAML

from digest.errors import TemplateError
from digest.letter.colours import check_colours, contrast, family
from digest.letter.notices import Notices
from digest.letter.press import Press
from digest.letter.templates import Templates, colour_problem, languages, shipped_folder
from tests.letter import samples

_UNKNOWN_TAG = (
    "<mjml><mj-body><mj-section><mj-column>\n"
    "<mj-text><mj-nonsense>x</mj-nonsense></mj-text></mj-column></mj-section></mj-body></mjml>"
)


def press(folder: Path) -> Press:
    return Press(samples.SITE, samples.SENDER, Templates(folder))


def test_a_single_changed_line_is_enough(tmp_path: Path) -> None:
    (tmp_path / "words.yaml").write_text('headline: {one: "{number} for you", many: "{number} for you on {weekday}"}\n')
    (tmp_path / "colours.yaml").write_text('light: {leaf: "#003366"}\n')
    own = press(tmp_path)
    message = samples.set_letter(own, samples.DAILY)
    assert "Nine for you on Thursday" in message.html and "Picked from 612" in message.html
    assert "#003366" in message.html and "#1D5B42" not in message.html
    assert own.template_version != Press(samples.SITE, samples.SENDER).template_version


def test_a_folder_that_is_not_there_is_told(tmp_path: Path) -> None:
    with pytest.raises(TemplateError, match="there is no such folder"):
        Templates(tmp_path / "missing")


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
        ("words.yaml", "more_below: {many: a}\n", "words.yaml:1: more_below: expected one and many, found many"),
        ("words.yaml", "date: '{day:zz} {month}'\n", "words.yaml:1: date: {day} is filled in as it is"),
        ("words.nl.yaml", "language: nl\nnonsense: x\n", "words.nl.yaml:2: nonsense: no letter says this"),
        ("words.nl.yaml", "lead: plain\n", "words.nl.yaml:1: lead: expected one and many"),
        ("words.yaml", "a: b: c\n", "words.yaml:1: mapping values are not allowed"),
        ("words.yaml", "- a\n", "words.yaml:1: expected names"),
        ("colours.yaml", "light:\n  muted: '#CCCCCC'\n", "contrast 1.5, at least 4.5"),
        ("colours.yaml", "dark: {leaf: red}\n", "colours.yaml:1: dark.leaf: expected #RRGGBB"),
        ("colours.yaml", "dark: {sky: '#000000'}\n", "colours.yaml:1: dark.sky: no such colour"),
        ("colours.yaml", "dark: red\n", "colours.yaml:1: dark:"),
        ("letter.txt.j2", "a\n\n{% if %}\n", "letter.txt.j2:3: "),
        ("letter.txt.j2", "a\n{{ view.nonsense }}\n", "letter.txt.j2:2: "),
        ("parts.html.j2", "{% macro head( %}", "parts.html.j2:1: "),
        ("notice.txt.j2", "\n{% for %}\n", "notice.txt.j2:2: "),
        ("notice.mjml.j2", "<mjml>\n<mj-body><p></p>", "notice.mjml.j2:2: <p> stands bare"),
        ("head.mjml.j2", "\n<mj-nonsense />", "head.mjml.j2:2: <mj-nonsense was not understood"),
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


@pytest.mark.parametrize(
    ("name", "says"),
    [
        ("notice.txt.j2", "notice.txt.j2:2: "),
        ("notice-parts.html.j2", "notice-parts.html.j2:2: "),
    ],
)
def test_a_mistake_in_a_notice_is_found_at_start(tmp_path: Path, name: str, says: str) -> None:
    (tmp_path / name).write_text("{# a copy #}\n{{ view.nonsense }}\n")
    with pytest.raises(TemplateError) as caught:
        Notices(samples.SITE, samples.SENDER, Templates(tmp_path))
    assert says in str(caught.value) and str(tmp_path / name) in str(caught.value)


def test_no_font_and_no_picture_is_loaded_even_with_a_tempting_font(tmp_path: Path) -> None:
    for name in ("head.mjml.j2", "parts.html.j2"):
        tempting = (shipped_folder() / name).read_text().replace("Georgia,serif", "Roboto,Georgia,serif")
        (tmp_path / name).write_text(tempting)
    html = samples.set_letter(press(tmp_path), samples.DAILY).html
    assert "Roboto" in html
    for outside in ("googleapis", "<link", "<img", "@import", "url(", "src="):
        assert outside not in html


def test_a_letter_is_in_the_language_of_its_reader(tmp_path: Path) -> None:
    (tmp_path / "words.de.yaml").write_text(
        "weekdays: [Montag, Dienstag, Mittwoch, Donnerstag, Freitag, Samstag, Sonntag]\n"
        'thousands: "."\ndate: "{day}. {month}"\nmonths: [1, 2, 3, 4, 5, 6, 7, 8, 9, 10, November, 12]\n'
        'headline: {one: "Ein Artikel für {weekday}", many: "{n} Artikel für {weekday}"}\n'
    )
    own = press(tmp_path)
    letter = replace(samples.DAILY, considered=61_200)
    for language in ("de", "de-CH"):
        german = samples.set_letter(own, replace(letter, language=language)).html
        assert 'lang="de"' in german and "9 Artikel für Donnerstag" in german and "61.200" in german
        assert "21.\u00a0November" in german
        assert "More like this" in german  # what a translation leaves out is said in English
    for language in ("en", "fr"):
        english = samples.set_letter(own, replace(letter, language=language)).html
        assert 'lang="en"' in english and "Nine papers for Thursday" in english and "61,200" in english
    assert languages(tmp_path) == {"en", "de"} and languages(None) == {"en"}


def test_one_colour_dresses_a_letter_in_both_schemes() -> None:
    html = samples.set_letter(Press(samples.SITE, samples.SENDER, Templates(colour="#7A1F3D")), samples.DAILY).html
    assert "#7A1F3D" in html
    for shipped in ("#1D5B42", "#D5E8C0", "#8FCBA8", "#2A4636"):
        assert shipped not in html


@given(st.from_regex(r"#[0-9A-F]{6}", fullmatch=True))
def test_a_colour_is_refused_or_every_pair_of_its_family_can_be_read(colour: str) -> None:
    shipped = YAML(typ="safe").load(shipped_folder() / "colours.yaml")
    if contrast(colour, shipped["light"]["ground"]) < 4.5:
        assert colour_problem(colour).startswith("contrast ")
        return
    assert colour_problem(colour) == ""
    check_colours(shipped, family(colour, shipped))


def test_a_colour_that_cannot_be_read_never_reaches_a_letter() -> None:
    with pytest.raises(TemplateError, match=r"site\.colour: contrast 1\.\d on the light ground"):
        Templates(colour="#FFEE00")


def test_a_text_can_stand_for_the_name(tmp_path: Path) -> None:
    templates = Templates(logo="DP ☼")
    message = samples.set_letter(Press(samples.SITE, samples.SENDER, templates), samples.DAILY)
    assert ">DP ☼</span>" in message.html and message.text.startswith("DP ☼\n")
    assert "Daily Papers, Example Lab" in message.html  # who sends it is said by name
    notices = Notices(samples.SITE, samples.SENDER, templates)
    assert ">DP ☼</span>" in samples.set_notice(notices, samples.written(notices)["confirm"]).html


def test_a_copy_of_the_shipped_templates_is_the_shipped_press(tmp_path: Path) -> None:
    shutil.copytree(shipped_folder(), tmp_path / "email")
    assert press(tmp_path / "email").template_version == Press(samples.SITE, samples.SENDER).template_version
