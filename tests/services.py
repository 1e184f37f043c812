"""Real services that tests start themselves: on loopback, on a port of their own, ended with the test session."""

from __future__ import annotations

import os
import pwd
import shutil
import socket
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest


def skip_without(service: str) -> None:
    """Skip with a reason, or fail where every service is required."""
    if os.environ.get("DIGEST_REQUIRE_SERVICES") == "1":
        pytest.fail(f"{service} is required here and was not found")
    pytest.skip(f"{service} is not installed")


def free_port() -> int:
    """A port that nobody listens on."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


@contextmanager
def postgresql() -> Iterator[str]:
    """The address of a PostgreSQL cluster made for this session: postgresql://postgres@127.0.0.1:PORT/postgres.

    The server refuses to run as root, so that root starts it as the user of Debian's package.
    """
    programs = _programs()
    if programs is None:
        skip_without("PostgreSQL")
        return
    home = Path(tempfile.mkdtemp(prefix="digest-postgresql-"))
    as_user: list[str] = []
    if os.geteuid() == 0:
        owner = pwd.getpwnam("postgres")
        os.chown(home, owner.pw_uid, owner.pw_gid)
        as_user = ["setpriv", f"--reuid={owner.pw_uid}", f"--regid={owner.pw_gid}", "--clear-groups"]
    data, port = home / "data", free_port()

    def call(program: str, *arguments: str) -> None:
        done = subprocess.run(
            [*as_user, str(programs / program), *arguments], capture_output=True, text=True, cwd=home, check=False
        )
        assert done.returncode == 0, f"{program}: {done.stdout}{done.stderr}"

    call("initdb", "-D", str(data), "-U", "postgres", "-A", "trust", "--no-sync", "-E", "UTF8", "--locale=C.UTF-8")
    options = f"-p {port} -c listen_addresses=127.0.0.1 -k {home} -c fsync=off -c max_connections=60"
    call("pg_ctl", "-D", str(data), "-w", "-l", str(home / "log"), "-o", options, "start")
    try:
        yield f"postgresql://postgres@127.0.0.1:{port}/postgres"
    finally:
        call("pg_ctl", "-D", str(data), "-w", "-m", "immediate", "stop")
        shutil.rmtree(home, ignore_errors=True)


def _programs() -> Path | None:
    """The folder that has initdb and pg_ctl; Debian keeps them off the path."""
    found = sorted(Path("/usr/lib/postgresql").glob("*/bin/initdb"), key=lambda path: float(path.parts[4]))
    if found:
        return found[-1].parent
    named = shutil.which("initdb")
    return Path(named).resolve().parent if named else None
