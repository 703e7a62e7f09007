"""Records to JSON and back. What is read may have fields of a later release; they are passed over."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any, TypeVar

from pydantic import BaseModel, TypeAdapter, ValidationError

from videoclip.client.problems import AnswerUnreadable
from videoclip.errors import InvalidRequest
from videoclip.schemas import Order
from videoclip.schemas.api.jobs import JobIn

__all__ = ["dumped", "order_body", "read", "valid"]

M = TypeVar("M", bound=BaseModel)
_ORDER: TypeAdapter[Order] = TypeAdapter(Order)
_ROUNDS = 8


def read(model: type[M], content: bytes) -> M:
    """An answer as a record.

    Raises:
        AnswerUnreadable: it is none.
    """
    try:
        return model.model_validate_json(content)
    except ValidationError as error:
        fault = error
    try:
        plain = json.loads(content)
    except (ValueError, RecursionError):
        plain = None
    # Records of videoclip.schemas refuse unknown fields; a later server may have some.
    for _ in range(_ROUNDS):
        unknown = [one["loc"] for one in fault.errors() if one["type"] == "extra_forbidden"]
        if not unknown or len(unknown) < fault.error_count():
            break
        for place in unknown:
            _take_out(plain, place)
        try:
            return model.model_validate(plain, strict=False)
        except ValidationError as error:
            fault = error
    first = fault.errors(include_url=False, include_input=False)[0]
    where = ".".join(str(part) for part in first["loc"])
    raise AnswerUnreadable(
        f"the server's answer is no {model.__name__}: {where}: {first['msg']}",
        "See whether the address is that of a Video-Clip server, and of which release",
    ) from fault


def valid(model: type[M], **fields: Any) -> M:
    """A record to be sent.

    Raises:
        InvalidRequest: a field is wrong.
    """
    try:
        return model.model_validate(fields)
    except ValidationError as error:
        raise _invalid(error) from error


def dumped(record: BaseModel) -> dict[str, Any]:
    """As it is sent: what was not given is left to the server."""
    return record.model_dump(mode="json", exclude_unset=True)


def order_body(request: Order | Mapping[str, Any], priority: int) -> dict[str, Any]:
    """A job's request as it is sent.

    Raises:
        InvalidRequest: it is none.
    """
    try:
        order = _ORDER.validate_python(request if isinstance(request, BaseModel) else dict(request))
        JobIn(request=order, priority=priority)
    except ValidationError as error:
        raise _invalid(error) from error
    return {"request": {**dumped(order), "kind": order.kind}, "priority": priority}


def _invalid(error: ValidationError) -> InvalidRequest:
    faults = "; ".join(
        f"{'.'.join(str(part) for part in one['loc'])}: {one['msg']}"
        for one in error.errors(include_url=False, include_input=False)[:3]
    )
    return InvalidRequest(f"the request is not valid: {faults}", "Correct these fields")


def _take_out(plain: Any, place: tuple[int | str, ...]) -> None:
    for part in place[:-1]:
        try:
            plain = plain[part]
        except (KeyError, IndexError, TypeError):
            return  # a step of the type's own, such as the name of a variant
    if isinstance(plain, dict):
        plain.pop(str(place[-1]), None)
