"""The archive: days, what is found in them, and papers; the same for everybody, and nothing changes by looking."""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa

from digest.model import Popularity
from digest.store.merge import merge
from digest.store.schema import metadata
from tests.web.archived import Archived, paper
from tests.world import World

DAY = "/archive/2026-08-21"


@pytest.fixture
def site(tmp_path: Path) -> Iterator[Archived]:
    one = Archived(tmp_path)
    yield one
    one.app.close()


def contents(site: Archived) -> dict[str, Any]:
    """Every row of the store."""
    with site.app.database.read() as connection:
        return {table.name: connection.execute(sa.select(table)).all() for table in metadata.sorted_tables}


def number_of(site: Archived, name: str) -> int:
    with site.app.database.read() as connection:
        found = site.world.items.find(connection, paper(name).identifiers[0])
    assert found is not None
    return found


# --- days ---------------------------------------------------------------------------------------------------------


def test_before_the_first_edition_the_archive_says_so(site: Archived) -> None:
    page = site.page("/archive")
    assert page.select_one(".lead").get_text() == "No papers have been read here yet."
    assert site.page("/archive?q=kites").select_one("h2").get_text() == "Nothing with “kites”"


def test_all_days_are_listed_by_month_the_newest_first(site: Archived) -> None:
    site.list("a", "b", day="2026-08-21")
    site.list("c", day="2026-08-03")
    site.list("d", "e", "f", day="2025-08-21")
    page = site.page("/archive")
    assert [one.get_text() for one in page.select("h2")] == ["August 2026", "August 2025"]
    assert [one["href"] for one in page.select(".month a")] == [
        "/archive/2026-08-21",
        "/archive/2026-08-03",
        "/archive/2025-08-21",
    ]
    assert [one.get_text() for one in page.select(".month .quiet")] == ["2", "1", "3"]


def test_a_day_says_what_came_from_where_and_by_when_it_was_read(site: Archived) -> None:
    site.list("a", "b", source="arXiv")
    site.list("c", source="papers")
    page = site.page(DAY)
    assert page.h1.get_text() == "Friday, 21\u00a0August"
    said = "3 papers: 2 from arXiv, 1 from papers. All were read by 06:00."  # of the site's own clock
    assert page.select_one(".lead").get_text() == said
    assert [one.get_text() for one in page.select("h2")] == ["All 3"]


def test_a_day_read_later_says_on_which_day_and_one_of_another_year_says_of_which(site: Archived) -> None:
    site.list("a", day="2025-12-30")
    page = site.page("/archive/2025-12-30")
    assert page.h1.get_text() == "Tuesday, 30\u00a0December 2025"
    assert page.select_one(".lead").get_text().endswith("All were read by 06:00 on 21\u00a0August 2026.")


@pytest.mark.parametrize("name", ["yesterday", "2026-8-21", "20260821", "2026-02-30", "2026-W34-5", "1", "٢٠٢٦-08-21"])
def test_what_is_no_day_is_refused(site: Archived, name: str) -> None:
    site.list("a")
    assert site.get(f"/archive/{name}").status_code == 400


def test_a_day_without_papers_is_not_there(site: Archived) -> None:
    site.list("a")
    answer = site.get("/archive/2026-08-20")
    assert answer.status_code == 404
    assert "Nothing was announced on that day." in answer.text


def test_nine_days_stand_around_each_and_lead_to_all_of_them(site: Archived) -> None:
    days = [date(2026, 7, 1) + timedelta(days=3 * step) for step in range(25)]
    for at, day in enumerate(days):
        site.list(f"paper {at}", day=str(day))
    seen, waiting = set(), [f"/archive/{days[-1]}"]
    while waiting:
        path = waiting.pop()
        if path in seen:
            continue
        seen.add(path)
        bars = site.page(path).select(".around a")
        assert len(bars) == 9
        assert [one["href"] for one in bars if one.get("aria-current")] == [path]
        waiting += [one["href"] for one in bars]
    assert seen == {f"/archive/{day}" for day in days}


def test_papers_come_25_a_page_the_most_read_first(site: Archived) -> None:
    listed = [paper(f"{n:02}", popularity=Popularity(upvotes=n)) for n in range(60)]
    site.list(*listed)
    first = site.page(DAY)
    assert site.titles(DAY) == [f"{n:02}" for n in range(59, 34, -1)]
    assert first.select_one("a[rel=next]").get_text() == "Next 25"
    second = site.page(DAY + first.select_one("a[rel=next]")["href"])
    last_path = DAY + second.select_one("a[rel=next]")["href"]
    assert second.select_one("a[rel=next]").get_text() == "Next 10"
    assert site.titles(last_path) == [f"{n:02}" for n in range(9, -1, -1)]
    last = site.page(last_path)
    assert last.select_one("a[rel=next]") is None
    assert last.select_one("a[rel=prev]")["href"] == "?page=2"
    assert site.get(f"{DAY}?page=4").status_code == 404


@pytest.mark.parametrize("page", ["0", "-1", "x", "1.5", "", "999999999999999999999"])
def test_what_is_no_page_is_refused(site: Archived, page: str) -> None:
    site.list("a")
    assert site.get(f"{DAY}?page={page}").status_code == 400


# --- finding ------------------------------------------------------------------------------------------------------


def test_what_is_found_is_marked_and_counted(site: Archived) -> None:
    site.list(
        paper("Calibrated by Committee", abstract="We average four heads."),
        paper("Do Forecasters Know", abstract="We score floods for calibration in every basin."),
        paper("Slow Light", abstract="A pulse of light is slowed."),
    )
    page = site.page(f"{DAY}?q=calibration")
    assert page.select_one(".head h2").get_text() == "2 with “calibration”"
    assert [one.get_text() for one in page.select("h3 mark")] == ["Calibrated"]
    assert [one.get_text() for one in page.select(".abstract mark")] == ["calibration"]
    assert "Slow Light" not in page.get_text()
    assert page.select(".why") == []
    assert page.select_one("input[name=q]")["value"] == "calibration"


def test_a_search_speaks_the_grammar_of_interests(site: Archived) -> None:
    site.list(
        paper("Kites One", authors=("Ines Okafor",), abstract="Wind."),
        paper("Kites Two", authors=("Marit Vollan",), abstract="Wind."),
        paper("Boats", authors=("Ines Okafor",), abstract="Water."),
    )
    assert sorted(site.titles(f"{DAY}?q=author: Okafor")) == ["Boats", "Kites One"]
    assert site.titles(f"{DAY}?q=kites, !author: Vollan") == ["Kites One"]
    assert site.titles(f"{DAY}?q=-kites") == []
    wrong = site.page(f"{DAY}?q=kites ^99")
    assert len(wrong.select(".doubt")) == 1


def test_a_search_without_a_day_looks_at_thirty_and_shows_the_newest_first(site: Archived) -> None:
    site.list(paper("Kites today"), day="2026-08-21")
    site.list(paper("Kites and kites, kites of late"), day="2026-07-23")
    site.list(paper("Kites long ago"), day="2026-07-22")
    page = site.page("/archive?q=kites")
    assert site.titles("/archive?q=kites") == ["Kites today", "Kites and kites, kites of late"]
    assert [one["href"] for one in page.select(".on a")] == ["/archive/2026-08-21", "/archive/2026-07-23"]


def test_findings_come_in_pages_that_keep_the_question(site: Archived) -> None:
    site.list(*(paper(f"Kites & boats {n}") for n in range(30)))
    path = f"{DAY}?q=kites %26 boats"
    first = site.page(path)
    onward = DAY + first.select_one("a[rel=next]")["href"]
    found = {*site.titles(path), *site.titles(onward)}
    assert len(found) == 30
    assert site.page(onward).select_one("input[name=q]")["value"] == "kites & boats"
    assert site.get(f"{path}&page=3").status_code == 404


def test_a_question_is_printed_as_it_was_typed_and_runs_nowhere(site: Archived) -> None:
    site.list("a")
    for path in (f"{DAY}?q=<script>x</script>", '/archive?q="><img src=x>'):
        page = site.page(path)
        assert page.select("script") == [] and page.select("img") == []


def test_papers_print_as_they_were_written_and_lead_only_to_addresses(site: Archived) -> None:
    site.list(paper("<b>Bold</b> & bold", url="javascript:alert(1)", authors=("<i>Ada</i>",)))
    page = site.page(DAY)
    assert site.titles(DAY) == ["<b>Bold</b> & bold"]
    assert [one["href"] for one in page.select(".paper a") if "javascript" in one["href"]] == []


# --- how much is shown --------------------------------------------------------------------------------------------


@pytest.mark.parametrize(("source", "is_whole"), [("arXiv", True), ("papers", False), ("no longer configured", False)])
def test_an_abstract_is_shown_as_far_as_its_source_allows(site: Archived, source: str, is_whole: bool) -> None:
    site.list(paper("a"), source=source)
    text = site.page(f"/papers/{number_of(site, 'a')}").select_one(".abstract").get_text()
    assert text.startswith("The beginning of it")
    assert ("The last words" in text) is is_whole
    assert "The last words" not in site.page(DAY).select_one(".abstract").get_text()
    found = site.page(f"{DAY}?q=last words").select_one(".abstract").get_text()
    assert ("The last words" in found) is is_whole


def test_sources_are_thanked_at_the_foot_of_a_day(site: Archived) -> None:
    site.list("a", source="arXiv")
    foot = site.page(DAY).select_one(".thanks").get_text()
    assert "not affiliated with arXiv" in foot
    assert "Hugging Face" not in foot


def test_made_up_papers_are_labelled_where_letters_stay_on_disk(site: Archived) -> None:
    site.list("a", source="made-up")
    assert "none of them is news" in site.page(DAY).select_one(".doubt").get_text()
    assert "none of them is news" in site.page("/papers/1").select_one(".doubt").get_text()


def test_made_up_papers_are_nowhere_where_letters_are_mailed(tmp_path: Path) -> None:
    site = Archived(tmp_path, delivery={"transport": "smtp"})
    site.list(paper("Kites invented"), source="made-up")
    site.list(paper("Kites for real"), source="arXiv", day="2026-08-20")
    assert site.get(DAY).status_code == 404
    assert site.get(f"/papers/{number_of(site, 'Kites invented')}").status_code == 404
    assert site.titles("/archive?q=kites") == ["Kites for real"]
    assert [one["href"] for one in site.page("/archive").select(".month a")] == ["/archive/2026-08-20"]
    site.app.close()


# --- papers -------------------------------------------------------------------------------------------------------


def test_a_paper_tells_how_it_came_here(site: Archived) -> None:
    site.list(paper("Kites", authors=("Ada Kite", "Ben Boat", "Cy Car", "Di Dart")), source="arXiv", day="2026-08-20")
    site.list(World.replacement("Kites", title="More Kites"), source="arXiv")
    site.list(paper("Kites", title="More Kites"), source="papers")
    page = site.page("/papers/1")
    assert page.h1.get_text() == "More Kites"
    rows = [re.sub(r"\s+", " ", one.get_text(" ", strip=True)) for one in page.select(".rows li")]
    assert rows[0] == "New on Thursday, 20 August 2026 arXiv"
    assert rows[1] == "Listed on Friday, 21 August 2026 papers"
    assert any("Kites" in one.get_text() for one in page.select(".former"))
    assert [one["href"] for one in page.select(".rows a")] == ["/archive/2026-08-20", DAY]


def test_a_paper_that_was_found_to_be_another_leads_there(site: Archived) -> None:
    site.list("a", "b")
    one, other = sorted((number_of(site, "a"), number_of(site, "b")))
    with site.app.database.write() as connection:
        merge(connection, one, other)
    answer = site.get(f"/papers/{other}")
    assert (answer.status_code, answer.headers["location"]) == (308, f"/papers/{one}")


@pytest.mark.parametrize("name", ["0", "2", "99999999999999999999", "-1", "x", "1.0"])
def test_a_paper_that_is_not_there(site: Archived, name: str) -> None:
    site.list("a")
    assert site.get(f"/papers/{name}").status_code == 404


# --- the same for everybody ---------------------------------------------------------------------------------------


def test_looking_changes_no_row(site: Archived) -> None:
    site.list("a", "b")
    before = contents(site)
    for path in ("/archive", "/archive?q=kites", DAY, f"{DAY}?q=kites", "/papers/1", "/feed.xml", "/privacy"):
        assert site.get(path).status_code == 200
        assert site.client.head(path).status_code == 200
    assert contents(site) == before


def test_a_page_that_is_known_is_not_sent_again(site: Archived) -> None:
    site.list("a")
    first = site.get(DAY)
    again = site.get(DAY, if_none_match=f'"other", W/{first.headers["etag"]}')
    assert (again.status_code, again.content) == (304, b"")
    assert again.headers["etag"] == first.headers["etag"]
    assert site.get(DAY, if_none_match='"other"').content == first.content


def test_a_page_is_read_once_until_there_is_a_new_edition(site: Archived) -> None:
    site.list("a")
    site.get(DAY)
    asked: list[str] = []
    sa.event.listen(site.app.database.engine, "before_cursor_execute", lambda *event: asked.append(event[2]))
    assert site.get(DAY).status_code == 200
    assert asked == []
    site.world.now += timedelta(seconds=2)
    site.list("b")
    site.world.now += timedelta(seconds=2)
    assert len(site.titles(DAY)) == 2


def test_a_page_is_not_kept_for_longer_than_an_hour(site: Archived) -> None:
    site.list(paper("a", popularity=Popularity(upvotes=1)), paper("b", popularity=Popularity(upvotes=2)))
    assert site.titles(DAY) == ["b", "a"]
    site.list(paper("a", popularity=Popularity(upvotes=3)), paper("b", popularity=Popularity(upvotes=2)))
    site.world.now += timedelta(minutes=59)
    assert site.titles(DAY) == ["b", "a"]
    site.world.now += timedelta(minutes=2)
    assert site.titles(DAY) == ["a", "b"]
