"""Whether a request that changes something comes from our own pages."""

from __future__ import annotations

from urllib.parse import urlsplit

from starlette.datastructures import Headers

__all__ = ["is_ours"]


def is_ours(headers: Headers, public_url: str) -> bool:
    """Whether the page that sent a request is of this origin.

    Browsers say so in ``Sec-Fetch-Site``, and which origin it is in ``Origin``; a page cannot forge either.
    A request with neither is not believed.

    Args:
        headers: of the request.
        public_url: address that people reach this by, where a proxy changes ``Host``; empty: not known.
    """
    site = headers.get("sec-fetch-site")
    if site is not None and site != "same-origin":
        return False
    origin = headers.get("origin")
    if origin is None:
        return site is not None
    place = urlsplit(origin)
    if place.scheme not in ("http", "https"):
        return False
    known = {headers.get("host", "").lower()}
    if public_url:
        known.add(urlsplit(public_url).netloc.lower())
    return place.netloc.lower() in known - {""}
