"""The client: one server, one who asks, and all parts of the API."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import replace
from types import TracebackType
from typing import Any, ParamSpec, TypeVar

import httpx

from videoclip.client._async.admin import AsyncAdmin
from videoclip.client._async.assets import AsyncAssets
from videoclip.client._async.audit import AsyncAudit
from videoclip.client._async.auth import AsyncAuth
from videoclip.client._async.clip_specs import AsyncClipSpecs
from videoclip.client._async.clips import AsyncClips
from videoclip.client._async.files import AsyncFiles
from videoclip.client._async.health import AsyncServerHealth
from videoclip.client._async.highlights import AsyncHighlights
from videoclip.client._async.jobs import AsyncJobs
from videoclip.client._async.keys import AsyncKeys
from videoclip.client._async.presets import AsyncPresets
from videoclip.client._async.search import AsyncSearch
from videoclip.client._async.tokens import AsyncTokens
from videoclip.client._async.transcripts import AsyncTranscripts
from videoclip.client._async.transport import AsyncTransport
from videoclip.client._async.uploads import AsyncUploads
from videoclip.client._async.webhooks import AsyncWebhooks
from videoclip.client._async.workspace import AsyncWorkspace
from videoclip.client.config import Config
from videoclip.client.raw import SEEN, RawResponse
from videoclip.errors import UsageError
from videoclip.schemas.api.auth import TokenOut

__all__ = ["AsyncVideoClip"]

P = ParamSpec("P")
T = TypeVar("T")


class AsyncVideoClip:
    """A Video-Clip server.

    ```python
    async with AsyncVideoClip("https://clips.example.org", api_key="vck_...") as client:
        asset = await client.assets.upload("talk.mp4")
        job = await client.jobs.create(ClipRequest(source=asset.reference, top=3))
        job = (await job.wait()).raise_if_failed()
        await job.download("clips/")
    ```
    """

    def __init__(
        self,
        base_url: str | None = None,
        api_key: str | None = None,
        *,
        timeout_s: float = 60.0,
        retries: int = 4,
        patience_s: float = 120.0,
        http: httpx.AsyncClient | None = None,
    ) -> None:
        """Connect to nothing yet.

        Args:
            base_url: the server's address; None: `VIDEOCLIP_SERVER`, else http://127.0.0.1:8080.
            api_key: None: `VIDEOCLIP_API_KEY`, if the address is the environment's, too.
            timeout_s: how long an answer may say nothing, seconds.
            retries: how often a request is sent again that may be sent again.
            patience_s: how long uploads, downloads and streams wait for a server that is away, seconds.
            http: your own client of httpx, for proxies or certificates; you close it.

        Raises:
            UsageError: the address is none.
        """
        config = Config.of(
            base_url, api_key, timeout_s=timeout_s, retries=retries, patience_s=patience_s
        )
        self._set(AsyncTransport(config, http))

    @classmethod
    async def sign_in(
        cls,
        base_url: str | None,
        email: str,
        password: str,
        *,
        workspace_id: str | None = None,
        **options: Any,
    ) -> AsyncVideoClip:
        """A client that is signed in as a person; its tokens are renewed as long as it is used.

        ```python
        client = await AsyncVideoClip.sign_in("https://clips.example.org", "ann@example.org", "four words in a row")
        ```

        Args:
            base_url: as of the client.
            email: of the account.
            password: of the account; it is not kept.
            workspace_id: where to; None: the workspace that was joined first.
            **options: as of the client.

        Raises:
            NotSignedIn: address or password are wrong.
            TooManyRequests: it was tried too often.
        """
        client = cls(base_url, "", **options)
        try:
            return client._as(await client.auth.token(email, password, workspace_id=workspace_id))
        except BaseException:
            await client.close()
            raise

    @classmethod
    def from_tokens(cls, base_url: str | None, tokens: TokenOut, **options: Any) -> AsyncVideoClip:
        """A client that goes on with a sign-in, such as `auth.accept` or `auth.from_provider` gave.

        Args:
            base_url: as of the client.
            tokens: of the sign-in; from now on only this client may renew them.
            **options: as of the client.
        """
        return cls(base_url, "", **options)._as(tokens)

    def with_options(
        self, *, timeout_s: float | None = None, retries: int | None = None,
        patience_s: float | None = None,
    ) -> AsyncVideoClip:  # fmt: skip
        """The same client with other patience; it shares the connections and the sign-in, and need not be closed."""
        given: dict[str, Any] = {
            "timeout_s": timeout_s,
            "retries": retries,
            "patience_s": patience_s,
        }
        mine = self._transport
        config = replace(mine.config, **{key: x for key, x in given.items() if x is not None})
        made = type(self).__new__(type(self))
        made._set(AsyncTransport(config, mine.http, mine.tokens))
        return made

    async def with_raw_response(
        self, method: Callable[P, Awaitable[T]], *arguments: P.args, **options: P.kwargs
    ) -> RawResponse[T]:
        """Call a method, and see the answer behind it, too: status, headers, the request's id.

        ```python
        raw = await client.with_raw_response(client.jobs.get, job_id)
        print(raw.request_id, raw.value.state)
        ```

        Raises:
            UsageError: the method asks the server nothing.
        """
        seen: list[httpx.Response] = []
        token = SEEN.set(seen)
        try:
            value = await method(*arguments, **options)
        finally:
            SEEN.reset(token)
        if not seen:
            raise UsageError("this method asks the server nothing", "Call it as it is")
        return RawResponse(value, seen[-1])

    @property
    def base_url(self) -> str:
        """The server's address."""
        return self._transport.config.base_url

    @property
    def workspace_id(self) -> str | None:
        """The workspace of the sign-in; None: a key's, which `auth.me` tells."""
        tokens = self._transport.tokens
        return None if tokens is None else tokens.workspace_id

    async def close(self) -> None:
        """Close the connections; a sign-in goes on until `auth.sign_out`."""
        await self._transport.close()

    async def __aenter__(self) -> AsyncVideoClip:
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        await self.close()

    def __repr__(self) -> str:
        return f"{type(self).__name__}({self.base_url!r})"

    def __reduce__(self) -> tuple[Any, ...]:
        # With the key: without it the other process could ask for nothing.
        if self._transport.tokens is not None:
            raise UsageError(
                "a client that is signed in cannot go to another process",
                "Make a key for it: client.keys.create",
            )
        return _rebuilt, (type(self), self._transport.config)

    def _as(self, tokens: TokenOut) -> AsyncVideoClip:
        self._transport.tokens = AsyncTokens(tokens)
        return self

    def _set(self, transport: AsyncTransport) -> None:
        self._transport = transport
        self.health = AsyncServerHealth(transport)
        self.auth = AsyncAuth(transport)
        self.workspace = AsyncWorkspace(transport)
        self.keys = AsyncKeys(transport)
        self.uploads = AsyncUploads(transport)
        self.assets = AsyncAssets(transport)
        self.files = AsyncFiles(transport)
        self.jobs = AsyncJobs(transport)
        self.clips = AsyncClips(transport)
        self.transcripts = AsyncTranscripts(transport)
        self.highlights = AsyncHighlights(transport)
        self.clip_specs = AsyncClipSpecs(transport)
        self.presets = AsyncPresets(transport)
        self.search = AsyncSearch(transport)
        self.audit = AsyncAudit(transport)
        self.webhooks = AsyncWebhooks(transport)
        self.admin = AsyncAdmin(transport)


def _rebuilt(kind: type[AsyncVideoClip], config: Config) -> AsyncVideoClip:
    made = kind.__new__(kind)
    made._set(AsyncTransport(config))
    return made
