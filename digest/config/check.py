"""Finds every mistake in a document at once, each with its line and what would be right."""

from __future__ import annotations

import difflib
from collections.abc import Callable, Collection, Iterable, Iterator
from pathlib import Path
from typing import Any

from pydantic import ValidationError
from pydantic_core import ErrorDetails

from digest.config import interests, values
from digest.config.document import Document, Key, Mistake, dotted
from digest.config.schema import File, keys

CheckInterests = Callable[[str], Iterable[tuple[int, str]]]  # text -> (1-based line of the text, reason)
CheckColour = Callable[[str], str]  # "#rrggbb" -> what is wrong with it
Languages = Callable[[Path | None], Collection[str]]  # folder of templates -> languages that letters can be in

_EXPECTED = {
    "dict_type": "a block of keys",
    "enum": "{expected}",
    "greater_than_equal": "a number of at least {ge}",
    "int_type": "a whole number",
    "less_than_equal": "a number of at most {le}",
    "literal_error": "{expected}",
    "model_attributes_type": "a block of keys",
    "model_type": "a block of keys",
    "string_type": "text; quote it",
    "too_short": "at least {min_length}",
    "tuple_type": "a list",
    "union_tag_invalid": "{expected_tags}",
    "value_error": "{error}",
}


def checked(
    document: Document, folder: Path, check_interests: CheckInterests | None
) -> tuple[File | None, list[Mistake]]:
    """The file's values, or None, with the mistakes in it. Interests become one text in the document's data."""
    mistakes = [*document.mistakes, *_read_interests(document, check_interests)]
    try:
        file = File.model_validate(document.data, context={"folder": folder})
    except ValidationError as error:
        file = None
        faulted = {mistake.key for mistake in mistakes}
        mistakes += (found for found in _mistakes(error, document) if found.key not in faulted)
    mistakes += _twice(document, "sources", "name", str.strip)
    mistakes += _twice(document, "subscribers", "email", _same_mailbox)
    return file, mistakes


def looks(
    document: Document, file: File, check_colour: CheckColour | None, languages: Languages | None
) -> Iterator[Mistake]:
    """What is wrong with the colour and the languages of letters."""
    if check_colour and file.site.colour and (problem := check_colour(file.site.colour)):
        key: Key = ("site", "colour")
        yield document.mistake(key, f"found {document.found(key)}, expected a colour that can be read: {problem}")
    known = languages(file.templates) if languages else ()
    asked: list[tuple[Key, str | None]] = [(("digest", "language"), file.digest.language)]
    asked += [(("subscribers", at, "language"), each.language) for at, each in enumerate(file.subscribers)]
    for key, language in asked if languages else ():
        if language is not None and language not in known:
            others = ", ".join(sorted(known))
            way = f"translate words.yaml into a words.{language}.yaml in the folder that `templates` names"
            yield document.mistake(key, f"found {language}, expected {others}; for letters in it, {way}")


# --- interests ----------------------------------------------------------------------------------------------------


def _read_interests(document: Document, check: CheckInterests | None) -> Iterator[Mistake]:
    for index, reader in _blocks(document, "subscribers"):
        key: Key = ("subscribers", index, "interests")
        if key not in document.nodes:
            continue
        read = interests.lines(document, key)
        lines = [line for line in read if not isinstance(line, Mistake)]
        reader["interests"] = "".join(text for text, _ in lines)
        yield from (mistake for mistake in read if isinstance(mistake, Mistake))
        for number, reason in check(reader["interests"]) if check else ():
            yield Mistake(lines[number - 1][1], key, reason)


def _blocks(document: Document, name: str) -> Iterator[tuple[int, dict[str, Any]]]:
    """The blocks of a list, with their places in it; what is no block is reported by the schema."""
    listed = document.data.get(name) if isinstance(document.data, dict) else None
    for index, each in enumerate(listed if isinstance(listed, list) else []):
        if isinstance(each, dict):
            yield index, each


# --- the same thing twice -----------------------------------------------------------------------------------------


def _twice(document: Document, blocks: str, name: str, identity: Callable[[str], str]) -> Iterator[Mistake]:
    first: dict[str, int] = {}  # {identity: line}
    for index, block in _blocks(document, blocks):
        key: Key = (blocks, index, name)
        if not isinstance(block.get(name), str):
            continue
        this = identity(block[name])
        if this in first:
            yield document.mistake(key, f"{document.found(key)} is given twice; the first is on line {first[this]}")
        first.setdefault(this, document.line(key))


def _same_mailbox(address: str) -> str:
    try:
        return values.email(address)
    except ValueError:
        return address


# --- the schema's errors in our words -----------------------------------------------------------------------------


def _mistakes(error: ValidationError, document: Document) -> Iterator[Mistake]:
    for detail in error.errors(include_url=False):
        key = _key(detail, document)
        yield document.mistake(key, _text(detail, key, document))


def _key(detail: ErrorDetails, document: Document) -> Key:
    """Where an error is in the file: its location without the kind of source, which is no level of the file."""
    key: Key = ()
    for part in detail["loc"]:
        if (*key, part) in document.nodes or part == detail["loc"][-1]:
            key = (*key, part)
    return (*key, "kind") if detail["type"].startswith("union_tag") else key


def _text(detail: ErrorDetails, key: Key, document: Document) -> str:
    match detail["type"]:
        case "missing" | "union_tag_not_found":
            return "is missing"
        case "extra_forbidden":
            return "unknown key" + _did_you_mean(key)
        case kind:
            expected = _EXPECTED.get(kind)
            wanted = expected.format(**detail["ctx"]) if expected and "ctx" in detail else expected or detail["msg"]
            return f"found {document.found(key)}, expected {wanted}"


def _did_you_mean(key: Key) -> str:
    """A hint for a misspelt key, or for one that stands in the wrong block."""
    block = dotted(tuple("[]" if isinstance(part, int) else part for part in key[:-1])).replace(".[]", "[]")
    prefix = f"{block}." if block else ""
    here = {known.removeprefix(prefix).split(".")[0].removesuffix("[]") for known in keys() if known.startswith(prefix)}
    name = str(key[-1])
    if name in here:
        return " for a source of this kind"
    elsewhere = [known for known in keys() if known.rpartition(".")[2] == name and "[]" not in known]
    near = elsewhere or difflib.get_close_matches(name, here, n=1)
    return f"; did you mean {near[0]}?" if near else ""
