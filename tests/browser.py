"""A real browser for tests and pictures: Chromium, driven over a pipe, with a record of every address it asks for."""

from __future__ import annotations

import base64
import fcntl
import json
import os
import select
import shutil
import subprocess
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

_FLAGS = [
    "--headless", "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--hide-scrollbars",
    "--disable-background-networking", "--disable-component-update", "--disable-sync", "--remote-debugging-pipe",
]  # fmt: skip
_QUALITY = 72  # of a lossy picture, in percent
_PATIENCE = 60.0  # seconds, for one answer on a busy machine


def chromium() -> str | None:
    """Where the browser is, if there is one."""
    return shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")


@contextmanager
def opened(program: str) -> Iterator[Browser]:
    """A browser of our own, ended afterwards with all that it has started."""
    commands, to_browser = _pipe()
    from_browser, answers = _pipe()
    with tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as profile:
        # it reads commands from its file 3 and answers on its file 4; the plainest shells know no files above 9
        starter = ["bash", "-c", f'exec "$@" 3<&{commands} 4>&{answers}', "bash"]
        process = subprocess.Popen(
            [*starter, program, *_FLAGS, f"--user-data-dir={profile}"],
            pass_fds=(commands, answers),
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        )
        os.close(commands)
        os.close(answers)
        browser = Browser(to_browser, from_browser)
        try:
            yield browser
        finally:
            browser.close()
            try:
                process.wait(timeout=10)
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait()
            os.close(to_browser)
            os.close(from_browser)


def _pipe() -> tuple[int, int]:
    """A pipe whose ends have numbers that the browser's own 3 and 4 do not meet."""
    low = os.pipe()
    high = tuple(fcntl.fcntl(end, fcntl.F_DUPFD_CLOEXEC, 10) for end in low)
    for end in low:
        os.close(end)
    return high  # type: ignore[return-value]  # two of them


class Browser:
    """One window. Pages come from a string; every address that they make it ask for is in `asked`."""

    def __init__(self, to_browser: int, from_browser: int) -> None:
        self._to, self._from = to_browser, from_browser
        self._last = 0
        self._unread = b""
        self._session: str | None = None
        self._events: list[dict[str, Any]] = []
        target = self._call("Target.createTarget", url="about:blank")["targetId"]
        self._session = self._call("Target.attachToTarget", targetId=target, flatten=True)["sessionId"]
        for domain in ("Page", "Network", "Runtime"):
            self._call(f"{domain}.enable")

    @property
    def asked(self) -> list[str]:
        """The addresses asked for since the page was opened, without the page itself."""
        requests = [event["params"] for event in self._events if event["method"] == "Network.requestWillBeSent"]
        return [each["request"]["url"] for each in requests if each.get("type") != "Document"]

    @property
    def said(self) -> list[str]:
        """Dialogs, and what scripts have written to the console, since the page was opened."""
        heard = ("Page.javascriptDialogOpening", "Runtime.consoleAPICalled", "Runtime.exceptionThrown")
        return [event["method"] for event in self._events if event["method"] in heard]

    def open(self, html: str, *, width: int = 600, scheme: str = "light") -> None:
        """Show the page, in a window of this width, to somebody who likes this scheme."""
        self._call("Emulation.setEmulatedMedia", features=[{"name": "prefers-color-scheme", "value": scheme}])
        self._size(width, 900, 1)
        with tempfile.NamedTemporaryFile("w", suffix=".html", encoding="utf-8") as file:
            file.write(html)
            file.flush()
            self._events.clear()
            self._call("Page.navigate", url=Path(file.name).as_uri())
            self._wait_for("Page.loadEventFired")

    def run(self, script: str) -> Any:
        """What an expression comes to; a promise is waited for."""
        done = self._call("Runtime.evaluate", expression=script, awaitPromise=True, returnByValue=True)
        assert "exceptionDetails" not in done, done["exceptionDetails"]
        return done["result"].get("value")

    def picture(self, *, width: int, height: int | None = None, scale: float = 2, form: str = "webp") -> bytes:
        """The page as a picture, from its top: all of it, or as much as `height` pixels."""
        whole = self.run("Math.ceil(document.documentElement.getBoundingClientRect().height)")
        shown = min(whole, height or whole)
        self._size(width, shown, scale)
        clip = {"x": 0, "y": 0, "width": width, "height": shown, "scale": 1}
        how = {"format": form} | ({"quality": _QUALITY} if form == "webp" else {})
        taken = self._call("Page.captureScreenshot", clip=clip, **how)
        return base64.b64decode(taken["data"])

    def close(self) -> None:
        """Ask the browser to end."""
        self._session = None
        try:
            self._call("Browser.close")
        except OSError:
            return

    def _size(self, width: int, height: int, scale: float) -> None:
        metrics = {"width": width, "height": height, "deviceScaleFactor": scale, "mobile": False}
        self._call("Emulation.setDeviceMetricsOverride", **metrics)

    def _call(self, method: str, **parameters: Any) -> dict[str, Any]:
        self._last += 1
        command: dict[str, Any] = {"id": self._last, "method": method, "params": parameters}
        if self._session:
            command["sessionId"] = self._session
        os.write(self._to, json.dumps(command).encode() + b"\0")
        while (answer := self._next()).get("id") != self._last:
            self._events.append(answer)
        assert "error" not in answer, f"{method}: {answer.get('error')}"
        return dict(answer["result"])

    def _wait_for(self, method: str) -> None:
        while not any(event["method"] == method for event in self._events):
            self._events.append(self._next())

    def _next(self) -> dict[str, Any]:
        end = time.monotonic() + _PATIENCE
        while b"\0" not in self._unread:
            ready, _, _ = select.select([self._from], [], [], max(end - time.monotonic(), 0))
            if not ready:
                raise TimeoutError("the browser does not answer")
            if not (read := os.read(self._from, 1 << 20)):
                raise ConnectionError("the browser has gone")
            self._unread += read
        found, _, self._unread = self._unread.partition(b"\0")
        return dict(json.loads(found))
