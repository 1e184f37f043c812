"""Photographs of the sample letters, to be looked at: `python -m tests.letter.pictures FOLDER` (needs Chromium).

The last one, letter.png, is the picture in the README: one letter on a phone, in light and in dark.
"""

from __future__ import annotations

import shutil
import subprocess
import sys
import tempfile
from dataclasses import replace
from pathlib import Path

from digest.letter.press import Press
from digest.model import Letter
from tests.letter import samples

_SCHEMES = {"light": 1, "dark": 0}
_WIDTHS = (375, 600)
_HEIGHT = 2400
FLAGS = [
    "--headless", "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--hide-scrollbars",
    "--disable-background-networking", "--disable-component-update", "--disable-sync",
]  # fmt: skip

LETTERS: dict[str, Letter] = {
    "nine": samples.DAILY,
    "end": replace(samples.DAILY, picks=samples.NINE[6:], unread=()),
    "trending": replace(samples.DAILY, picks=(), trending=samples.READ_BY_OTHERS * 2, has_interests=False),
    "quiet": replace(samples.DAILY, picks=()),
    "first": replace(samples.DAILY, picks=samples.NINE[:2], is_first=True, vouched_by="config.yaml, by the operator"),
}


def photograph(html: str, width: int, scheme: str, to: Path) -> None:
    """Write a picture of the letter as a window of this width shows it."""
    with tempfile.TemporaryDirectory() as folder:
        page = Path(folder) / "letter.html"
        page.write_text(html, encoding="utf-8")
        frame = Path(folder) / "frame.html"  # the browser opens no window narrower than 500
        frame.write_text(
            f'<body style="margin:0"><iframe src="{page.name}" width={width} height={_HEIGHT} frameborder=0>'
        )
        _shoot(frame, (max(width, 500), _HEIGHT), to, f"--blink-settings=preferredColorScheme={_SCHEMES[scheme]}")


def side_by_side(left: Path, right: Path, to: Path) -> None:
    """Write the tops of two pictures of a phone as one."""
    tops = "".join(
        f'<img src="{one.absolute().as_uri()}" style="object-fit:none;object-position:0 0" width=375 height=1060>'
        for one in (left, right)
    )
    with tempfile.TemporaryDirectory() as folder:
        frame = Path(folder) / "frame.html"
        frame.write_text(f'<body style="margin:0;display:flex;gap:14px;background:#fff">{tops}')
        _shoot(frame, (764, 1060), to)


def _shoot(page: Path, size: tuple[int, int], to: Path, *flags: str) -> None:
    with tempfile.TemporaryDirectory() as profile:
        command = [_chromium(), *FLAGS, *flags, f"--user-data-dir={profile}", f"--screenshot={to.absolute()}"]
        command += [f"--window-size={size[0]},{size[1]}", page.as_uri()]
        subprocess.run(command, check=True, capture_output=True, timeout=60)


def _chromium() -> str:
    found = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")
    if found is None:
        sys.exit("No Chromium here.")
    return found


def main(folder: Path) -> None:
    """Write every letter in every width and scheme."""
    folder.mkdir(parents=True, exist_ok=True)
    press = Press(samples.SITE, samples.SENDER)
    for name, letter in LETTERS.items():
        html = samples.set_letter(press, letter).html
        for width in _WIDTHS:
            for scheme in _SCHEMES:
                photograph(html, width, scheme, folder / f"{name}-{width}-{scheme}.png")
    side_by_side(folder / "nine-375-light.png", folder / "nine-375-dark.png", folder / "letter.png")


if __name__ == "__main__":
    main(Path(sys.argv[1]))
