"""Interests as they stand in the file, block text or list, as one text whose lines remember where they stood."""

from __future__ import annotations

from collections.abc import Iterator

from ruamel.yaml.nodes import MappingNode, Node, ScalarNode, SequenceNode

from digest.config.document import Document, Key, Mistake

Line = tuple[str, int]  # one interest with its line end, and its line in the file

_JOINED = "found lines that YAML joins into one; write | after the key, or a list, to keep one interest per line"


def lines(document: Document, key: Key) -> list[Line | Mistake]:
    """The interests under `key`, in order; a mistake stands where a line could not be taken.

    A list item that YAML does not read as text counts as it was typed where that can mean only one thing: a number,
    a date, `author: "Yann LeCun"`, `Graph learning:`. Anything else has to be quoted.
    """
    node = document.nodes[key]
    if isinstance(node, SequenceNode):
        return [_ended(line) for index, item in enumerate(node.value) for line in _item(document, item, (*key, index))]
    if isinstance(node, ScalarNode) and _is_null(node):
        return []
    if isinstance(node, ScalarNode):
        found = list(_scalar(document, node, key))
        # a single line beside its key keeps no end: like one on the command line, commas may part it
        return found if len(found) == 1 and node.style != "|" else [_ended(line) for line in found]
    return [document.mistake(key, "found a block of keys, expected text after | or a list")]


def _ended(line: Line | Mistake) -> Line | Mistake:
    return line if isinstance(line, Mistake) else (line[0] + "\n", line[1])


def _item(document: Document, node: Node, key: Key) -> Iterator[Line | Mistake]:
    if isinstance(node, ScalarNode):
        yield from _scalar(document, node, key)
    elif isinstance(node, MappingNode) and _is_one_line(node):
        yield _pair(document, node), node.start_mark.line + 1
    else:
        yield document.mistake(key, f"found {document.found(key)}, expected one interest; quote it")


def _scalar(document: Document, node: ScalarNode, key: Key) -> Iterator[Line | Mistake]:
    first = node.start_mark.line + 1
    tag = str(node.tag)
    if tag.startswith("!"):
        return  # the document already holds that against it
    if tag.endswith((":bool", ":null")):
        yield document.mistake(key, f"found {document.found(key)}, expected an interest; quote it")
    elif node.style == "|":
        yield from ((text, first + count) for count, text in enumerate(node.value.splitlines(), start=1))
    elif node.style == ">" or node.start_mark.line != node.end_mark.line:
        yield document.mistake(key, _JOINED)
    else:
        yield from ((text, first) for text in node.value.splitlines())


def _is_one_line(node: MappingNode) -> bool:
    """Whether a mapping is one typed line that YAML took apart at its colon."""
    if len(node.value) != 1:
        return False
    name, value = node.value[0]
    if not isinstance(name, ScalarNode) or not isinstance(value, ScalarNode):
        return False
    return _is_empty(value) or name.start_mark.line == value.end_mark.line


def _pair(document: Document, node: MappingNode) -> str:
    name, value = node.value[0]
    if _is_empty(value):  # its mark lies wherever the next word begins
        return document.typed(name, name) + ":"
    return document.typed(name, value)


def _is_null(node: ScalarNode) -> bool:
    return str(node.tag).endswith(":null")


def _is_empty(node: ScalarNode) -> bool:
    return _is_null(node) and not node.value
