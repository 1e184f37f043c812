"""Forms that only our own pages can have made: each is signed for one action, one subject and the time it was shown."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any
from urllib.parse import urlsplit

from fastapi import Depends, Request
from starlette.datastructures import UploadFile

from digest.subscribers.tokens import Keyring
from digest.web.errors import Refused

#: nobody fills a form in faster by hand, and a page is not left open for longer
LEAST_AGE, LONGEST_AGE = timedelta(seconds=2), timedelta(days=2)

#: a field that people do not see; only programs fill it in
TRAP = "website"

_FIELDS = 60
_TOO_OLD = "This page has been open for a long time. Load it again, and send it once more."


@dataclass(frozen=True, slots=True)
class Posted:
    """What was posted, after its signature was checked."""

    values: Mapping[str, str]
    age: timedelta

    def __getitem__(self, name: str) -> str:
        """What a field holds, "" where there is none."""
        return self.values.get(name, "")

    @property
    def is_by_program(self) -> bool:
        """Whether no person has filled this in: too fast, or with a field that people do not see."""
        return self.age < LEAST_AGE or bool(self[TRAP])


def _token_in_path(request: Request) -> str:
    return str(request.path_params.get("token", ""))


class Forms:
    """Signs the forms of pages, and checks what comes back."""

    def __init__(self, keyring: Keyring, clock: Callable[[], datetime], own_hosts: frozenset[str]) -> None:
        self._keyring = keyring
        self._clock = clock
        self._own_hosts = own_hosts

    def sign(self, action: str, subject: str = "") -> str:
        """The hidden field of a form that does one thing to one subject, such as a person's token."""
        shown = int(self._clock().timestamp())
        return f"{shown}-{self._mac(action, subject, shown)}"

    def age(self, signed: str, action: str, subject: str = "") -> timedelta | None:
        """How long ago a form was shown; None where it was not signed for this."""
        shown, _, mac = signed.partition("-")
        if not (shown.isascii() and shown.isdigit() and len(shown) < 12):
            return None
        if not self._keyring.is_same(mac, self._mac(action, subject, int(shown))):
            return None
        return self._clock() - datetime.fromtimestamp(int(shown), UTC)

    def posted(self, action: str, subject_of: Callable[[Request], str] = _token_in_path) -> Any:
        """A dependency of a route: what was posted, refused unless our own page signed it for this action.

        The subject is the token in the route's path, if it has one, unless `subject_of` finds another in the request.
        """

        async def read(request: Request) -> Posted:
            self._check_origin(request)
            values = await fields(request)
            age = self.age(values.get("form", ""), action, subject_of(request))
            if age is None or age > LONGEST_AGE:
                raise Refused(403, _TOO_OLD)
            return Posted(values, age)

        return Depends(read)

    def _check_origin(self, request: Request) -> None:
        """Refuse what another site's page has sent, where the browser says so."""
        origin = request.headers.get("origin")
        if origin and origin != "null" and urlsplit(origin).hostname not in self._own_hosts:
            raise Refused(403, "This came from a page of another site.")

    def _mac(self, action: str, subject: str, shown: int) -> str:
        return self._keyring.fingerprint(f"form {action} {subject} {shown}")


async def fields(request: Request) -> dict[str, str]:
    """The text fields of a form in either encoding; of a name that comes twice, all of them a line each."""
    form = await request.form(max_files=0, max_fields=_FIELDS)
    values: dict[str, str] = {}
    for name, value in form.multi_items():
        if not isinstance(value, UploadFile):
            values[name] = f"{values[name]}\n{value}" if name in values else value
    return values
