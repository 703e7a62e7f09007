# Made from ../_async/transport.py by `make docs`; do not edit.
"""Requests to the server: signed, sent again where that is safe, errors told as errors."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Any, TypeVar
from urllib.parse import urljoin, urlsplit

import httpx
from pydantic import BaseModel

from videoclip.client._sync.tokens import Tokens
from videoclip.client.bodies import read
from videoclip.client.config import PREFIX, Config
from videoclip.client.problems import problem_of, unreachable
from videoclip.client.raw import SEEN
from videoclip.client.redaction import keep_links_out_of_the_log
from videoclip.client.retry import again_after
from videoclip.client.waiting import sleep
from videoclip.errors import UsageError

__all__ = ["Transport"]

M = TypeVar("M", bound=BaseModel)
Query = Mapping[str, Any]
_SAFE = frozenset({"GET", "HEAD", "OPTIONS", "PUT", "DELETE"})


class Transport:
    """One server, one pool of connections, one who asks."""

    def __init__(
        self, config: Config, http: httpx.Client | None = None,
        tokens: Tokens | None = None, *, owns_http: bool | None = None,
    ) -> None:  # fmt: skip
        keep_links_out_of_the_log()
        self.config = config
        self.tokens = tokens
        self.http = http or httpx.Client()
        self._owns_http = http is None if owns_http is None else owns_http

    def close(self) -> None:
        """Close the connections, if they are this one's own."""
        if self._owns_http:
            self.http.close()

    def get(self, path: str, model: type[M], query: Query | None = None) -> M:
        """Ask for a record."""
        return read(model, (self.send("GET", path, query=query)).content)

    def post(
        self, path: str, model: type[M], json: Any = None, *, safe: bool = False,
        query: Query | None = None, headers: Mapping[str, str] | None = None,
    ) -> M:  # fmt: skip
        """Send something, and get a record; ``safe``: twice does what once does."""
        answer = self.send(
            "POST", path, json=json, safe=safe, query=query, headers=headers
        )  # fmt: skip
        return read(model, answer.content)

    def send(self, method: str, path: str, **options: Any) -> httpx.Response:
        """Send a request, and read the whole answer; options as those of `opened`.

        Raises:
            VideoClipError: the server refused, or does not answer.
        """
        with self.opened(method, path, whole=True, **options) as response:
            return response

    @contextmanager
    def opened(
        self,
        method: str,
        path: str,
        *,
        query: Query | None = None,
        json: Any = None,
        content: bytes | None = None,
        headers: Mapping[str, str] | None = None,
        safe: bool | None = None,
        signed: bool = True,
        whole: bool = False,
        retries: int | None = None,
        read_s: float | None = None,
        follow: bool = True,
    ) -> Iterator[httpx.Response]:
        """An answer whose body is read by the caller.

        Args:
            method: of HTTP.
            path: below `/api/v1`, or an address that the server told.
            query: what is not None of it goes into the address.
            json: the body.
            content: or the body as bytes.
            headers: beside those that every request has.
            safe: it may be sent twice; None: as its method says.
            signed: with the key or token.
            whole: read the body at once; then a broken one is asked for again.
            retries: in place of the configured ones.
            read_s: longest silence, seconds, in place of the configured one.
            follow: redirects, to a bucket or another gateway.

        Raises:
            VideoClipError: the server refused, or does not answer.
        """
        safe = method in _SAFE if safe is None else safe
        most = self.config.retries if retries is None else retries
        attempt, renewed, unsure = 0, False, False
        while True:
            word = self._word() if signed else None
            request = self._request(method, path, query, json, content, headers, word, read_s)
            fault: httpx.TransportError | None = None
            response: httpx.Response | None = None
            try:
                response = self.http.send(
                    request, stream=True, follow_redirects=follow and method in ("GET", "HEAD")
                )
                if whole or response.status_code >= 300:
                    response.read()
            except httpx.TransportError as error:
                fault = error
                if response is not None:
                    response.close()
                    response = None
            if response is not None:
                found = response.status_code
                # What was to be deleted is gone: the answer to the attempt before was lost.
                gone = found == 404 and unsure and method == "DELETE"
                if found < 300 or gone or (found < 400 and not follow):
                    break
                if found == 401 and signed and self.tokens is not None and not renewed:
                    renewed = True
                    self.tokens.renew(self, stale=word)
                    continue
            pause = again_after(attempt, safe=safe, answer=response, fault=fault)
            if pause is None or attempt >= most:
                if response is None:
                    assert fault is not None
                    raise unreachable(fault, self.config.base_url) from fault
                raise problem_of(response)
            unsure = unsure or response is None or response.status_code >= 500
            attempt += 1
            sleep(pause)
        seen = SEEN.get()
        if seen is not None:
            seen.append(response)
        try:
            yield response
        finally:
            response.close()

    def url(self, path: str) -> str:
        """A path of the API, or a link that the server told, as an address.

        Raises:
            UsageError: it leads from an encrypted server to an open one.
        """
        base = self.config.base_url
        if not path.startswith(("http://", "https://", PREFIX + "/")):
            return f"{base}{PREFIX}{path}"
        # Links are below the server's address, which may be a folder of a host.
        url = base + path if path.startswith("/") else urljoin(base, path)
        if urlsplit(base).scheme == "https" and urlsplit(url).scheme != "https":
            raise UsageError(
                "the server names an address without encryption",
                "Let its administrator set gateway.files_url to an https address",
            )
        return url

    def _request(
        self, method: str, path: str, query: Query | None, json: Any, content: bytes | None,
        headers: Mapping[str, str] | None, word: str | None, read_s: float | None,
    ) -> httpx.Request:  # fmt: skip
        sent = {"User-Agent": self.config.user_agent, "Accept": "*/*", **(headers or {})}
        if word is not None:
            sent["Authorization"] = f"Bearer {word}"
        wait_s = self.config.timeout_s
        timeout = httpx.Timeout(wait_s, connect=min(wait_s, 10.0), read=read_s or wait_s)
        params = {
            key: str(value).lower() if isinstance(value, bool) else value
            for key, value in (query or {}).items()
            if value is not None
        }
        return self.http.build_request(
            method, self.url(path), params=params or None, json=json, content=content,
            headers=sent, timeout=timeout,
        )  # fmt: skip

    def _word(self) -> str | None:
        if self.tokens is not None:
            return self.tokens.word(self)
        return self.config.api_key or None
