"""How single values of config.yaml are written: times, spans, sizes, rates, zones, days, addresses, paths.

Each function returns the value, or raises a ValueError whose text says what was expected ("a time such as …").
"""

from __future__ import annotations

import difflib
import glob
import re
from datetime import time, timedelta
from functools import cache
from ipaddress import ip_address, ip_network
from pathlib import Path
from urllib.parse import SplitResult, urlsplit
from zoneinfo import available_timezones

WEEK = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
LONGEST = timedelta(days=3650)  # keeps every date that is reckoned with it inside the calendar

_SPAN = re.compile(r"([0-9]{1,8})\s*([smhd])")
_SPAN_UNITS = {"s": "seconds", "m": "minutes", "h": "hours", "d": "days"}
_SIZE = re.compile(r"([0-9]{1,9})\s*(k?B|MB|GB)", re.IGNORECASE)
_SIZE_UNITS = {"b": 1, "kb": 10**3, "mb": 10**6, "gb": 10**9}
_RATE = re.compile(r"([1-9][0-9]{0,8})\s*/\s*([smhd])")
_TIME = re.compile(r"([01]?[0-9]|2[0-3]):([0-5][0-9])")
_COLOUR = re.compile(r"#[0-9a-fA-F]{6}")
_LANGUAGE = re.compile(r"[a-z]{2,3}(-[A-Za-z0-9]{2,8})*")
_HOST = re.compile(r"\[[0-9a-fA-F:.]+\]|[0-9A-Za-z]([0-9A-Za-z._-]*[0-9A-Za-z])?")


def _matched(pattern: re.Pattern[str], value: object, expected: str) -> re.Match[str]:
    match = pattern.fullmatch(str(value))
    if match is None:
        raise ValueError(expected)
    return match


def _written(value: object, expected: str) -> str:
    if not isinstance(value, str) or not value.strip():
        raise ValueError(expected)
    return value.strip()


def line(value: str) -> str:
    """Text as one line, its white space collapsed: names go into mail headers, where a line break is an attack."""
    text = " ".join(value.split())
    if not text.isprintable():
        raise ValueError("text without control characters")
    return text


def name(value: str) -> str:
    """One line of text that is not empty."""
    text = line(value)
    if not text:
        raise ValueError("text that is not empty")
    return text


def span(value: object) -> timedelta:
    """A length of time, zero allowed: "30s", "15m", "2h", "14d"."""
    number, unit = _matched(_SPAN, value, "a length of time such as 30s, 2h or 14d").groups()
    length = timedelta(**{_SPAN_UNITS[unit]: int(number)})
    if length > LONGEST:
        raise ValueError(f"at most {LONGEST.days}d")
    return length


def lasting_span(value: object) -> timedelta:
    """A length of time above zero."""
    length = span(value)
    if not length:
        raise ValueError("a length of time above zero")
    return length


def size(value: object) -> int:
    """Octets, by decimal units: "500kB", "20MB"."""
    number, unit = _matched(_SIZE, value, "a size such as 500kB or 20MB").groups()
    if not int(number):
        raise ValueError("a size above zero")
    return int(number) * _SIZE_UNITS[unit.lower()]


def rate(value: object) -> tuple[int, timedelta]:
    """So many letters in any span of this length: "20/s", "500/h"."""
    number, unit = _matched(_RATE, value, "a rate such as 20/s or 500/h").groups()
    return int(number), timedelta(**{_SPAN_UNITS[unit]: 1})


def rates(value: object) -> tuple[tuple[int, timedelta], ...]:
    """One rate, or a list of rates that all hold: "20/s", ["20/s", "2000/h", "10000/d"]."""
    written = value if isinstance(value, (list, tuple)) else (value,)
    if not written:
        raise ValueError("a rate such as 20/s or 500/h")
    return tuple(map(rate, written))


def wall_time(value: object) -> time:
    """A local time of day."""
    hour, minute = _matched(_TIME, value, 'a time such as "07:30"').groups()
    return time(int(hour), int(minute))


def weekdays(value: object) -> frozenset[int]:
    """Days of the week, 0 is Monday: "daily", "weekdays", one day, or a list of days."""
    shorthand = {"daily": WEEK, "weekdays": WEEK[:5]}
    chosen = shorthand.get(value, (value,)) if isinstance(value, str) else value
    if not isinstance(chosen, (list, tuple)) or not chosen or any(day not in WEEK for day in chosen):
        raise ValueError("daily, weekdays, a day such as mon, or a list such as [mon, thu]")
    return frozenset(WEEK.index(day) for day in chosen)


@cache
def _zones() -> frozenset[str]:
    return frozenset(available_timezones())


def zone(value: object) -> str:
    """The name of an IANA time zone."""
    expected = "an IANA time zone such as Europe/Berlin"
    written = _written(value, expected)
    if written not in _zones():
        raise ValueError(expected + _nearest_zone(written))
    return written


def _nearest_zone(written: str) -> str:
    """A hint for a misspelt zone, or for one named by its city alone."""
    wanted = written.replace(" ", "_").lower()
    spellings = {known.rpartition("/")[2].lower(): known for known in sorted(_zones(), key=len, reverse=True)}
    spellings |= {known.lower(): known for known in _zones()}
    near = difflib.get_close_matches(wanted, spellings, n=1, cutoff=0.75)
    return f"; did you mean {spellings[near[0]]}?" if near else ""


def email(value: object) -> str:
    """A mail address, its domain in lower case. Whether it exists is not asked: nothing here uses the network."""
    from email_validator import EmailNotValidError, validate_email  # a tenth of the time that loading may take

    expected = "a mail address such as ada@example.org"
    try:
        # test_environment admits the reserved .test domains, which every trial set-up uses
        # a local part beyond ASCII needs SMTPUTF8 at every server on the way: better refused here than lost there
        checked = validate_email(
            _written(value, expected), check_deliverability=False, test_environment=True, allow_smtputf8=False
        )
    except EmailNotValidError:
        raise ValueError(expected) from None
    return checked.normalized


def _web_address(value: object, expected: str) -> SplitResult:
    written = _written(value, expected)
    try:
        parts = urlsplit(written)
        is_web = parts.scheme in ("http", "https") and bool(parts.hostname) and parts.port != 0
    except ValueError:  # half a bracket, or a port that is no number
        is_web = False
    if not is_web or not written.isprintable() or " " in written:
        raise ValueError(expected)
    return parts


def url(value: object) -> str:
    """An http or https address."""
    return _web_address(value, "an address such as https://example.org/feed.xml").geturl()


def site_url(value: object) -> str:
    """The address that pages hang below, without the last slash."""
    expected = "an address such as https://digest.example.org, without ? and #"
    parts = _web_address(value, expected)
    if parts.query or parts.fragment:
        raise ValueError(expected)
    return parts.geturl().rstrip("/")


def mailbox_url(value: object) -> str:
    """An IMAP mailbox."""
    expected = "an IMAP address such as imaps://digest@mail.example.org/INBOX"
    written = _written(value, expected)
    try:
        parts = urlsplit(written)
        is_imap = parts.scheme in ("imap", "imaps") and bool(parts.hostname)
    except ValueError:
        is_imap = False
    if not is_imap:
        raise ValueError(expected)
    return written


def host(value: object) -> str:
    """A host name or an IP address."""
    return _matched(_HOST, value, "a host such as mail.example.org").group()


def listen(value: object) -> str:
    """Where to listen: "host:port"."""
    expected = 'a host and a port such as "127.0.0.1:8000"'
    place, _, port = str(value).rpartition(":")
    if not _HOST.fullmatch(place) or not re.fullmatch("[0-9]{1,5}", port) or not 0 < int(port) < 2**16:
        raise ValueError(expected)
    return f"{place}:{int(port)}"


def network(value: object) -> str:
    """An IP address or a network in CIDR form."""
    try:
        return str(ip_network(str(value)))
    except ValueError:
        raise ValueError("an address or a network such as 10.0.0.0/8") from None


def private_place(value: object) -> str:
    """A network, an address or a host name."""
    try:
        return network(value)
    except ValueError:
        return _matched(_HOST, value, "a host, an address or a network such as 10.0.0.0/8").group()


def is_loopback(place: str) -> bool:
    """Whether a host name stands for this very machine."""
    try:
        return ip_address(place.strip("[]")).is_loopback
    except ValueError:
        return place.lower() == "localhost"


def colour(value: object) -> str:
    """A colour as six hexadecimal digits."""
    return _matched(_COLOUR, value, 'a colour such as "#2f6f4f"').group()


def language(value: object) -> str:
    """A language tag (BCP 47)."""
    return _matched(_LANGUAGE, value, "a language such as en").group()


def path(value: object, folder: Path) -> Path:
    """A path, relative to `folder` unless it is absolute or starts in the home folder."""
    written = Path(_written(value, "a path")).expanduser()
    return folder / written


def pattern(value: object, folder: Path) -> str:
    """A glob pattern, made absolute; special characters in the name of `folder` itself stand for themselves."""
    written = Path(_written(value, 'a path such as "listings/*"')).expanduser()
    return str(written if written.is_absolute() else Path(glob.escape(str(folder)), written))


def store(value: object, folder: Path) -> str:
    """A store's address; a relative SQLite path is made absolute."""
    expected = "sqlite:///FILE or postgresql://USER@HOST/NAME"
    written = _written(value, expected)
    if written.startswith("postgresql://") and len(written) > len("postgresql://"):
        return written
    scheme, slashes, file = written.partition(":///")
    if scheme != "sqlite" or not slashes or file.startswith((":", "?")) or not file:
        raise ValueError(expected)
    return f"sqlite:///{path(file, folder)}"


_CATEGORY = re.compile(r"[a-z]+(?:-[a-z]+)*(?:\.[A-Za-z]+(?:-[A-Za-z]+)?)?")


def category(value: object) -> str:
    """A category of arXiv, such as cs.LG or astro-ph."""
    expected = "a category of arXiv, such as cs.LG"
    return _matched(_CATEGORY, value, expected)[0]


def selector(value: object) -> str:
    """A CSS selector, such as "article h3 a"."""
    import soupsieve  # only pages need it

    written = _written(value, "a CSS selector")
    try:
        soupsieve.compile(written)
    except soupsieve.SelectorSyntaxError as error:
        raise ValueError(f"a CSS selector ({str(error).splitlines()[0]})") from error
    return written
