"""What this process has counted since it began."""

from __future__ import annotations

from prometheus_client import CollectorRegistry, Counter
from starlette.types import ASGIApp, Message, Receive, Scope, Send


class Meter:
    """Counts pages and sign-ups in a registry of its own; nobody is told apart."""

    def __init__(self) -> None:
        self.registry = CollectorRegistry()
        self._pages = Counter("digest_pages", "Pages answered, by class of status.", ["status"], registry=self.registry)
        self._asked = Counter("digest_sign_ups_asked", "Sign-ups asked for.", registry=self.registry)

    def answered(self, status: int) -> None:
        """A page was answered."""
        self._pages.labels(f"{status // 100}xx").inc()

    def asked(self) -> None:
        """Somebody wants letters."""
        self._asked.inc()


class Metered:
    """Wraps the site, and counts what it answers."""

    def __init__(self, site: ASGIApp, meter: Meter) -> None:
        self._site = site
        self._meter = meter

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """One request."""

        async def counted(message: Message) -> None:
            if message["type"] == "http.response.start":
                self._meter.answered(message["status"])
            await send(message)

        await self._site(scope, receive, counted)
