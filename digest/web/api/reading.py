"""Editions and works over the API: what was announced, as anybody may see it."""

from __future__ import annotations

from dataclasses import asdict
from typing import Annotated, Any

import sqlalchemy as sa
from fastapi import APIRouter, Path, Query

from digest.errors import UsageError
from digest.letter.links import web_address
from digest.letter.paper import abstract_of
from digest.model import Announced
from digest.pipeline.explain import find_item
from digest.store import figures
from digest.store.archives import Archives
from digest.store.items import Items
from digest.web.api.shapes import Edition, Item, Problem, WholeEdition
from digest.web.desk import Desk
from digest.web.errors import Refused
from digest.web.public import Public

#: editions that one answer may hold
_MOST = 200

_ABSENT: dict[int | str, dict[str, Any]] = {404: {"model": Problem, "description": "There is none."}}

Limit = Annotated[int, Query(ge=1, le=_MOST, description="How many at most.")]
Number = Annotated[int, Path(ge=1, lt=2**31)]
Named = Annotated[str, Path(max_length=1_000, description="An arXiv id, DOI, address, key or full title.")]


def routes(desk: Desk) -> APIRouter:
    """What can be read."""
    router = APIRouter()
    database, items, public = desk.app.database, Items(desk.app.database), Public(desk.app)
    hidden = public.hidden_sources
    archives = Archives(items, hidden_sources=hidden)

    @router.get("/editions", response_model=list[Edition])
    def editions(limit: Limit = 30) -> list[figures.Told]:
        """The latest editions, the newest first."""
        with database.read() as connection:
            return figures.editions(connection, limit=limit, hidden_sources=hidden)

    @router.get("/editions/{number}", response_model=WholeEdition, responses=_ABSENT)
    def edition(number: Number) -> dict[str, Any]:
        """An edition with its papers."""
        with database.read() as connection:
            told = figures.editions(connection, limit=1, number=number, hidden_sources=hidden)
            announced = items.announced(connection, number)
        if not told:
            raise Refused(404, "There is no such edition.")
        return asdict(told[0]) | {"items": [_work(one) for one in announced if one.source not in hidden]}

    @router.get("/items/{id:path}", response_model=Item, responses=_ABSENT)
    def item(id: Named) -> dict[str, Any]:  # noqa: A002  # it is called so in the address
        """A work: its names, its newest text, and when it was announced."""
        with database.read() as connection:
            found = _found(connection, items, id)
            record = archives.record(connection, found)
            text = items.newest_texts(connection, [found])[found]
            keys = items.keys_of(connection, found)
        if record is None:
            raise Refused(404, "There is no such paper here.")
        told = ("title", "authors", "categories", "source", "published", "version")
        return {name: getattr(text, name) for name in told} | {
            "id": keys[0],
            "keys": keys,
            "abstract": abstract_of(text, public.extent(text)).shown,
            "url": web_address(text.url),
            "announced": record.appearances,
        }

    return router


def _found(connection: sa.Connection, items: Items, named: str) -> int:
    if "\x00" in named:
        raise Refused(404, "There is no such paper here.")
    try:
        return find_item(connection, items, named)
    except UsageError as error:
        raise Refused(404, "There is no such paper here.") from error


def _work(one: Announced) -> dict[str, Any]:
    text = one.text
    return {
        "id": one.keys[0],
        "title": text.title,
        "url": web_address(text.url),
        "source": one.source,
        "reason": one.reason,
        "authors": text.authors,
        "categories": text.categories,
    }
