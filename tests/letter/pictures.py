"""Photographs of the sample letters, to be looked at: `python -m tests.letter.pictures FOLDER` (needs Chromium).

Every letter is taken on a phone and on a desk, in light and in dark. With `--docs` it makes the pictures of
docs/pictures instead: phones side by side, and letter.png for the README.
"""

from __future__ import annotations

import base64
import sys
from collections.abc import Iterator
from pathlib import Path

from digest.letter.notices import Notices
from digest.letter.press import Press
from digest.letter.templates import Templates
from digest.model import Message
from tests.browser import Browser, chromium, opened
from tests.letter import samples

_SCHEMES = ("light", "dark")
_WIDTHS = (375, 600)
_PHONE, _DESK = _WIDTHS
_GAP = 14
_TALLEST = 900  # pixels of a letter in the docs
_SHARPNESS = 1.3  # of the pictures in the docs: sharp enough to read, at half the size
_IN_DOCS = (
    "one", "long", "non-latin", "mathematics", "trending", "quiet", "welcome", "confirm", "goodbye", "paused", "reply",
)  # fmt: skip


def letters() -> dict[str, Message]:
    """Every kind of letter, typeset, by name."""
    templates = Templates()
    press, notices = Press(samples.SITE, samples.SENDER, templates), Notices(samples.SITE, samples.SENDER, templates)
    digests = {name: samples.set_letter(press, letter) for name, letter in samples.LETTERS.items()}
    return digests | {name: samples.set_notice(notices, each) for name, each in samples.written(notices).items()}


def photograph(browser: Browser, html: str, width: int, scheme: str, *, height: int | None = None) -> bytes:
    """A picture of the letter as a window of this width shows it."""
    browser.open(html, width=width, scheme=scheme)
    return browser.picture(width=width, height=height, form="png")


def side_by_side(browser: Browser, pictures: list[bytes], width: int, *, form: str) -> bytes:
    """Pictures of the same width as one."""
    shown = "".join(
        f'<img src="data:image/png;base64,{base64.b64encode(one).decode()}" width={width}>' for one in pictures
    )
    style = f"margin:0;display:flex;align-items:flex-start;gap:{_GAP}px;background:#8a908b"
    whole = len(pictures) * (width + _GAP) - _GAP
    browser.open(f'<!doctype html><body style="{style}">{shown}', width=whole)
    return browser.picture(width=whole, height=_TALLEST, scale=_SHARPNESS, form=form)


def every_picture(browser: Browser) -> Iterator[tuple[str, bytes]]:
    """(file name, picture) of every letter in every width and scheme."""
    for name, message in letters().items():
        for width in _WIDTHS:
            for scheme in _SCHEMES:
                yield f"{name}-{width}-{scheme}.png", photograph(browser, message.html, width, scheme)


def for_the_docs(browser: Browser) -> Iterator[tuple[str, bytes]]:
    """(file name, picture) of what the docs and the README show: light beside dark."""
    found = letters()
    phones, desks = (_both_schemes(browser, found["daily"], width) for width in _WIDTHS)
    yield "letter.png", side_by_side(browser, phones, _PHONE, form="png")
    yield "desk.webp", side_by_side(browser, desks, _DESK, form="webp")
    for name in _IN_DOCS:
        phones = _both_schemes(browser, found[name], _PHONE)
        yield f"{name}.webp", side_by_side(browser, phones, _PHONE, form="webp")


def _both_schemes(browser: Browser, message: Message, width: int) -> list[bytes]:
    return [photograph(browser, message.html, width, scheme, height=_TALLEST) for scheme in _SCHEMES]


def main(folder: Path, *, is_for_docs: bool) -> None:
    """Write the pictures into the folder."""
    program = chromium()
    if program is None:
        sys.exit("No Chromium here.")
    folder.mkdir(parents=True, exist_ok=True)
    with opened(program) as browser:
        for name, picture in for_the_docs(browser) if is_for_docs else every_picture(browser):
            (folder / name).write_bytes(picture)


if __name__ == "__main__":
    main(Path(sys.argv[1]), is_for_docs="--docs" in sys.argv)
