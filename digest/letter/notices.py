"""The letters that are no digest: what each of them says, and its bytes."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace
from datetime import UTC, date, datetime, time
from typing import Any
from urllib.parse import quote, urlsplit

from digest.letter import headers
from digest.letter.cutting import at_word
from digest.letter.frame import imprint
from digest.letter.links import mailto, page, unsubscribe_address
from digest.letter.message import multipart
from digest.letter.notice import Answer, Notice
from digest.letter.plain import plain
from digest.letter.quoted import encoded
from digest.letter.specimen import SPECIMEN_NOTICE
from digest.letter.templates import ENGLISH, Templates
from digest.letter.view import Link
from digest.letter.words import Words
from digest.model import Message, Sender, Site

_NAME = 80  # characters, as are the next two
_HEADLINE = 100
_SENTENCE = 400
_SENTENCES = 20
_ANSWERS = 50  # lines; a mail that holds more was not written by hand

_LOOPBACK = frozenset(("127.0.0.1", "::1", "localhost"))


class Notices:
    """Writes and typesets the letters that are no digest.

    `inbound` is the address that reads commands, None where no received mail is read. Each letter links only to what
    works: to pages where the site is public, else it offers a mail or an address to write to.

    Raises:
        TemplateError: a template is wrong; names file and line. A specimen is set to find that out at once.
    """

    def __init__(self, site: Site, sender: Sender, templates: Templates, *, inbound: str | None = None) -> None:
        self._site = plain(site)
        self._sender = sender
        self._templates = templates
        self._inbound = inbound
        self.typeset(
            SPECIMEN_NOTICE,
            message_id="<specimen@example.org>",
            date=datetime(2000, 1, 1, tzinfo=UTC),
            envelope_from=sender.address,
        )

    # --- what each says ---

    def confirm(self, recipient: str, *, token: str, leave: str, until: date, language: str = ENGLISH) -> Notice:
        """To an address that somebody typed: may we write? It holds nothing that they typed.

        `token` confirms, `leave` unsubscribes; `until` is the last day on which the button works.
        """
        words = self._words(language)
        has_page = self._has_pages
        url = page(self._site, "confirm", token) if has_page else self._mailto(f"confirm {token}")
        never = unsubscribe_address(self._site, leave)
        return self._notice(
            recipient,
            language,
            words.say("confirm"),
            paragraphs=(words.say("confirm_lead", site=self._name),),
            button=Link(words.say("confirm_button"), url),
            small_print=(words.say("confirm_page" if has_page else "confirm_mail", date=words.long_date(until)),),
            aside=words.say("confirm_aside"),
            links=(Link(words.say("confirm_never"), never),) if never else (),
        )

    def link(self, recipient: str, *, token: str, until: datetime, place: str = "", language: str = ENGLISH) -> Notice:
        """To a reader who asked for a way to their preferences; `until`, in their own zone, is when it ends.

        `place` is the page it is to lead to in the end, where that is another one.
        """
        words = self._words(language)
        url = page(self._site, "preferences", token) + (f"?to={quote(place, safe='')}" if place else "")
        return self._notice(
            recipient,
            language,
            words.say("link"),
            paragraphs=(words.say("link_lead", email=recipient),),
            button=Link(words.say("link_button"), url) if self._has_pages else None,
            small_print=(words.say("link_until", time=words.wall_time(until.time())),),
            aside=words.say("link_aside"),
        )

    def already(
        self,
        recipient: str,
        *,
        token: str,
        days: frozenset[int],
        send_at: time,
        next_day: date | None = None,
        language: str = ENGLISH,
    ) -> Notice:
        """To a reader who asked to become one; `next_day` is the local date of the next letter, where one is due."""
        words = self._words(language)
        at = words.wall_time(send_at)
        if next_day is not None:
            lead = words.say("already_next", weekday=words.weekday(next_day), time=at)
        else:
            lead = words.say("already_lead", email=recipient, site=self._name, days=words.days(days), time=at)
        return self._notice(
            recipient, language, words.say("already"), paragraphs=(lead,), links=self._pages(token, words)
        )

    def goodbye(
        self,
        recipient: str,
        *,
        token: str,
        until: date,
        cancelled: date | None = None,
        language: str = ENGLISH,
    ) -> Notice:
        """To somebody who has left; `until` when it can be undone, `cancelled` the day of a letter that was planned."""
        words = self._words(language)
        if cancelled is None:
            lead = words.say("goodbye_lead", email=recipient)
        else:
            lead = words.say("goodbye_cancelled", email=recipient, weekday=words.weekday(cancelled))
        undo = Link(words.say("goodbye_undo"), page(self._site, "unsubscribe", token)) if self._site.is_public else None
        after = words.say("goodbye_until", date=words.long_date(until))
        return self._notice(
            recipient,
            language,
            words.say("goodbye"),
            paragraphs=(lead,),
            button=undo,
            small_print=(after if undo else self._contact(words),),
        )

    def paused(self, recipient: str, *, token: str, until: date | None = None, language: str = ENGLISH) -> Notice:
        """To a reader who rests; `until` the local date on which letters begin again, None for no such day."""
        words = self._words(language)
        key = "paused_lead_archive" if self._site.is_public else "paused_lead"
        date_of_return = words.date(until) if until else ""
        return self._notice(
            recipient,
            language,
            words.say("paused_until", date=date_of_return) if until else words.say("paused"),
            paragraphs=(words.say(key, email=recipient),),
            small_print=(words.say("paused_resume", date=date_of_return) if until else self._contact(words),),
            links=self._pages(token, words),
        )

    def reply(
        self,
        recipient: str,
        *,
        done: Sequence[Answer],
        failed: Sequence[Answer],
        answers_to: str | None = None,
        language: str = ENGLISH,
    ) -> Notice:
        """To a reader who sent commands: the lines that were done, and those that were not, each with its outcome."""
        words = self._words(language)
        return self._notice(
            recipient,
            language,
            _outcome(words, len(done), len(failed)),
            paragraphs=(words.headline("reply_lead", len(failed)),) if failed else (),
            answers=(*failed, *done)[:_ANSWERS],
            small_print=(words.say("reply_help"),),
            answers_to=answers_to,
            is_answer=True,
        )

    def alert(self, recipient: str, headline: str, sentences: Sequence[str]) -> Notice:
        """To the operator: what is wrong, in one line, and what else is known of it."""
        words = self._words(ENGLISH)
        said = at_word(" ".join(headline.split()), _HEADLINE)
        return self._notice(
            recipient,
            ENGLISH,
            said,
            subject=words.say("alert_subject", site=self._name, headline=said),
            paragraphs=tuple(at_word(each, _SENTENCE) for each in sentences[:_SENTENCES]),
            footer=(words.say("alert_footer", site=self._name, email=recipient),),
        )

    def probe(self, recipient: str) -> Notice:
        """To the operator: a letter whose headers show whether mail from here is trusted; it leaves as digests do."""
        words = self._words(ENGLISH)
        leaving = page(self._site, "unsubscribe", "probe") if self._site.is_public else None
        look = ("probe_look", "probe_look_list") if leaving else ("probe_look",)
        return self._notice(
            recipient,
            ENGLISH,
            words.say("probe", site=self._name),
            paragraphs=(words.say("probe_lead", address=self._sender.address),),
            small_print=tuple(words.say(key) for key in look),
            leaving=leaving,
        )

    # --- bytes ---

    def typeset(self, notice: Notice, *, message_id: str, date: datetime, envelope_from: str) -> Message:
        """The letter as a message: the same bytes for the same input. `envelope_from` is "" for an answer (RFC 3834).

        Raises:
            ValueError: an address or a message id (with its angle brackets) cannot stand in a header.
        """
        shown = plain(notice)
        shown = replace(shown, subject=headers.guard(shown.subject))
        templates = self._templates.speaking(shown.language)
        text, html = templates.notice_text(shown), templates.notice_html(shown)
        block = _headers(shown, self._sender, message_id=message_id, date=date)
        data = multipart(block, text=encoded(text), html=encoded(html), message_id=message_id)
        return Message(
            recipient=notice.recipient,
            envelope_from=envelope_from,
            subject=shown.subject,
            data=data,
        )

    # --- what they share ---

    def _notice(self, recipient: str, language: str, headline: str, **parts: Any) -> Notice:
        words = self._words(language)
        fixed = {"subject": headline, "site_name": self._name, "footer": (imprint(self._site, words),)}
        return Notice(recipient=recipient, language=language, headline=headline, **(fixed | parts))

    def _words(self, language: str) -> Words:
        return self._templates.speaking(language).words

    @property
    def _has_pages(self) -> bool:
        """Whether pages can be opened by who reads the letter: public ones, or those of the machine it is tried on."""
        return self._site.is_public or (self._inbound is None and _is_loopback(self._site))

    @property
    def _name(self) -> str:
        return at_word(self._site.name, _NAME)

    def _pages(self, token: str, words: Words) -> tuple[Link, ...]:
        """Where a reader changes what they get; nowhere without a public site."""
        pages = (("change", "preferences"), ("unsubscribe", "unsubscribe"))
        return tuple(Link(words.say(key), page(self._site, name, token)) for key, name in pages if self._site.is_public)

    def _contact(self, words: Words) -> str:
        return words.say("contact", contact=self._site.contact)

    def _mailto(self, command: str) -> str:
        """A mail to us with a command as its subject, to be sent as it is."""
        return mailto(self._inbound or self._site.contact, command)


def _headers(notice: Notice, sender: Sender, *, message_id: str, date: datetime) -> Iterator[bytes]:
    """No List-* but in a probe: such a letter answers a person's own act, and there is no list in it to leave."""
    yield headers.address_header("From", sender.address, sender.name)
    yield headers.address_header("To", notice.recipient)
    yield headers.text_header("Subject", notice.subject)
    yield headers.date_header(date)
    yield headers.message_id_header(message_id)
    if sender.reply_to:
        yield headers.address_header("Reply-To", sender.reply_to)
    if notice.answers_to:
        for name in (b"In-Reply-To", b"References"):
            yield headers.message_id_header(notice.answers_to).replace(b"Message-ID", name, 1)
    if notice.leaving:
        yield headers.list_header("List-Unsubscribe", [notice.leaving])
        yield b"List-Unsubscribe-Post: List-Unsubscribe=One-Click\r\n"
    yield f"Auto-Submitted: auto-{'replied' if notice.is_answer else 'generated'}\r\n".encode("ascii")


def _outcome(words: Words, done: int, failed: int) -> str:
    if not done:
        return words.say("reply_nothing")
    return words.headline("reply_partly", failed) if failed else words.say("reply_done")


def _is_loopback(site: Site) -> bool:
    return urlsplit(site.url).hostname in _LOOPBACK
