"""Runs that somebody asks for on a page or over the API: one at a time, and the same as the commands do."""

from __future__ import annotations

from threading import Lock

from digest.app import App
from digest.errors import SetupError, TemplateError, UsageError
from digest.pipeline.report import Report
from digest.run import rehearse, run_by_hand
from digest.web.errors import Refused


class Trigger:
    """Starts runs by hand, and waits for them."""

    def __init__(self, app: App) -> None:
        self._app = app
        self._lock = Lock()

    def run(self, email: str | None = None, *, is_dry: bool) -> Report:
        """What `digest send` does for all who are due, or for one of them, with or without --dry-run.

        Raises:
            Refused: a run is under way, nobody has this address, or this configuration must not send.
            StoreError: the store cannot be used.
        """
        if not self._lock.acquire(blocking=False):
            raise Refused(409, "A run is under way already. Wait until it has ended.")
        try:
            result = rehearse(self._app, email) if is_dry else run_by_hand(self._app, email)
        except UsageError as error:
            raise Refused(422, str(error)) from error
        except (SetupError, TemplateError) as error:
            raise Refused(503, str(error)) from error
        finally:
            self._lock.release()
        return result.report
