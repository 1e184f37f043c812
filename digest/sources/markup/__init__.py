"""Documents of marked-up text: their encoding, and the plain lines that people see."""

from __future__ import annotations

import codecs
import re
from collections.abc import Iterator
from contextlib import suppress

from lxml import etree

from digest.errors import SourceError
from digest.sources.text import collapse

_BOMS = (
    (codecs.BOM_UTF8, "utf-8-sig"),
    (codecs.BOM_UTF32_LE, "utf-32"),  # begins with the mark of UTF-16, so it comes first
    (codecs.BOM_UTF32_BE, "utf-32"),
    (codecs.BOM_UTF16_LE, "utf-16"),
    (codecs.BOM_UTF16_BE, "utf-16"),
    (b"<\0", "utf-16-le"),  # https://www.w3.org/TR/xml/#sec-guessing
    (b"\0<", "utf-16-be"),
)
_DECLARED = re.compile(
    rb"<(?:\?xml|meta)\b[^<>]{0,300}?(?:encoding|charset)\s*=\s*[\"']?\s*([\w.:-]{1,40})", re.IGNORECASE
)
_HEAD = 4096  # bytes in which an encoding is declared
#: Encodings of texts. Python knows codecs, too, that are slow, warn, or make something else of the bytes.
_OF_TEXTS = re.compile(r"utf-8|ascii|iso8859-\d+|cp\d+|koi8-[rtu]|gb\w+|hz|big5\w*|euc_\w+|shift_jis\w*|iso2022_\w+")
#: what these are used for (https://encoding.spec.whatwg.org/#names-and-labels)
_MEANT = {"ascii": "cp1252", "iso8859-1": "cp1252", "gb2312": "gb18030", "gbk": "gb18030"}

_LONGEST = 200_000  # characters of HTML that are looked at for a text
_DROPPED = re.compile("script|style|template|title|annotation|annotation-xml|head|noscript")
_INLINE = re.compile(
    "[abiqsu]|abbr|acronym|bdi|bdo|big|cite|code|data|del|dfn|em|font|ins|kbd|label|mark|math|mfrac|mi|mn|mo|mover|mrow"
    "|ms|msqrt|mstyle|msub|msubsup|msup|mtext|munder|munderover|nobr|rp|rt|ruby|samp|semantics|small|span|strike|strong"
    "|sub|sup|time|tt|var|wbr"
)
_BLOCK = re.compile(
    "address|article|aside|audio|blockquote|body|br|button|caption|center|dd|details|div|dl|dt|embed|figcaption|figure"
    "|footer|form|h[1-6]|header|hr|html|iframe|img|input|li|link|main|meta|nav|object|ol|p|param|picture|pre|section"
    "|source|summary|svg|table|tbody|td|tfoot|th|thead|tr|ul|video"
)
#: A "<" that opens no tag of HTML, as in $a<b$, and a "&" that begins no reference: both are meant as they stand.
#: After a single letter only a ">" or an attribute makes a tag: "a<b and c>d" holds none.
_STRAY = re.compile(
    rf"<(?!!--|/?[abipqsu](?:\s*/?>|\s+[\w:@.-]+\s*=)|/?(?:{_DROPPED.pattern}|{_INLINE.pattern}|{_BLOCK.pattern})"
    r"(?<=\w\w)[\s/>])|&(?!#?\w{1,32};)",
    re.IGNORECASE,
)

_CLOSING = re.compile(r"</(?:html|body)\s*>", re.IGNORECASE)


def has_closing_tag(page: str) -> bool:
    """Whether an HTML page is closed near its end, within 2,000 characters; one that is not may be cut off."""
    return _CLOSING.search(page, max(len(page) - 2_000, 0)) is not None


def decode_markup(body: bytes) -> tuple[str, bool]:
    """The text of a document in its declared encoding, and whether some of its bytes fit no character of that.

    Without a declaration it is UTF-8, or Windows-1252 if nothing in it is; a mistaken "Latin 1" is forgiven.

    Raises:
        SourceError: the body is empty, or not text.
    """
    if not body:
        raise SourceError("an empty file")
    name = _encoding_of(body)
    for attempt in ("utf-8", "cp1252") if name == "cp1252" else (name,):
        with suppress(UnicodeDecodeError):
            return _checked(body.decode(attempt)), False
    text = body.decode(name, "replace")
    if name == "utf-8" and _DECLARED.search(body[:_HEAD]) is None and not _has_letters_beyond_ascii(text):
        text = body.decode("cp1252", "replace")
        return _checked(text), "\ufffd" in text
    return _checked(text), True


def _encoding_of(body: bytes) -> str:
    for mark, name in _BOMS:
        if body.startswith(mark):
            return name
    found = _DECLARED.search(body[:_HEAD])
    with suppress(LookupError):
        name = codecs.lookup(found[1].decode("ascii")).name if found else "utf-8"
        return _MEANT.get(name, name) if _OF_TEXTS.fullmatch(name) else "utf-8"
    return "utf-8"


def _has_letters_beyond_ascii(text: str) -> bool:
    return not text.replace("\ufffd", "").isascii()


def _checked(text: str) -> str:
    if "\0" in text:
        raise SourceError("not text: a binary file")
    if not text.strip():
        raise SourceError("nothing but white space")
    return text


def html_lines(html: str) -> list[str]:
    """What people see of a piece of HTML, line by line; of plain text, the text.

    References are resolved once, and only what can be a tag is one: mathematics like `$a<b$` stays.
    """
    html = html[:_LONGEST]
    if "<" not in html and "&" not in html:
        return _lines(html)
    meant = _STRAY.sub(lambda stray: "&lt;" if stray[0] == "<" else "&amp;", html)
    # "huge" is 2,048 levels deep in place of 256, below which texts are lost; the length is bounded here already.
    parser = etree.HTMLParser(encoding="utf-8", no_network=True, remove_comments=True, remove_pis=True, huge_tree=True)
    root = etree.fromstring(f"<html><body><div>{meant}".encode("utf-8", "replace"), parser)
    return element_lines(root) if root is not None else []


def element_lines(element: etree._Element) -> list[str]:
    """The text of an element and all in it, line by line; scripts and styles are left out."""
    return _lines("".join(_pieces(element)))


def _pieces(root: etree._Element) -> Iterator[str]:
    """The texts of a tree in order, with a line break around what stands on lines of its own."""
    depth_of_dropped = 0
    for event, element in etree.iterwalk(root, events=("start", "end")):
        name = element.tag.rpartition("}")[2].lower() if isinstance(element.tag, str) else "script"
        is_dropped = _DROPPED.fullmatch(name) is not None and element is not root
        if event == "start":
            depth_of_dropped += is_dropped
            text = element.text
        else:
            depth_of_dropped -= is_dropped
            text = element.tail if element is not root else None
        if _BLOCK.fullmatch(name):
            yield "\n"
        if text and not depth_of_dropped:
            yield text


def _lines(text: str) -> list[str]:
    return [line for part in text.splitlines() if (line := collapse(part))]
