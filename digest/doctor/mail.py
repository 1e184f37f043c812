"""What letters need before they leave: templates, a server that takes us, what the law asks for."""

from __future__ import annotations

import os
import smtplib

from digest.app import App
from digest.config import smtp_password
from digest.delivery.connection import Server, connect
from digest.doctor.check import Trouble
from digest.errors import DigestError

#: seconds for each answer
_PATIENCE = 15.0


def check_templates(app: App) -> str | Trouble:
    """Whether every template compiles."""
    try:
        version = app.press.template_version
    except DigestError as error:
        return Trouble(str(error), "mend the template, or take it away: the shipped one then stands in its place")
    return f"version {version}"


def check_postal_address(app: App) -> str | Trouble:
    """Bulk mail without one is against the law of many countries."""
    address = app.config.site.postal_address
    return address or Trouble("there is none, and nothing is mailed without", "set site.postal_address")


def check_smtp(app: App) -> str | Trouble:
    """Connect, verify its certificate, log in; no letter is offered."""
    smtp = app.config.delivery.smtp
    where = f"{smtp.host}:{smtp.port}"
    server = Server(
        host=smtp.host,
        port=smtp.port,
        tls=smtp.tls,
        username=smtp.username,
        password=smtp_password(app.config, os.environ),
        hello=smtp.hello,
    )
    try:
        connection = connect(server, _PATIENCE)
    except DigestError as error:
        return Trouble(str(error), "look at delivery.smtp: host, port, tls, username, and the password")
    except (OSError, smtplib.SMTPException) as error:
        return Trouble(f"{where}: {error}", "look at delivery.smtp: host and port; is the server running?")
    extensions = ", ".join(sorted(set(connection.esmtp_features) & {"pipelining", "8bitmime", "smtputf8"}))
    connection.close()
    done = {"none": "in clear, on this machine", "starttls": "TLS verified", "implicit": "TLS verified"}[smtp.tls]
    return f"{where}: {done}{', logged in' if smtp.username else ''}; {extensions or 'no extensions'}"
