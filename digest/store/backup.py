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
        StoreError: pg_dump is not installed, or says no.
    """
    file.parent.mkdir(parents=True, exist_ok=True)
    file.touch(mode=0o600, exist_ok=False)
    if database.dialect == "sqlite":
        file.unlink()  # VACUUM INTO wants to make the file itself
        with closing(database.engine.raw_connection()) as connection:
            connection.cursor().execute("VACUUM INTO ?", (str(file),))
        file.chmod(0o600)
        return
    command = shutil.which("pg_dump")
    if command is None:
        raise StoreError("pg_dump is not installed: it comes with the client of PostgreSQL")
    url = database.url.set(drivername="postgresql", password=None).render_as_string()
    environment = os.environ | ({"PGPASSWORD": database.url.password} if database.url.password else {})
    done = subprocess.run(  # noqa: S603  # the path is pg_dump's own, the arguments are ours
        [command, "--format=custom", f"--file={file}", f"--dbname={url}"],
        env=environment,
        capture_output=True,
        text=True,
        check=False,
    )
    if done.returncode:
        raise StoreError(f"pg_dump: {done.stderr.strip()}")
