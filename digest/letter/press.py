"""The press: from one reader's letter, as data, to a message ready for a transport."""

from __future__ import annotations

from datetime import datetime
from functools import lru_cache
from typing import Protocol

from digest.errors import TemplateError
from digest.letter import headers
from digest.letter.fit import BUDGET, fits, forms
from digest.letter.frame import main_picks
from digest.letter.letterhead import Letterhead
from digest.letter.message import of_parts
from digest.letter.pieces import Pieces
from digest.letter.plain import plain
from digest.letter.quoted import decoded
from digest.letter.reference import Reference
from digest.letter.rows import Row
from digest.letter.specimen import SPECIMEN
from digest.letter.subject import subject_of
from digest.letter.templates import Templates
from digest.letter.view import Form
from digest.model import Letter, Message, Sender, Site

_SPECIMEN_SUBJECT = "A specimen"


@lru_cache(maxsize=1_000)
def _forms(papers: int, trending: int) -> tuple[Form, ...]:
    """The forms of a letter with so many papers, kept."""
    return tuple(forms(papers, trending))


class _Setter(Protocol):
    """A way to set letters in one language."""

    def parts(self, letter: Letter, subject: str, form: Form) -> Row:
        """HTML and text of the letter in this form, encoded, in parts to be joined."""


class Press:
    """Typesets letters; the templates are compiled once, and a specimen is set to find mistakes at start.

    Raises:
        TemplateError: a template is wrong; names file and line.
        ValueError: an address of the site or the sender cannot stand in a header.
    """

    def __init__(self, site: Site, sender: Sender, templates: Templates | None = None) -> None:
        """A press for this site and sender, with the shipped templates if no others are given."""
        self._site = plain(site)
        self._templates = templates or Templates()
        self._letterhead = Letterhead(self._site, sender)
        self._setters: dict[Templates, _Setter] = {}  # {the templates of a language: what sets them}
        self._setter(SPECIMEN.language)

    @property
    def template_version(self) -> str:
        """Twelve hexadecimal digits that change when a template, a colour or a word changes."""
        return self._templates.version

    def subject(self, letter: Letter) -> str:
        """The subject as its header will say it."""
        return headers.guard(subject_of(letter, self._templates.speaking(letter.language).words))

    def typeset(
        self, letter: Letter, *, message_id: str, date: datetime, envelope_from: str, subject: str | None = None
    ) -> Message:
        """The letter as a message: the same bytes for the same input. `subject` is one frozen earlier.

        The HTML never passes 100,000 bytes; what is left out is counted in the letter.

        Raises:
            ValueError: an address or the message id (with its angle brackets) cannot stand in a header.
        """
        said = self.subject(letter) if subject is None else headers.guard(subject)
        lines = self._letterhead.lines(letter.recipient, said, message_id=message_id, date=date, token=letter.token)
        data = self._fitted(letter, said, tuple(lines), message_id)
        return Message(recipient=letter.recipient, envelope_from=envelope_from, subject=said, data=data)

    def _fitted(self, letter: Letter, subject: str, lines: tuple[bytes, ...], message_id: str) -> bytes:
        """The message under these header lines, with the letter in the fullest form that fits."""
        setter = self._setter(letter.language)
        for form in _forms(len(main_picks(letter)), len(letter.trending)):
            html, text = setter.parts(letter, subject, form)
            data = of_parts(lines, text=text, html=html, message_id=message_id)
            if len(data) <= BUDGET or fits(b"".join(html)):  # a whole within the budget has no part beyond it
                break
        return data

    def _setter(self, language: str) -> _Setter:
        """What sets letters in this language: pieces, where the templates let themselves be cut to pieces."""
        templates = self._templates.speaking(language)
        if templates not in self._setters:
            self._setters[templates] = _setter(self._site, templates)
        return self._setters[templates]


def _setter(site: Site, templates: Templates) -> _Setter:
    """Pieces if a specimen comes out of them as it does of the plain way; else that, about a hundred times slower."""
    reference = Reference(site, templates)
    form = next(forms(len(SPECIMEN.picks), len(SPECIMEN.trending)))
    whole = reference.set(SPECIMEN, _SPECIMEN_SUBJECT, form)
    try:
        pieces = Pieces(site, templates)
        is_same = all(
            decoded(one) == decoded(other)
            for one, other in zip(whole, pieces.set(SPECIMEN, _SPECIMEN_SUBJECT, form), strict=True)
        )
    except (TemplateError, ValueError):
        return reference
    return pieces if is_same else reference
