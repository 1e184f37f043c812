"""The doctor: looks at everything that a digest depends on, changes nothing and mails nothing.

machine.py   Python, the clock, files that must be private
store.py     the store, and what it lies on
mail.py      templates, the mail server, what the law asks for
domain.py    what the world's name servers say about the sender's domain
"""

from __future__ import annotations

from collections.abc import Iterator

from digest.app import App
from digest.doctor.check import Check, Examine, made
from digest.doctor.domain import domain_checks
from digest.doctor.machine import check_clock, check_private_files, check_python
from digest.doctor.mail import check_postal_address, check_smtp, check_templates
from digest.doctor.names import Resolver
from digest.doctor.store import check_place, check_schema, check_soundness

__all__ = ["Check", "examine"]

#: in this order, each as {name: how to examine it}
_ALWAYS: dict[str, Examine] = {
    "python": check_python,
    "templates": check_templates,
    "place of the store": check_place,
    "schema": check_schema,
    "soundness of the store": check_soundness,
    "clock": check_clock,
    "private files": check_private_files,
}

_MAILING: dict[str, Examine] = {
    "postal address": check_postal_address,
    "mail server": check_smtp,
}


def examine(app: App, resolver: Resolver) -> Iterator[Check]:
    """How everything stands, one check at a time; what only mail needs is left out where letters stay on disk."""
    for name, how in _ALWAYS.items():
        yield made(name, how, app)
    if app.transport == "smtp":
        for name, how in (_MAILING | domain_checks(app.config, resolver)).items():
            yield made(name, how, app)
