"""The values that travel between the rooms: frozen, complete, and with no behaviour beyond their own fields.

Every datetime is aware and in UTC. A bare `date` is a calendar date whose zone stands beside it. Points are integers;
letters show them as tenths (92 reads 9.2). The words are explained in docs/architecture.md.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, datetime, time, timedelta
from enum import StrEnum
from hashlib import sha256

# --- listings -----------------------------------------------------------------------------------------------------


class Outcome(StrEnum):
    """How one read of a source ended. Only the first three count as read."""

    COMPLETE = "complete"  #: all of it was read
    UNCHANGED = "unchanged"  #: the same as last time
    EMPTY = "empty"  #: a true quiet day
    PARTIAL = "partial"  #: entries were recorded, but something was missing: read again soon
    SUSPICIOUS = "suspicious"  #: rows were expected and none was found: nothing recorded
    FAILED = "failed"  #: could not be fetched or parsed: nothing recorded

    @property
    def is_read(self) -> bool:
        """Whether the source counts as read."""
        return self in (Outcome.COMPLETE, Outcome.UNCHANGED, Outcome.EMPTY)


class AnnounceType(StrEnum):
    """What a source says an entry is, in arXiv's words."""

    NEW = "new"
    CROSS = "cross"
    REPLACE = "replace"
    REPLACE_CROSS = "replace-cross"

    @property
    def is_replacement(self) -> bool:
        """Whether the entry announces a new version of an older work."""
        return self in (AnnounceType.REPLACE, AnnounceType.REPLACE_CROSS)


@dataclass(frozen=True, slots=True)
class Popularity:
    """How much a listing's readers cared at the time of the capture."""

    upvotes: int = 0
    comments: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Entry:
    """One record as it stands in a listing; white space collapsed, otherwise unedited (LaTeX stays)."""

    title: str
    id: str | None = None  #: as the source writes it ("2408.00714"); None where the listing names none
    url: str | None = None
    abstract: str = ""
    authors: tuple[str, ...] = ()
    published: datetime | None = None
    announce_type: AnnounceType | None = None
    version: int | None = None
    categories: tuple[str, ...] = ()
    popularity: Popularity = Popularity()
    #: typed identifiers that the parser is sure of, as the source writes them: "arxiv:2408.00714v2", "doi:10.1101/…"
    identifiers: tuple[str, ...] = ()
    code_url: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Parsed:
    """What one listing says: the pure result of reading its bytes."""

    kind: str  #: name of the kind that read it
    outcome: Outcome
    reason: str = ""  #: one sentence for people; empty when the outcome is complete
    entries: tuple[Entry, ...] = ()  #: in the order of the listing
    day: date | None = None  #: the UTC day the listing is for, where it says so
    has_more: bool = False  #: a full page: the next one may hold more of the same day

    @property
    def fingerprint(self) -> str:
        """Hex digest of the day and the entries, in whatever order: two answers that list the same have the same."""
        listed = "\n".join([repr(self.day), *sorted(repr(entry) for entry in self.entries)])
        return sha256(listed.encode()).hexdigest()


@dataclass(frozen=True, slots=True, kw_only=True)
class Listing:
    """One fetched document, parsed: bytes + source + time."""

    source: str
    url: str  #: where it came from; a path for saved files
    body: bytes
    parsed: Parsed
    etag: str | None = None
    last_modified: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Page:
    """What is known of one address of a source from its last good read; sent back as validators."""

    etag: str | None = None
    last_modified: str | None = None
    sha256: str | None = None  #: hex digest of the decoded body
    fingerprint: str | None = None  #: of what it listed
    entries: int | None = None  #: how many it listed


@dataclass(frozen=True, slots=True, kw_only=True)
class Selectors:
    """Where a web page keeps what is listed, as CSS selectors; all but the first look inside one item."""

    item: str
    title: str | None = None  #: default: the text of the link
    link: str | None = None  #: default: the first link of the item, or the item itself
    abstract: str | None = None
    authors: str | None = None
    date: str | None = None  #: an element's datetime attribute, else its text


@dataclass(frozen=True, slots=True, kw_only=True)
class Source:
    """A configured place that publishes listings. Each kind reads some of these and leaves the others alone."""

    name: str
    kind: str
    url: str | None = None  #: another address than the kind's own
    path: str | None = None  #: a folder's files, as an absolute glob
    categories: tuple[str, ...] = ()  #: arXiv's, or bioRxiv's and medRxiv's subject areas
    replacements: bool = False  #: whether new versions of known works are read from arXiv's feeds
    query: str | None = None  #: what is searched for
    period: str = "daily"  #: daily, weekly, monthly or trending
    selectors: Selectors | None = None
    max_age: timedelta = timedelta(days=7)  #: a first read announces nothing published longer ago


@dataclass(frozen=True, slots=True, kw_only=True)
class Past:
    """What the store remembers of a source when it is read again."""

    last_complete_at: datetime | None = None  #: last complete, unchanged or empty read; None before the first
    pages: Mapping[str, Page] = field(default_factory=dict)  #: {url: validators of its last good read}
    usual: Mapping[int, int] = field(default_factory=dict)  #: {weekday, 0 is Monday: entries it then has}


@dataclass(frozen=True, slots=True, kw_only=True)
class Read:
    """How one read of a source went: its listings in the order read, none of them failed or suspicious."""

    source: str
    outcome: Outcome
    reason: str = ""  #: one sentence for people; empty when complete
    listings: tuple[Listing, ...] = ()


# --- items --------------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True, kw_only=True)
class ItemText:
    """One text revision of a work, cleaned for people: LaTeX made readable, white space collapsed."""

    item: int
    revision: int  #: counts from 1
    title: str
    abstract: str = ""
    authors: tuple[str, ...] = ()
    categories: tuple[str, ...] = ()
    url: str | None = None
    code_url: str | None = None
    published: datetime | None = None
    version: int | None = None
    source: str = ""  #: name of the source whose words these are


def key_strength(key: str) -> tuple[int, str]:
    """Sorts identity keys, strongest first: arXiv id, DOI, address, title."""
    return ("arxiv", "doi", "url", "title").index(key.partition(":")[0]), key


@dataclass(frozen=True, slots=True, kw_only=True)
class Known:
    """An item that the store holds under one of the keys that a listing names."""

    item: int
    keys: frozenset[str]
    text: ItemText  #: its newest revision
    is_listed: bool = False  #: a curated source has listed it before
    is_absorbed: bool = False  #: taken in behind a restore barrier; never announced


class AnnounceReason(StrEnum):
    """Why a work is in an edition."""

    NEW = "new"  #: first seen
    LISTED = "listed"  #: known, and a curated source lists it for the first time


@dataclass(frozen=True, slots=True, kw_only=True)
class Announced:
    """A work as an edition announces it: a candidate for letters."""

    edition: int
    reason: AnnounceReason
    source: str
    text: ItemText
    keys: tuple[str, ...] = ()  #: identity keys, strongest first
    popularity: Popularity = Popularity()


# --- interests and picks ------------------------------------------------------------------------------------------


class Sign(StrEnum):
    """What an interest does to a paper that it fits."""

    MORE = "more"
    LESS = "less"  #: lowers the score
    NEVER = "never"  #: keeps the paper out


class Field(StrEnum):
    """A field of a paper, both where an interest looks and where a match was found."""

    TITLE = "title"
    ABSTRACT = "abstract"
    AUTHOR = "author"
    CATEGORY = "category"


@dataclass(frozen=True, slots=True, kw_only=True)
class Interest:
    """One line of a reader's interests, understood."""

    phrase: str  #: as typed, without marks, field and quotes
    sign: Sign = Sign.MORE
    field: Field | None = None  #: None looks in title and abstract
    exact: bool = False  #: typed in quotes
    weight: float = 1.0  #: 0.1 to 5
    topic: str | None = None  #: the named group it stands in
    line: int = 0  #: 1-based line of the text
    unrelated: tuple[str, ...] = ()  #: related words that its reader has struck out, as typed


@dataclass(frozen=True, slots=True, kw_only=True)
class Mark:
    """Where the letter marks a match: character offsets into the title, the abstract, a list joined by ", "."""

    field: Field
    start: int
    end: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Match:
    """Why a paper fits: one addend of its score."""

    interest: str  #: the phrase as typed
    field: Field  #: the strongest field it was found in
    points: int  #: negative for less-of
    words: tuple[str, ...]  #: the interest's own words that occur, as typed
    mark: Mark | None = None
    related: tuple[str, ...] = ()  #: learned words that helped, as the paper spells them; only those that convince


@dataclass(frozen=True, slots=True, kw_only=True)
class Pick:
    """An item chosen, in one text revision, with its reasons. `score == sum(m.points for m in matches)`."""

    item: int
    revision: int
    score: int
    matches: tuple[Match, ...] = ()
    topic: str | None = None  #: topic of the strongest match
    votes: int = 0  #: upvotes when it was chosen; kept for trending items, so that a resend reads the same


@dataclass(frozen=True, slots=True, kw_only=True)
class Digest:
    """One reader's picks, as data, best first; those of one topic stand together. Trending ones score 0."""

    picks: tuple[Pick, ...] = ()
    trending: tuple[Pick, ...] = ()
    misses: tuple[Pick, ...] = ()  #: the nearest ones below the line, in the letter of a quiet day
    line: int = 0  #: the points that a paper needed
    considered: int = 0  #: how many papers were read for it
    unread: tuple[str, ...] = ()  #: names of the sources that could not be read in time; the letter says so
    since: date | None = None  #: UTC day of the oldest edition that was looked at

    @property
    def all_picks(self) -> tuple[Pick, ...]:
        """Everything the letter names; each of them becomes a mention."""
        return self.picks + self.misses + self.trending


# --- people -------------------------------------------------------------------------------------------------------


class Status(StrEnum):
    """What a person asked for."""

    PENDING = "pending"
    ACTIVE = "active"
    PAUSED = "paused"
    UNSUBSCRIBED = "unsubscribed"


class Strictness(StrEnum):
    """How near a paper must be."""

    STRICT = "strict"
    NORMAL = "normal"
    BROAD = "broad"


class QuietDays(StrEnum):
    """What to do on a day when nothing fits."""

    SKIP = "skip"
    LETTER = "letter"
    TRENDING = "trending"


@dataclass(frozen=True, slots=True, kw_only=True)
class Profile:
    """What a reader wants and when; everything here may be changed by its owner."""

    interests: str = ""  #: the text of docs/interests.md
    timezone: str = "UTC"  #: IANA name
    send_at: time = time(7, 30)  #: local wall time
    days: frozenset[int] = frozenset(range(5))  #: 0 is Monday
    max_items: int = 10
    strictness: Strictness = Strictness.NORMAL
    quiet_days: QuietDays = QuietDays.SKIP
    trending: int = 3
    language: str = "en"


@dataclass(frozen=True, slots=True, kw_only=True)
class Subscriber:
    """A person with an address, as stored."""

    id: int
    email: str
    status: Status
    profile: Profile
    owner: str = "person"  #: "file" while config.yaml owns the profile
    vouched_by: str | None = None  #: who added a reader that did not confirm
    is_absent: bool = False  #: was in the file and is gone from it
    is_suppressed: bool = False
    paused_until: datetime | None = None
    floor: int | None = None  #: the last edition served; None before the first letter
    due_slot: date | None = None  #: local date of the due time being served
    due_at: datetime | None = None  #: that due time
    next_due_at: datetime | None = None  #: when to look again; later than due_at while waiting
    last_digest_at: datetime | None = None  #: when the last letter was planned
    confirmed_at: datetime | None = None
    created_at: datetime

    @property
    def is_mailable(self) -> bool:
        """Whether a digest may be sent: active, in good standing, and confirmed or vouched for."""
        has_consent = self.confirmed_at is not None or self.vouched_by is not None
        return self.status is Status.ACTIVE and has_consent and not self.is_suppressed and not self.is_absent


class Errand(StrEnum):
    """What somebody asks for at the door, of whom we know only the address they typed."""

    JOIN = "join"  #: letters
    LINK = "link"  #: a fresh link to their preferences
    MOVE = "move"  #: that a reader's letters go to this address from now on


@dataclass(frozen=True, slots=True, kw_only=True)
class Asking:
    """An errand as it waits to be seen to."""

    id: int = 0  #: 0 until it is stored
    what: Errand
    email: str
    profile: Profile = field(default_factory=Profile)
    person: int | None = None  #: who moves
    network: str  #: the network address it came from
    door: str  #: web, api or mail
    wording: str  #: version of what was read before agreeing
    place: str = ""  #: which page a link is to lead to: day/rank/more of a letter, or "" for the preferences
    asked_at: datetime


# --- the ledger ---------------------------------------------------------------------------------------------------


class Kind(StrEnum):
    """What a delivery is."""

    DIGEST = "digest"
    CONFIRM = "confirm"
    GOODBYE = "goodbye"
    REPLY = "reply"
    ALERT = "alert"
    PROBE = "probe"
    TEST = "test"


class State(StrEnum):
    """Where a delivery stands."""

    PLANNED = "planned"
    CLAIMED = "claimed"
    SENDING = "sending"  #: the first octet of the body may have left
    SENT = "sent"  #: accepted by the next server
    DEFERRED = "deferred"
    FAILED = "failed"
    UNKNOWN = "unknown"  #: cut after the final dot: accepted or not, nobody can say
    CANCELLED = "cancelled"
    SKIPPED = "skipped"

    @property
    def is_open(self) -> bool:
        """Whether it is still to be sent."""
        return self in (State.PLANNED, State.CLAIMED, State.SENDING, State.DEFERRED)


class SkipReason(StrEnum):
    """Why a slot has no letter."""

    NOTHING_NEW = "nothing-new"
    NOTHING_MATCHED = "nothing-matched"
    PAUSED = "paused"
    STALE = "stale"
    TOO_LATE = "too-late"
    RESTORED = "restored"

    @property
    def moves_floor(self) -> bool:
        """Whether what was announced has been looked at for this reader."""
        return self in (SkipReason.NOTHING_NEW, SkipReason.NOTHING_MATCHED)


@dataclass(frozen=True, slots=True, kw_only=True)
class Delivery:
    """A ledger row."""

    id: int
    subscriber: int
    kind: Kind
    slot: str  #: local ISO date of a digest, else the id of its cause
    state: State
    reason: str | None = None
    from_edition: int | None = None
    to_edition: int | None = None
    digest: Digest = field(default_factory=Digest)
    generation: int = 1
    attempts: int = 0
    was_unknown: bool = False
    due_at: datetime
    deadline: datetime
    next_try_at: datetime | None = None
    lease_token: str | None = None
    lease_until: datetime | None = None
    #: the next four are frozen by the first move to `sending`
    subject: str | None = None
    date_header: datetime | None = None
    message_id: str | None = None
    template_version: str | None = None

    @property
    def is_repeat(self) -> bool:
        """Whether it says again, word for word, what may have been read already: picks stay as they were frozen."""
        return self.was_unknown or self.kind is Kind.TEST


class Fault(StrEnum):
    """Who has to mend a refusal."""

    RECIPIENT = "recipient"  #: the address is no good (5.1.x on RCPT)
    CONTENT = "content"  #: this letter was refused after the dot
    OURS = "ours"  #: TLS, login, policy (5.7.x), MAIL FROM: pause, alert, suppress nobody
    NETWORK = "network"  #: connection, timeout, 4xx: try again


@dataclass(frozen=True, slots=True, kw_only=True)
class SendResult:
    """How one try to hand a message over ended: state is sent, deferred, failed, unknown or cancelled.

    Cancelled means that the last check refused before the first octet of the body.
    """

    state: State
    fault: Fault | None = None
    code: int | None = None  #: SMTP reply code
    text: str = ""  #: the reply, or what went wrong, in one line


class Verdict(StrEnum):
    """How a run ended."""

    SENT = "sent"
    NOTHING_NEW = "nothing-new"
    NOTHING_DUE = "nothing-due"
    PARTIAL = "partial"
    STALE = "stale"
    FAILED = "failed"


# --- the letter ---------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True, kw_only=True)
class Site:
    """Who publishes the digest."""

    name: str
    url: str
    postal_address: str
    contact: str

    @property
    def is_public(self) -> bool:
        """Whether pages can be linked from a letter."""
        return self.url.startswith("https://")


@dataclass(frozen=True, slots=True, kw_only=True)
class Sender:
    """Whose name stands on the envelope."""

    name: str
    address: str
    reply_to: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class LetterPick:
    """A pick with the words to print."""

    pick: Pick
    text: ItemText
    popularity: Popularity = Popularity()


@dataclass(frozen=True, slots=True, kw_only=True)
class Letter:
    """Everything that one digest letter says; the press needs nothing else."""

    recipient: str
    day: date  #: the slot: the reader's own calendar date
    picks: tuple[LetterPick, ...] = ()
    trending: tuple[LetterPick, ...] = ()
    misses: tuple[LetterPick, ...] = ()  #: the nearest ones below the line, where nothing reached it
    line: int = 0  #: the points that a paper needed
    considered: int = 0
    since: date | None = None  #: the oldest day that it is picked from
    is_first: bool = False
    vouched_by: str | None = None
    is_sample: bool = False  #: made from the shipped sample; says so in subject and body
    is_test: bool = False  #: a repeat by hand of today's letter
    has_interests: bool = True  #: False: a trending letter
    send_at: time = time(7, 30)
    days: frozenset[int] = frozenset(range(5))
    language: str = "en"
    unread: tuple[str, ...] = ()  #: names of the sources that could not be read in time
    attributions: tuple[str, ...] = ()  #: thanks and "Not affiliated with …", one sentence per source
    token: str | None = None  #: unsubscribe token; None in previews, which carry no live link


@dataclass(frozen=True, slots=True, kw_only=True)
class Message:
    """A complete letter, ready for a transport."""

    recipient: str  #: envelope recipient
    envelope_from: str
    subject: str
    data: bytes  #: the complete RFC 5322 bytes, CRLF line ends

    @property
    def html(self) -> str:
        """The HTML, decoded anew each time; most letters are only sent. Line ends as LF."""
        return self._body("html")

    @property
    def text(self) -> str:
        """The plain text, likewise."""
        return self._body("plain")

    def _body(self, subtype: str) -> str:
        from email import message_from_bytes, policy  # here, since its import takes longer than all else in this file

        message = message_from_bytes(self.data, policy=policy.default)
        found = [part.get_content() for part in message.walk() if part.get_content_type() == f"text/{subtype}"]
        return str(found[0]).replace("\r\n", "\n") if found else ""
