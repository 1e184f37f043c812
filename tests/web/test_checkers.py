"""Every page before real checkers: axe-core in both schemes, html-validate, and a browser that waits for a slip."""

from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import pytest
from playwright.sync_api import Page

from digest.model import Entry, Profile, Subscriber
from tests.checkers import markup_findings
from tests.services import skip_without
from tests.web.live import Live, live
from tests.web.test_browser import kept, opened
from tests.world import CURATED, World

AXE = Path(__file__).parents[1] / "checkers" / "node_modules" / "axe-core" / "axe.min.js"

pytestmark = pytest.mark.xdist_group("chromium")

#: what would run, load or jump if anything printed it as it came
VECTORS = (
    "<script>alert(1)</script>",
    '"><img src=x onerror=alert(1)>',
    "<svg/onload=alert(1)>",
    "javascript:alert(1)",
    "</textarea><script>alert(1)</script>",
    "{{ 7 * 7 }}{% raw %}",
    "' onmouseover='alert(1)",
    "<iframe src=//evil.example></iframe>",
)


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Live]:
    with live(tmp_path_factory.mktemp("site")) as one:
        reader(one)
        yield one


def reader(site: Live) -> Subscriber:
    """Ada, who has had today's letter."""
    standing, now = site.app.standing, site.app.clock()
    profile = Profile(interests="graph neural networks\ncalibration", days=frozenset(range(7)))
    ada = standing.add("ada@example.org", profile, consent={}, vouched_by="owner", now=now)
    line = site.app.line()
    line.planner.run(now, only=ada.id, is_forced=True)
    line.courier.run(only=ada.id)
    return ada


def pages(site: Live) -> dict[str, str]:
    """{name: path} of every page that a visitor can open."""
    keyring, now = site.app.keyring, site.app.clock()
    with site.app.database.read() as connection:
        person = site.app.standing.people.find(connection, "ada@example.org")
        assert person is not None
        said = site.app.standing.people.last_word_at(connection, person.id)
    stamp = f"{person.email} {said.isoformat()}"
    letter = keyring.sign("unsubscribe", person.id, now.date())
    fresh = keyring.sign_briefly("preferences", person.id, now + timedelta(hours=1), stamp)
    confirm = keyring.sign_briefly("confirm", person.id, now + timedelta(hours=1), person.email)
    return {
        "front": "/",
        "tried": "/?interests=graph%20neural%20networks%0Alerning%20theory%0Athe%0A%5E",
        "confirmed": f"/confirm/{confirm}",
        "gone": "/confirm/x",
        "leave": f"/unsubscribe/{letter}",
        "find": "/preferences",
        "letter-link": f"/preferences/{letter}",
        "preferences": f"/preferences/{fresh}",
        "address": f"/preferences/{fresh}/address",
        "erase": f"/preferences/{fresh}/erase",
        "more": f"/l/{letter}/1/more",
        "less-with-key": f"/l/{letter}/1/less?key={fresh}",
        "archive": "/archive",
        "day": f"/archive/{now.date()}",
        "search": f"/archive/{now.date()}?q=calibration",
        "paper": "/papers/1",
        "privacy": "/privacy",
        "api": "/api/docs",
        "admin": "/admin/login",
        "nothing": "/nothing",
    }


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_nothing_keeps_people_out(site: Live, scheme: str) -> None:
    with opened(site, scheme) as page:
        for name, path in pages(site).items():
            page.goto(site.url + path)
            assert axe_findings(page) == [], name


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_nothing_keeps_operators_out(site: Live, scheme: str, tmp_path: Path) -> None:
    with opened(site, scheme, width=1100) as page:
        page.goto(f"{site.url}/admin/login")
        page.wait_for_timeout(2_200)
        page.get_by_label("Token").fill("a token for the tests of pages")
        page.get_by_role("button").first.click()
        page.get_by_role("link", name="People").wait_for()
        answers = {}
        for name in ("", "/people", "/suppressed", "/editions"):
            answer = page.goto(f"{site.url}/admin{name}")
            assert answer is not None
            assert answer.status == 200, name
            assert axe_findings(page) == [], name
            kept(page, f"admin{name.replace('/', '-')}-{scheme}")
            answers[name or "today"] = answer.text()
    assert markup_findings({name.strip("/"): text for name, text in answers.items()}, tmp_path) == []


def test_the_check_sees_what_is_wrong(site: Live) -> None:
    with opened(site, "light") as page:
        page.goto(site.url)
        page.evaluate(
            "document.documentElement.removeAttribute('lang'); document.querySelector('h1').style.color = '#eee'"
        )
        assert {one.partition(":")[0] for one in axe_findings(page)} >= {"html-has-lang", "color-contrast"}


def test_markup_is_valid(site: Live, tmp_path: Path) -> None:
    with opened(site, "light", has_scripts=False) as page:
        answers = {name: page.request.get(site.url + path).text() for name, path in pages(site).items()}
    assert markup_findings(answers, tmp_path) == []


def test_nothing_reaches_past_a_small_screen(site: Live) -> None:
    for width in (320, 375, 700):
        with opened(site, "light", width=width) as page:
            for name, path in pages(site).items():
                page.goto(site.url + path)
                assert page.evaluate("document.documentElement.scrollWidth <= window.innerWidth"), (name, width)


def test_hostile_text_fires_nothing(tmp_path: Path) -> None:
    with live(tmp_path, days=1) as site:
        world = World(site.app.database)
        world.now = site.app.clock()
        world.list(
            *(
                Entry(
                    title=f"{vector} graph neural networks {number}",
                    abstract=f"graph neural networks {vector}",
                    authors=(vector,),
                    url=vector,
                    categories=(vector,),
                )
                for number, vector in enumerate(VECTORS)
            ),
            source=CURATED,
        )
        person = reader(site)
        site.app.standing.change_profile(
            person.email, Profile(interests="graph neural networks\n" + "\n".join(VECTORS)), world.now
        )
        asked = {f"typed-{at}": f"/?interests={vector}&email={vector}" for at, vector in enumerate(VECTORS)}
        searched = {f"searched-{at}": f"/archive?q={vector}" for at, vector in enumerate(VECTORS)}
        with opened(site, "light") as page:
            for name, path in {**pages(site), **asked, **searched}.items():
                page.goto(site.url + path)
                page.mouse.move(100, 300)
                assert (
                    page.evaluate("document.querySelectorAll('iframe, img, svg[onload], script:not([src])').length")
                    == 0
                ), name
                assert page.url.startswith(site.url), name


def axe_findings(page: Page) -> list[str]:
    """What axe-core finds in the open page, each as "rule: element"."""
    if not AXE.is_file():
        skip_without("axe-core (npm)")
    page.evaluate(AXE.read_text(encoding="utf-8") + ";undefined")
    found = page.evaluate("axe.run().then(result => JSON.stringify([result.violations, result.passes.length]))")
    violations, passes = json.loads(found)
    assert passes > 10, "axe-core has looked at nothing"
    return [f"{each['id']}: {node['html']}" for each in violations for node in each["nodes"]]
