"""The way of a reader through the pages in Chromium: on a phone, in light and dark, with scripts and without.

With DIGEST_PICTURES=FOLDER every page of the way is kept there as a picture.
"""

from __future__ import annotations

import os
import re
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from playwright.sync_api import BrowserContext, Page, sync_playwright

from tests.browser import chromium
from tests.services import skip_without
from tests.web.live import Live, live

_FLAGS = ["--no-sandbox", "--disable-gpu", "--disable-background-networking", "--disable-component-update"]
_PHONE = {"width": 375, "height": 812}
_INTERESTS = "graph neural networks ^2\nconformal prediction\ncalibraton\n-kites"

#: of a form, so that no program is quicker than people (digest/web/forms.py)
_READING = 2_200

pytestmark = pytest.mark.xdist_group("chromium")


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Live]:
    with live(tmp_path_factory.mktemp("site")) as one:
        yield one


@contextmanager
def opened(site: Live, scheme: str, *, has_scripts: bool = True, width: int = 375) -> Iterator[Page]:
    """A page of a browser that trusts nobody: what it asks for elsewhere, and what goes wrong in it, fails the test."""
    program = chromium()
    if program is None:
        skip_without("Chromium")
        return
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=program, args=_FLAGS)
        context: BrowserContext = browser.new_context(
            viewport={**_PHONE, "width": width},
            color_scheme=scheme,  # type: ignore[arg-type]
            java_script_enabled=has_scripts,
            timezone_id="Europe/Dublin",
        )
        wrong: list[str] = []
        page = context.new_page()
        page.on("request", lambda asked: wrong.append(asked.url) if not asked.url.startswith(site.url) else None)
        page.on("console", lambda said: wrong.append(said.text) if said.type == "error" else None)
        page.on("pageerror", lambda error: wrong.append(str(error)))
        page.on("dialog", lambda dialog: wrong.append(dialog.message))
        yield page
        wrong = [each for each in wrong if not each.startswith("data:") and "status of 4" not in each]
        browser.close()
        assert wrong == []


def kept(page: Page, name: str) -> None:
    """Keep a picture if pictures are asked for; in any case nothing reaches past the edge of the screen."""
    assert page.evaluate("document.documentElement.scrollWidth <= window.innerWidth"), f"{name} scrolls sideways"
    if folder := os.environ.get("DIGEST_PICTURES"):
        Path(folder).mkdir(parents=True, exist_ok=True)
        page.screenshot(path=f"{folder}/{name}.png", full_page=True)


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("has_scripts", [True, False], ids=["scripts", "plain"])
def test_the_way_of_a_reader(site: Live, scheme: str, has_scripts: bool) -> None:
    way = f"{scheme}-{'scripts' if has_scripts else 'plain'}"
    ada = f"ada-{way}@example.org"
    with opened(site, scheme, has_scripts=has_scripts) as page:
        # subscribe, trying first
        page.goto(site.url)
        page.get_by_label("What do you follow?").fill(_INTERESTS)
        if has_scripts:
            page.get_by_text("This would have been your week").wait_for()
            page.get_by_role("button", name="calibration").click()
            assert "calibration\n" in page.get_by_label("What do you follow?").input_value()
            assert page.get_by_label("In which time zone?").input_value() == "Europe/Dublin"
            assert not page.get_by_role("button", name="Try it first").is_visible()
        else:
            page.get_by_role("button", name="Try it first").click()
            page.get_by_text("This would have been your week").wait_for()
        assert page.locator("article mark").count() > 0
        assert "a day" in page.get_by_role("status").inner_text()
        kept(page, f"subscribe-{way}")
        page.get_by_label("Where to?").fill(ada)
        page.wait_for_timeout(_READING)
        page.get_by_role("button", name="Send me the letter").click()
        page.get_by_role("heading", level=1, name="Look into your mailbox").wait_for()
        kept(page, f"asked-{way}")

        # the letter with the button, and the first one
        page.goto(site.link("confirm", ada))
        kept(page, f"confirm-{way}")
        page.get_by_role("button", name="Yes, write to me").click()
        page.get_by_role("heading", level=1, name="Welcome").wait_for()
        kept(page, f"welcome-{way}")
        subjects = site.subjects(ada, 2)
        assert subjects[0] == "Shall we write to you?"
        assert len(subjects) == 2

        # other interests
        page.goto(f"{site.url}/preferences")
        page.get_by_label("Your address").fill(ada)
        page.wait_for_timeout(_READING)
        page.get_by_role("button", name="Mail me the link").click()
        page.goto(site.link("preferences", ada))
        page.get_by_label("Interests").fill(
            "Graphs:\ngraph neural networks\nmessage passing\n\nCalibration:\ncalibration"
        )
        if not has_scripts:
            page.get_by_role("button", name="Try on last week").click()
        page.locator("[data-lines] li", has_text="message passing").wait_for()
        assert page.locator("article mark").count() > 0
        page.get_by_label("Broad").check()
        page.get_by_label("Time", exact=True).fill("07:15")
        kept(page, f"preferences-{way}")
        page.get_by_role("button", name="Save").click()
        page.get_by_text("Saved.").wait_for()
        assert page.get_by_label("Interests").input_value().startswith("Graphs:")

        # a rest
        page.get_by_label("Pause until").fill(page.get_by_label("Pause until").get_attribute("min") or "")
        page.get_by_role("button", name="Pause").click()
        page.get_by_text(re.compile(r"Nothing comes before \d")).wait_for()
        page.get_by_role("button", name="Begin again").click()

        # leaving, and back
        page.get_by_role("link", name="Unsubscribe").click()
        kept(page, f"leave-{way}")
        page.get_by_role("button", name="Stop writing to me").click()
        page.get_by_role("heading", level=1, name="Goodbye, and thank you for reading").wait_for()
        kept(page, f"goodbye-{way}")
        page.get_by_role("button", name="Undo: keep writing to me").click()
        page.get_by_role("heading", level=1, name="We write on").wait_for()
        kept(page, f"back-{way}")
