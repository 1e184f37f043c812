"""Letters as files: names that hold on any file system, an index to open, nothing for other eyes."""

import errno
import os
import re
import resource
import stat
import subprocess
import sys
from dataclasses import replace
from html.parser import HTMLParser
from pathlib import Path
from urllib.parse import unquote

import pytest
from hypothesis import given
from hypothesis import strategies as st

from digest.delivery.files import FilesTransport, stem
from digest.delivery.turns import Turns
from digest.model import Fault, Message, State
from tests.delivery import alone


def letter(recipient="ada@example.org", number=1, subject="Two papers", date="Sat, 21 Nov 2026 06:45:00 +0000"):
    head = f"Date: {date}\r\nMessage-ID: <{number}@example.net>\r\nTo: {recipient}\r\nSubject: {subject}\r\n"
    return Message(
        recipient=recipient,
        envelope_from="digest@example.net",
        subject=subject,
        data=f"{head}{two_parts(f'{number} — é', f'<p>{number}</p>')}".encode(),
    )


def two_parts(text, html):
    head = "charset=utf-8\r\nContent-Transfer-Encoding: 8bit\r\n\r\n"
    parts = (
        f"\r\n--=_1\r\nContent-Type: text/{kind}; {head}{body}" for kind, body in (("plain", text), ("html", html))
    )
    return (
        f'MIME-Version: 1.0\r\nContent-Type: multipart/alternative; boundary="=_1"\r\n{"".join(parts)}\r\n--=_1--\r\n'
    )


def send(folder, *letters):
    transport = FilesTransport(folder)
    results = [alone.send(transport, each, lambda: True) for each in letters]
    assert [result.state for result in results] == [State.SENT] * len(letters)
    return results


class Links(HTMLParser):
    """The links of a page, and its text."""

    def __init__(self, page):
        super().__init__()
        self.links, self.words = [], []
        self.feed(page.read_text(encoding="utf-8"))
        self.text = " ".join(" ".join(self.words).split())

    def handle_starttag(self, tag, attrs):
        self.links += [unquote(value) for name, value in attrs if name == "href"]

    def handle_data(self, data):
        self.words.append(data)


def test_a_letter_is_a_page_a_text_and_a_message(tmp_path):
    (result,) = send(tmp_path / "out", letter())
    day = tmp_path / "out" / "2026-11-21"
    assert (day / "ada-example.org.html").read_text(encoding="utf-8") == "<p>1</p>"
    assert (day / "ada-example.org.txt").read_text(encoding="utf-8") == "1 — é"
    assert (day / "ada-example.org.eml").read_bytes() == letter().data
    assert sorted(path.name for path in day.iterdir()) == [f"ada-example.org.{end}" for end in ("eml", "html", "txt")]
    assert result.text == str(day / "ada-example.org.html")


@pytest.mark.parametrize(
    ("date", "folder"),
    [
        ("Sat, 21 Nov 2026 23:59:00 +0000", "2026-11-21"),
        ("Sat, 21 Nov 2026 00:30:00 +0900", "2026-11-21"),
        ("Thu, 31 Dec 2026 23:30:00 -0800", "2026-12-31"),
    ],
)
def test_the_day_is_the_date_as_the_letter_writes_it(date, folder, tmp_path):
    send(tmp_path, letter(date=date))
    assert (tmp_path / folder).is_dir()


def test_a_letter_without_a_date_is_a_fault_of_the_program(tmp_path):
    with pytest.raises(ValueError, match="Date"):
        alone.send(FilesTransport(tmp_path), replace(letter(), data=b"Subject: x\r\n\r\n"), lambda: True)


def test_a_repeated_letter_replaces_itself_and_another_one_stands_beside_it(tmp_path):
    send(tmp_path, letter(number=1), letter(number=2), letter(number=1, subject="Again"))
    day = tmp_path / "2026-11-21"
    assert (day / "ada-example.org.html").read_text() == "<p>1</p>"
    assert (day / "ada-example.org~2.html").read_text() == "<p>2</p>"
    assert len(list(day.glob("*.eml"))) == 2
    assert Links(tmp_path / "index.html").text.count("Again") == 1


# --- the index ----------------------------------------------------------------------------------------------------


def test_the_index_links_to_every_letter_with_the_newest_day_first(tmp_path):
    send(tmp_path, letter("bob@example.org", 1, date="Fri, 20 Nov 2026 06:45:00 +0000"), letter(number=2))
    send(tmp_path, letter("eve@example.org", 3, subject="<b>Tags & co</b>"))  # another run
    page = Links(tmp_path / "index.html")
    names = [f"2026-11-21/{who}-example.org" for who in ("ada", "eve")] + ["2026-11-20/bob-example.org"]
    assert page.links == [f"{name}.{end}" for name in names for end in ("html", "txt", "eml")]
    assert all((tmp_path / link).is_file() for link in page.links)
    assert "<b>Tags & co</b> eve@example.org" in page.text
    assert page.text.index("2026-11-21") < page.text.index("2026-11-20")


def test_the_index_knows_letters_of_another_process_after_close(tmp_path):
    first = FilesTransport(tmp_path)
    alone.send(first, letter(number=1), lambda: True)
    send(tmp_path, letter("bob@example.org", 2))
    alone.close(first)
    alone.send(first, letter("eve@example.org", 3), lambda: True)
    assert len(Links(tmp_path / "index.html").links) == 9


def test_the_index_lists_letters_that_are_written_in_turns(tmp_path):
    transport, turns, asked = FilesTransport(tmp_path), Turns(), []
    for number in range(20):
        turns.start(transport.send(letter(f"reader{number}@example.org", number), asked.append))
    turns.turn(0)  # all are drafts, and wait for their last check
    for tell in asked:
        tell(True)
    turns.turn(0)
    turns.close()
    assert len(Links(tmp_path / "index.html").links) == 60


def test_the_index_leaves_other_folders_alone(tmp_path):
    (tmp_path / "dry-run" / "2026-11-21").mkdir(parents=True)
    (tmp_path / "dry-run" / "x.eml").write_bytes(letter().data)
    send(tmp_path, letter())
    assert len(Links(tmp_path / "index.html").links) == 3


def test_odd_addresses_are_linked_rightly(tmp_path):
    send(tmp_path, letter("a#b?c%20'@example.org"), letter("Ünï@example.org", 2), letter("a&b@example.org", 3))
    links = Links(tmp_path / "index.html").links
    assert len(links) == 9
    assert all((tmp_path / link).is_file() for link in links)


# --- names --------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("address", "name"),
    [
        ("ada@example.org", "ada-example.org"),
        ("ada.l+papers@sub-domain.example.org", "ada.l+papers-sub-domain.example.org"),
    ],
)
def test_plain_addresses_keep_their_look(address, name):
    assert stem(address) == name


@pytest.mark.parametrize("one", ["Ada@example.org", "a-b@c.org", "ada@example.org/x", "../ada@example.org", "x" * 300])
def test_other_addresses_are_told_apart_by_a_mark(one):
    assert re.fullmatch(r"[a-z0-9._+-]*~[0-9a-f]{12}", stem(one))


LETTERS = st.text(st.sampled_from("aA-@._+~/\\\0é\n2"), max_size=12) | st.text()


@given(LETTERS, LETTERS)
def test_names_are_safe_and_differ_on_any_file_system(one, other):
    name = stem(one)
    assert re.fullmatch(r"[a-z0-9_+-][a-z0-9._+~-]*|~[0-9a-f]{12}", name)
    assert len(name) + len("~1000.html") <= 143  # the shortest limit known, of encrypted folders
    assert (stem(other).casefold() == name.casefold()) == (one == other)


def test_no_address_leads_out_of_the_folder(tmp_path):
    out = tmp_path / "out"
    send(out, letter("../../ada@example.org"), letter("/etc/ada@example.org", 2), letter("..@example.org", 3))
    assert [path.name for path in tmp_path.iterdir()] == ["out"]
    assert sorted(path.name for path in out.iterdir()) == ["2026-11-21", "index.html"]


# --- other eyes, full disks ---------------------------------------------------------------------------------------


def mode(path):
    return stat.S_IMODE(path.stat().st_mode)


def test_letters_are_for_their_owner_alone(tmp_path):
    send(tmp_path / "deep" / "out", letter())
    out = tmp_path / "deep" / "out"
    folders = [out, out / "2026-11-21"]
    assert {mode(folder) for folder in folders} == {0o700}
    assert {mode(path) for path in out.rglob("*") if path.is_file()} == {0o600}


def test_a_folder_that_was_there_keeps_its_mode(tmp_path):
    tmp_path.chmod(0o755)
    send(tmp_path, letter())
    assert mode(tmp_path) == 0o755
    assert mode(tmp_path / "2026-11-21") == 0o700


def test_a_file_where_the_folder_should_be(tmp_path):
    out = tmp_path / "out"
    out.write_text("")
    result = alone.send(FilesTransport(out), letter(), lambda: True)
    assert (result.state, result.fault) == (State.DEFERRED, Fault.OURS)
    assert str(out) in result.text and os.strerror(errno.EEXIST) in result.text


FULL = """
import resource, signal, sys
from pathlib import Path
from digest.delivery.files import FilesTransport
from tests.delivery import alone
from tests.delivery.test_files import letter
signal.signal(signal.SIGXFSZ, signal.SIG_IGN)  # a write beyond the limit then fails as it does on a full disk
resource.setrlimit(resource.RLIMIT_FSIZE, (20, 20))
result = alone.send(FilesTransport(Path(sys.argv[1])), letter(), lambda: True)
print(result.state, result.text, sep="|")
"""


@pytest.mark.skipif(not hasattr(resource, "RLIMIT_FSIZE"), reason="no file size limits on this system")
def test_a_disk_that_fills_up_defers_and_leaves_nothing_behind(tmp_path):
    out = tmp_path / "out"
    command = [sys.executable, "-c", FULL, str(out)]
    run = subprocess.run(command, capture_output=True, text=True, check=True, cwd=Path(__file__).parents[2])
    state, _, text = run.stdout.strip().partition("|")
    assert state == "deferred"
    assert str(out) in text and os.strerror(errno.EFBIG) in text
    assert not [path for path in out.rglob("*") if path.is_file()]


def test_a_cancelled_letter_leaves_nothing_behind(tmp_path):
    alone.send(FilesTransport(tmp_path), letter(), lambda: False)
    assert not [path for path in tmp_path.rglob("*") if path.is_file()]
    assert [path.name for path in tmp_path.rglob("*")] == ["2026-11-21"]
