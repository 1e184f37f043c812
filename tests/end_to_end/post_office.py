"""Postfix and Dovecot as a test runs them: instances of its own, on ports of its own, below one folder.

Every address at readers.test is a mailbox, read by IMAP with the password "secret". Nothing leaves the machine.
"""

from __future__ import annotations

import imaplib
import os
import pwd
import shutil
import signal
import socket
import subprocess
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path

import trustme

from tests.services import free_port, skip_without

_PACKAGED = Path("/usr/share/postfix/master.cf.dist")  # the services that make up a Postfix, as Debian ships them
_SERVICES = ("pickup", "cleanup", "qmgr", "tlsmgr", "rewrite", "bounce", "defer", "trace", "verify", "proxymap")
_SERVICES += ("proxywrite", "smtp", "relay", "error", "retry", "discard", "lmtp", "anvil", "scache", "postlog")

_POSTFIX = """\
compatibility_level = 3.6
myhostname = mail.digest.test
mydestination =
mynetworks = 127.0.0.0/8
inet_interfaces = 127.0.0.1
inet_protocols = ipv4
queue_directory = {folder}/queue
data_directory = {folder}/data
maillog_file = {folder}/postfix.log
maillog_file_prefixes = {folder}
default_transport = error:nothing leaves this machine
relay_transport = error:nothing leaves this machine
local_transport = error:nobody lives here
alias_maps =
local_recipient_maps =
smtp_dns_support_level = disabled
lmtp_host_lookup = native
relay_domains = readers.test
relay_recipient_maps =
smtpd_relay_restrictions = permit_mynetworks, reject_unauth_destination
transport_maps = inline:{{ {{ readers.test = lmtp:inet:127.0.0.1:{lmtp} }} }}
smtpd_tls_security_level = encrypt
smtpd_tls_received_header = yes
smtpd_tls_chain_files = {folder}/server.pem
"""

_DOVECOT = """\
protocols = imap lmtp
listen = 127.0.0.1
base_dir = {folder}/run
state_dir = {folder}/state
log_path = {folder}/dovecot.log
ssl = no
disable_plaintext_auth = no
mail_location = maildir:~/Maildir
recipient_delimiter = +
first_valid_uid = 1
passdb {{
  driver = static
  args = password=secret
}}
userdb {{
  driver = static
  args = uid=mail gid=mail home={folder}/mail/%d/%n allow_all_users=yes
}}
service imap-login {{
  inet_listener imap {{
    port = {imap}
  }}
  inet_listener imaps {{
    port = 0
  }}
}}
service lmtp {{
  inet_listener lmtp {{
    address = 127.0.0.1
    port = {lmtp}
  }}
}}
service anvil {{
  chroot =
}}
"""


@dataclass(frozen=True, kw_only=True)
class PostOffice:
    """Where letters are handed in, and where they are read."""

    smtp: int  #: port; it takes letters only behind STARTTLS
    imap: int  #: port
    authority: Path  #: the certificate to trust

    def read(self, address: str, *, patience: float = 20) -> list[bytes]:
        """The letters in a mailbox, waiting some seconds for the first."""
        end = time.monotonic() + patience
        while not (found := self._all(address)) and time.monotonic() < end:
            time.sleep(0.1)
        return found

    def _all(self, address: str) -> list[bytes]:
        with imaplib.IMAP4("127.0.0.1", self.imap) as mailbox:
            mailbox.login(address, "secret")
            mailbox.select()
            _, (numbers,) = mailbox.search(None, "ALL")
            return [mailbox.fetch(number.decode(), "(RFC822)")[1][0][1] for number in numbers.split()]  # type: ignore[index,misc]


@contextmanager
def post_office() -> Iterator[PostOffice]:
    """Runs while the block does; skipped where the programs are missing, or may not change to other users."""
    if not shutil.which("postfix") or not _PACKAGED.exists():
        skip_without("Postfix")
    if not shutil.which("dovecot") or not Path("/usr/lib/dovecot/lmtp").exists():
        skip_without("Dovecot with IMAP and LMTP")
    if os.geteuid() != 0:
        skip_without("the right to start Postfix and Dovecot, which need root")
    folder = Path(tempfile.mkdtemp(prefix="digest-post-"))
    folder.chmod(0o755)  # each of their processes has a user of its own
    smtp, lmtp, imap = free_port(), free_port(), free_port()
    authority = trustme.CA()
    authority.cert_pem.write_to_path(str(folder / "authority.pem"))
    authority.issue_cert("localhost").private_key_and_cert_chain_pem.write_to_path(str(folder / "server.pem"))
    try:
        with _dovecot(folder, lmtp=lmtp, imap=imap), _postfix(folder, smtp=smtp, lmtp=lmtp):
            yield PostOffice(smtp=smtp, imap=imap, authority=folder / "authority.pem")
    finally:
        shutil.rmtree(folder, ignore_errors=True)


@contextmanager
def _postfix(folder: Path, *, smtp: int, lmtp: int) -> Iterator[None]:
    home = folder / "postfix"
    for path in (home, folder / "queue", folder / "data"):
        path.mkdir()
    shutil.chown(folder / "data", "postfix")
    settings = _POSTFIX.format(folder=folder, lmtp=lmtp) + _default("mail_owner", "setgid_group", "shlib_directory")
    (home / "main.cf").write_text(settings + _default("command_directory", "daemon_directory"))
    (home / "master.cf").write_text(f"127.0.0.1:{smtp} inet n - n - - smtpd\n{_services()}")
    with _program(["postfix", "-c", str(home), "start-fg"], [smtp], folder):
        yield


@contextmanager
def _dovecot(folder: Path, *, lmtp: int, imap: int) -> Iterator[None]:
    settings, mail = folder / "dovecot.conf", folder / "mail"
    settings.write_text(_DOVECOT.format(folder=folder, lmtp=lmtp, imap=imap))
    mail.mkdir()
    owner = pwd.getpwnam("mail")
    os.chown(mail, owner.pw_uid, owner.pw_gid)
    with _program(["dovecot", "-F", "-c", str(settings)], [imap, lmtp], folder):
        yield


@contextmanager
def _program(command: list[str], ports: list[int], folder: Path) -> Iterator[None]:
    """Runs in the foreground until the block ends."""
    said = (folder / "said").open("ab")
    with said, subprocess.Popen(command, stdout=said, stderr=said, start_new_session=True) as process:
        try:
            for port in ports:
                _wait_for(port, process, folder)
            yield
        finally:
            os.killpg(process.pid, signal.SIGTERM)  # Postfix stays a child of the script that starts it
            process.wait(30)


def _default(*names: str) -> str:
    return subprocess.run(["postconf", "-d", *names], capture_output=True, text=True, check=True).stdout


def _services() -> str:
    """The packaged list, but for what listens, and without jails: below our folder there is nothing to jail into."""
    kept = []
    for line in _PACKAGED.read_text().splitlines():
        fields = line.split()
        if len(fields) >= 8 and fields[0] in _SERVICES and fields[1] != "inet":
            kept.append(" ".join([*fields[:4], "n", *fields[5:]]))
    return "\n".join(kept) + "\n"


def _wait_for(port: int, process: subprocess.Popen[bytes], folder: Path) -> None:
    end = time.monotonic() + 20
    while process.poll() is None and time.monotonic() < end:
        with suppress(OSError), socket.create_connection(("127.0.0.1", port), timeout=1):
            return
        time.sleep(0.05)
    logs = "".join(path.read_text() for path in [folder / "said", *folder.glob("*.log")])
    raise RuntimeError(f"nobody listens on port {port}: {logs}")
