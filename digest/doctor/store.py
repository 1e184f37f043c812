"""What the store lies on, and how it stands; it is only looked at."""

from __future__ import annotations

from contextlib import closing
from pathlib import Path

import sqlalchemy as sa

from digest.app import App
from digest.doctor.check import Trouble
from digest.store.connect import HEAD, Database

#: file systems on which several machines can write, whose locks SQLite cannot rely on (https://sqlite.org/wal.html)
_NETWORK = ("nfs", "cifs", "smb", "9p", "afs", "ceph", "gluster", "lustre", "fuse.sshfs", "davfs")

_MOUNTS = Path("/proc/mounts")


def check_place(app: App) -> str | Trouble:
    """The folder of an SQLite file; a server looks after its own."""
    url = sa.make_url(app.config.store)
    if url.get_backend_name() != "sqlite":
        return f"on the server {url.host or 'of this machine'}"
    folder = Path(url.database or "").parent
    kind = file_system(folder)
    if kind.startswith(_NETWORK):
        return Trouble(
            f"{folder} is on a network file system ({kind})", "put it on a disk of this machine, or use PostgreSQL"
        )
    return f"{folder} ({kind or 'file system unknown'})"


def check_schema(app: App) -> str | Trouble:
    """Whether this version and the store understand each other."""
    with closing(Database(app.config.store)) as database:
        revision = database.revision() if database.exists else None
    if revision is None:
        return "no store yet; the first run makes it"
    if revision > HEAD:
        return Trouble(f"the store has schema {revision}, this version knows {HEAD}", "install a newer digest")
    return f"schema {revision}" + ("" if revision == HEAD else f"; the next run makes it {HEAD}")


def check_soundness(app: App) -> str | Trouble:
    """Whether every page of an SQLite file is what it should be."""
    with closing(Database(app.config.store)) as database:
        if not database.exists or database.dialect != "sqlite":
            return "nothing to be looked at" if database.dialect == "sqlite" else "the server's own business"
        with database.read() as connection:
            said = list(connection.execute(sa.text("PRAGMA quick_check(3)")).scalars())
    if said != ["ok"]:
        return Trouble(f"damaged: {'; '.join(said)}", "stop everything, and `digest db restore` the newest backup")
    return "sound"


def file_system(folder: Path) -> str:
    """The kind of file system that a folder is on, as Linux calls it; empty where nobody says."""
    if not _MOUNTS.exists():
        return ""
    mounts = [line.split()[1:3] for line in _MOUNTS.read_text(encoding="utf-8").splitlines()]
    above = {str(folder.resolve()), *map(str, folder.resolve().parents)}
    found = [(len(place), kind) for place, kind in mounts if place in above]
    return max(found, default=(0, ""))[1]
