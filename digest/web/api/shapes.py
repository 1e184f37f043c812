"""What the API takes and gives, as the OpenAPI file tells it."""

from __future__ import annotations

from datetime import date, datetime
from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field

from digest.model import AnnounceReason, QuietDays, Strictness, Verdict
from digest.model import Field as PaperField

#: PostgreSQL keeps no text with a NUL in it
_NO_NUL = r"^[^\x00]*$"

Interests = Annotated[
    str, Field(max_length=10_000, pattern=_NO_NUL, description="What to look for, one interest a line, as on the page.")
]
Address = Annotated[str, Field(max_length=254, pattern=_NO_NUL, description="An email address.")]
Key = Annotated[str, Field(description="The strongest name of a work: arxiv:…, doi:…, url:… or title:….")]


class Shape(BaseModel):
    """A document; what it does not know is refused, so that a slip of the pen is told."""

    model_config = ConfigDict(extra="forbid", from_attributes=True)


class Problem(Shape):
    """Why something was not done."""

    error: str = Field(description="A sentence for people.")
    fields: dict[str, str] = Field({}, description="Of a form: what is wrong with each field.")


# --- asked for ----------------------------------------------------------------------------------------------------


class SignUp(Shape):
    """Somebody who wants letters. What is left out is as the site has it."""

    email: Address
    interests: Interests = ""
    strictness: Strictness | None = Field(None, description="How near a paper must be.")
    timezone: str | None = Field(None, max_length=64, pattern=_NO_NUL, description="Such as Europe/Dublin.")
    send_at: str | None = Field(None, max_length=8, pattern=_NO_NUL, description="A time of day, such as 06:45.")
    days: Literal["weekdays", "daily", "mondays", "saturdays"] | None = Field(None, description="When letters come.")
    quiet_days: QuietDays | None = Field(None, description="What to do on a day when nothing fits.")


class Tried(Shape):
    """Interests to try."""

    interests: Interests
    strictness: Strictness | None = Field(None, description="How near a paper must be; as the site has it if absent.")


class Order(Shape):
    """A run to start."""

    to: Address | None = Field(None, description="Only this reader; everybody who is due, if absent.")
    dry_run: bool = Field(default=False, description="Compose into files, mail and record nothing.")


# --- answered -----------------------------------------------------------------------------------------------------


class Taken(Shape):
    """What was asked for is written down."""

    message: str


class Reason(Shape):
    """An addend of a score."""

    interest: str = Field(description="The phrase as typed.")
    field: PaperField = Field(description="Where it was found.")
    points: int = Field(description="Negative for what a reader wants less of; the sum of them is the score.")
    words: list[str] = Field(description="The words of the phrase that occur.")
    related: list[str] = Field([], description="Learned words that helped.")


class Picked(Shape):
    """A paper of a letter, and why it is there."""

    rank: int
    id: Key
    title: str
    url: str | None
    score: int
    reasons: list[Reason]


class Line(Shape):
    """What was understood of a line of interests, in words for people."""

    number: int = Field(description="1-based.")
    typed: str
    text: str
    times: str = Field(description="Its weight, unless that is 1.")
    count: str = Field(description="What it fits.")
    doubt: str = Field(description="What is odd about it, if anything.")
    suggestion: str = Field(description="The same phrase in words that do occur, if any.")
    suggested: str = Field(description="How many papers of a month the suggestion fits.")


class Day(Shape):
    """A day that had papers."""

    name: str
    date: date
    picked: int
    considered: int


class Trial(Shape):
    """What interests would have picked of late."""

    lines: list[Line]
    days: list[Day] = Field(description="The last that had papers, oldest first.")
    picks: list[Picked] = Field(description="The letter of the last of these days.")
    picked: int
    considered: int
    a_day: str = Field(description="About how many papers a day, in words.")
    strictness: dict[Strictness, str] = Field(description="What each setting comes to.")


class Fragment(Shape):
    """A trial as pieces of a page."""

    lines: str = Field(description="HTML: what was understood, a row for each line.")
    week: str = Field(description="HTML: what these interests would have picked of late.")
    strictness: dict[Strictness, str] = Field(description="What each setting comes to.")


class Edition(Shape):
    """What one reading of the sources has announced, counted."""

    number: int
    day: date = Field(description="Its date in the archive.")
    created_at: datetime
    new: int = Field(description="Works first seen.")
    listed: int = Field(description="Works known before, which a curated source lists for the first time.")


class Work(Shape):
    """A paper as an edition announces it."""

    id: Key
    title: str
    url: str | None
    source: str
    reason: AnnounceReason
    authors: list[str]
    categories: list[str]


class WholeEdition(Edition):
    """An edition with its papers."""

    items: list[Work]


class Appearance(Shape):
    """An announcement of a work."""

    day: date
    source: str
    reason: AnnounceReason


class Item(Shape):
    """Everything that is told of a work."""

    id: Key
    keys: list[Key] = Field(description="All its names, the strongest first.")
    title: str
    abstract: str = Field(description="As much of it as its source lets anybody show.")
    url: str | None
    authors: list[str]
    categories: list[str]
    source: str = Field(description="Whose words these are.")
    published: datetime | None
    version: int | None
    announced: list[Appearance] = Field(description="Oldest first.")


class RunReport(Shape):
    """How a run ended, as `digest send --json` tells it."""

    verdict: Verdict
    reason: str
    warnings: list[str]
    planned: int
    sent: int
    skipped: dict[str, int] = Field(description="By reason.")
    deferred: int
    failed: int
    unknown: int
    cancelled: int
