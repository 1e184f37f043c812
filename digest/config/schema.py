"""The blocks and keys of config.yaml, with their types and defaults; docs/configuration.md explains each of them."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import time, timedelta
from pathlib import Path
from typing import Annotated, Any, Literal, get_args

from pydantic import AfterValidator as After
from pydantic import BaseModel, ConfigDict, Field, Strict, ValidationInfo, field_validator, model_validator
from pydantic import BeforeValidator as Before
from pydantic.fields import FieldInfo

from digest.config import values
from digest.model import QuietDays, Strictness


def _beside_file(read: Callable[[object, Path], object]) -> Before:
    """A value that is resolved against the folder of the file, which the caller of the validation names."""

    def resolve(value: object, info: ValidationInfo) -> object:
        folder: Path = (info.context or {})["folder"]
        return read(value, folder)

    return Before(resolve)


def _list(value: object) -> object:
    return [] if value is None else value


def _spelt(default: object) -> Any:
    """A default as it would stand in the file; it is read and checked like what does."""
    return Field(default=default)


Name = Annotated[str, After(values.name)]
Line = Annotated[str, After(values.line)]
Span = Annotated[timedelta, Before(values.span)]
LastingSpan = Annotated[timedelta, Before(values.lasting_span)]
Size = Annotated[int, Before(values.size)]
Rate = Annotated[float, Before(values.rate)]
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


class SiteBlock(Block):
    """Who publishes the digest."""

    name: Name
    url: SiteUrl = "http://127.0.0.1:8000"
    postal_address: Line = ""
    contact: Email
    colour: Colour | None = None
    logo: FilePath | None = None


class SenderBlock(Block):
    """Whose name stands on the envelope."""

    name: Name
    address: Email
    reply_to: Email | None = None


class HuggingFaceSource(Block):
    """Hugging Face Daily Papers."""

    name: Name
    kind: Literal["huggingface"]
    url: Url | None = None


class FolderSource(Block):
    """Listings saved as files."""

    name: Name
    kind: Literal["folder"]
    path: Pattern


class SampleSource(Block):
    """The listing that the program brings along."""

    name: Name
    kind: Literal["sample"]


#: every kind of source and the keys it takes; a new kind is one class and one word here
AnySource = Annotated[HuggingFaceSource | FolderSource | SampleSource, Field(discriminator="kind")]


class FetchBlock(Block):
    """How listings are fetched."""

    every: LastingSpan = _spelt("2h")
    timeout: LastingSpan = _spelt("30s")
    max_bytes: Size = _spelt("20MB")
    allow_private: Annotated[tuple[PrivatePlace, ...], Before(_list)] = ()


class DigestBlock(Block):
    """What a letter is and when it goes."""

    send_at: WallTime = _spelt("07:30")
    timezone: Zone = "UTC"
    days: Weekdays = _spelt("weekdays")
    max_items: MaxItems = 10
    strictness: Strictness = _spelt("normal")
    quiet_days: QuietDays = _spelt("skip")
    trending: Trending = 3
    first_days: Annotated[int, Strict(), Field(ge=1, le=30)] = 3
    catch_up: Span = _spelt("14d")
    max_lateness: LastingSpan = _spelt("12h")
    wait_for_sources: Span = _spelt("2h")
    language: Language = "en"


class FilesBlock(Block):
    """Letters as files."""

    path: FilePath = _spelt("out")


class SmtpBlock(Block):
    """Letters by SMTP."""

    host: Host = "localhost"
    port: Port = 25
    tls: Tls = _spelt(None)
    username: Name | None = None
    password_file: FilePath | None = None
    connections: Annotated[int, Strict(), Field(ge=1, le=64)] = 4
    rate: Rate = _spelt("20/s")
    hello: Host | None = None
    on_unknown: Literal["resend", "hold"] = "resend"

    @field_validator("tls", mode="before")
    @classmethod
    def _by_host(cls, value: object, info: ValidationInfo) -> object:
        is_local = values.is_loopback(info.data.get("host", "localhost"))
        if value is None:
            return "none" if is_local else "starttls"
        if value == "none" and not is_local:
            raise ValueError("starttls or implicit: only a server on this machine may be spoken to in clear")
        return value


class DkimBlock(Block):
    """Signatures of our own, for those whose relay makes none."""

    selector: Host | None = None
    domain: Host | None = None
    key_file: FilePath | None = None


class DeliveryBlock(Block):
    """How letters leave."""

    transport: Literal["files", "smtp"] = "files"
    files: FilesBlock = _spelt({})
    smtp: SmtpBlock = _spelt({})
    dkim: DkimBlock = _spelt({})


class WebBlock(Block):
    """The pages."""

    listen: Listen = "127.0.0.1:8000"
    admin_token_file: FilePath | None = None
    trusted_proxies: Annotated[tuple[Network, ...], Before(_list)] = ()


class InboundBlock(Block):
    """Received mail."""

    lmtp: Listen | None = None
    imap: MailboxUrl | None = None
    address: Email | None = None


class AlertsBlock(Block):
    """Who is told when something is wrong."""

    to: Email | None = None
    ping: Url | None = None


class RetentionBlock(Block):
    """How long things are kept."""

    listings: LastingSpan = _spelt("90d")
    deliveries: LastingSpan = _spelt("400d")


class SubscriberBlock(Block):
    """A reader in the file; what is left out is taken from the block `digest`."""

    email: Email
    interests: str = ""
    timezone: Zone | None = None
    send_at: WallTime | None = None
    days: Weekdays | None = None
    max_items: MaxItems | None = None
    strictness: Strictness | None = None
    quiet_days: QuietDays | None = None
    trending: Trending | None = None
    language: Language | None = None


class File(Block):
    """The whole of config.yaml."""

    site: SiteBlock
    sender: SenderBlock
    store: Store = "sqlite:///var/digest.db"
    sources: Annotated[tuple[AnySource, ...], Before(_list), Field(min_length=1)]
    fetch: FetchBlock = _spelt({})
    digest: DigestBlock = _spelt({})
    delivery: DeliveryBlock = _spelt({})
    web: WebBlock = _spelt({})
    inbound: InboundBlock = _spelt({})
    alerts: AlertsBlock = _spelt({})
    retention: RetentionBlock = _spelt({})
    templates: FilePath | None = None
    subscribers: Annotated[tuple[SubscriberBlock, ...], Before(_list)] = ()


def keys() -> dict[str, FieldInfo]:
    """Every key of the file that holds a value, by its dotted name: `digest.send_at`, `sources[].name`."""
    return dict(_keys(File, ""))


def _keys(block: type[Block], prefix: str) -> Iterator[tuple[str, FieldInfo]]:
    for name, info in block.model_fields.items():
        inner = list(_blocks(info.annotation))
        if not inner:
            yield prefix + name, info
        brackets = "[]" if name in ("sources", "subscribers") else ""
        for each in inner:
            yield from _keys(each, f"{prefix}{name}{brackets}.")


def _blocks(annotation: Any) -> Iterator[type[Block]]:
    """The blocks that a field's type speaks of, however deep."""
    if isinstance(annotation, type) and issubclass(annotation, Block):
        yield annotation
    for argument in get_args(annotation):
        yield from _blocks(argument)
