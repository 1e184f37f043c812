"""The links under a paper: what anybody may see, and what only the reader of the letter may change."""

from __future__ import annotations

import re
from datetime import timedelta
from typing import Any

import pytest
import sqlalchemy as sa
from bs4 import BeautifulSoup
from httpx2 import Response

from digest.model import Entry
from digest.store.moves import forget_picks
from digest.store.schema import item_text
from tests.web.conftest import Web
from tests.world import World

ADA, BO = "ada@example.org", "bo@example.org"
INTERESTS = "Air:\nsnowy weather\n\nSea:\ncurrents"


def glider(**values: Any) -> Entry:
    """A paper whose phrases are twisted ropes and tow planes."""
    given = {
        "title": "Twisted Ropes in Snowy Weather",
        "abstract": "Tow planes pull. Tow planes alone pull twisted ropes.",
        "url": "https://papers.example/glider",
    }
    return World.paper("glider", **{**given, **values})


def others() -> list[Entry]:
    """Papers of which a letter names few, so that there is room."""
    subjects = [f"snowy weather {one}" for one in range(4)] + [f"subject{one}" for one in range(40)]
    return [World.paper(one, title=f"On {one}", abstract="We look at it.") for one in subjects]


def start(web: Web, paper: Entry, interests: str = INTERESTS) -> str:
    """Ada is sent a letter; the address that is printed under the glider, without what it asks for."""
    web.papers(paper, *others())  # type: ignore[arg-type]
    web.join(interests=interests)
    web.now += timedelta(minutes=1)
    path = web.link("l").rpartition("/")[0]
    token = path.split("/")[2]
    places = [f"/l/{token}/{rank}" for rank in range(1, 11)]
    return next(place for place in places if "Ropes" in headings(web.get(f"{place}/more")))


def headings(page: Response) -> str:
    return " ".join(each.get_text() for each in BeautifulSoup(page.text, "lxml").select("article h2"))


@pytest.fixture
def place(web: Web) -> str:
    return start(web, glider())


def key(web: Web, address: str = ADA) -> str:
    return web.desk.sign(web.person(address), "preferences", web.now + timedelta(hours=1))


def everything(web: Web) -> list[Any]:
    """All rows of the store."""
    tables = sa.MetaData()
    with web.app.database.read() as connection:
        tables.reflect(connection)
        return [connection.execute(sa.select(table)).all() for table in tables.sorted_tables]


def boxes(page: Response) -> dict[str, bool]:
    """{phrase: whether it is ticked}."""
    found = BeautifulSoup(page.text, "lxml").select("input[type=checkbox]")
    return {str(box["value"]): box.has_attr("checked") for box in found}


def rows(page: Response) -> list[str]:
    return [" ".join(each.get_text(" ").split()) for each in BeautifulSoup(page.text, "lxml").select(".rows li")]


# --- a letter that was passed on ----------------------------------------------------------------------------------


@pytest.mark.parametrize("what", ["more", "less"])
def test_anybody_sees_phrases_and_nothing_of_the_reader(web: Web, place: str, what: str) -> None:
    page = web.get(f"{place}/{what}")
    assert (page.status_code, rows(page)) == (200, ["twisted ropes 1", "Tow planes 1"])
    assert boxes(page) == {}
    assert "a••@example.org" in page.text
    assert not re.search(r"currents|ada@|score|/preferences/", page.text)


def test_what_its_reader_follows_is_not_left_out_for_others(web: Web) -> None:
    place = start(web, glider(), "snowy weather\ntow planes")
    assert rows(web.get(f"{place}/more")) == ["twisted ropes 1", "Tow planes 1"]
    assert boxes(web.get(f"{place}/more?key={key(web)}")) == {"twisted ropes": False}


def test_looking_changes_nothing(web: Web, place: str) -> None:
    before = everything(web)
    for path in ("more", "less", f"more?key={key(web)}", "more?key=nonsense", "abstract"):
        for ask in (web.client.get, web.client.head):
            assert ask(f"{place}/{path}").status_code in (200, 303)
    assert everything(web) == before


def test_a_mailed_link_comes_back_to_the_same_paper(web: Web, place: str) -> None:
    assert "Look into your mailbox" in web.post(f"{place}/less", {}).text
    web.work()
    link = web.link("preferences")
    answer = web.get(link)
    assert answer.status_code == 303
    assert answer.headers["location"].startswith(f"{place}/less?key=")
    assert boxes(web.get(answer.headers["location"])) == {"twisted ropes": False, "Tow planes": False}


@pytest.mark.parametrize("whose", [BO, "nobody", "late"])
def test_only_the_readers_own_fresh_link_opens_the_boxes(web: Web, place: str, whose: str) -> None:
    web.join(BO)
    made = {"nobody": "AAAA"}.get(whose) or key(web, BO if whose == BO else ADA)
    signed = web.desk.forms.sign("lean", place.split("/")[2])
    web.now += timedelta(hours=2 if whose == "late" else 0, seconds=10)
    before, letters = everything(web), len(web.letters())
    page = web.get(f"{place}/more?key={made}")
    assert boxes(page) == {} and "has ended" in page.text
    answer = web.client.post(f"{place}/more", data={"form": signed, "key": made, "phrase[]": "twisted ropes"})
    assert (answer.status_code, boxes(answer)) == (410, {})
    assert everything(web) == before and len(web.letters()) == letters


def test_the_token_of_the_letter_is_no_key(web: Web, place: str) -> None:
    assert boxes(web.get(f"{place}/more?key={place.split('/')[2]}")) == {}


def test_forms_must_be_our_own(web: Web, place: str) -> None:
    before = everything(web)
    assert web.client.post(f"{place}/more", data={"key": key(web), "phrase[]": "twisted ropes"}).status_code == 403
    assert everything(web) == before


# --- its reader ---------------------------------------------------------------------------------------------------


def test_trying_shows_the_letter_that_would_have_been(web: Web, place: str) -> None:
    before = web.person()
    page = web.post(f"{place}/more?key={key(web)}", {"phrase[]": "Tow planes", "try": "1"}, action=f"{place}/more")
    assert boxes(page) == {"twisted ropes": False, "Tow planes": True}
    assert [row for row in rows(page) if "Ropes" in row] == [f"1 {glider().title} up from {place.rpartition('/')[2]}"]
    assert web.person() == before
    less = web.post(f"{place}/less?key={key(web)}", {"phrase[]": "Tow planes", "try": "1"}, action=f"{place}/less")
    assert f"– {glider().title} was {place.rpartition('/')[2]}" in rows(less)


@pytest.mark.parametrize(("what", "line"), [("more", "twisted ropes"), ("less", "-twisted ropes")])
def test_phrases_become_lines_under_the_papers_own_heading(web: Web, place: str, what: str, line: str) -> None:
    page = web.post(f"{place}/{what}?key={key(web)}", {"phrase[]": "twisted ropes"}, action=f"{place}/{what}")
    assert page.status_code == 200
    assert web.person().profile.interests == f"Air:\nsnowy weather\n{line}\n\nSea:\ncurrents"
    link = BeautifulSoup(page.text, "lxml").select_one('a[href^="/preferences/"]')
    assert link is not None
    assert line in web.get(str(link["href"])).text


def test_twice_is_once(web: Web, place: str) -> None:
    mine = key(web)
    signed = web.desk.forms.sign("lean", place.split("/")[2])
    web.now += timedelta(seconds=10)
    values = {"form": signed, "key": mine, "phrase[]": ["twisted ropes", "twisted ropes", "Tow planes"]}
    answers = [web.client.post(f"{place}/more", data=values) for _ in range(2)]
    assert [rows(answer) for answer in answers] == [["twisted ropes", "Tow planes"]] * 2
    assert web.person().profile.interests.count("twisted ropes") == 1
    assert boxes(web.get(f"{place}/more?key={mine}")) == {}


@pytest.mark.parametrize("phrase", ["free text", "author: me", "twisted ropes ^5", "!weather", "Sea:"])
def test_only_what_was_offered_is_added(web: Web, place: str, phrase: str) -> None:
    before = web.person()
    for more in ({}, {"try": "1"}):
        page = web.post(f"{place}/more?key={key(web)}", {"phrase[]": phrase} | more, action=f"{place}/more")
        assert page.status_code == 422
    assert web.person() == before


@pytest.mark.parametrize("more", [{}, {"try": "1"}])
def test_nothing_ticked_is_told(web: Web, place: str, more: dict[str, str]) -> None:
    page = web.post(f"{place}/more?key={key(web)}", more, action=f"{place}/more")
    assert page.status_code == 422 and "Tick at least one" in page.text


@pytest.mark.parametrize("interests", ["snowy weather\n# " + "x" * 9_975, 'snowy weather, "boats'])
def test_a_text_that_cannot_take_more_stays_as_it_is(web: Web, place: str, interests: str) -> None:
    with web.app.database.write() as connection:
        web.app.standing.people.change(connection, web.person().id, interests=interests)
    page = web.post(f"{place}/more?key={key(web)}", {"phrase[]": "twisted ropes"}, action=f"{place}/more")
    assert page.status_code == 422
    assert web.person().profile.interests == interests


# --- what there is not --------------------------------------------------------------------------------------------


def test_links_that_lead_nowhere(web: Web, place: str) -> None:
    token = place.split("/")[2]
    yesterday = web.desk.keyring.sign("unsubscribe", web.person().id, web.now.date() - timedelta(days=1))
    for path, status in {
        f"/l/{token}/99/more": 404,
        f"/l/{token}/0/more": 404,
        f"/l/{token}/-1/less": 404,
        f"/l/{token}/{'9' * 30}/less": 404,
        f"/l/{token}/1/most": 404,
        f"/l/{token[:-1]}A/1/more": 410,
        f"/l/{yesterday}/1/more": 410,
        f"/l/{yesterday}/1/abstract": 410,
    }.items():
        assert web.get(path).status_code == status, path


def test_an_old_letter_says_that_it_is_forgotten(web: Web, place: str) -> None:
    with web.app.database.write() as connection:
        forget_picks(connection, web.now + timedelta(days=91))
    page = web.get(f"{place}/more")
    assert page.status_code == 410 and "so old that we have forgotten" in page.text


def test_who_was_erased_has_no_letter(web: Web, place: str) -> None:
    web.app.standing.erase(ADA, web.now)
    assert web.get(f"{place}/more").status_code == 410


def test_the_abstract_is_where_the_paper_lives(web: Web, place: str) -> None:
    answer = web.get(f"{place}/abstract")
    assert (answer.status_code, answer.headers["location"]) == (303, "https://papers.example/glider")
    with web.app.database.write() as connection:
        connection.execute(sa.update(item_text).values(url="javascript:alert(1)"))
    assert web.get(f"{place}/abstract").status_code == 404


def test_hostile_papers_are_only_text(web: Web) -> None:
    evil = "<script>alert(1)</script>\"'>"
    place = start(web, glider(title=f"Ropes in Snowy Weather {evil}", authors=(evil,)), "snowy weather ^5")
    page = web.post(f"{place}/less?key={key(web)}", {"phrase[]": "Tow planes", "try": "1"}, action=f"{place}/less")
    assert "alert(1)" in page.text
    for shown in (page, web.get(f"{place}/more")):
        assert "<script>alert" not in shown.text
        assert BeautifulSoup(shown.text, "lxml").select("script") == []
