"""Who may see and do what an operator may: visitors who know the admin token, from this machine or over https."""

from __future__ import annotations

import logging
import secrets
from collections.abc import Callable
from datetime import datetime, timedelta
from ipaddress import ip_address
from pathlib import Path

from starlette.requests import Request

from digest.config import secret_in
from digest.errors import UsageError
from digest.subscribers.tokens import Keyring
from digest.web.visitors import Visitors

_log = logging.getLogger(__name__)

COOKIE = "admin"

#: how long a session lasts
SESSION = timedelta(hours=8)

#: no token shorter than this is taken: one of this length is never guessed
_SHORTEST = 20


class Gate:
    """Knows the admin token, which is read anew each time: another token in the file ends every session."""

    def __init__(
        self,
        file: Path | None,
        *,
        keyring: Keyring,
        clock: Callable[[], datetime],
        visitors: Visitors,
        is_public: bool,
    ) -> None:
        """`file` holds the token, None for no admin at all; `is_public` says whether the site is reached by https.

        Raises:
            UsageError: the file cannot be used, or its token is too short.
        """
        self._file = file
        self._keyring = keyring
        self._clock = clock
        self._visitors = visitors
        self.is_public = is_public
        if file is not None and len(secret_in(file, "token")) < _SHORTEST:
            raise UsageError(
                f"{file}: holds a token of fewer than {_SHORTEST} characters; `openssl rand -hex 24` makes one"
            )

    @property
    def exists(self) -> bool:
        """Whether there is anything behind it."""
        return self._file is not None

    def is_for(self, request: Request) -> bool:
        """Whether a visitor may come near it: over https from anywhere, in clear only from this machine."""
        return self.exists and (self.is_public or self.is_local(request))

    def is_local(self, request: Request) -> bool:
        """Whether a visitor sits at this machine; who came through a proxy that we do not trust does not."""
        address = self._visitors.address(request)
        peer = request.client.host if request.client else ""
        is_passed_on = "x-forwarded-for" in request.headers or "forwarded" in request.headers
        return _is_loopback(address) and not (is_passed_on and address == peer)

    def knows(self, said: str) -> bool:
        """Whether this is the token, told in a time that does not depend on how near it is."""
        token = self._token()
        return token is not None and self._keyring.is_same(self._hashed(said), self._hashed(token))

    def has_token(self, request: Request) -> bool:
        """Whether a program brings the token along: Authorization: Bearer TOKEN."""
        scheme, _, said = request.headers.get("authorization", "").partition(" ")
        return self.is_for(request) and scheme.lower() == "bearer" and self.knows(said.strip())

    # --- sessions ---

    def begin(self) -> str:
        """A new session for who knows the token, as the value of a cookie."""
        until = int((self._clock() + SESSION).timestamp())
        head = f"{until}-{secrets.token_hex(8)}"
        return f"{head}-{self._mac(head, self._token() or secrets.token_hex())}"

    def is_session(self, session: str) -> bool:
        """Whether a session was begun with today's token, and has not ended."""
        head, _, mac = session.rpartition("-")
        until = head.partition("-")[0]
        token = self._token()
        if token is None or not (until.isascii() and until.isdigit()):
            return False
        is_genuine = self._keyring.is_same(mac, self._mac(head, token))
        return is_genuine and self._clock().timestamp() < int(until)

    def _token(self) -> str | None:
        """The token as it stands in the file now; None where nobody may come in."""
        if self._file is None:
            return None
        try:
            return secret_in(self._file, "token")
        except UsageError as error:
            _log.error("%s", error)  # the sentence says it all
            return None

    def _hashed(self, token: str) -> str:
        return self._keyring.fingerprint(f"admin token {token}")

    def _mac(self, head: str, token: str) -> str:
        return self._keyring.fingerprint(f"admin session {head} {token}")


def _is_loopback(address: str) -> bool:
    try:
        return ip_address(address).is_loopback
    except ValueError:
        return False
