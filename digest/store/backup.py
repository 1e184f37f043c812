"""A copy of the whole store in one file, taken in one transaction while others go on writing."""

from __future__ import annotations

import os
import shutil
import subprocess
from contextlib import closing
from pathlib import Path

from digest.errors import StoreError
from digest.store.connect import Database


def back_up(database: Database, file: Path) -> None:
    """Write a store into a new file: an SQLite database, or the archive format of pg_dump.

    Raises:
        StoreError: there is no store yet, pg_dump is not installed, or says no; no file is left behind.
        FileExistsError: the file is there already.
    """
    if not database.exists or database.revision() is None:
        raise StoreError(f"{database.url.database} is no store yet")
    file.parent.mkdir(parents=True, exist_ok=True)
    file.touch(mode=0o600, exist_ok=False)  # both ways fill an empty file, so nobody else can ever read it
    try:
        if database.dialect == "sqlite":
            _vacuum(database, file)
        else:
            _dump(database, file)
    except BaseException:
        file.unlink(missing_ok=True)
        raise


def server_of(database: Database) -> tuple[str, dict[str, str]]:
    """A PostgreSQL database as its own programs take it: the address, and an environment with the password."""
    url = database.url.set(drivername="postgresql", password=None).render_as_string()
    return url, os.environ | ({"PGPASSWORD": database.url.password} if database.url.password else {})


def _vacuum(database: Database, file: Path) -> None:
    with closing(database.engine.raw_connection()) as connection:
        connection.cursor().execute("VACUUM INTO ?", (str(file),))


def _dump(database: Database, file: Path) -> None:
    command = shutil.which("pg_dump")
    if command is None:
        raise StoreError("pg_dump is not installed: it comes with the client of PostgreSQL")
    url, environment = server_of(database)
    done = subprocess.run(  # noqa: S603  # the path is pg_dump's own, the arguments are ours
        [command, "--format=custom", f"--file={file}", f"--dbname={url}"],
        env=environment,
        capture_output=True,
        text=True,
        check=False,
    )
    if done.returncode:
        raise StoreError(f"pg_dump: {done.stderr.strip()}")
