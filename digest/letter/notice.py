"""A letter that is no digest, as the templates print it; docs/letter.md lists the names for operators."""

from __future__ import annotations

from dataclasses import dataclass

from digest.letter.view import Link


@dataclass(frozen=True, slots=True)
class Answer:
    """A line of somebody's mail, and what became of it."""

    line: str
    outcome: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Notice:
    """Everything that the letter shows, in its order; only the first five are always there."""

    recipient: str
    language: str
    site_name: str
    subject: str
    headline: str
    paragraphs: tuple[str, ...] = ()
    answers: tuple[Answer, ...] = ()
    button: Link | None = None  #: one at most
    small_print: tuple[str, ...] = ()
    aside: str = ""  #: after a rule
    links: tuple[Link, ...] = ()
    footer: tuple[str, ...] = ()  #: paragraphs
    is_answer: bool = False  #: to a mail; else it is of our own accord
    answers_to: str | None = None  #: the Message-ID of that mail, with its angle brackets
    leaving: str | None = None  #: the address in List-Unsubscribe; only a probe has one, to look like a digest

    @property
    def preheader(self) -> str:
        """The line after the subject in a list of letters."""
        return self.paragraphs[0] if self.paragraphs else self.headline

    @property
    def address(self) -> str:
        """Where the button leads, to be copied; "" where that is no page."""
        return self.button.url if self.button and self.button.url.startswith("http") else ""
