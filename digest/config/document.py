"""A YAML file as plain values, each with the line and the spelling it stands in, so that mistakes can be shown."""

from __future__ import annotations

import re
import warnings
from dataclasses import dataclass, field
from typing import Any, NoReturn

from ruamel.yaml import YAML
from ruamel.yaml.error import MarkedYAMLError, ReusedAnchorWarning, YAMLError
from ruamel.yaml.nodes import MappingNode, Node, ScalarNode, SequenceNode

from digest.errors import ConfigError

Key = tuple[str | int, ...]  # ("sources", 0, "name")

MAX_VALUES = 100_000  # aliases counted each time they are used: a few lines of them can stand for billions
MAX_DEPTH = 20
MAX_SHOWN = 60

_TAG = "tag:yaml.org,2002:"
_PASSWORD = re.compile(r"(?<=://)([^\s:/@]*):[^\s/@]+(?=@)")


@dataclass(frozen=True, slots=True)
class Mistake:
    """Something to mend, and where."""

    line: int  #: counts from 1
    key: Key
    text: str

    def printed(self, file: str) -> str:
        """One line for people: `config.yaml:12: digest.send_at: found …`."""
        place = f"{file}:{self.line}: "
        return f"{place}{dotted(self.key)}: {self.text}" if self.key else place + self.text


def dotted(key: Key) -> str:
    """How a key is written for people: `sources[0].name`."""
    return "".join(f"[{part}]" if isinstance(part, int) else f".{part}" for part in key).lstrip(".")


@dataclass(slots=True)
class Document:
    """What a file says: `data` of dicts, lists, text, numbers, booleans and None; where each value stands."""

    text: str
    data: Any = None
    nodes: dict[Key, Node] = field(default_factory=dict)
    lines: dict[Key, int] = field(default_factory=dict)
    mistakes: list[Mistake] = field(default_factory=list)

    def line(self, key: Key) -> int:
        """The line of a key, or of the nearest block around it."""
        while key and key not in self.lines:
            key = key[:-1]
        return self.lines.get(key, 1)

    def mistake(self, key: Key, text: str) -> Mistake:
        """A mistake in the value of a key."""
        return Mistake(self.line(key), key, text)

    def found(self, key: Key) -> str:
        """A value as it was typed, short, on one line, without a password."""
        node = self.nodes.get(key)
        if isinstance(node, MappingNode):
            return "a block of keys"
        if isinstance(node, SequenceNode) and not node.flow_style:
            return "a list"
        typed = " ".join(self.typed(node, node).split()) if node else ""
        shown = typed if len(typed) <= MAX_SHOWN else typed[: MAX_SHOWN - 1] + "…"
        return _PASSWORD.sub(r"\1:…", shown) or "nothing"

    def typed(self, first: Node, last: Node) -> str:
        """The text of the file from one value to another."""
        return self.text[first.start_mark.index : last.end_mark.index]


def read(text: str) -> Document:
    """The values of a YAML 1.2 text. A key given twice and a tag are mistakes in the document.

    Raises:
        Unreadable: the text is not YAML, or too deep or too large to be a configuration.
    """
    yaml = YAML(typ="safe", pure=True)  # the compiled reader speaks YAML 1.1, where `no` is false and 7:30 is 450
    document = Document(text)
    root = _compose(yaml, text)
    if root is not None:
        document.data = _Walk(document, yaml).value(root, ())
    return document


class Unreadable(Exception):  # noqa: N818 - it names the text, not the event
    """A text that cannot be read at all: nothing else in it can be judged."""

    def __init__(self, line: int, text: str) -> None:
        super().__init__(text)
        self.mistake = Mistake(line, (), text)


def _compose(yaml: YAML, text: str) -> Node | None:
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", ReusedAnchorWarning)  # allowed by YAML; the later one counts
            return yaml.compose(text)  # type: ignore[no-any-return]
    except RecursionError:
        raise Unreadable(1, "blocks are nested too deeply") from None
    except MarkedYAMLError as error:
        mark = error.problem_mark or error.context_mark
        raise Unreadable(mark.line + 1 if mark else 1, f"not valid YAML: {_reason(error)}") from error
    except YAMLError as error:
        line = text.count("\n", 0, getattr(error, "position", None) or 0) + 1
        raise Unreadable(line, f"not valid YAML: {str(error).splitlines()[0]}") from error


def _reason(error: MarkedYAMLError) -> str:
    problem = str(error.problem or error.context)
    if "'\\t'" in problem:
        return "a tab; indent with spaces"
    if "mapping values are not allowed" in problem:
        return "a second colon; quote text that holds one, or check the indentation"
    return " ".join(problem.split())


class _Walk:
    """Turns nodes into values and notes where each of them stands."""

    def __init__(self, document: Document, yaml: YAML) -> None:
        self.document = document
        self.yaml = yaml
        self.seen = 0

    def value(self, node: Node, key: Key) -> Any:
        self.seen += 1
        if self.seen > MAX_VALUES or len(key) > MAX_DEPTH:
            self.refuse(node)
        self.document.nodes[key] = node
        self.document.lines.setdefault(key, node.start_mark.line + 1)
        if isinstance(node, MappingNode):
            return self.mapping(node, key)
        if isinstance(node, SequenceNode):
            return [self.value(item, (*key, index)) for index, item in enumerate(node.value)]
        return self.scalar(node, key)  # type: ignore[arg-type]  # the only other kind of node

    def refuse(self, node: Node) -> NoReturn:
        too = "nested too deeply" if self.seen <= MAX_VALUES else "too many, aliases included"
        raise Unreadable(node.start_mark.line + 1, f"values are {too}")

    def mapping(self, node: MappingNode, key: Key) -> dict[str, Any]:
        values: dict[str, Any] = {}
        for name, value in node.value:
            line = name.start_mark.line + 1
            if not isinstance(name, ScalarNode):
                self.document.mistakes.append(Mistake(line, key, "a key must be one word"))
                continue
            inner = (*key, name.value)
            if name.value in values:
                first = self.document.line(inner)
                self.document.mistakes.append(Mistake(line, inner, f"given twice; the first is on line {first}"))
                continue
            self.document.lines[inner] = line
            values[name.value] = self.value(value, inner)
        return values

    def scalar(self, node: ScalarNode, key: Key) -> Any:
        tag = str(node.tag).removeprefix(_TAG)
        if tag in ("null", "bool", "int", "float"):
            return self.plain(node)
        if tag not in ("str", "timestamp", "merge", "value"):
            found = self.document.found(key)
            self.document.mistakes.append(self.document.mistake(key, f"found the YAML tag in {found}; quote it"))
        return node.value

    def plain(self, node: ScalarNode) -> Any:
        try:
            return self.yaml.constructor.construct_object(node)
        except ValueError:  # Python refuses to read numbers of thousands of digits
            return node.value


def refuse(file: str, mistakes: list[Mistake]) -> NoReturn:
    """Report mistakes, in file order.

    Raises:
        ConfigError: always.
    """
    raise ConfigError(tuple(mistake.printed(file) for mistake in sorted(mistakes, key=lambda each: each.line)))
