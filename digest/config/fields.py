"""The types of keys in config.yaml, and what every block of keys has in common."""

from __future__ import annotations

from collections.abc import Callable
from datetime import time, timedelta
from pathlib import Path
from typing import Annotated, Any, Literal

from pydantic import AfterValidator as After
from pydantic import BaseModel, ConfigDict, Field, Strict, ValidationInfo, model_validator
from pydantic import BeforeValidator as Before

from digest.config import values


def _beside_file(read: Callable[[object, Path], object]) -> Before:
    """A value that is resolved against the folder of the file, which the caller of the validation names."""

    def resolve(value: object, info: ValidationInfo) -> object:
        folder: Path = (info.context or {})["folder"]
        return read(value, folder)

    return Before(resolve)


def listed(value: object) -> object:
    """A list whose entries are all commented out is an empty one."""
    return [] if value is None else value


def spelt(default: object) -> Any:
    """A default as it would stand in the file; it is read and checked like what does."""
    return Field(default=default)


Name = Annotated[str, After(values.name)]
Line = Annotated[str, After(values.line)]
Span = Annotated[timedelta, Before(values.span)]
LastingSpan = Annotated[timedelta, Before(values.lasting_span)]
Size = Annotated[int, Before(values.size)]
Rates = Annotated[tuple[tuple[int, timedelta], ...], Before(values.rates)]
WallTime = Annotated[time, Before(values.wall_time)]
Weekdays = Annotated[frozenset[int], Before(values.weekdays)]
Zone = Annotated[str, Before(values.zone)]
Email = Annotated[str, Before(values.email)]
Url = Annotated[str, Before(values.url)]
SiteUrl = Annotated[str, Before(values.site_url)]
MailboxUrl = Annotated[str, Before(values.mailbox_url)]
Host = Annotated[str, Before(values.host)]
Listen = Annotated[str, Before(values.listen)]
PrivatePlace = Annotated[str, Before(values.private_place)]
Network = Annotated[str, Before(values.network)]
Colour = Annotated[str, Before(values.colour)]
Language = Annotated[str, Before(values.language)]
FilePath = Annotated[Path, _beside_file(values.path)]
Category = Annotated[str, Before(values.category)]
Selector = Annotated[str, Before(values.selector)]
Pattern = Annotated[str, _beside_file(values.pattern)]
Store = Annotated[str, _beside_file(values.store)]
Tls = Literal["none", "starttls", "implicit"]
Port = Annotated[int, Strict(), Field(ge=1, le=65535)]
MaxItems = Annotated[int, Strict(), Field(ge=1, le=50)]
Trending = Annotated[int, Strict(), Field(ge=0, le=20)]


class Block(BaseModel):
    """A block of keys. Defaults are spelt as in the file and read like everything else in it."""

    model_config = ConfigDict(extra="forbid", frozen=True, validate_default=True)

    @model_validator(mode="before")
    @classmethod
    def _empty(cls, value: object) -> object:
        return {} if value is None else value  # a key whose block is all commented out
