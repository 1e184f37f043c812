"""The colours of a letter, refused where text in them would be hard to read."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping

from digest.errors import TemplateError

Scheme = Mapping[str, str]  # {name: "#RRGGBB"}

_LEAST = 4.5  # WCAG 2.2, success criterion 1.4.3: contrast of text, level AA
_READ_ON = (("ink", "ground"), ("muted", "ground"), ("leaf", "ground"), ("on_mark", "mark"), ("on_leaf", "leaf"))

_MARK_SHARE = 0.2  # of the operator's colour in the mark, in light; enough to be seen, and ink stays well readable
_DARK_MARK_SHARE = 0.4
_DARK_LEAF = 7.0  # contrast: coloured text on dark needs more than the least to look as strong as on light
_STEP = 0.05


def check_colours(shipped: Mapping[str, Scheme], own: Mapping[str, object]) -> None:
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


def family(colour: str, shipped: Mapping[str, Scheme]) -> dict[str, dict[str, str]]:
    """Leaf and mark for both schemes, made of one colour: itself for links and buttons on light, paler for marks.

    Raises:
        TemplateError: links in this colour would be hard to read; says how hard.
    """
    light, dark = shipped["light"], shipped["dark"]
    if (found := contrast(colour, light["ground"])) < _LEAST:
        raise TemplateError(f"contrast {found:.1f} on the light ground {light['ground']}, at least {_LEAST}")
    leaf = next(c for c in _towards(colour, "#FFFFFF") if contrast(c, dark["ground"]) >= _DARK_LEAF)
    mark = _mixed(dark["ground"], colour, _DARK_MARK_SHARE)
    return {
        "light": {"leaf": colour, "mark": _mixed(light["ground"], colour, _MARK_SHARE)},
        "dark": {
            "leaf": leaf,
            "mark": next(c for c in _towards(mark, dark["ground"]) if contrast(dark["on_mark"], c) >= _DARK_LEAF),
        },
    }


def contrast(one: str, other: str) -> float:
    """The contrast ratio of two colours, 1 to 21, as WCAG 2.2 defines it."""
    darker, lighter = sorted((_luminance(one), _luminance(other)))
    return (lighter + 0.05) / (darker + 0.05)


def _luminance(colour: str) -> float:
    channels = [channel / 255 for channel in _channels(colour)]
    linear = [c / 12.92 if c <= 0.04045 else ((c + 0.055) / 1.055) ** 2.4 for c in channels]
    return sum(weight * c for weight, c in zip((0.2126, 0.7152, 0.0722), linear, strict=True))


def _channels(colour: str) -> tuple[int, ...]:
    """Red, green and blue, 0 to 255."""
    return tuple(int(colour[at : at + 2], 16) for at in (1, 3, 5))


def _mixed(ground: str, colour: str, share: float) -> str:
    pairs = zip(_channels(ground), _channels(colour), strict=True)
    return "#" + "".join(f"{round(under + (over - under) * share):02X}" for under, over in pairs)


def _towards(colour: str, end: str) -> Iterator[str]:
    """The colour, and then in even steps to the end."""
    return (_mixed(colour, end, step * _STEP) for step in range(round(1 / _STEP) + 1))
