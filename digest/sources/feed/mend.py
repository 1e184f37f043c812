"""Signs that XML forbids, made what the writer of a template meant by them."""

from __future__ import annotations

import re
from html import escape
from html.entities import html5

#: https://www.w3.org/TR/xml/#charsets
_NO_CHARACTER = re.compile("[^\t\n\r\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")
#: a reference, or a "&" or "<" that begins nothing
_SIGN = re.compile(r"&(?:#([0-9]{1,7}|x[0-9a-f]{1,6});|(\w{1,32});)?|<(?![A-Za-z_:/!?])", re.IGNORECASE)
_OF_XML = ("lt", "gt", "amp", "quot", "apos")
_CDATA, _CDATA_END = "<![CDATA[", "]]>"


def mended(text: str) -> str:
    """The text of an XML document with stray signs escaped, and characters that HTML has names for in their place.

    "AT&T" and "&nbsp;" are no XML, but nobody means anything else by them. What is good XML stays as it is, and so
    does every CDATA section, where no sign needs an escape; characters that XML knows none of are left out.
    """
    pieces, at = [], 0
    text = _NO_CHARACTER.sub("", text)
    while (start := text.find(_CDATA, at)) >= 0 and (end := text.find(_CDATA_END, start)) >= 0:
        pieces += [_SIGN.sub(_meant, text[at:start]), text[start:end]]
        at = end
    return "".join([*pieces, _SIGN.sub(_meant, text[at:])])


def _meant(found: re.Match[str]) -> str:
    written, number, name = found[0], found[1], found[2]
    if written == "<":
        return "&lt;"
    if number:
        code = int(number[1:], 16) if number[0] in "xX" else int(number)
        return written if code <= 0x10FFFF and not _NO_CHARACTER.match(chr(code)) else ""
    if name in _OF_XML:
        return written
    meant = html5.get(f"{name};", "") if name else ""
    return escape(meant) if meant else "&amp;" + written[1:]
