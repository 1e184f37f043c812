"""The plain way to set a letter: everything through the templates at once, and the standard library's own message.

Slow and obvious: what the press is held to. The press falls back on it for templates that cannot be cut to pieces.
"""

from __future__ import annotations

from datetime import datetime
from email.headerregistry import Address
from email.message import EmailMessage
from email.policy import SMTP

from digest.letter.headers import LONGEST_URI
from digest.letter.layout import lay_out
from digest.letter.links import leaving_addresses, mailto, page
from digest.letter.plain import plain
from digest.letter.quoted import encoded
from digest.letter.rows import Row
from digest.letter.templates import Templates
from digest.letter.view import Form
from digest.letter.works import Pair
from digest.model import Letter, Sender, Site


class Reference:
    """Letters of one site in one language."""

    def __init__(self, site: Site, templates: Templates) -> None:
        self._site = site
        self._templates = templates

    def bodies(self, letter: Letter, subject: str, form: Form) -> tuple[str, str]:
        """HTML and text of the letter in this form."""
        view = lay_out(plain(letter), self._site, self._templates.words, form)
        return self._templates.html(view, subject), self._templates.text(view)

    def set(self, letter: Letter, subject: str, form: Form) -> Pair:
        """The same, encoded."""
        html, text = self.bodies(letter, subject, form)
        return encoded(html), encoded(text)

    def parts(self, letter: Letter, subject: str, form: Form) -> Row:
        """The same, in one part each."""
        html, text = self.set(letter, subject, form)
        return (html,), (text,)

    def message(
        self, letter: Letter, subject: str, html: str, text: str, *, sender: Sender, message_id: str, date: datetime
    ) -> EmailMessage:
        """The letter as the standard library would write it."""
        message = EmailMessage(policy=SMTP)
        for name, value in self._headers(letter, subject, sender).items():
            message[name] = value
        message["Date"], message["Message-ID"] = date, message_id
        message.set_content(text, cte="quoted-printable")
        message.add_alternative(html, subtype="html", cte="quoted-printable")
        return message

    def _headers(self, letter: Letter, subject: str, sender: Sender) -> dict[str, str | Address]:
        site, token = self._site, letter.token
        found: dict[str, str | Address] = {
            "From": Address(sender.name, addr_spec=sender.address),
            "To": letter.recipient,
            "Subject": subject,
            "List-Id": f"<{sender.address.replace('@', '.')}>",
            "Auto-Submitted": "auto-generated",
        }
        if sender.reply_to:
            found["Reply-To"] = sender.reply_to
        if len(help_address := mailto(site.contact, "help")) <= LONGEST_URI:
            found["List-Help"] = f"<{help_address}>"
        if site.is_public:
            found["List-Archive"] = f"<{page(site, 'archive')}>"
        if token is not None and (addresses := leaving_addresses(site, token, LONGEST_URI)):
            found["List-Unsubscribe"] = ", ".join(f"<{address}>" for address in addresses)
        if token is not None and site.is_public:
            found["List-Unsubscribe-Post"] = "List-Unsubscribe=One-Click"
        return found
