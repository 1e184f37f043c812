"""config.yaml, read once: every value in its final type, every path absolute, every mistake told at once."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from importlib.resources import files
from pathlib import Path

from digest.config.check import CheckColour, CheckInterests, Languages, checked, looks
from digest.config.document import Unreadable, read, refuse
from digest.config.kinds import AnySource
from digest.config.schema import (
    AlertsBlock,
    DeliveryBlock,
    DigestBlock,
    FetchBlock,
    File,
    InboundBlock,
    RetentionBlock,
    SubscriberBlock,
    WebBlock,
)
from digest.errors import ConfigError, UsageError
from digest.model import Profile, Selectors, Sender, Site, Source

__all__ = ["Config", "load", "secret_in", "smtp_password", "starter_text"]

MAX_BYTES = 1_000_000


@dataclass(frozen=True, slots=True, kw_only=True)
class Config:
    """What config.yaml says. The blocks have the keys of docs/configuration.md as attributes."""

    path: Path  #: the file itself
    site: Site
    colour: str | None  #: "#rrggbb"
    logo: str | None  #: a text that stands for the name of the site
    sender: Sender
    store: str  #: database URL, an SQLite path in it absolute
    sources: tuple[Source, ...]  #: in file order
    profile: Profile  #: what a new reader gets
    subscribers: tuple[tuple[str, Profile], ...]  #: (address, profile) of the readers in the file, in its order
    fetch: FetchBlock
    digest: DigestBlock
    delivery: DeliveryBlock
    web: WebBlock
    inbound: InboundBlock
    alerts: AlertsBlock
    retention: RetentionBlock
    templates: Path | None  #: a folder whose files override the shipped ones


def load(
    path: Path,
    *,
    check_interests: CheckInterests | None = None,
    check_colour: CheckColour | None = None,
    languages: Languages | None = None,
) -> Config:
    """The configuration in a file. What other rooms know about its values is asked of them.

    `check_interests` knows the grammar of interests: it takes a text and gives (1-based line of it, reason) for each
    line that it cannot read. `check_colour` says what is wrong with a colour, "" for nothing; `languages` which there
    are with a folder of templates.

    Raises:
        ConfigError: the file is absent, unreadable or wrong; carries every mistake, in file order.
    """
    try:
        document = read(_text(path))
    except Unreadable as error:
        refuse(str(path), [error.mistake])
    file, mistakes = checked(document, path.absolute().parent, check_interests)
    if file is not None:
        mistakes += looks(document, file, check_colour, languages)
    if file is None or mistakes:
        refuse(str(path), mistakes)
    return _meant(file, path.absolute())


def starter_text() -> str:
    """The commented config.yaml that `digest init` writes."""
    packaged = files("digest").joinpath("starter", "config.yaml")
    # an editable install has no copy inside the package: there the file stands beside it
    source = packaged if packaged.is_file() else Path(__file__).parents[2] / "config.yaml"
    return source.read_text(encoding="utf-8")


def smtp_password(config: Config, environ: Mapping[str, str]) -> str | None:
    """The password of `delivery.smtp.username`, None where no user name is set.

    Looked for in DIGEST_SMTP_PASSWORD, then in the file named by DIGEST_SMTP_PASSWORD_FILE, then in the file named by
    `delivery.smtp.password_file`.

    Raises:
        UsageError: there is none, or its file is empty, unreadable, or open to every user of the machine.
    """
    smtp = config.delivery.smtp
    if smtp.username is None:
        return None
    if password := environ.get("DIGEST_SMTP_PASSWORD"):
        return password
    file = environ.get("DIGEST_SMTP_PASSWORD_FILE") or smtp.password_file
    if not file:
        raise UsageError("delivery.smtp.username is set without a password: set DIGEST_SMTP_PASSWORD or password_file")
    return secret_in(Path(file), "password")


def secret_in(path: Path, what: str) -> str:
    """The secret in a file; `what` names it for people.

    Raises:
        UsageError: it is empty, unreadable, or open to every user of the machine.
    """
    try:
        if path.stat().st_mode & 0o027:
            raise UsageError(f"{path}: holds a {what} that others may read or change; run `chmod 640 {path}`")
        secret = path.read_text(encoding="utf-8").rstrip("\r\n")
    except (OSError, UnicodeDecodeError) as error:
        raise UsageError(f"{path}: the {what} cannot be read: {error}") from error
    if not secret:
        raise UsageError(f"{path}: holds no {what}")
    return secret


def _text(path: Path) -> str:
    try:
        with path.open("rb") as file:
            raw = file.read(MAX_BYTES + 1)
    except FileNotFoundError:
        raise ConfigError((f"{path}: there is no such file; `digest init` writes one to start from",)) from None
    except OSError as error:
        raise ConfigError((f"{path}: cannot be read: {error.strerror}",)) from error
    if len(raw) > MAX_BYTES:
        raise ConfigError((f"{path}: larger than {MAX_BYTES // 1000} kB",))
    try:
        return raw.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise Unreadable(raw.count(b"\n", 0, error.start) + 1, "not UTF-8 text") from error


# --- from the words of the file to the words of the program --------------------------------------------------------


def _meant(file: File, path: Path) -> Config:
    return Config(
        path=path,
        site=Site(
            name=file.site.name,
            url=file.site.url,
            postal_address=file.site.postal_address,
            contact=file.site.contact,
        ),
        colour=file.site.colour,
        logo=file.site.logo,
        sender=Sender(**file.sender.model_dump()),
        store=file.store,
        sources=tuple(_source(source) for source in file.sources),
        profile=_profile(file.digest),
        subscribers=tuple((each.email, _profile(file.digest, each)) for each in file.subscribers),
        fetch=file.fetch,
        digest=file.digest,
        delivery=file.delivery,
        web=file.web,
        inbound=file.inbound,
        alerts=file.alerts,
        retention=file.retention,
        templates=file.templates,
    )


def _source(block: AnySource) -> Source:
    given = block.model_dump()
    selectors = given.pop("selectors", None)
    return Source(**given, selectors=Selectors(**selectors) if selectors else None)


def _profile(defaults: DigestBlock, subscriber: SubscriberBlock | None = None) -> Profile:
    """A reader's profile: the block `digest`, overridden by what stands under the reader's own name."""
    shared = defaults.model_dump(include=set(SubscriberBlock.model_fields))
    own = subscriber.model_dump(exclude={"email"}, exclude_none=True) if subscriber else {}
    return Profile(**(shared | own))
