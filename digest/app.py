"""Builds everything from the configuration: the only place that picks implementations."""

from __future__ import annotations

import os
import secrets
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from functools import cached_property
from pathlib import Path
from random import SystemRandom
from threading import Event

import sqlalchemy as sa

from digest.clock import Clock, system_clock
from digest.config import Config, load, smtp_password
from digest.config.values import is_loopback
from digest.delivery.dkim import Sign, read_key, signer
from digest.delivery.files import FilesTransport
from digest.delivery.smtp import SmtpTransport
from digest.errors import SetupError, StoreError
from digest.letter.notices import Notices
from digest.letter.press import Press
from digest.letter.templates import Templates, colour_problem, languages
from digest.matching.grammar import understand
from digest.model import Past, Read, Source
from digest.pipeline import Line
from digest.pipeline.deliver import Courier
from digest.pipeline.ingest import Ingest
from digest.pipeline.joining import Joining
from digest.pipeline.look import Rules
from digest.pipeline.plan import Planner
from digest.pipeline.shelf import Shelf
from digest.pipeline.standing import Standing
from digest.pipeline.trials import Trials
from digest.pipeline.typeset import Imprint
from digest.ports import Limit, Transport
from digest.sources import KINDS
from digest.sources.fetch import Fetcher
from digest.sources.fetch.addresses import Fence
from digest.sources.read import read_all
from digest.store.aside import has_sent_by_smtp, set_files_aside
from digest.store.connect import Database
from digest.store.hosts import StoredTurns
from digest.store.items import Items
from digest.store.optouts import OptOutLog
from digest.store.people import People
from digest.subscribers.tokens import Keyring

SAMPLE = "sample"

#: any number will do, as long as every process of the same store uses it
_KEY_LOCK = 0x6B6579

#: tries for each address, and seconds for each source with all its pages
_ATTEMPTS, _BUDGET = 4, 120.0

#: a first run lets nobody wait: one attempt a source, and this many seconds in all
_QUICK_BUDGET = 15.0


@dataclass(frozen=True)
class App:
    """The program, put together for one configuration and one clock."""

    config: Config
    clock: Clock
    is_pretended: bool = False  #: the clock was given by --clock
    is_rehearsal: bool = False  #: the store is a copy that is thrown away: nothing is mailed
    stopping: Event = field(default_factory=Event)  #: set once the program is asked to stop

    # --- the store ---

    @cached_property
    def database(self) -> Database:
        """The store, brought up to date.

        Raises:
            StoreError: it cannot be opened, is newer than this version, or belongs to another clock.
        """
        database = Database(self.config.store)
        database.upgrade()
        return database

    def close(self) -> None:
        """Let go of the store, if it was opened."""
        if "database" in vars(self):
            self.database.close()

    def check_clock(self) -> None:
        """Refuse to write into a store that lives in another time.

        Raises:
            StoreError: a pretended clock on a real store, or the machine's clock on a simulated one.
        """
        mine = "simulated" if self.is_pretended else "real"
        with self.database.read() as connection:
            mark = self.database.fact(connection, "clock")
        if mark is None:
            with self.database.write() as connection:
                self.database.set_fact(connection, "clock", mine)
        elif mark != mine and self.is_pretended:
            raise StoreError(
                "this store was written under the real clock, and a pretended one must not touch it: "
                "give it a store of its own, or use --dry-run or preview"
            )
        elif mark != mine:
            raise StoreError("this store is a simulation, written with --clock; give real letters another one")

    # --- people ---

    @cached_property
    def standing(self) -> Standing:
        """What people and the file decide."""
        return self.standing_with(self.database)

    def standing_with(self, database: Database) -> Standing:
        """The same over a connection of its own to the store."""
        digest = self.config.digest
        return Standing(
            database,
            catch_up=digest.catch_up,
            max_lateness=digest.max_lateness,
            keyring=self.keyring,
            optouts=None if self.is_rehearsal else OptOutLog(self.optout_log),
            letters=None if self.is_rehearsal else self.folder,
        )

    @property
    def optout_log(self) -> Path:
        """Where decisions are written down, beside the store; a simulation has a log of its own."""
        url = sa.make_url(self.config.store)
        is_file = url.get_backend_name() == "sqlite"
        folder = Path(url.database or "").parent if is_file else self.config.path.parent / "var"
        return folder / ("optout.simulated.log" if self.is_pretended else "optout.log")

    @property
    def operator(self) -> str:
        """Who vouches for the readers in the file."""
        return f"{self.config.site.contact} in config.yaml"

    # --- the line ---

    @property
    def transport(self) -> str:
        """How letters leave: "files" or "smtp"."""
        return self.config.delivery.transport

    @property
    def _is_mailing(self) -> bool:
        """Whether letters really leave; a rehearsal decides as if they did, and writes them into files."""
        return self.transport == "smtp" and not self.is_rehearsal

    def line(self) -> Line:
        """The line, ready to run.

        Raises:
            SetupError: this configuration must not send.
        """
        database = self.database
        if self._is_mailing:
            self._check_may_mail()
        return Line(
            ingest=self.ingest(with_sample=True),
            planner=Planner(database, rules=self._rules(), shelf=self.shelf, is_stopping=self.stopping.is_set),
            courier=Courier(
                database,
                imprint=self.imprint,
                keyring=self.keyring,
                transport=self._transport,
                clock=self.clock,
                resend_unknown=self.config.delivery.smtp.on_unknown == "resend",
                random=SystemRandom(),
                connections=self.config.delivery.smtp.connections if self._is_mailing else 1,
                limits=[Limit(*rate) for rate in self.config.delivery.smtp.rate] if self._is_mailing else (),
                sleep=self._sleep,
                is_stopping=self.stopping.is_set,
            ),
            clock=self.clock,
        )

    def real_sources(self, only: str | None = None) -> tuple[Source, ...]:
        """The configured sources but the sample, which only stands in."""
        return tuple(source for source in self.config.sources if source.kind != SAMPLE and only in (None, source.name))

    def shelf(self) -> Shelf:
        """The editions of the store; made-up papers are never mailed."""
        return Shelf(Items(self.database), hidden_sources=self._sample_sources if self.transport == "smtp" else ())

    @cached_property
    def joining(self) -> Joining:
        """Sees to what people ask for at the door."""
        return Joining(self.standing, self.keyring, transport=self.transport)

    @cached_property
    def trials(self) -> Trials:
        """Tries interests out on what was announced of late."""
        return Trials(self.database, hidden_sources=self._sample_sources if self.transport == "smtp" else ())

    def change_transport(self) -> int:
        """Note the transport that is used from now on; how many letters made under `files` were set aside for it."""
        now = self.clock()
        with self.database.write() as connection:
            before = self.database.fact(connection, "transport")
            self.database.set_fact(connection, "transport", self.transport)
            if before in (None, self.transport):
                return 0
            first_floor = Items(self.database).first_floor(connection, self.config.digest.first_days)
            return set_files_aside(connection, People(self.database), first_floor=first_floor, now=now)

    def ingest(self, *, with_sample: bool = False) -> Ingest:
        """Reads sources into the store; the sample, if asked for, only where letters stay on disk, and always have."""
        sample = next((source for source in self.config.sources if source.kind == SAMPLE), None)
        with self.database.read() as connection:
            may_use_sample = with_sample and self.transport == "files" and not has_sent_by_smtp(connection)
        return Ingest(
            self.database, read=self._read, every=self.config.fetch.every, sample=sample if may_use_sample else None
        )

    def _read(
        self, sources: Sequence[Source], past_of: Callable[[Source], Past], now: datetime, *, is_quick: bool
    ) -> list[Read]:
        fetcher = Fetcher(
            contact=self.config.site.contact,
            fence=Fence.open_to(self.config.fetch.allow_private),
            turns=StoredTurns(self.database, system_clock),
            timeout=self.config.fetch.timeout.total_seconds(),
            max_bytes=self.config.fetch.max_bytes,
            attempts=1 if is_quick else _ATTEMPTS,
            budget=_QUICK_BUDGET if is_quick else _BUDGET,
            is_stopping=self.stopping.is_set,
        )
        return read_all(sources, past_of, fetcher, now)

    def _rules(self) -> Rules:
        digest = self.config.digest
        return Rules(
            max_lateness=digest.max_lateness,
            wait_for_sources=digest.wait_for_sources,
            first_days=digest.first_days,
            catch_up=digest.catch_up,
            transport=self.transport,
        )

    # --- letters ---

    @cached_property
    def press(self) -> Press:
        """Typesets letters.

        Raises:
            TemplateError: a template is wrong; names file and line.
        """
        return Press(self.config.site, self.config.sender, self.templates)

    @cached_property
    def notices(self) -> Notices:
        """Writes and typesets the letters that are no digest.

        Raises:
            TemplateError: a template is wrong; names file and line.
        """
        return Notices(self.config.site, self.config.sender, self.templates, inbound=self.config.inbound.address)

    @cached_property
    def templates(self) -> Templates:
        """What letters look like and say, in every language.

        Raises:
            TemplateError: a template is wrong; names file and line.
        """
        return Templates(self.config.templates, colour=self.config.colour, logo=self.config.logo)

    @cached_property
    def imprint(self) -> Imprint:
        """What every letter shares."""
        return Imprint(
            press=self.press,
            notices=self.notices,
            domain=self.config.sender.address.rpartition("@")[2],
            envelope_from=self.config.sender.address,
            attributions=attributions(self.config.sources),
            sample_sources=self._sample_sources,
            sign=self.sign,
        )

    @cached_property
    def sign(self) -> Sign | None:
        """Signs letters that are mailed, where `delivery.dkim` is set.

        Raises:
            SetupError: its key cannot be used.
        """
        dkim = self.config.delivery.dkim
        if not self._is_mailing or dkim.key_file is None:
            return None
        return signer(str(dkim.domain), str(dkim.selector), read_key(dkim.key_file))

    @property
    def _sample_sources(self) -> frozenset[str]:
        return frozenset(source.name for source in self.config.sources if source.kind == SAMPLE)

    @property
    def folder(self) -> Path:
        """Where the transport `files` writes."""
        path: Path = self.config.delivery.files.path
        return path / "dry-run" if self.is_rehearsal else path

    def _transport(self) -> Transport:
        if not self._is_mailing:
            return FilesTransport(self.folder)
        smtp = self.config.delivery.smtp
        return SmtpTransport(
            smtp.host,
            smtp.port,
            tls=smtp.tls,
            username=smtp.username,
            password=smtp_password(self.config, os.environ),
            hello=smtp.hello,
        )

    def _sleep(self, seconds: float) -> None:
        """Wait, but not once the program is asked to stop."""
        self.stopping.wait(seconds)

    def _check_may_mail(self) -> None:
        if not self.config.site.postal_address:
            raise SetupError("site.postal_address is empty: the law of many countries wants one in bulk mail")
        if self.is_pretended and not is_loopback(self.config.delivery.smtp.host):
            raise SetupError("letters made under --clock are only sent to a server on this machine")
        smtp_password(self.config, os.environ)  # one that is missing is told before anything is planned, and
        _ = self.sign  # so is a key that cannot be used: nothing ever leaves unsigned

    # --- keys ---

    @cached_property
    def keyring(self) -> Keyring:
        """Signs links.

        Raises:
            StoreError: the secret is gone.
        """
        if self.is_rehearsal:  # letters that nobody is sent carry no token that works
            return Keyring(secrets.token_bytes(32))
        return Keyring.of(self._key())

    def _key(self) -> bytes:
        """The secrets that tokens and Message-IDs are made with, one a line, the newest first.

        One is made at the first start, and never a second time.
        """
        if key := os.environ.get("DIGEST_SECRET_KEY"):
            return key.encode()
        named = os.environ.get("DIGEST_SECRET_KEY_FILE")
        path = Path(named) if named else self.config.path.parent / "var" / "secret"
        if not path.exists():
            self._make_key(path, is_named=named is not None)
        return path.read_bytes()

    def _make_key(self, path: Path, *, is_named: bool) -> None:
        with self.database.write() as connection:
            self.database.take_turns(connection, _KEY_LOCK)  # or two first runs at once make a key each
            if path.exists():
                return
            if is_named or self.database.fact(connection, "has_key"):
                raise StoreError(f"{path} is missing: links in letters already sent depend on it, so bring it back")
            path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
            draft = path.with_name(path.name + ".draft")
            draft.touch(mode=0o600)
            draft.write_text(secrets.token_hex(32) + "\n")
            draft.replace(path)  # whole at once: others read it without the lock
            self.database.set_fact(connection, "has_key", "yes")


def build(path: Path, clock: Clock, *, is_pretended: bool) -> App:
    """The program for a configuration file.

    Raises:
        ConfigError: with every mistake in the file.
    """
    config = load(path, check_interests=_check_interests, check_colour=colour_problem, languages=languages)
    return App(config, clock, is_pretended)


def attributions(sources: Iterable[Source]) -> dict[str, str]:
    """{source name: the sentence that stands at the foot of letters}, where its kind asks for one."""
    return {source.name: KINDS[source.kind].attribution for source in sources if source.kind in KINDS}


def _check_interests(text: str) -> Iterable[tuple[int, str]]:
    return [(problem.line, problem.reason) for problem in understand(text).problems]
