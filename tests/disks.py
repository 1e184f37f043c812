"""Small disks that tests can fill: a file system in memory, seen only by the command that is run on it."""

from __future__ import annotations

import os
import shlex
import subprocess
from pathlib import Path

from tests.services import skip_without

#: octets; room for a store and little else
SIZE = 1_500_000


def on_small_disk(folder: Path, *command: str, size: int = SIZE) -> subprocess.CompletedProcess[str]:
    """How a command ended in whose eyes `folder` is an empty disk of this size; skipped where nobody may mount."""
    if subprocess.run(["unshare", "--mount", "true"], capture_output=True, check=False).returncode:
        skip_without("the right to mount a file system")
    mount = f"mount -t tmpfs -o size={size} tmpfs {shlex.quote(str(folder))} && exec {shlex.join(command)}"
    return subprocess.run(
        ["unshare", "--mount", "sh", "-c", mount],
        capture_output=True,
        text=True,
        check=False,
        env=os.environ | {"PYTHONPATH": str(Path.cwd())},
    )
