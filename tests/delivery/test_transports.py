"""What every transport promises, whichever way it hands letters over."""

from contextlib import contextmanager

import pytest

from digest.delivery.files import FilesTransport
from digest.delivery.smtp import SmtpTransport, Timeouts
from digest.model import Message, State
from tests.delivery.alone import close, send
from tests.delivery.scripted_smtp import CUT, ScriptedServer
from tests.fakes import DOWN, FakeTransport


def letter(recipient="ada@example.org", number=1):
    head = f"Date: Sat, 21 Nov 2026 06:45:00 +0000\r\nMessage-ID: <{number}@example.net>\r\nTo: {recipient}\r\n"
    return Message(
        recipient=recipient,
        envelope_from="digest@example.net",
        subject="Two papers",
        data=f"{head}Subject: Two papers\r\n\r\nTwo papers\r\n".encode(),
    )


class Files:
    """Letters as files, and how to look at them."""

    def __init__(self, folder, *, broken=False):
        self.folder = folder / "out"
        if broken:
            self.folder.write_text("a file where a folder should be")

    @contextmanager
    def transport(self):
        yield FilesTransport(self.folder)

    def received(self):
        return sorted(path.read_bytes() for path in self.folder.glob("*/*.eml"))


class Smtp:
    """Letters by SMTP to a server of our own."""

    def __init__(self, folder, *, broken=False):
        self.server = ScriptedServer({"DATA": CUT} if broken else {})

    @contextmanager
    def transport(self):
        transport = SmtpTransport("127.0.0.1", self.server.port, tls="none", hello="me", timeouts=Timeouts(command=5))
        with self.server:
            yield transport
            close(transport)
            self.server.settle()

    def received(self):
        return sorted(self.server.bodies)


class Fake:
    """The stand-in that other tests use, which must behave like the real ones."""

    def __init__(self, folder, *, broken=False):
        self.fake = FakeTransport()
        self.fake.answers = [DOWN] if broken else []

    @contextmanager
    def transport(self):
        yield self.fake

    def received(self):
        return sorted(message.data for message in self.fake.taken)


@pytest.fixture(params=[Files, Smtp, Fake])
def place(request):
    return request.param


def test_a_letter_is_sent_whole_after_one_check(place, tmp_path):
    calls, post = [], place(tmp_path)
    with post.transport() as transport:
        result = send(transport, letter(), lambda: not calls.append(post.received()))
    assert (result.state, result.fault) == (State.SENT, None)
    assert calls == [[]]  # once, and before anything was handed over
    assert post.received() == [letter().data]


def test_a_refused_check_sends_nothing(place, tmp_path):
    calls, post = [], place(tmp_path)
    with post.transport() as transport:
        result = send(transport, letter(), lambda: bool(calls.append(1)))
    assert (result.state, result.fault, calls) == (State.CANCELLED, None, [1])
    assert post.received() == []


def test_a_check_that_fails_sends_nothing_and_is_heard(place, tmp_path):
    def broken():
        raise LookupError("no database")

    post = place(tmp_path)
    with post.transport() as transport, pytest.raises(LookupError, match="no database"):
        send(transport, letter(), broken)
    assert post.received() == []


def test_where_nothing_can_be_sent_the_check_is_not_asked(place, tmp_path):
    calls, post = [], place(tmp_path, broken=True)
    with post.transport() as transport:
        result = send(transport, letter(), lambda: not calls.append(1))
    assert (result.state, calls) == (State.DEFERRED, [])
    assert result.text and result.text.isprintable()


def test_letters_after_a_cancelled_one_are_sent(place, tmp_path):
    post = place(tmp_path)
    with post.transport() as transport:
        first = send(transport, letter(number=1), lambda: False)
        second = send(transport, letter("bob@example.org", number=2), lambda: True)
    assert [first.state, second.state] == [State.CANCELLED, State.SENT]
    assert post.received() == [letter("bob@example.org", number=2).data]


def test_closing_may_be_repeated_and_is_no_end(place, tmp_path):
    post = place(tmp_path)
    with post.transport() as transport:
        close(transport)
        assert send(transport, letter(), lambda: True).state is State.SENT
        close(transport)
        close(transport)
        assert send(transport, letter("bob@example.org", number=2), lambda: True).state is State.SENT


def test_transports_have_the_names_of_the_configuration():
    assert (FilesTransport.name, SmtpTransport.name) == ("files", "smtp")
