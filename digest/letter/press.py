"""The press: from one reader's letter, as data, to a message ready for a transport."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

from digest.letter import headers
from digest.letter.fit import BUDGET, forms
from digest.letter.frame import main_picks
from digest.letter.layout import lay_out
from digest.letter.links import mailto_unsubscribe, page
from digest.letter.message import multipart
from digest.letter.plain import plain
from digest.letter.specimen import SPECIMEN
from digest.letter.subject import subject_of
from digest.letter.templates import Templates
from digest.model import Letter, Message, Sender, Site


class Press:
    """Typesets letters; the templates are compiled once, and a specimen is set to find mistakes at start.

    Raises:
        TemplateError: a template is wrong; names file and line.
        ValueError: an address of the site or the sender cannot stand in a header.
    """

    def __init__(self, site: Site, sender: Sender, folder: Path | None = None) -> None:
        """A press for this site and sender; files in `folder` stand before the shipped templates."""
        self._site = plain(site)
        self._sender = sender
        self._templates = Templates(folder)
        self.typeset(
            SPECIMEN,
            message_id="<specimen@example.org>",
            date=datetime(2000, 1, 1, tzinfo=UTC),
            envelope_from=sender.address,
        )

    @property
    def template_version(self) -> str:
        """Twelve hexadecimal digits that change when a template, a colour or a word changes."""
        return self._templates.version

    def subject(self, letter: Letter) -> str:
        """The subject as its header will say it."""
        return headers.guard(subject_of(plain(letter), self._templates.words))

    def typeset(
        self, letter: Letter, *, message_id: str, date: datetime, envelope_from: str, subject: str | None = None
    ) -> Message:
        """The letter as a message: the same bytes for the same input. `subject` is one frozen earlier.

        The HTML never passes 100,000 bytes; what is left out is counted in the letter.

        Raises:
            ValueError: an address or the message id (with its angle brackets) cannot stand in a header.
        """
        said = self.subject(letter) if subject is None else headers.guard(subject)
        text, html = self._bodies(letter, said)
        block = self._headers(letter, said, message_id=message_id, date=date)
        data = multipart(block, text=text, html=html, message_id=message_id)
        return Message(
            recipient=letter.recipient, envelope_from=envelope_from, subject=said, html=html, text=text, data=data
        )

    def _bodies(self, letter: Letter, subject: str) -> tuple[str, str]:
        """Text and HTML in the fullest form that fits the budget."""
        letter = plain(letter)
        for form in forms(len(main_picks(letter)), len(letter.trending)):
            view = lay_out(letter, self._site, self._templates.words, form)
            html = self._templates.html(view, subject)
            if len(html.encode()) <= BUDGET:
                break
        return self._templates.text(view), html

    def _headers(self, letter: Letter, subject: str, *, message_id: str, date: datetime) -> Iterator[bytes]:
        sender = self._sender
        yield headers.address_header("From", sender.address, sender.name)
        yield headers.address_header("To", letter.recipient)
        yield headers.text_header("Subject", subject)
        yield headers.date_header(date)
        yield headers.message_id_header(message_id)
        if sender.reply_to:
            yield headers.address_header("Reply-To", sender.reply_to)
        yield headers.list_id_header(sender.address)
        yield headers.list_header("List-Help", [f"mailto:{headers.address_spec(self._site.contact)}?subject=help"])
        if self._site.is_public:
            yield headers.list_header("List-Archive", [page(self._site, "archive")])
        if letter.token is not None:
            yield from self._leaving(letter.token)
        yield b"Auto-Submitted: auto-generated\r\n"

    def _leaving(self, token: str) -> Iterator[bytes]:
        """How a mail program unsubscribes by itself (RFC 2369; in one click by RFC 8058, which needs https)."""
        mail = mailto_unsubscribe(self._site, token)
        if self._site.is_public:
            yield headers.list_header("List-Unsubscribe", [page(self._site, "unsubscribe", token), mail])
            yield b"List-Unsubscribe-Post: List-Unsubscribe=One-Click\r\n"
        else:
            yield headers.list_header("List-Unsubscribe", [mail])
