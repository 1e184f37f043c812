"""Opens XML from strangers: no entity is expanded, no address is asked, no tree grows without bounds."""

from __future__ import annotations

from lxml import etree

from digest.errors import SourceError
from digest.sources.text import collapse

# What XML forbids even as a reference. A source that lets one slip into an abstract should not lose its whole day.
_FORBIDDEN = bytes(code for code in range(0x20) if chr(code) not in "\t\n\r")


def parse_xml(body: bytes) -> etree._Element:
    """The root of a well-formed document, without comments and processing instructions.

    The declared encoding holds, or that of a byte order mark; else it is UTF-8. A DOCTYPE may name a DTD, which is
    never read, as PubMed's answers do; one that declares entities is refused. Depth, the length of one text and the
    growth by entities have the bounds of libxml2: 256 levels, 10 MB, fivefold.

    Raises:
        SourceError: it is empty, broken, cut off, too deep, or makes use of entities of its own.
    """
    try:
        root = etree.fromstring(_mended(body), _parser())
    except etree.XMLSyntaxError as error:
        raise SourceError(f"broken or cut-off XML: {error.msg}") from error
    declared = root.getroottree().docinfo.internalDTD
    if declared is not None and any(True for _ in declared.iterentities()):
        raise SourceError("XML that declares entities of its own, which no listing needs")
    if next(root.iter(etree.Entity), None) is not None:
        raise SourceError("XML with names for characters that it does not declare")
    return root


def text_at(parent: etree._Element, path: str) -> str:
    """All the text in the first element at a path, white space collapsed; "" where there is none."""
    found = parent.find(path)
    return "" if found is None else collapse("".join(found.itertext()))


def _mended(body: bytes) -> bytes:
    """White space before the declaration and forbidden bytes taken out; UTF-16, which holds NUL, is left alone."""
    return body if b"\0" in body else body.lstrip().translate(None, _FORBIDDEN)


def _parser() -> etree.XMLParser:
    """A fresh one: a parser keeps the state of its last document."""
    return etree.XMLParser(
        resolve_entities=False, no_network=True, load_dtd=False, huge_tree=False, remove_comments=True, remove_pis=True
    )
