"""Finding, checking and compiling the templates of a letter, once, when the program starts."""

from __future__ import annotations

import hashlib
import re
import traceback
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from jinja2 import (
    ChoiceLoader,
    DictLoader,
    Environment,
    FileSystemLoader,
    StrictUndefined,
    TemplateSyntaxError,
    select_autoescape,
)
from mjml import mjml2html
from ruamel.yaml import YAML
from ruamel.yaml.error import YAMLError

import digest
from digest.errors import TemplateError
from digest.letter.colours import check_colours
from digest.letter.columns import wrapped
from digest.letter.view import View
from digest.letter.words import Words, check_catalogue

_SHELL = "letter.mjml.j2"  # compiled to _HTML
_HTML = "letter.html"
_TEXT = "letter.txt.j2"
_PARTS = "parts.html.j2"
_WORDS = "words.yaml"
_COLOURS = "colours.yaml"
_ALL = (_SHELL, _PARTS, _TEXT, _WORDS, _COLOURS)


class Templates:
    """The templates, compiled; `folder` holds an operator's own, which stand before the shipped ones.

    Raises:
        TemplateError: naming file and line where they are known.
    """

    def __init__(self, folder: Path | None = None) -> None:
        self._folders = [each for each in (folder, shipped_folder()) if each is not None]
        self.version = hashlib.sha256("\0".join(self._read(name) for name in _ALL).encode()).hexdigest()[:12]
        self.words = Words(self._settings(_WORDS, check_catalogue))
        colours = self._settings(_COLOURS, check_colours)
        self._environment = _environment(self._folders)
        self._environment.globals |= {"say": self.words.say, "light": colours["light"], "dark": colours["dark"]}
        for name in (_SHELL, _PARTS, _TEXT):
            self._parse(name)
        shell = self._compiled()
        self._environment.loader = ChoiceLoader([DictLoader({_HTML: shell}), FileSystemLoader(self._folders)])

    def html(self, view: View, subject: str) -> str:
        """The HTML of a letter."""
        return self._rendered(_HTML, view=view, subject=subject)

    def text(self, view: View) -> str:
        """The plain text of a letter: lines of at most 74 columns but for addresses and very long words."""
        lines = (line.rstrip() for line in self._rendered(_TEXT, view=view).split("\n"))
        return re.sub(r"\n{4,}", "\n\n\n", "\n".join(lines)).strip("\n") + "\n"

    def _path(self, name: str) -> Path:
        return next(folder / name for folder in self._folders if (folder / name).is_file())

    def _read(self, name: str) -> str:
        path = self._path(name)
        try:
            return path.read_text(encoding="utf-8")
        except (OSError, UnicodeDecodeError) as error:
            raise TemplateError(f"{path}: {error}") from error

    def _settings(self, name: str, check: Callable[[Mapping[str, Any], Mapping[str, Any]], None]) -> dict[str, Any]:
        """The shipped settings with the operator's over them, one level deep."""
        shipped = _yaml(shipped_folder() / name)
        path = self._path(name)
        own = _yaml(path)
        try:
            check(shipped, own)
        except TemplateError as error:
            key = re.escape(re.split(r"[.:]", str(error))[0])
            raise TemplateError(f"{path}:{_line_of(rf'^{key}:', path.read_text('utf-8'))}: {error}") from error
        return {
            key: {**value, **own.get(key, {})} if _is_open(value) else own.get(key, value)
            for key, value in shipped.items()
        }

    def _parse(self, name: str) -> None:
        try:
            self._environment.parse(self._read(name), name)
        except TemplateSyntaxError as error:
            raise TemplateError(f"{self._path(name)}:{error.lineno}: {error.message}") from error

    def _compiled(self) -> str:
        """The shell as HTML with its placeholders. Only trusted text may come here: mrml crashes on deep nesting."""
        source = self._read(_SHELL)
        try:
            html = mjml2html(source, fonts={})
        except ValueError as error:
            raise TemplateError(f"{self._path(_SHELL)}:{_line_at(str(error), source)}: {error}") from error
        if left := re.search(r"<mj-[a-z]+|fonts\.googleapis", html):
            line = _line_of(re.escape(left[0]), source)
            raise TemplateError(f"{self._path(_SHELL)}:{line}: {left[0]} was not understood")
        return html

    def _rendered(self, name: str, **values: object) -> str:
        try:
            return self._environment.get_template(name).render(**values)
        except Exception as error:
            raise TemplateError(f"{self._where(error, name)}: {error}") from error

    def _where(self, error: Exception, name: str) -> str:
        """File and line of a template that failed; the shell has lost its lines by being compiled."""
        frames = [each for each in traceback.extract_tb(error.__traceback__) if each.filename.endswith(".j2")]
        return f"{frames[-1].filename}:{frames[-1].lineno}" if frames else str(self._path(_SHELL))


def shipped_folder() -> Path:
    """The templates of the program: inside the installed package, or beside it in a checkout."""
    package = Path(digest.__file__).parent
    inside = package / "templates" / "email"
    return inside if inside.is_dir() else package.parent / "templates" / "email"


def _environment(folders: list[Path]) -> Environment:
    environment = Environment(
        loader=FileSystemLoader(folders),
        autoescape=select_autoescape(disabled_extensions=("txt.j2",), default=True),
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.filters["wrap"] = wrapped
    return environment


def _yaml(path: Path) -> dict[str, Any]:
    try:
        found = YAML(typ="safe").load(path)
    except YAMLError as error:
        mark = getattr(error, "problem_mark", None)
        raise TemplateError(f"{path}:{mark.line + 1 if mark else 1}: {getattr(error, 'problem', error)}") from error
    if not isinstance(found, Mapping):
        raise TemplateError(f"{path}:1: expected names and what they stand for")
    return dict(found)


def _is_open(value: object) -> bool:
    """Whether an operator may give only some of its lines."""
    return isinstance(value, Mapping) and "many" not in value


def _line_of(pattern: str, source: str) -> int:
    found = re.search(pattern, source, re.MULTILINE)
    return source.count("\n", 0, found.start()) + 1 if found else 1


def _line_at(message: str, source: str) -> int:
    """The line of the byte that mrml's message names ("… at position 16:34"); without one it read to the end."""
    found = re.search(r"position (\d+)", message)
    before = source.encode()[: int(found[1])] if found else source.rstrip().encode()
    return before.count(b"\n") + 1
