"""What the API is: as an OpenAPI file for programs, and as a page for people that is made from it."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from fastapi import APIRouter, Request
from starlette.responses import JSONResponse, Response

from digest.web.desk import Desk


def routes(desk: Desk) -> APIRouter:
    """The file and the page."""
    router = APIRouter()

    @router.get("/api/openapi.json")
    def openapi(request: Request) -> Response:
        """The OpenAPI file."""
        return JSONResponse(request.app.openapi())

    @router.get("/api/docs")
    def docs(request: Request) -> Response:
        """The page."""
        return desk.pages.page("api.html", calls=list(calls(request.app.openapi())))

    return router


def calls(openapi: dict[str, Any]) -> Iterator[dict[str, Any]]:
    """Every call that an OpenAPI file describes, as the page prints it."""
    shapes = openapi.get("components", {}).get("schemas", {})
    for path, methods in openapi["paths"].items():
        for method, call in methods.items():
            sent = call.get("requestBody", {}).get("content", {}).get("application/json", {}).get("schema")
            yield {
                "name": call["operationId"],
                "method": method.upper(),
                "path": path,
                "said": call.get("description", ""),
                "is_secret": bool(call.get("security")),
                "parameters": [_field(one["name"], one, one["schema"], shapes) for one in call.get("parameters", ())],
                "sent": list(_fields(sent, shapes)) if sent else [],
                "answers": [_answer(status, one, shapes) for status, one in call["responses"].items()],
            }


def _answer(status: str, answer: dict[str, Any], shapes: dict[str, Any]) -> dict[str, Any]:
    content = answer.get("content", {}).get("application/json", {}).get("schema", {})
    is_good = status.startswith("2")
    return {
        "status": status,
        "said": "Done." if is_good else answer["description"],
        "fields": list(_fields(content, shapes)) if is_good else [],
    }


def _fields(schema: dict[str, Any], shapes: dict[str, Any]) -> Iterator[dict[str, str]]:
    """The fields of a document; of a list, those of one of its elements."""
    named = schema.get("items", schema).get("$ref", "").rpartition("/")[2]
    shape = shapes.get(named, {})
    for name, field in shape.get("properties", {}).items():
        yield _field(name, {"required": name in shape.get("required", ()), **field}, field, shapes)


def _field(name: str, told: dict[str, Any], schema: dict[str, Any], shapes: dict[str, Any]) -> dict[str, str]:
    need = "" if told.get("required") else "may be left out"
    return {"name": name, "kind": kind(schema, shapes), "need": need, "said": told.get("description", "")}


def kind(schema: dict[str, Any], shapes: dict[str, Any]) -> str:
    """What a value may be, in words."""
    if "$ref" in schema:
        name = str(schema["$ref"]).rpartition("/")[2]
        return kind(shapes[name], shapes) if "enum" in shapes.get(name, {}) else name
    if "anyOf" in schema:
        return " or ".join(kind(one, shapes) for one in schema["anyOf"])
    if "enum" in schema:
        return " or ".join(f'"{one}"' for one in schema["enum"])
    if schema.get("type") == "array":
        return f"list of {kind(schema['items'], shapes)}"
    return str(schema.get("format") or schema.get("type", "anything"))
