"""Pages: the templates of templates/web with everything that all of them share."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

from jinja2 import Environment, FileSystemLoader, StrictUndefined, TemplateError
from starlette.responses import HTMLResponse, Response

import digest
from digest.errors import TemplateError as BadTemplate
from digest.letter.templates import Templates, shipped_folder
from digest.model import Site


class Pages:
    """Renders pages; every value in them is escaped.

    Raises:
        TemplateError: a template is wrong; names the file.
    """

    def __init__(self, site: Site, templates: Templates, *, folder: Path | None = None) -> None:
        """`folder` holds an operator's own templates in `web/`, which stand before the shipped ones."""
        self.words = templates.words
        folders = [each / "web" for each in (folder, _shipped()) if each is not None]
        self._environment = Environment(
            loader=FileSystemLoader(folders),
            autoescape=True,
            undefined=StrictUndefined,
            trim_blocks=True,
            lstrip_blocks=True,
        )
        self._environment.globals |= {
            "site": site,
            "site_name": templates.logo or site.name,
            "colours": templates.colours,
            "words": templates.words,
            "version": digest.__version__,
        }
        self._environment.filters |= {"masked": masked, "tenths": tenths}
        for name in self._environment.list_templates():
            self._compiled(name)
        self.style = re.sub(r"\s+", " ", self.text("style.css")).encode()
        self.script = self.text("live.js").encode()

    def page(self, template: str, code: int = 200, /, **values: object) -> HTMLResponse:
        """A page as an answer."""
        return HTMLResponse(self.text(template, **values), code)

    def text(self, template: str, /, **values: object) -> str:
        """What a template prints."""
        return str(self._compiled(template).render(**values))

    def refusal(self, status: int, sentence: str) -> Response:
        """The page that says why something was not done."""
        return self.page("refused.html", status, status=status, sentence=sentence)

    def _compiled(self, name: str) -> Any:
        try:
            return self._environment.get_template(name)
        except TemplateError as error:
            raise BadTemplate(f"web/{name}: {error}") from error


def masked(address: str) -> str:
    """An address as it may be shown to whoever holds a link: a••@example.org."""
    local, _, domain = address.rpartition("@")
    return f"{local[:1]}••@{domain}"


def tenths(points: int) -> str:
    """Points as people read them: 40 is 4.0."""
    return f"{points / 10:.1f}"


def _shipped() -> Path:
    return shipped_folder().parent
