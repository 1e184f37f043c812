"""Two weeks through commands alone: every paper reaches every reader whom it should reach exactly once."""

from __future__ import annotations

from collections import Counter, defaultdict

import pytest

from tests.cli.papers import captured, day_listing, paper, title
from tests.cli.place import Place
from tests.cli.sink import Sink
from tests.services import free_port

DAYS = [f"2026-11-{day:02}" for day in range(9, 23)]  # two weeks, Monday to Sunday
MONDAYS = {"2026-11-09", "2026-11-16"}
NEW_READER = DAYS[2]
QUIET = DAYS[4]
BROKEN = DAYS[5]
PAUSED = DAYS[7:10]
MOVED = DAYS[10]
CAPTURED, LISTED = DAYS[1], DAYS[6]  # when one paper is first seen, and when Hugging Face lists it
REVISED = DAYS[8]

#: {day: names of the papers that are first seen on it}
NEWS = {day: [f"{word} of {day[-2:]}" for word in ("line", "tail")] for day in DAYS if day != QUIET}
NEWS[CAPTURED] = [*NEWS[CAPTURED], "captured"]
TITLES = {name: title(name) for names in NEWS.values() for name in names}

DAILY = {"interests": "kites", "days": "daily", "max_items": 50}
READERS = {
    "ada@example.org": DAILY,
    "pat@example.org": DAILY,
    "zoe@example.org": DAILY | {"timezone": "Europe/Berlin", "send_at": "07:00"},
    "wim@example.org": DAILY | {"days": "mon"},
    "non@example.org": DAILY | {"interests": "submarines"},
}
NEWCOMER = {"new@example.org": DAILY}


@pytest.fixture
def story(place: Place, sink: Sink) -> Place:
    """The place after the fortnight."""
    place.mail_to(sink.port)
    readers = dict(READERS)
    for day in DAYS:
        if day == NEW_READER:
            readers |= NEWCOMER
        if day == MOVED:  # her day has begun when it does in Berlin; it is not given twice
            readers["zoe@example.org"] = DAILY | {"timezone": "America/New_York", "send_at": "07:00"}
        place.configure(subscribers=[{"email": email, **profile} for email, profile in readers.items()])
        if day == PAUSED[0]:
            assert place.at(f"{day}T03:00:00Z", "subscribers", "pause", "pat@example.org").status == 0
        if day == BROKEN:
            place.mail_to(free_port())
        publish(place, day)
        for hour in (8, 15):  # as cron would: after the readers in Europe, and after those in America
            done = place.at(f"{day}T{hour:02}:00:00Z", "send", "--json")
            assert done.status == (1 if day == BROKEN else 0), done
        if day == BROKEN:
            place.mail_to(sink.port)
        if day == PAUSED[-1]:
            assert place.at(f"{day}T20:00:00Z", "subscribers", "resume", "pat@example.org").status == 0
    return place


def publish(place: Place, day: str) -> None:
    """What the world says on a day."""
    listed = [paper(name) for name in NEWS.get(day, []) if name != "captured"]
    if day == LISTED:
        listed.append(paper("captured"))
    if day == REVISED:
        listed.append(paper(NEWS[DAYS[0]][0], summary="Kites again, in a second version of the same work."))
    if day == QUIET:
        place.file(f"listings/{day}.json", "[]")
    else:
        place.file(f"listings/{day}.json", day_listing(day, *listed))
    if day == CAPTURED:
        place.file("listings/page.txt", captured("captured"))


def test_every_paper_reaches_everybody_once_and_every_day_is_accounted_for(story, sink):
    got = {email: sink.mentions(email, TITLES) for email in READERS | NEWCOMER}
    everything = dict.fromkeys(TITLES, 1)
    for email in ("ada@example.org", "pat@example.org", "zoe@example.org"):
        assert got[email] == everything, email
    until_the_last_monday = {name for day, names in NEWS.items() if day <= max(MONDAYS) for name in names}
    assert got["wim@example.org"] == dict.fromkeys(until_the_last_monday, 1)
    assert got["non@example.org"] == {}
    recent = {name for day, names in NEWS.items() if day > DAYS[0] for name in names}
    assert set(got["new@example.org"]) >= recent
    assert set(got["new@example.org"].values()) == {1}

    rows = {email: ledger(story, email) for email in got}
    for email in ("ada@example.org", "zoe@example.org", "non@example.org", "pat@example.org"):
        assert sorted(rows[email]) == DAYS, email
    assert sorted(rows["new@example.org"]) == DAYS[2:]
    assert set(rows["wim@example.org"]) == MONDAYS
    assert all(len(each) == 1 for days in rows.values() for each in days.values())

    assert rows["ada@example.org"][QUIET] == ["skipped: nothing-new"]
    assert rows["ada@example.org"][BROKEN][0].split(":")[0] in ("cancelled", "failed")
    assert {row for days in rows["non@example.org"].values() for row in days} == {
        "skipped: nothing-matched",
        "skipped: nothing-new",
    }
    assert [rows["pat@example.org"][day] for day in PAUSED] == [["skipped: paused"]] * len(PAUSED)
    sent = Counter(row for days in rows.values() for each in days.values() for row in each)["sent"]
    assert sent == len(sink.taken)

    balance(story, rows)
    answers(story)


def ledger(place: Place, email: str) -> dict[str, list[str]]:
    """{slot: its rows} of a reader."""
    shown = place.at(f"{DAYS[-1]}T23:00:00Z", "subscribers", "show", email, "--json").json
    found = defaultdict(list)
    for row in shown["deliveries"]:
        found[row["slot"]].append(f"{row['state']}: {row['reason']}" if row["reason"] else row["state"])
    return dict(found)


def balance(place: Place, rows: dict[str, dict[str, list[str]]]) -> None:
    """What `status` sums up is what the readers' own rows say."""
    said = place.at(f"{DAYS[-1]}T23:00:00Z", "status", "--json").json
    each = [row.split(": ") for days in rows.values() for some in days.values() for row in some]
    assert said["ledger"] == Counter(state for state, *_ in each)
    assert said["skipped"] == Counter(reason[0] for state, *reason in each if state == "skipped")
    assert sum(said["skipped"].values()) == said["ledger"]["skipped"]
    assert said["subscribers"] == {"active": len(rows)}
    assert (said["unknown"], said["overdue"]) == ([], 0)
    assert said["runs"][0]["verdict"] in ("sent", "nothing-due", "nothing-new")


def answers(place: Place) -> None:
    """`explain` knows of a paper that was sent, and of one that was not."""
    at = f"{DAYS[-1]}T23:00:00Z"
    found = place.at(at, "explain", "ada@example.org", title("captured"), "--json").json
    assert (found["sent"], found["reason"]) == (True, f"sent in the letter of {CAPTURED}")
    assert found["score"] == sum(reason["points"] for reason in found["reasons"]) > 0
    missed = place.at(at, "explain", "non@example.org", title("captured"), "--json").json
    assert (missed["sent"], missed["score"], missed["reasons"]) == (False, 0, [])
    assert LISTED in missed["reason"]  # the last time that it was announced
