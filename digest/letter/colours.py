"""The colours of a letter, refused where text in them would be hard to read."""

from __future__ import annotations

import re
from collections.abc import Mapping

from digest.errors import TemplateError

_LEAST = 4.5  # WCAG 2.2, success criterion 1.4.3: contrast of text, level AA
_READ_ON = (("ink", "ground"), ("muted", "ground"), ("leaf", "ground"), ("on_mark", "mark"))


def check_colours(shipped: Mapping[str, Mapping[str, str]], own: Mapping[str, object]) -> None:
    """Refuse colours that do not exist or that hide text; `shipped` is what the own ones stand beside.

    Raises:
        TemplateError: an unknown scheme or name, no #RRGGBB, or a contrast under 4.5.
    """
    for scheme, colours in own.items():
        if not isinstance(colours, Mapping):
            raise TemplateError(f"{scheme}: expected names and colours, found {colours!r}")
        for name, value in colours.items():
            if name not in shipped.get(scheme, {}):
                raise TemplateError(f"{scheme}.{name}: no such colour")
            if not re.fullmatch(r"#[0-9A-Fa-f]{6}", str(value)):
                raise TemplateError(f"{scheme}.{name}: expected #RRGGBB, found {value!r}")
        both = {**shipped[scheme], **colours}
        for text, ground in _READ_ON:
            if (found := contrast(both[text], both[ground])) < _LEAST:
                raise TemplateError(f"{scheme}.{text} on {scheme}.{ground}: contrast {found:.1f}, at least {_LEAST}")


def contrast(one: str, other: str) -> float:
    """The contrast ratio of two colours, 1 to 21, as WCAG 2.2 defines it."""
    darker, lighter = sorted((_luminance(one), _luminance(other)))
    return (lighter + 0.05) / (darker + 0.05)


def _luminance(colour: str) -> float:
    channels = [int(colour[at : at + 2], 16) / 255 for at in (1, 3, 5)]
    linear = [c / 12.92 if c <= 0.04045 else ((c + 0.055) / 1.055) ** 2.4 for c in channels]
    return sum(weight * c for weight, c in zip((0.2126, 0.7152, 0.0722), linear, strict=True))
