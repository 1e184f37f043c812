"""The first minutes: `digest init`, then `digest send --now`, on a machine without a network, on any day."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from tests.cli.place import Done, Place, ended

WEEK = [f"2026-11-{day}T12:00:00+00:00" for day in range(16, 23)]


@pytest.fixture
def fresh(tmp_path: Path) -> Callable[..., Done]:
    """Runs commands in an empty folder that `digest init` has started."""
    place = Place(tmp_path)
    (tmp_path / "config.yaml").unlink()
    (tmp_path / "listings").rmdir()
    assert place.command("init").status == 0
    return place.command


def test_init_names_the_next_command_and_changes_nothing_that_is_there(tmp_path):
    place = Place(tmp_path)
    mine = (tmp_path / "config.yaml").read_bytes()
    assert place.run("init").status == 2
    assert (tmp_path / "config.yaml").read_bytes() == mine
    done = place.run("init", "deep/down")
    assert done.status == 0
    assert "digest --config deep/down/config.yaml send --now" in done.out
    assert (tmp_path / "deep/down/var").stat().st_mode & 0o777 == 0o700


def test_the_second_run_sends_nothing_and_says_why(fresh, tmp_path):
    first = fresh("send", "--now")
    assert first.status == 0
    assert "sample" in first.out
    assert "Open out/index.html" in first.out
    (text,) = tmp_path.glob("out/20*/*.txt")
    assert "sample" in text.read_text(encoding="utf-8").lower()
    assert (tmp_path / "out").stat().st_mode & 0o777 == 0o700
    assert (tmp_path / "var/secret").stat().st_mode & 0o777 == 0o600
    second = fresh("send", "--now", "--json")
    assert second.status == 0
    assert second.json["verdict"] == "nothing-due"
    assert (second.json["planned"], second.json["sent"]) == (0, 0)
    assert any("ada@example.org: has the letter of" in warning for warning in second.json["warnings"])
    assert list(tmp_path.glob("out/20*/*.txt")) == [text]


def test_there_is_a_letter_on_every_day_of_the_week(tmp_path):
    made = []
    for number, moment in enumerate(WEEK):
        folder = tmp_path / str(number)
        folder.mkdir()
        place = Place(folder)
        (folder / "config.yaml").unlink()
        assert place.run("init").status == 0
        made.append(place.start("--clock", moment, "send", "--now", "--json"))
    for process in made:
        done = ended(process)
        assert (done.status, done.json["verdict"], done.json["sent"]) == (0, "sent", 1)
    assert len(list(tmp_path.glob("*/out/20*/*.eml"))) == len(WEEK)


def test_a_source_that_answers_later_takes_the_place_of_the_sample(fresh, tmp_path):
    assert fresh("--clock", WEEK[0], "send", "--now").status == 0
    place = Place(tmp_path, sources=[{"name": "saved", "kind": "folder", "path": "listings/*"}])
    place.list("2026-11-17", "one")
    done = place.at(WEEK[1], "send", "--now", "--json")
    assert (done.status, done.json["sent"]) == (0, 1)
    assert not any("sample" in warning for warning in done.json["warnings"])
    assert "sample" not in place.letters()[-1].lower()
