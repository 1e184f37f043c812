"""The wheel, built from this checkout and installed elsewhere, holds everything that the first commands need."""

from __future__ import annotations

import os
import subprocess
import sys
import sysconfig
import zipfile
from pathlib import Path

import pytest

from tests.cli.place import OFFLINE

ROOT = Path(__file__).parents[1]


def call(*command: str | Path, cwd: Path, **environment: str) -> str:
    """What a command that must succeed says on standard output."""
    names = ("DIGEST_", "PYTHON", "PIP_")
    clean = {name: value for name, value in os.environ.items() if not name.startswith(names)}
    done = subprocess.run(
        [str(part) for part in command], cwd=cwd, env=clean | environment, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A wheel of this checkout."""
    folder = tmp_path_factory.mktemp("wheel")
    call(sys.executable, "-m", "hatchling", "build", "-t", "wheel", "-d", folder, cwd=ROOT)
    (built,) = folder.glob("*.whl")
    return built


@pytest.fixture(scope="module")
def installed(wheel: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The `bin` of an environment of its own with the wheel in it; what it depends on is lent by this one."""
    home = tmp_path_factory.mktemp("installed")
    call(sys.executable, "-m", "venv", "--without-pip", home, cwd=home)
    python = home / "bin" / "python"
    pip = (sys.executable, "-m", "pip", "--python", python, "--quiet", "--disable-pip-version-check")
    call(*pip, "install", "--no-index", "--no-deps", wheel, cwd=home)
    packages = call(python, "-c", "import sysconfig; print(sysconfig.get_path('purelib'))", cwd=home).strip()
    (Path(packages) / "lent.pth").write_text(sysconfig.get_path("purelib") + "\n", encoding="utf-8")
    return home / "bin"


def test_it_holds_the_program_and_what_that_reads_and_nothing_else(wheel):
    names = set(zipfile.ZipFile(wheel).namelist())
    read = {path.relative_to(ROOT).as_posix() for path in (ROOT / "templates").rglob("*") if path.is_file()}
    assert {f"digest/{name}" for name in read} <= names
    assert {"digest/starter/config.yaml", "digest/sources/sample.json"} <= names
    migrations = (ROOT / "digest/store/migrations/versions").glob("*.py")
    assert {path.relative_to(ROOT).as_posix() for path in migrations} <= names
    tops = {name.partition("/")[0] for name in names}
    assert len(tops) == 2
    assert all(top == "digest" or top.endswith(".dist-info") for top in tops)
    assert not any(name.endswith((".pyc", ".db")) for name in names)


def test_it_works_in_a_place_of_its_own(installed, tmp_path):
    found = call(installed / "python", "-c", "import digest; print(digest.__file__)", cwd=tmp_path).strip()
    assert Path(found).is_relative_to(installed.parent)
    call(installed / "digest", "init", cwd=tmp_path)
    said = call(installed / "digest", "send", "--now", cwd=tmp_path, PYTHONPATH=str(OFFLINE))
    assert "sent: 1 letter sent" in said
    assert "Open out/index.html" in said
    (letter,) = tmp_path.glob("out/20*/*.html")
    assert "sample" in letter.read_text(encoding="utf-8").lower()
    assert "has the letter of" in call(installed / "digest", "send", "--now", cwd=tmp_path, PYTHONPATH=str(OFFLINE))
