"""Papers whose words try to be more than words, all the way from a listing to a mail server."""

from __future__ import annotations

import re
from collections import Counter
from html.parser import HTMLParser
from typing import Any

import pytest

from tests.cli.papers import abstract, day_listing, number, paper, title
from tests.cli.place import FRIDAY, Place
from tests.cli.sink import Sink, Taken

SATURDAY = "2026-11-21T08:00:00+00:00"
HOSTILE = {
    "markup": '<script>alert(1)</script><img src="https://example.net/x.png" onerror=alert(1)><b>bold',
    "closing tags": "</td></tr></table></body></html><!-- ]]>",
    "quotes": """'"`’”\\" onmouseover="x" '""",
    "template": "{{ 7 * 7 }} {% raw %} ${x} <%= y %> %s {0}",
    "encoded word": "=?UTF-8?Q?=0A?=Bcc: x@y",
    "encoded words": "=?utf-8?b?DQpCY2M6IHhAeQ0K?= =?UTF-8?Q?=0D=0ATo:_eve@example.net?=",
    "line ends": "first\r\nBcc: eve@example.net\r\n\r\nbody\n.\r\nMAIL FROM:<eve@example.net>",
    "other line ends": "first\x0bsecond\x0cthird\x1cfourth\x85fifth\u2028sixth\u2029Bcc: eve@example.net",
    "a line of one dot": "\n.\n",
    "right to left": "\u202egnihton \u2066\u200f\u061c and \u202d\u2069 on",
    "control": "\x00\x07\x1b[31m\x7f\x9b31m",
    "half a pair": "\ud83d and \udc00",
    "very long": "kite " * 2_000,
    "one long word": "k" * 10_000,
    "boundary": "--=_ --=_x-- Content-Type: text/html",
    "emoji": "🪁👩‍👩‍👧‍👦🏴󠁧󠁢󠁷󠁬󠁳󠁿",
    "zalgo": "k" + "\u0336\u0489" * 500,
}


def letter(place: Place, sink: Sink, odd: dict[str, Any]) -> Taken:
    """A reader's second letter, which tells of this paper first."""
    place.mail_to(sink.port)
    place.list("2026-11-20", "zero")
    assert place.at(FRIDAY, "send").status == 0
    place.file("listings/2026-11-21.json", day_listing("2026-11-21", odd, paper("one")))
    done = place.at(SATURDAY, "send", "--json")
    assert (done.status, done.json["sent"], done.err) == (0, 1, "")
    return sink.taken[-1]


@pytest.fixture(scope="module")
def harmless(tmp_path_factory: pytest.TempPathFactory) -> Taken:
    """The same letter, with nothing odd in it."""
    with Sink() as sink:
        return letter(Place(tmp_path_factory.mktemp("harmless")), sink, hostile("odd", "harmless"))


def hostile(name: str, words: str) -> dict[str, Any]:
    """A paper that says these words wherever it can."""
    return paper(
        name,
        title=f"Kites, kites, {name} kites {words}",
        summary=f"{abstract('odd')} {words}",
        authors=[{"name": f"Ada {words}"}],
    )


@pytest.mark.parametrize("words", HOSTILE.values(), ids=HOSTILE)
def test_words_stay_words(place, sink, harmless, words):
    taken = letter(place, sink, hostile("odd", words))
    assert len(sink.taken) == 2
    assert taken.recipients == ("ada@example.org",)
    assert head_of(taken) == head_of(harmless)
    assert taken.message["To"] == "ada@example.org"
    assert not taken.message.defects
    assert kinds(taken) == kinds(harmless)
    assert block_of("one", taken) == block_of("one", harmless)
    assert tags(taken) == tags(harmless)
    assert max(len(line) for line in taken.data.split(b"\r\n")) <= 998


def test_all_of_them_are_kept_by_either_store(place, store):
    place.configure(store=store, digest={"days": "daily", "max_items": 50})
    listing = day_listing("2026-11-20", *(hostile(name, words) for name, words in HOSTILE.items()))
    place.file("listings/2026-11-20.json", listing)
    done = place.at(FRIDAY, "send", "--json")
    assert (done.status, done.json["sent"]) == (0, 1)
    shown = place.at(FRIDAY, "preview", "--to", "ada@example.org", "--json").json
    assert len(shown["picks"]) == len(HOSTILE)
    again = place.at(FRIDAY, "ingest", "--json").json
    assert (again["new_items"], again["edition"]) == (0, None)


def head_of(taken: Taken) -> list[str]:
    """The names of the headers, in their order."""
    head = taken.data.split(b"\r\n\r\n")[0].decode("ascii")
    return [line.split(":")[0] for line in head.split("\r\n") if not line.startswith((" ", "\t"))]


def kinds(taken: Taken) -> list[str]:
    return [part.get_content_type() for part in taken.message.walk()]


def block_of(name: str, taken: Taken) -> str:
    """What the letter says of a paper, without its rank and score."""
    found = re.search(rf"{re.escape(title(name))} .*?{number(name)}.*?{number(name)}", taken.text)
    assert found
    return re.sub(r"score \d+\.\d", "", found[0])


class _Tags(HTMLParser):
    """Counts elements with the names of their attributes."""

    def __init__(self) -> None:
        super().__init__()
        self.found: Counter[tuple[str, ...]] = Counter()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.found[tag, *(name for name, _ in attrs)] += 1


def tags(taken: Taken) -> set[tuple[str, ...]]:
    part = taken.message.get_body(("html",))
    assert part is not None
    reader = _Tags()
    reader.feed(part.get_content())
    return set(reader.found)
