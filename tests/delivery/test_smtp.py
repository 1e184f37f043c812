"""SMTP by the phases: every cut, every refusal, TLS that never weakens, addresses that not every server takes."""

import asyncio
import socket
import ssl
from contextlib import contextmanager
from dataclasses import replace
from threading import Thread

import pytest
import trustme
from aiosmtpd.smtp import SMTP, AuthResult
from hypothesis import given
from hypothesis import strategies as st

from digest.delivery.envelope import envelope, stuffed, unsendable
from digest.delivery.replies import LONGEST_TEXT, Phase, Reply, outcome
from digest.delivery.smtp import PER_CONNECTION, SmtpTransport, Timeouts
from digest.errors import SetupError
from digest.model import Fault, Message, State
from tests.delivery.alone import close, send
from tests.delivery.scripted_smtp import CUT, NEVER, POLITE, ScriptedServer

HURRIED = Timeouts(command=5, data=5, dot=5)
LETTER = Message(
    recipient="ada@example.org",
    envelope_from="digest@example.net",
    subject="Two papers",
    data=b"Subject: Two papers\r\n\r\nTwo papers\r\n",
)
PIPELINING = {"EHLO": b"250-scripted.test\r\n250 PIPELINING\r\n"}


def go() -> bool:
    return True


@contextmanager
def opened(server, **options):
    transport = SmtpTransport("127.0.0.1", server.port, **{"tls": "none", "timeouts": HURRIED, "hello": "me"} | options)
    try:
        yield transport
    finally:
        close(transport)


def sent_once(script, letter=LETTER, **options):
    """(result, how often begin was called, server) of one letter to a server with this script."""
    begun = []
    with ScriptedServer(script) as server, opened(server, **options) as transport:
        result = send(transport, letter, lambda: not begun.append(1))
    return result, len(begun), server


# --- cuts ---------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("extensions", [{}, PIPELINING], ids=["one by one", "pipelined"])
@pytest.mark.parametrize(
    ("phase", "state", "begun"),
    [
        ("BANNER", State.DEFERRED, 0),
        ("EHLO", State.DEFERRED, 0),
        ("MAIL", State.DEFERRED, 0),
        ("RCPT", State.DEFERRED, 0),
        ("DATA", State.DEFERRED, 0),
        ("BODY", State.DEFERRED, 1),
        ("DOT", State.UNKNOWN, 1),
    ],
)
def test_a_cut_before_the_dot_is_deferred_and_after_it_unknown(phase, state, begun, extensions):
    long = replace(LETTER, data=b"Subject: long\r\n\r\n" + b"x" * 70 + b"\r\n" + b"line of text\r\n" * 1_000_000)
    letter = long if phase == "BODY" else LETTER  # more than the network holds by itself
    result, calls, _ = sent_once(extensions | {phase: CUT}, letter)
    assert (result.state, result.fault, calls) == (state, Fault.NETWORK, begun)
    assert result.text


@pytest.mark.parametrize(
    ("phase", "patience", "state"),
    [
        ("BANNER", "command", State.DEFERRED),
        ("EHLO", "command", State.DEFERRED),
        ("MAIL", "command", State.DEFERRED),
        ("RCPT", "command", State.DEFERRED),
        ("DATA", "data", State.DEFERRED),
        ("DOT", "dot", State.UNKNOWN),
    ],
)
def test_silence_counts_as_a_cut_after_the_timeout_of_its_phase(phase, patience, state):
    endless = {"command": 1000, "data": 1000, "dot": 1000}  # with the wrong one, the test itself runs out of time
    result, _, _ = sent_once({phase: NEVER}, timeouts=Timeouts(**endless | {patience: 0.2}))
    assert (result.state, result.fault) == (state, Fault.NETWORK)


@pytest.mark.parametrize("word", [CUT, b"421 4.3.2 closing\r\n"], ids=["hangs up", "speaks"])
def test_a_server_that_breaks_into_the_letter_has_not_taken_it(word):
    with ScriptedServer({"BREAK-IN": word}) as server, opened(server) as transport:
        result = send(transport, LETTER, server.break_in)
        server.settle()
    assert (result.state, result.fault, server.bodies) == (State.DEFERRED, Fault.NETWORK, [])


def test_no_server_is_deferred():
    with socket.create_server(("127.0.0.1", 0)) as listener:
        port = listener.getsockname()[1]
    result = send(SmtpTransport("127.0.0.1", port, tls="none", timeouts=HURRIED), LETTER, go)
    assert (result.state, result.fault) == (State.DEFERRED, Fault.NETWORK)


@pytest.mark.parametrize("reply", [b"garbage\r\n", b"150 wait\r\n", b"354 more\r\n", b"250" + b"x" * 10_000])
def test_an_answer_to_the_dot_that_means_nothing_leaves_the_letter_unknown(reply):
    assert sent_once({"DOT": reply})[0].state is State.UNKNOWN


# --- the last check -----------------------------------------------------------------------------------------------


@pytest.mark.parametrize("extensions", [{}, PIPELINING], ids=["one by one", "pipelined"])
def test_a_refused_check_leaves_no_octet_of_the_letter_and_no_dot(extensions):
    with ScriptedServer(extensions) as server, opened(server) as transport:
        result = send(transport, LETTER, lambda: False)
        server.settle()
        assert result.state is State.CANCELLED
        assert server.heard[-1] == "DATA" and (server.bodies, server.fragments) == ([], [b""])
        assert send(transport, LETTER, go).state is State.SENT
        assert server.connections == 2


def test_a_check_that_fails_drops_the_connection_and_is_heard():
    def broken():
        raise LookupError("no database")

    with ScriptedServer() as server, opened(server) as transport:
        with pytest.raises(LookupError, match="no database"):
            send(transport, LETTER, broken)
        server.settle()
        assert (server.bodies, server.fragments) == ([], [b""])


def test_the_check_comes_after_everything_else_was_accepted():
    with ScriptedServer() as server, opened(server) as transport:
        heard = []
        send(transport, LETTER, lambda: not heard.extend(server.heard))
        assert [line.split(":")[0] for line in heard] == ["ehlo me", "MAIL FROM", "RCPT TO", "DATA"]


# --- refusals -----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("extensions", [{}, PIPELINING], ids=["one by one", "pipelined"])
@pytest.mark.parametrize(
    ("phase", "reply", "state", "fault"),
    [
        ("MAIL", "451 4.3.0 later", State.DEFERRED, Fault.NETWORK),
        ("MAIL", "550 5.1.8 unknown sender", State.FAILED, Fault.OURS),
        ("MAIL", "530 5.7.0 log in first", State.FAILED, Fault.OURS),
        ("RCPT", "450 4.2.0 greylisted", State.DEFERRED, Fault.NETWORK),
        ("RCPT", "421 4.3.2 closing", State.DEFERRED, Fault.NETWORK),
        ("RCPT", "550 5.1.1 no such user", State.FAILED, Fault.RECIPIENT),
        ("RCPT", "553 5.1.3 bad syntax", State.FAILED, Fault.RECIPIENT),
        ("RCPT", "550 5.1.8 sender's domain does not exist", State.FAILED, Fault.OURS),
        ("RCPT", "554 5.7.1 relay access denied", State.FAILED, Fault.OURS),
        ("RCPT", "552 5.2.2 mailbox full", State.FAILED, None),
        ("RCPT", "550 no such user", State.FAILED, None),
        ("RCPT", "550 5.1.1.9 is no code", State.FAILED, None),
        ("DATA", "451 4.3.0 later", State.DEFERRED, Fault.NETWORK),
        ("DATA", "554 5.5.1 no valid recipients", State.FAILED, Fault.OURS),
        ("DATA", "250 misunderstood", State.DEFERRED, Fault.NETWORK),
        ("DOT", "451 4.3.0 later", State.DEFERRED, Fault.NETWORK),
        ("DOT", "421 4.3.2 closing", State.DEFERRED, Fault.NETWORK),
        ("DOT", "552 5.3.4 too big", State.FAILED, Fault.CONTENT),
        ("DOT", "554 5.7.1 looks like spam", State.FAILED, Fault.CONTENT),
        ("DOT", "550 5.7.26 unauthenticated mail", State.FAILED, Fault.OURS),
        ("DOT", "550 5.7.515 access denied", State.FAILED, Fault.OURS),
        ("DOT", "250 2.0.0 queued as 1", State.SENT, None),
        ("DOT", "299 2.0.0 unheard of", State.SENT, None),
    ],
)
def test_a_refusal_is_judged_by_its_phase_and_code(phase, reply, state, fault, extensions):
    with ScriptedServer(extensions | {phase: [reply.encode() + b"\r\n", b"250 fine\r\n"]}) as server:
        if phase == "DATA":
            server.script["DATA"][-1] = b"354 go ahead\r\n"
        with opened(server) as transport:
            result = send(transport, LETTER, go)
            assert (result.state, result.fault, result.code) == (state, fault, int(reply[:3]))
            assert reply[4:] in result.text
            assert send(transport, LETTER, go).state is State.SENT  # a surprise spoils nothing that follows


def test_a_refused_recipient_costs_no_connection_where_the_server_refuses_data_too():
    script = PIPELINING | {
        "RCPT": [b"550 5.1.1 no\r\n", b"250 yes\r\n"],
        "DATA": [b"503 5.5.1 no\r\n", b"354 go\r\n"],
    }
    with ScriptedServer(script) as server, opened(server) as transport:
        assert send(transport, LETTER, go).fault is Fault.RECIPIENT
        assert send(transport, LETTER, go).state is State.SENT
        assert server.connections == 1


def test_a_refused_recipient_gets_no_empty_letter_where_the_server_waits_for_one():
    with ScriptedServer(PIPELINING | {"RCPT": b"550 5.1.1 no\r\n"}) as server, opened(server) as transport:
        assert send(transport, LETTER, go).fault is Fault.RECIPIENT
        server.settle()
        assert (server.bodies, server.fragments) == ([], [b""])


@pytest.mark.parametrize("greeting", ["BANNER", "EHLO"])
def test_a_server_that_will_not_talk_to_us(greeting):
    with pytest.raises(SetupError, match=r"554 5\.7\.1 go away"):
        sent_once({greeting: b"554 5.7.1 go away\r\n"})
    result, _, _ = sent_once({greeting: b"421 4.3.2 busy\r\n"})
    assert (result.state, result.fault, result.code) == (State.DEFERRED, Fault.NETWORK, 421)


@given(phase=st.sampled_from(Phase), code=st.integers(-1, 999), text=st.text())
def test_every_reply_has_an_outcome(phase, code, text):
    result = outcome(phase, Reply(code, text))
    assert (result.state is State.SENT) == (phase is Phase.DOT and 200 <= code < 300)
    assert (result.state is State.UNKNOWN) <= (phase is Phase.DOT)
    assert (result.state is State.FAILED) == (500 <= code < 600)
    assert len(result.text) <= LONGEST_TEXT and (result.text.isprintable())


# --- the connection -----------------------------------------------------------------------------------------------


def test_one_connection_carries_many_letters_and_then_makes_room_for_a_fresh_one():
    with ScriptedServer() as server, opened(server) as transport:
        for _ in range(PER_CONNECTION):
            assert send(transport, LETTER, go).state is State.SENT
        assert server.connections == 1
        assert send(transport, LETTER, go).state is State.SENT
        assert server.connections == 2
        assert server.heard.count("QUIT") == 1


@pytest.mark.parametrize("end", [CUT, b"421 4.4.2 idle for too long\r\n"])
def test_a_connection_that_ended_while_idle_is_replaced_unseen(end):
    with ScriptedServer({"MAIL": [b"250 fine\r\n", end, b"250 fine\r\n"]}) as server, opened(server) as transport:
        assert [send(transport, LETTER, go).state for _ in range(3)] == [State.SENT] * 3
        assert server.connections == 2


@pytest.mark.parametrize("farewell", [CUT, b"500 no\r\n"])
def test_a_failing_farewell_is_ignored(farewell):
    with ScriptedServer({"QUIT": farewell}) as server:
        transport = SmtpTransport("127.0.0.1", server.port, tls="none", timeouts=HURRIED, hello="me")
        assert send(transport, LETTER, go).state is State.SENT
        close(transport)
        close(transport)


def test_a_pipelining_server_gets_the_envelope_at_once_and_the_letter_whole():
    result, _, server = sent_once(PIPELINING)
    assert result.state is State.SENT
    assert server.bodies == [LETTER.data]
    assert server.heard[1:4] == ["MAIL FROM:<digest@example.net>", "RCPT TO:<ada@example.org>", "DATA"]


# --- the next envelope leaves with the end of the letter ----------------------------------------------------------


def numbered(number):
    return replace(LETTER, recipient=f"reader{number}@example.org", data=f"Subject: {number}\r\n\r\n".encode())


def sent_in_a_row(script, letters, **options):
    """(results, server) of letters that are each offered with the end of the one before."""
    waiting, results = list(letters), []
    with ScriptedServer(script) as server, opened(server, **options) as transport:
        while waiting:
            letter = waiting.pop(0)
            upcoming = lambda: waiting[0] if waiting else None  # noqa: E731
            results.append(send(transport, letter, go, upcoming=upcoming))
    server.settle()
    return results, server


def test_letters_in_a_row_arrive_whole_and_in_order_over_one_connection():
    letters = [numbered(number) for number in range(20)]
    results, server = sent_in_a_row(PIPELINING, letters)
    assert [result.state for result in results] == [State.SENT] * 20
    assert server.bodies == [letter.data for letter in letters]
    assert [line for line in server.heard if line.startswith("RCPT")] == [
        f"RCPT TO:<{one.recipient}>" for one in letters
    ]
    assert (server.connections, server.heard.count("QUIT")) == (1, 1)


def test_a_server_that_does_not_take_commands_at_once_is_never_offered_the_next_envelope():
    with ScriptedServer() as server, opened(server) as transport:
        assert send(transport, LETTER, go, upcoming=lambda: pytest.fail("asked")).state is State.SENT


@pytest.mark.parametrize(
    ("phase", "reply", "state"),
    [
        ("DOT", b"554 5.6.0 no\r\n", State.FAILED),
        ("DOT", b"451 4.3.0 later\r\n", State.DEFERRED),
        ("DOT", b"421 4.3.2 closing\r\n", State.DEFERRED),
        ("DOT", CUT, State.UNKNOWN),
        ("MAIL", b"451 4.3.0 later\r\n", State.DEFERRED),
        ("RCPT", b"550 5.1.1 no\r\n", State.FAILED),
        ("DATA", b"451 4.3.0 later\r\n", State.DEFERRED),
    ],
)
def test_what_becomes_of_one_letter_in_a_row_is_said_of_that_one_alone(phase, reply, state):
    polite = POLITE[phase]
    letters = [numbered(number) for number in range(5)]
    results, server = sent_in_a_row(PIPELINING | {phase: [polite, polite, reply, polite]}, letters)
    assert [result.state for result in results] == [State.SENT, State.SENT, state, State.SENT, State.SENT]
    taken = [letter.data for number, letter in enumerate(letters) if number != 2 or phase == "DOT"]
    assert server.bodies == taken


def test_a_connection_that_ends_with_the_next_envelope_on_it_is_replaced_unseen():
    results, server = sent_in_a_row(PIPELINING | {"MAIL": [b"250 ok\r\n", CUT, b"250 ok\r\n"]}, map(numbered, range(4)))
    assert [result.state for result in results] == [State.SENT] * 4
    assert (server.connections, len(server.bodies)) == (2, 4)


def test_a_full_connection_is_not_offered_one_more():
    results, server = sent_in_a_row(PIPELINING, map(numbered, range(7)), per_connection=3)
    assert [result.state for result in results] == [State.SENT] * 7
    assert (server.connections, server.heard.count("QUIT"), len(server.bodies)) == (3, 3, 7)


def test_an_envelope_that_was_offered_and_not_used_leaves_nothing_behind():
    with ScriptedServer(PIPELINING) as server, opened(server) as transport:
        assert send(transport, numbered(1), go, upcoming=lambda: numbered(2)).state is State.SENT
        assert send(transport, numbered(3), go, upcoming=lambda: numbered(4)).state is State.SENT
        close(transport)
        server.settle()
    assert server.bodies == [numbered(1).data, numbered(3).data]
    assert (server.fragments, server.heard.count("QUIT")) == ([b"", b""], 0)


# --- the fence, and stopping --------------------------------------------------------------------------------------


@pytest.mark.parametrize("extensions", [{}, PIPELINING], ids=["one by one", "pipelined"])
def test_a_letter_that_is_not_ours_any_more_does_not_end(extensions):
    with ScriptedServer(extensions) as server, opened(server) as transport:
        result = send(transport, LETTER, go, is_held=lambda: False, upcoming=lambda: numbered(2))
        server.settle()
        assert (result.state, result.fault) == (State.DEFERRED, Fault.NETWORK)
        assert (server.bodies, server.fragments) == ([], [b""])
        assert send(transport, LETTER, go).state is State.SENT


def test_a_letter_that_is_lost_halfway_does_not_end():
    long = replace(LETTER, data=LETTER.data + b"line of text\r\n" * 1_000_000)  # more than the network holds by itself
    answers = iter([True, False])
    with ScriptedServer(PIPELINING) as server, opened(server) as transport:
        result = send(transport, long, go, is_held=lambda: next(answers), upcoming=lambda: numbered(2))
        server.settle()
        assert (result.state, result.fault, server.bodies) == (State.DEFERRED, Fault.NETWORK, [])
        assert server.fragments[0] and long.data.startswith(server.fragments[0])


def test_a_letter_that_takes_too_long_can_be_cut_from_outside():
    with ScriptedServer({"DOT": NEVER}) as server, opened(server, timeouts=Timeouts(dot=60)) as transport:
        results = []
        sender = Thread(target=lambda: results.append(send(transport, LETTER, go)))
        sender.start()
        while not server.bodies:
            sender.join(0.05)
        transport.abort()
        sender.join(10)
        assert [result.state for result in results] == [State.UNKNOWN]


# --- TLS and login ------------------------------------------------------------------------------------------------


class Inbox:
    """Keeps what aiosmtpd hands it."""

    def __init__(self):
        self.envelopes = []
        self.peers = []

    async def handle_DATA(self, server, session, envelope):  # noqa: N802 - aiosmtpd's name
        self.envelopes.append(envelope)
        self.peers.append(session)
        return "250 2.0.0 kept"


@contextmanager
def mail_server(**options):
    """A real server on loopback; yields (port, inbox)."""
    inbox, loop = Inbox(), asyncio.new_event_loop()
    implicit = options.pop("ssl", None)
    factory = lambda: SMTP(inbox, hostname="mail.test", loop=loop, **options)  # noqa: E731
    server = loop.run_until_complete(loop.create_server(factory, "127.0.0.1", 0, ssl=implicit))
    thread = Thread(target=loop.run_forever, daemon=True)
    thread.start()
    try:
        yield server.sockets[0].getsockname()[1], inbox
    finally:
        loop.call_soon_threadsafe(server.close)
        loop.call_soon_threadsafe(loop.stop)
        thread.join(5)
        for task in asyncio.all_tasks(loop):
            task.cancel()
        loop.run_until_complete(asyncio.sleep(0.01))
        loop.close()


def server_context(authority, name):
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    authority.issue_cert(name).configure_cert(context)
    return context


@pytest.fixture(scope="module")
def authority():
    return trustme.CA()


@pytest.fixture(scope="module")
def trusting(authority):
    context = ssl.create_default_context()
    authority.configure_trust(context)
    return context


def over_tls(port, tls, **options):
    return SmtpTransport("127.0.0.1", port, tls=tls, timeouts=HURRIED, hello="me", **options)


@pytest.mark.parametrize("tls", ["starttls", "implicit"])
def test_a_letter_over_tls(tls, authority, trusting):
    context = server_context(authority, "127.0.0.1")
    options = {"ssl": context} if tls == "implicit" else {"tls_context": context, "require_starttls": True}
    with mail_server(**options) as (port, inbox):
        transport = over_tls(port, tls, context=trusting)
        results = [send(transport, LETTER, go) for _ in range(3)]
        close(transport)
    assert [result.state for result in results] == [State.SENT] * 3
    assert inbox.envelopes[0].content == LETTER.data
    assert all(session.ssl or tls == "implicit" for session in inbox.peers)


@pytest.mark.parametrize("tls", ["starttls", "implicit"])
@pytest.mark.parametrize("fault", ["unknown authority", "another name"])
def test_a_certificate_that_does_not_hold_stops_everything(tls, fault, authority, trusting):
    if fault == "unknown authority":
        context = server_context(trustme.CA(), "127.0.0.1")
    else:
        context = server_context(authority, "mail.example.org")
    options = {"ssl": context} if tls == "implicit" else {"tls_context": context}
    with mail_server(**options) as (port, inbox):
        transport = over_tls(port, tls, context=trusting, username="digest", password="hunter2")
        with pytest.raises(SetupError, match="TLS failed"):
            send(transport, LETTER, go)
        assert inbox.envelopes == []


def test_the_systems_authorities_are_asked_where_no_other_is_named(authority):
    context = server_context(authority, "127.0.0.1")
    with mail_server(tls_context=context) as (port, _), pytest.raises(SetupError, match="TLS failed"):
        send(over_tls(port, "starttls"), LETTER, go)


def test_a_withheld_starttls_sends_nothing_in_clear():
    script = {"EHLO": b"250-scripted.test\r\n250 AUTH PLAIN LOGIN\r\n"}
    with ScriptedServer(script) as server:
        transport = over_tls(server.port, "starttls", username="digest", password="hunter2")
        with pytest.raises(SetupError, match="STARTTLS"):
            send(transport, LETTER, go)
        server.settle()
        assert server.heard == ["ehlo me"]


@pytest.mark.parametrize(("reply", "is_ours"), [(b"501 5.5.1 no\r\n", True), (b"454 4.7.0 not now\r\n", False)])
def test_a_refused_starttls(reply, is_ours):
    with ScriptedServer({"EHLO": b"250-scripted.test\r\n250 STARTTLS\r\n", "STAR": reply}) as server:
        transport = over_tls(server.port, "starttls")
        if is_ours:
            with pytest.raises(SetupError, match=r"501 5\.5\.1 no"):
                send(transport, LETTER, go)
        else:
            assert send(transport, LETTER, go).state is State.DEFERRED
        server.settle()
        assert server.heard == ["ehlo me", "STARTTLS"]


def test_a_handshake_that_breaks_is_tried_again_later():
    script = {"EHLO": b"250-scripted.test\r\n250 STARTTLS\r\n", "STAR": b"220 go\r\n", "TLS": CUT}
    with ScriptedServer(script) as server:
        result = send(over_tls(server.port, "starttls"), LETTER, go)
    assert (result.state, result.fault) == (State.DEFERRED, Fault.NETWORK)


def test_tls_with_a_server_that_speaks_none():
    with ScriptedServer() as server:
        with pytest.raises(SetupError, match="TLS failed"):
            send(over_tls(server.port, "implicit"), LETTER, go)
        server.settle()
        assert not any("MAIL" in line or "ehlo" in line for line in server.heard)


@pytest.mark.parametrize("host", ["192.0.2.1", "2001:db8::1"])
def test_clear_text_never_leaves_the_machine(host):
    # the tests' own guard forbids the connection as well, with another error
    with pytest.raises(SetupError, match="clear text may not leave"):
        send(SmtpTransport(host, 25, tls="none", timeouts=HURRIED), LETTER, go)


def only_digest(server, session, envelope, mechanism, data):
    return AuthResult(success=data.login == b"digest" and data.password == b"hunter2", handled=False)


def test_login_happens_behind_tls(authority, trusting):
    context = server_context(authority, "127.0.0.1")
    with mail_server(tls_context=context, authenticator=only_digest, auth_required=True) as (port, inbox):
        transport = over_tls(port, "starttls", context=trusting, username="digest", password="hunter2")
        assert send(transport, LETTER, go).state is State.SENT
        close(transport)
    assert inbox.peers[0].authenticated and inbox.peers[0].ssl


@pytest.mark.parametrize("password", ["wrong", "pässword", ""])
def test_a_refused_login_stops_everything_and_shows_no_password(password, authority, trusting):
    context = server_context(authority, "127.0.0.1")
    with mail_server(tls_context=context, authenticator=only_digest, auth_required=True) as (port, inbox):
        transport = over_tls(port, "starttls", context=trusting, username="digest", password=password)
        with pytest.raises(SetupError) as caught:
            send(transport, LETTER, go)
        assert inbox.envelopes == []
    assert not password or password not in str(caught.value) + repr(transport.server)


@pytest.mark.parametrize("offer", [b"250 scripted.test\r\n", b"250-scripted.test\r\n250 AUTH GSSAPI\r\n"])
def test_a_server_without_a_login_that_we_know_stops_everything(offer):
    with pytest.raises(SetupError, match=r"(?i)auth"):
        sent_once({"EHLO": offer}, username="digest", password="hunter2")


def test_a_login_refused_for_now_is_tried_again_later():
    script = {"EHLO": b"250-scripted.test\r\n250 AUTH PLAIN\r\n", "AUTH": b"454 4.7.0 not now\r\n"}
    result, _, _ = sent_once(script, username="digest", password="hunter2")
    assert (result.state, result.code) == (State.DEFERRED, 454)


# --- addresses and letters that not every server takes ------------------------------------------------------------


def test_a_local_part_outside_ascii_fails_alone_and_spoils_nothing():
    with ScriptedServer() as server, opened(server) as transport:
        result = send(transport, replace(LETTER, recipient="jörg@example.org"), go)
        assert (result.state, result.fault) == (State.FAILED, Fault.RECIPIENT)
        assert "jörg@example.org" in result.text
        assert send(transport, LETTER, go).state is State.SENT
        assert server.connections == 1
        assert server.heard[1] == "MAIL FROM:<digest@example.net>"


def test_a_local_part_outside_ascii_goes_where_it_is_understood():
    with mail_server(enable_SMTPUTF8=True) as (port, inbox), opened(Port(port)) as transport:
        assert send(transport, replace(LETTER, recipient="jörg@bücher.example"), go).state is State.SENT
    assert inbox.envelopes[0].rcpt_tos == ["jörg@xn--bcher-kva.example"]
    assert inbox.envelopes[0].smtp_utf8


class Port:
    """As much of a server as `opened` asks for."""

    def __init__(self, port):
        self.port = port


def test_a_domain_outside_ascii_needs_nothing_special():
    _, _, server = sent_once({}, replace(LETTER, recipient="ada@bücher.example"))
    assert "RCPT TO:<ada@xn--bcher-kva.example>" in server.heard


UTF8 = {"smtputf8": "", "8bitmime": ""}


@pytest.mark.parametrize(
    ("change", "features", "fault"),
    [
        ({"recipient": "ada@example.org>\r\nRCPT TO:<eve@example.org"}, UTF8, Fault.RECIPIENT),
        ({"recipient": "ada lovelace@example.org"}, UTF8, Fault.RECIPIENT),
        ({"recipient": "ada@é" + "x" * 70 + ".example"}, UTF8, Fault.RECIPIENT),
        ({"envelope_from": "digést@example.org"}, {"8bitmime": ""}, Fault.OURS),
        ({"envelope_from": "digest\n@example.org"}, UTF8, Fault.OURS),
        ({"data": "Subject: é\r\n\r\n".encode()}, {}, Fault.CONTENT),
    ],
)
def test_what_no_server_or_not_this_server_can_take(change, features, fault):
    result = unsendable(replace(LETTER, **change), features)
    assert result is not None
    assert (result.state, result.fault) == (State.FAILED, fault)


def test_extensions_are_named_only_where_they_are_needed():
    assert unsendable(LETTER, {}) is None
    assert envelope(LETTER)[Phase.MAIL] == "MAIL FROM:<digest@example.net>"
    strange = replace(LETTER, recipient="jörg@example.org", data="é\r\n".encode())
    assert unsendable(strange, UTF8) is None
    assert envelope(strange)[Phase.MAIL] == "MAIL FROM:<digest@example.net> SMTPUTF8 BODY=8BITMIME"


# --- dots and line ends -------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("data", "wire"),
    [
        (b"", b"\r\n"),
        (b".", b"..\r\n"),
        (b"a\r\n.\r\nb", b"a\r\n..\r\nb\r\n"),
        (b"a\n.\nb\r.\rc", b"a\r\n..\r\nb\r\n..\r\nc\r\n"),
        (b"..\r\n", b"...\r\n"),
    ],
)
def test_stuffing(data, wire):
    assert stuffed(data) == wire


@given(st.lists(st.text(st.sampled_from(".ab\r\n")).map(str.encode)).map(b"".join))
def test_a_stuffed_body_ends_only_at_its_end_and_reads_back(data):
    lines = stuffed(data).split(b"\r\n")
    assert lines.pop() == b""
    assert b"." not in lines
    assert not any(b"\r" in line or b"\n" in line for line in lines)
    read = [line.removeprefix(b".") for line in lines]
    plain = data.replace(b"\r\n", b"\n").replace(b"\r", b"\n")
    assert b"\n".join(read) == plain.removesuffix(b"\n")


def test_a_letter_of_dots_arrives_as_it_was_written():
    data = b"Subject: dots\r\n\r\n.\r\n..\r\n.x\r\nend\r\n"
    with mail_server() as (port, inbox), opened(Port(port)) as transport:
        assert send(transport, replace(LETTER, data=data), go).state is State.SENT
    assert inbox.envelopes[0].content == data
