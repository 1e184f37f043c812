"""From the front page to the first letter, to other interests, a rest, goodbye and back."""

from __future__ import annotations

import re
from datetime import timedelta

import pytest

from digest.model import Status
from tests.web.conftest import Web

ADA = "ada@example.org"


def test_from_the_front_page_to_the_first_letter(web: Web) -> None:
    web.papers("Message passing in graph neural networks", "Kites")
    answer = web.post("/", {"email": ADA, "interests": "graph neural networks", "timezone": "Europe/Paris"})
    assert "Look into your mailbox" in answer.text
    assert web.letters() == []
    web.work()
    (question,) = web.letters(ADA)
    assert question["subject"] == "Shall we write to you?"
    assert web.person().status is Status.PENDING
    page = web.get(web.link("confirm"))
    assert "Yes, write to me" in page.text
    assert ADA not in page.text, "the link may have been forwarded"
    assert web.person().status is Status.PENDING, "opening a page says nothing for anybody"
    answer = web.post(web.link("confirm"), {})
    assert "Welcome" in answer.text
    web.work(web.person().id)
    letter = web.letters(ADA)[-1]
    assert "Message passing" in letter["subject"] or "graph neural networks" in str(letter)
    assert web.person().profile.timezone == "Europe/Paris"


def test_a_second_click_says_already(web: Web) -> None:
    web.join()
    page = web.link("confirm")
    assert "already" in web.get(page).text
    confirmed_at = web.person().confirmed_at
    assert web.client.post(page, data={}).status_code == 403, "no form of ours"
    assert web.person().confirmed_at == confirmed_at


def test_a_link_to_confirm_ends_after_three_days(web: Web) -> None:
    web.post("/", {"email": ADA})
    web.work()
    page = web.link("confirm")
    web.now += timedelta(hours=73)
    assert web.get(page).status_code == 410
    assert web.person().status is Status.PENDING


@pytest.mark.parametrize("purpose", ["preferences", "undo"])
def test_a_link_for_something_else_does_not_confirm(web: Web, purpose: str) -> None:
    web.post("/", {"email": ADA})
    web.work()
    person = web.person()
    for stamp in (person.email, web.desk._stamp(person)):
        forged = web.desk.keyring.sign_briefly(purpose, person.id, web.now + timedelta(hours=1), stamp)  # type: ignore[arg-type]
        assert web.get(f"/confirm/{forged}").status_code == 410


@pytest.mark.parametrize("state", ["new", "pending", "active", "paused", "left", "suppressed", "erased"])
def test_the_answer_is_the_same_for_every_address(web: Web, state: str) -> None:
    """In status, text and length; and the same rows are written: one, whoever has the address."""
    if state != "new":
        web.post("/", {"email": ADA, "interests": "kites"})
        web.work()
    if state in ("active", "paused", "left", "erased"):
        web.post(web.link("confirm"), {})
    standing = web.app.standing
    match state:
        case "paused":
            standing.pause(ADA, None, web.now)
        case "left":
            standing.unsubscribe(ADA, web.now)
        case "suppressed":
            standing.suppress(ADA, reason="bounce", evidence="", now=web.now)
        case "erased":
            standing.erase(ADA, web.now)
    answer = web.post("/", {"email": ADA})
    stranger = web.post("/", {"email": "bob@example.net"})
    assert (answer.status_code, answer.text) == (stranger.status_code, stranger.text)


@pytest.mark.parametrize(
    "typed", ["", "ada", "ada@", "ada@x y", "a@example.org\nBcc: b@example.org", "ада@example.org"]
)
def test_what_is_no_address_is_told_beside_its_field(web: Web, typed: str) -> None:
    answer = web.post("/", {"email": typed, "interests": "kites"})
    assert answer.status_code == 422
    assert 'aria-invalid="true"' in answer.text
    assert ">kites</textarea>" in answer.text, "nothing that was typed is lost"


def test_programs_are_answered_like_people_and_nothing_comes_of_it(web: Web) -> None:
    too_fast = web.post("/", {"email": ADA}, waits=0.5)
    trapped = web.post("/", {"email": ADA, "website": "https://example.net"})
    person = web.post("/", {"email": "bob@example.net"})
    assert too_fast.text == trapped.text == person.text
    web.work()
    assert web.letters(ADA) == []
    assert len(web.letters("bob@example.net")) == 1


def test_trying_shows_what_would_have_been_picked(web: Web) -> None:
    web.papers("Message passing in graph neural networks", "Kites")
    answer = web.post("/", {"interests": "graph neural networks\nmesage passing\n^", "try": "1", "email": "half"})
    assert "<mark>graph neural networks</mark>" in answer.text
    assert "This would have been your week" in answer.text
    assert 'value="half"' in answer.text
    assert web.app.standing.people
    web.work()
    assert web.letters() == []


def test_a_letter_leads_to_the_preferences_only_by_another_letter(web: Web) -> None:
    web.join(interests="a very private interest")
    token = web.desk.keyring.sign("unsubscribe", web.person().id, web.now.date())
    page = web.get(f"/preferences/{token}")
    assert "private" not in page.text
    assert ADA not in page.text
    web.post(f"/preferences/{token}", {}, action=f"/preferences/{token}/link")
    web.work()
    page = web.get(web.link("preferences"))
    assert "a very private interest" in page.text


def test_preferences_are_changed_and_kept(web: Web) -> None:
    web.join()
    page = fresh(web)
    changed = {"interests": "kites ^2", "days": "mondays", "send_at": "06:15", "strictness": "strict"}
    answer = web.post(page, changed | {"quiet_days": "letter", "timezone": "America/New_York"})
    assert "Saved." in answer.text
    profile = web.person().profile
    assert (profile.interests, profile.days, f"{profile.send_at:%H:%M}") == ("kites ^2", frozenset({0}), "06:15")
    assert (profile.strictness, profile.quiet_days, profile.timezone) == ("strict", "letter", "America/New_York")


def test_a_bad_field_keeps_everything_as_it_was(web: Web) -> None:
    web.join()
    before = web.person().profile
    answer = web.post(fresh(web), {"interests": "kites", "send_at": "25:99", "timezone": "Moon/Base"})
    assert answer.status_code == 422
    assert "There is no such time zone" in answer.text
    assert ">kites</textarea>" in answer.text
    assert web.person().profile == before


def test_a_link_to_preferences_ends_after_an_hour_or_with_the_persons_word(web: Web) -> None:
    web.join()
    page = fresh(web)
    web.now += timedelta(minutes=61)
    assert web.get(page).status_code == 410
    page = fresh(web)
    assert web.get(page).status_code == 200
    web.now += timedelta(minutes=1)
    web.app.standing.unsubscribe(ADA, web.now)
    assert web.get(page).status_code == 410


def test_a_rest_until_a_day(web: Web) -> None:
    web.join()
    page = fresh(web)
    answer = web.post(page, {"until": "2026-09-01"}, action=f"{page}/pause")
    assert answer.status_code == 303
    assert web.person().status is Status.PAUSED
    page = answer.headers["location"]
    assert "Nothing comes before" in web.get(page).text
    web.now += timedelta(minutes=1)
    assert web.post(page, {}, action=f"{page}/pause").status_code == 303
    assert web.person().status is Status.ACTIVE


@pytest.mark.parametrize("until", ["2026-08-17", "2028-01-01", "tomorrow"])
def test_a_rest_until_no_such_day_is_refused(web: Web, until: str) -> None:
    web.join()
    page = fresh(web)
    assert web.post(page, {"until": until}, action=f"{page}/pause").status_code == 422
    assert web.person().status is Status.ACTIVE


def test_a_file_reader_takes_the_profile_over_with_the_first_edit(web: Web) -> None:
    web.app.standing.sync([(ADA, web.app.config.profile)], operator="owner", now=web.now)
    person = web.person()
    page = f"/preferences/{web.desk.sign(person, 'preferences', web.now + timedelta(hours=1))}"
    assert "operator’s file" in web.get(page).text
    signed = web.desk.forms.sign("address", page.rpartition("/")[2])
    web.now += timedelta(seconds=5)
    moved = web.client.post(f"{page}/address", data={"form": signed, "email": "new@example.org"})
    assert moved.status_code == 403, "the file would bring the old address back"
    web.post(page, {"interests": "kites"})
    assert web.person().owner == "person"
    web.app.standing.sync([(ADA, web.app.config.profile)], operator="owner", now=web.now)
    assert web.person().profile.interests == "kites"


def test_an_address_moves_once_the_new_one_says_yes(web: Web) -> None:
    web.join(interests="kites")
    page = fresh(web)
    one = web.person().id
    assert web.post(f"{page}/address", {"email": "new@example.org"}).status_code == 200
    web.work()
    assert web.person().id == one, "nothing moves before that"
    web.post(web.link("confirm", "new@example.org"), {})
    moved = web.person("new@example.org")
    assert (moved.id, moved.profile.interests, moved.status) == (one, "kites", Status.ACTIVE)
    assert web.person() is None
    assert web.get(page).status_code == 410, "links to the old address have ended"


def test_everything_is_told_and_erased(web: Web) -> None:
    web.join(interests="kites")
    page = fresh(web)
    told = web.get(f"{page}/data.json")
    assert told.json()["subscriber"]["interests"] == "kites"
    assert web.person() is not None
    assert "It is gone" in web.post(f"{page}/erase", {}).text
    assert web.person() is None


def test_finding_the_preferences_without_a_letter(web: Web) -> None:
    web.join()
    known = web.post("/preferences", {"email": ADA})
    stranger = web.post("/preferences", {"email": "abcdefgh@example.org"})
    assert known.text == stranger.text
    web.work()
    assert re.fullmatch("/preferences/[A-Za-z0-9_-]{36}", web.link("preferences"))
    assert web.letters("abcdefgh@example.org") == []


def fresh(web: Web) -> str:
    """The path of a fresh link to the preferences of Ada."""
    web.post("/preferences", {"email": ADA})
    web.work()
    return web.link("preferences")
