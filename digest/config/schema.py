"""The blocks and keys of config.yaml, with their types and defaults; docs/configuration.md explains each of them."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Annotated, Any, Literal, get_args

from pydantic import BeforeValidator as Before
from pydantic import Field, Strict, ValidationInfo, field_validator, model_validator
from pydantic.fields import FieldInfo

from digest.config import values
from digest.config.fields import (
    Block,
    Colour,
    Email,
    FilePath,
    Host,
    Language,
    LastingSpan,
    Line,
    Listen,
    MailboxUrl,
    MaxItems,
    Name,
    Network,
    Port,
    PrivatePlace,
    Rates,
    SiteUrl,
    Size,
    Span,
    Store,
    Tls,
    Trending,
    Url,
    WallTime,
    Weekdays,
    Zone,
    listed,
    spelt,
)
from digest.config.kinds import AnySource
from digest.model import QuietDays, Strictness


class SiteBlock(Block):
    """Who publishes the digest."""

    name: Name
    url: SiteUrl = "http://127.0.0.1:8000"
    postal_address: Line = ""
    contact: Email
    colour: Colour | None = None
    logo: Name | None = None


class SenderBlock(Block):
    """Whose name stands on the envelope."""

    name: Name
    address: Email
    reply_to: Email | None = None


class FetchBlock(Block):
    """How listings are fetched."""

    every: LastingSpan = spelt("2h")
    timeout: LastingSpan = spelt("30s")
    max_bytes: Size = spelt("20MB")
    allow_private: Annotated[tuple[PrivatePlace, ...], Before(listed)] = ()


class DigestBlock(Block):
    """What a letter is and when it goes."""

    send_at: WallTime = spelt("07:30")
    timezone: Zone = "UTC"
    days: Weekdays = spelt("weekdays")
    max_items: MaxItems = 10
    strictness: Strictness = spelt("normal")
    quiet_days: QuietDays = spelt("skip")
    trending: Trending = 3
    first_days: Annotated[int, Strict(), Field(ge=1, le=30)] = 3
    catch_up: Span = spelt("14d")
    max_lateness: LastingSpan = spelt("12h")
    wait_for_sources: Span = spelt("2h")
    language: Language = "en"


class FilesBlock(Block):
    """Letters as files."""

    path: FilePath = spelt("out")


class SmtpBlock(Block):
    """Letters by SMTP."""

    host: Host = "localhost"
    port: Port = 25
    tls: Tls = spelt(None)
    username: Name | None = None
    password_file: FilePath | None = None
    connections: Annotated[int, Strict(), Field(ge=1, le=64)] = 4
    rate: Rates = spelt("20/s")
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

    @model_validator(mode="after")
    def _whole(self) -> DkimBlock:
        if len({key is None for key in (self.selector, self.domain, self.key_file)}) > 1:
            raise ValueError("selector, domain and key_file, all three or none")
        return self


class DeliveryBlock(Block):
    """How letters leave."""

    transport: Literal["files", "smtp"] = "files"
    files: FilesBlock = spelt({})
    smtp: SmtpBlock = spelt({})
    dkim: DkimBlock = spelt({})


class WebBlock(Block):
    """The pages."""

    listen: Listen = "127.0.0.1:8000"
    admin_token_file: FilePath | None = None
    trusted_proxies: Annotated[tuple[Network, ...], Before(listed)] = ()


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

    listings: LastingSpan = spelt("90d")
    deliveries: LastingSpan = spelt("400d")


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
    sources: Annotated[tuple[AnySource, ...], Before(listed), Field(min_length=1)]
    fetch: FetchBlock = spelt({})
    digest: DigestBlock = spelt({})
    delivery: DeliveryBlock = spelt({})
    web: WebBlock = spelt({})
    inbound: InboundBlock = spelt({})
    alerts: AlertsBlock = spelt({})
    retention: RetentionBlock = spelt({})
    templates: FilePath | None = None
    subscribers: Annotated[tuple[SubscriberBlock, ...], Before(listed)] = ()


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
