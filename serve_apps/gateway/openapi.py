"""The API's description: what every route has in common is added here, so that it cannot be forgotten."""

from __future__ import annotations

from typing import Any

from fastapi import FastAPI
from fastapi.openapi.utils import get_openapi
from fastapi.routing import APIRoute

from serve_apps.gateway.access import signed_in
from serve_apps.gateway.problems import example_of, problems
from videoclip.schemas.api.problems import PROBLEM_TYPE, Problem

__all__ = ["describe"]

_ALWAYS = (403, 429, 500, 503)
"""403: the address may be on a list."""
_WITH_BODY = (400, 413)
_SIGNED_IN = (401,)
_SHAPE = "HTTPValidationError"


def describe(app: FastAPI) -> dict[str, Any]:
    """OpenAPI 3.1 of the application, made once."""
    if app.openapi_schema is None:
        schema = get_openapi(
            title=app.title, version=app.version, description=app.description, routes=app.routes,
            tags=app.openapi_tags, summary=app.summary,
        )  # fmt: skip
        schemas = schema.setdefault("components", {}).setdefault("schemas", {})
        schemas.pop(_SHAPE, None)
        schemas.pop("ValidationError", None)
        defined = Problem.model_json_schema(ref_template="#/components/schemas/{model}")
        schemas.update(defined.pop("$defs", {}))
        schemas["Problem"] = defined
        for route in app.routes:
            if isinstance(route, APIRoute) and route.include_in_schema:
                for method in route.methods:
                    _complete(schema["paths"][route.path_format][method.lower()], route)
        app.openapi_schema = schema
    return app.openapi_schema


def _complete(operation: dict[str, Any], route: APIRoute) -> None:
    responses: dict[str, Any] = operation["responses"]
    wanted = set(_ALWAYS)
    if "requestBody" in operation:
        wanted |= set(_WITH_BODY)
    if "requestBody" in operation or operation.get("parameters"):
        wanted.add(422)
    if _uses(route, signed_in):
        wanted |= set(_SIGNED_IN)
    for status in sorted(wanted):
        if str(status) not in responses or status == 422:  # 422: ours instead of FastAPI's
            responses[str(status)] = _response(status)
    for code in list(responses):
        if code >= "400":
            # One media type, one shape: FastAPI adds application/json for `model`, and a route may say less.
            content = responses[code].get("content", {})
            given = content.get(PROBLEM_TYPE, {})
            responses[code]["content"] = {
                PROBLEM_TYPE: {
                    "example": given.get("example") or example_of(int(code)),
                    "schema": {"$ref": "#/components/schemas/Problem"},
                }
            }


def _response(status: int) -> dict[str, Any]:
    found = dict(problems(status)[status])
    found.pop("model")
    return found


def _uses(route: APIRoute, wanted: object) -> bool:
    waiting = [route.dependant]
    while waiting:
        dependant = waiting.pop()
        if dependant.call is wanted:
            return True
        waiting += dependant.dependencies
    return False
