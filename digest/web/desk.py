"""What every page works with, put together once."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from ipaddress import ip_network
from urllib.parse import urlsplit

from digest.app import App
from digest.model import Subscriber
from digest.pipeline.joining import Joining
from digest.pipeline.standing import Standing
from digest.pipeline.trials import Trials
from digest.store.connect import Database
from digest.subscribers.tokens import BriefPurpose, Keyring, stamp_of
from digest.web.forms import Forms
from digest.web.gate import Gate
from digest.web.meter import Meter
from digest.web.pages import Pages
from digest.web.postman import Postman
from digest.web.trigger import Trigger
from digest.web.visitors import Visitors

#: milliseconds that a page waits for a busy store before it answers that something is written down
_PATIENCE = 1_500


@dataclass(frozen=True, slots=True, kw_only=True)
class Desk:
    """The rooms below, and what pages share."""

    app: App
    clock: Callable[[], datetime]
    keyring: Keyring
    joining: Joining
    trials: Trials
    postman: Postman
    pages: Pages
    forms: Forms
    visitors: Visitors
    gate: Gate
    trigger: Trigger
    meter: Meter
    standing: Standing  #: what people decide; it waits for a busy store no longer than they do
    hosts: frozenset[str]  #: the names that the site answers to

    def person(self, one: int) -> Subscriber | None:
        """A person by their number."""
        with self.app.database.read() as connection:
            return self.standing.people.get(connection, one)

    def sign(self, person: Subscriber, purpose: BriefPurpose, until: datetime) -> str:
        """A link for a person that ends at a moment, or once they have a new address or have decided anything."""
        return self.keyring.sign_briefly(purpose, person.id, until, self._stamp(person))

    def holder(self, token: str, purpose: BriefPurpose) -> Subscriber | None:
        """Who holds such a link; None where it is none, is meant for something else, or has ended."""
        one = self.keyring.person_of(token)
        person = None if one is None else self.person(one)
        if person is None or not self.keyring.is_valid(token, purpose, self._stamp(person), self.clock()):
            return None
        return person

    def _stamp(self, person: Subscriber) -> str:
        with self.app.database.read() as connection:
            return stamp_of(person.email, self.standing.people.last_word_at(connection, person.id))


def desk_of(app: App) -> Desk:
    """The desk of a configuration.

    Raises:
        TemplateError: a page cannot be printed.
        StoreError: the store cannot be used.
        UsageError: the file with the admin token cannot be used.
    """
    config = app.config
    visitors = Visitors([ip_network(network) for network in config.web.trusted_proxies])
    token_file, is_public = config.web.admin_token_file, config.site.is_public
    listens_at = config.web.listen.rpartition(":")[0].strip("[]")
    hosts = frozenset({urlsplit(config.site.url).hostname or "", listens_at, "localhost", "127.0.0.1", "::1"})
    return Desk(
        app=app,
        clock=app.clock,
        keyring=app.keyring,
        joining=app.joining,
        trials=app.trials,
        postman=Postman(app.joining, app.line, warm=app.trials.freshen),
        pages=Pages(config.site, app.templates, folder=config.templates),
        forms=Forms(app.keyring, app.clock, hosts),
        standing=app.standing_with(Database(config.store, busy_timeout=_PATIENCE)),
        visitors=visitors,
        gate=Gate(token_file, keyring=app.keyring, clock=app.clock, visitors=visitors, is_public=is_public),
        trigger=Trigger(app),
        meter=Meter(),
        hosts=hosts,
    )
