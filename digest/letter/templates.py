"""Finding, checking and compiling the templates of letters, once, when the program starts."""

from __future__ import annotations

import copy
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
from ruamel.yaml import YAML
from ruamel.yaml.error import YAMLError

import digest
from digest.errors import TemplateError
from digest.letter import shell
from digest.letter.colours import check_colours, family
from digest.letter.columns import wrapped
from digest.letter.notice import Notice
from digest.letter.view import View
from digest.letter.words import Words, check_catalogue

ENGLISH = "en"  #: the language of words.yaml; every other has a words.LANGUAGE.yaml

_SHELLS = {"letter.html": "letter.mjml.j2", "notice.html": "notice.mjml.j2"}  # {compiled: its source}
_HEAD = "head.mjml.j2"
_JINJA = ("letter.txt.j2", "notice.txt.j2", "parts.html.j2", "parts.txt.j2", "notice-parts.html.j2")
_WORDS = "words.yaml"
_COLOURS = "colours.yaml"
_ALL = (*_SHELLS.values(), _HEAD, *_JINJA, _WORDS, _COLOURS)
_TRANSLATION = re.compile(r"words\.([a-z]{2,3}(?:-[A-Za-z0-9]{2,8})*)\.yaml")


class Templates:
    """The templates, compiled; `folder` holds an operator's own, which stand before the shipped ones.

    `colour` is the one that leaf and mark are made of, `logo` the text that stands for the name of the site.

    Raises:
        TemplateError: naming file and line where they are known.
    """

    def __init__(self, folder: Path | None = None, *, colour: str | None = None, logo: str | None = None) -> None:
        if folder is not None and not folder.is_dir():
            raise TemplateError(f"{folder}: there is no such folder for templates")
        self._folders = [each for each in (folder, shipped_folder()) if each is not None]
        translations = _translations(folder)
        parts = [colour or "", logo or "", *map(self._read, (*_ALL, *(path.name for path in translations.values())))]
        self.version = hashlib.sha256("\0".join(parts).encode()).hexdigest()[:12]
        self.colours = self._colours(colour)  #: {light or dark: {name: #RRGGBB}}
        self.logo = logo
        self._globals = {"light": self.colours["light"], "dark": self.colours["dark"], "logo": logo}
        self._shells = self._compiled()
        self._speak(Words(self._settings(_WORDS, check_catalogue, {})))
        self._others = {code: self._translated(code, path.name) for code, path in translations.items()}

    def speaking(self, language: str) -> Templates:
        """The same in a reader's language, or in that language without its region, or in English."""
        return self._others.get(language) or self._others.get(language.partition("-")[0]) or self

    def html(self, view: View, subject: str) -> str:
        """The HTML of a letter."""
        return self.html_shell(view, subject, self.html_part("rows", view))

    def text(self, view: View) -> str:
        """The plain text of a letter: lines of at most 74 columns but for addresses and very long words."""
        return self.text_shell(view, self.text_part("rows", view))

    def html_shell(self, view: View, subject: str, rows: str) -> str:
        """What stands around the rows of a letter, and they in it."""
        return self._rendered("letter.html", view=view, subject=subject, rows=rows)

    def text_shell(self, view: View, rows: str) -> str:
        """The same of its plain text."""
        return _tidy(self._rendered("letter.txt.j2", view=view, rows=rows))

    def html_part(self, macro: str, *values: object) -> str:
        """What one macro of the rows prints; safe to print again."""
        return self._printed("parts.html.j2", macro, values)

    def text_part(self, macro: str, *values: object) -> str:
        """The same of its plain text."""
        return _trimmed(self._printed("parts.txt.j2", macro, values))

    def notice_html(self, notice: Notice) -> str:
        """The HTML of a letter that is no digest."""
        return self._rendered("notice.html", view=notice, subject=notice.subject)

    def notice_text(self, notice: Notice) -> str:
        """Its plain text, in the same columns."""
        return _tidy(self._rendered("notice.txt.j2", view=notice))

    # --- words, colours and shells ---

    def _speak(self, words: Words) -> None:
        """Say everything in these words from now on."""
        self.words = words
        self._environment = _environment(self._folders, self._shells)
        self._environment.globals |= self._globals | {"say": words.say}
        for name in _JINJA:
            self._parse(name)

    def _translated(self, code: str, name: str) -> Templates:
        """A copy that says the lines of a translation, and in English what it leaves out."""
        other = copy.copy(self)
        other._others = {}
        other._speak(Words(self._settings(name, check_catalogue, {"language": code}, shipped=_WORDS)))
        return other

    def _colours(self, colour: str | None) -> dict[str, Any]:
        if colour is not None and (problem := colour_problem(colour)):
            raise TemplateError(f"site.colour: {problem}")
        made = family(colour, _yaml(shipped_folder() / _COLOURS)) if colour else {}
        return self._settings(_COLOURS, check_colours, made)

    def _settings(
        self,
        name: str,
        check: Callable[[Mapping[str, Any], Mapping[str, Any]], None],
        changes: Mapping[str, Any],
        *,
        shipped: str = "",
    ) -> dict[str, Any]:
        """The shipped settings, by the same name or `shipped`, then `changes`, then the operator's: one level deep."""
        base = _laid_over(_yaml(shipped_folder() / (shipped or name)), changes)
        path = self._path(name)
        own = _yaml(path)
        try:
            check(base, own)
        except TemplateError as error:
            key = re.escape(re.split(r"[.:]", str(error))[0])
            raise TemplateError(f"{path}:{_line_of(rf'^{key}:', path.read_text('utf-8'))}: {error}") from error
        return base if path.parent == shipped_folder() else _laid_over(base, own)

    def _compiled(self) -> dict[str, str]:
        """{name: HTML with its places} of every shell."""
        fragments = {_HEAD: self._source(_HEAD)}
        return {html: shell.compiled(self._source(name), fragments) for html, name in _SHELLS.items()}

    # --- files ---

    def _path(self, name: str) -> Path:
        return next(folder / name for folder in self._folders if (folder / name).is_file())

    def _read(self, name: str) -> str:
        path = self._path(name)
        try:
            return path.read_text(encoding="utf-8")
        except (OSError, UnicodeDecodeError) as error:
            raise TemplateError(f"{path}: {error}") from error

    def _source(self, name: str) -> shell.Source:
        return shell.Source(self._path(name), self._read(name))

    def _parse(self, name: str) -> None:
        try:
            self._environment.parse(self._read(name), name)
        except TemplateSyntaxError as error:
            raise TemplateError(f"{self._path(name)}:{error.lineno}: {error.message}") from error

    # --- setting ---

    def _printed(self, name: str, macro: str, values: tuple[object, ...]) -> str:
        try:
            printed: str = getattr(self._environment.get_template(name).module, macro)(*values)
        except Exception as error:
            raise TemplateError(f"{self._where(error, name)}: {error}") from error

        return printed

    def _rendered(self, name: str, **values: object) -> str:
        try:
            return self._environment.get_template(name).render(**values)
        except Exception as error:
            raise TemplateError(f"{self._where(error, name)}: {error}") from error

    def _where(self, error: Exception, name: str) -> str:
        """File and line of a template that failed; a shell has lost its lines by being compiled."""
        frames = [each for each in traceback.extract_tb(error.__traceback__) if each.filename.endswith(".j2")]
        return f"{frames[-1].filename}:{frames[-1].lineno}" if frames else str(self._path(_SHELLS.get(name, name)))


def shipped_folder() -> Path:
    """The templates of the program: inside the installed package, or beside it in a checkout."""
    package = Path(digest.__file__).parent
    inside = package / "templates" / "email"
    return inside if inside.is_dir() else package.parent / "templates" / "email"


def languages(folder: Path | None) -> frozenset[str]:
    """The languages that letters can be in: English, and those with a words.LANGUAGE.yaml in the operator's folder."""
    return frozenset((ENGLISH, *_translations(folder)))


def colour_problem(colour: str) -> str:
    """Why letters cannot wear this colour, as "contrast 2.1 on …"; "" where they can."""
    try:
        family(colour, _yaml(shipped_folder() / _COLOURS))
    except TemplateError as error:
        return str(error)
    return ""


def _translations(folder: Path | None) -> dict[str, Path]:
    """{language: its catalogue}."""
    found = sorted(folder.glob("words.*.yaml")) if folder else []
    return {named[1]: path for path in found if (named := _TRANSLATION.fullmatch(path.name))}


def _environment(folders: list[Path], shells: Mapping[str, str]) -> Environment:
    environment = Environment(
        loader=ChoiceLoader([DictLoader(shells), FileSystemLoader(folders)]),
        autoescape=select_autoescape(disabled_extensions=("txt.j2",), default=True),
        undefined=StrictUndefined,
        auto_reload=False,  # what was checked at start is what is printed, and no file is looked at for each row
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.filters["wrap"] = wrapped
    return environment


def _tidy(text: str) -> str:
    """A whole text, without empty lines around it."""
    return _trimmed(text).strip("\n") + "\n"


def _trimmed(text: str) -> str:
    """Without spaces at the ends of lines."""
    return re.sub(" +$", "", text, flags=re.MULTILINE)


def _yaml(path: Path) -> dict[str, Any]:
    try:
        found = YAML(typ="safe").load(path)
    except YAMLError as error:
        mark = getattr(error, "problem_mark", None)
        raise TemplateError(f"{path}:{mark.line + 1 if mark else 1}: {getattr(error, 'problem', error)}") from error
    if not isinstance(found, Mapping):
        raise TemplateError(f"{path}:1: expected names and what they stand for")
    return dict(found)


def _laid_over(base: Mapping[str, Any], own: Mapping[str, Any]) -> dict[str, Any]:
    return {
        key: {**value, **own.get(key, {})} if _is_open(value) else own.get(key, value) for key, value in base.items()
    }


def _is_open(value: object) -> bool:
    """Whether an operator may give only some of its lines."""
    return isinstance(value, Mapping) and "many" not in value


def _line_of(pattern: str, source: str) -> int:
    found = re.search(pattern, source, re.MULTILINE)
    return source.count("\n", 0, found.start()) + 1 if found else 1
