"""Around every request: whose name it used, how large it is, and what every answer forbids."""

from __future__ import annotations

from starlette.datastructures import Headers, MutableHeaders
from starlette.responses import PlainTextResponse
from starlette.types import ASGIApp, Message, Receive, Scope, Send

#: more than any form holds; interests have 10,000 characters
MOST_BYTES = 100_000

#: Pages ask nobody but this site for anything, run no script but its own, and stand in nobody's frame.
POLICY = (
    "default-src 'none'; style-src 'self'; script-src 'self'; connect-src 'self'; img-src 'self' data:; "
    "form-action 'self'; base-uri 'none'; frame-ancestors 'none'"
)

_HEADERS = {
    "content-security-policy": POLICY,
    "x-content-type-options": "nosniff",
    "referrer-policy": "no-referrer",
    "cross-origin-opener-policy": "same-origin",
    "permissions-policy": "camera=(), geolocation=(), microphone=()",
}


class Guard:
    """Wraps the site. `hosts` are the names it answers to: links are built from the configuration, never from these."""

    def __init__(self, site: ASGIApp, *, hosts: frozenset[str]) -> None:
        self._site = site
        self._hosts = hosts

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """One request."""
        if scope["type"] != "http":
            await self._site(scope, receive, send)
            return
        headers = Headers(scope=scope)
        is_head = scope["method"] == "HEAD"
        guarded = _Guarded(receive, send, is_head=is_head)
        if _hostname(headers.get("host", "")) not in self._hosts:
            await PlainTextResponse("There is no such site here.\n", 421)(scope, receive, guarded.send)
        elif _length(headers) > MOST_BYTES:
            await PlainTextResponse("This is more than any form holds.\n", 413)(scope, receive, guarded.send)
        else:
            inner = {**scope, "method": "GET"} if is_head else scope
            await self._site(inner, guarded.receive, guarded.send)


class _Guarded:
    """The two ends of one request."""

    def __init__(self, receive: Receive, send: Send, *, is_head: bool) -> None:
        self._receive = receive
        self._send = send
        self._is_head = is_head
        self._received = 0

    async def receive(self) -> Message:
        """What the visitor sends, cut off where it is too much: a length may be missing, or a lie."""
        message = await self._receive()
        self._received += len(message.get("body", b""))
        if self._received > MOST_BYTES:
            return {"type": "http.disconnect"}
        return message

    async def send(self, message: Message) -> None:
        """What the site answers, with what every answer forbids; HEAD gets no body."""
        if message["type"] == "http.response.start":
            headers = MutableHeaders(scope=message)
            for name, value in _HEADERS.items():
                headers.setdefault(name, value)
            headers.setdefault("cache-control", "no-store")
        elif self._is_head and message["type"] == "http.response.body":
            message = {**message, "body": b""}
        await self._send(message)


def _hostname(host: str) -> str:
    """The name in a Host header without its port."""
    if host.startswith("["):
        return host.partition("]")[0].removeprefix("[").lower()
    return host.partition(":")[0].lower()


def _length(headers: Headers) -> int:
    length = headers.get("content-length", "0")
    return int(length) if length.isascii() and length.isdigit() else 0
