"""The tus 1.0 protocol: its headers read and written, and its rule that every answer names the version."""

from __future__ import annotations

import base64
import binascii
from collections.abc import Callable, Coroutine
from email.utils import formatdate
from typing import Any

from fastapi import Request, Response
from fastapi.exceptions import RequestValidationError
from fastapi.routing import APIRoute

from serve_apps.gateway.problems import problem_response
from videoclip.errors import InvalidRequest, VideoClipError
from videoclip.schemas.api.problems import Problem
from videoclip.store.staging import CHECKSUMS
from videoclip.store.uploads import UploadRecord

__all__ = [
    "CONTENT_TYPE",
    "REQUEST_HEADERS",
    "RESPONSE_HEADERS",
    "TusRoute",
    "capabilities",
    "concat_parts",
    "headers_of",
    "metadata",
    "number",
]

VERSION = "1.0.0"
CONTENT_TYPE = "application/offset+octet-stream"
REQUEST_HEADERS = (
    "Tus-Resumable", "Upload-Length", "Upload-Offset", "Upload-Metadata", "Upload-Checksum",
    "Upload-Concat", "X-HTTP-Method-Override",
)  # fmt: skip
"""What pages from elsewhere must be allowed to send."""
RESPONSE_HEADERS = (
    "Tus-Resumable", "Tus-Version", "Tus-Max-Size", "Tus-Extension", "Tus-Checksum-Algorithm",
    "Upload-Length", "Upload-Offset", "Upload-Metadata", "Upload-Concat", "Upload-Expires",
    "Upload-Asset",
)  # fmt: skip
"""What they must be allowed to read."""
_EXTENSIONS = "creation,creation-with-upload,termination,checksum,expiration,concatenation"
_LARGEST = 2**53 - 1
_MOST_KEYS = 32


class TusRoute(APIRoute):
    """A route of the protocol: another version is refused, and errors too say which one this is."""

    def get_route_handler(self) -> Callable[[Request], Coroutine[Any, Any, Response]]:
        """FastAPI's handler with the protocol's rules round it."""
        handler = super().get_route_handler()

        async def handle(request: Request) -> Response:
            response: Response
            if request.method != "OPTIONS" and request.headers.get("tus-resumable") != VERSION:
                response = problem_response(
                    Problem(
                        title="the protocol's version is missing or not known", status=412,
                        detail=f"Send Tus-Resumable: {VERSION}", code="tus_version",
                        request_id=getattr(request.state, "request_id", None),
                    )
                )  # fmt: skip
                response.headers["Tus-Version"] = VERSION
            else:
                try:
                    response = await handler(request)
                except (VideoClipError, RequestValidationError) as error:
                    kind = VideoClipError if isinstance(error, VideoClipError) else type(error)
                    response = await request.app.exception_handlers[kind](request, error)
            response.headers["Tus-Resumable"] = VERSION
            return response

        return handle


def capabilities(largest: int) -> dict[str, str]:
    """What an OPTIONS request is told."""
    return {
        "Tus-Version": VERSION,
        "Tus-Max-Size": str(largest),
        "Tus-Extension": _EXTENSIONS,
        "Tus-Checksum-Algorithm": ",".join(CHECKSUMS),
    }


def headers_of(upload: UploadRecord, base: str) -> dict[str, str]:
    """What the protocol tells of an upload; ``base`` is the path of uploads."""
    headers = {"Upload-Offset": str(upload.offset), "Upload-Length": str(upload.size)}
    if upload.details:
        pairs = (f"{key} {value}".strip() for key, value in upload.details.items())
        headers["Upload-Metadata"] = ",".join(pairs)
    if upload.concat == "partial":
        headers["Upload-Concat"] = "partial"
    elif upload.concat == "final":
        headers["Upload-Concat"] = "final;" + " ".join(f"{base}/{part}" for part in upload.parts)
    if upload.state in ("open", "received"):
        headers["Upload-Expires"] = formatdate(upload.expires_ms // 1000, usegmt=True)
    if upload.asset_id is not None:
        headers["Upload-Asset"] = upload.asset_id
    return headers


def number(request: Request, name: str) -> int | None:
    """A header that is a number of bytes; None: it is not there.

    Raises:
        InvalidRequest: it is something else.
    """
    text = request.headers.get(name)
    if text is None:
        return None
    if not (text.isascii() and text.isdecimal() and len(text) <= 16 and int(text) <= _LARGEST):
        raise InvalidRequest(f"{name} is not a number of bytes", "Send decimal digits")
    return int(text)


def metadata(request: Request) -> tuple[dict[str, str], str]:
    """``Upload-Metadata`` as it was sent (keys, and values in Base64), and the file name in it.

    Raises:
        InvalidRequest: it is not what the protocol says.
    """
    details: dict[str, str] = {}
    name = ""
    header = request.headers.get("upload-metadata", "").strip()
    for pair in header.split(",") if header else ():
        key, _, value = pair.strip().partition(" ")
        fault = not key or not key.isascii() or not key.isprintable() or key in details
        try:
            decoded = base64.b64decode(value.strip(), validate=True)
        except (binascii.Error, ValueError):
            fault, decoded = True, b""
        if fault or len(details) >= _MOST_KEYS:
            raise InvalidRequest(
                "Upload-Metadata is not well-formed",
                "Send different keys, each with a space and its value in Base64, between commas",
            )
        details[key] = value.strip()
        if key in ("filename", "name"):
            name = name or decoded.decode("utf-8", "replace")
    return details, name


def concat_parts(request: Request) -> tuple[str, list[str]]:
    """``Upload-Concat``: empty, ``partial`` or ``final``, and the ids of the parts that become the final one.

    Raises:
        InvalidRequest: it is not what the protocol says.
    """
    kind, _, rest = request.headers.get("upload-concat", "").strip().partition(";")
    if kind not in ("", "partial", "final") or (rest and kind != "final"):
        raise InvalidRequest(
            "Upload-Concat is not well-formed", "Send partial, or final; and the parts"
        )
    # Addresses may be whole or only paths; the id is their last part.
    return kind, [address.rstrip("/").rpartition("/")[2] for address in rest.split()]
