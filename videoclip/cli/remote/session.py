"""Which server is meant, and who asks there."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager

from videoclip.cli.remote.credentials import Credentials, SignIn
from videoclip.client import NotSignedIn, VideoClip
from videoclip.client._sync.tokens import Tokens
from videoclip.client._sync.transport import Transport
from videoclip.client.config import address
from videoclip.schemas.api.auth import TokenOut

__all__ = ["LOCAL", "connected", "server_of"]

LOCAL = "http://127.0.0.1:8080"


class _Kept(Tokens):
    """Tokens that several processes of one user share: who renews them keeps them for the others."""

    def __init__(self, told: TokenOut, server: str, credentials: Credentials) -> None:
        super().__init__(told)
        self._server, self._credentials = server, credentials

    def renew(
        self, transport: Transport, *, stale: str | None = None, workspace_id: str | None = None
    ) -> None:
        """Get new tokens, or those that another process got just now; a refresh token works once."""
        with self._credentials.alone():
            known = self._credentials.find(self._server)
            if known is None or known.tokens is None:
                raise NotSignedIn("you have signed out", "Sign in again")
            if known.tokens.refresh_token != self.refresh_token:
                self._take(known.tokens)
                if workspace_id is None and known.tokens.expires_in:
                    return
                stale = None
            super().renew(transport, stale=stale, workspace_id=workspace_id)

    def _take(self, told: TokenOut) -> None:
        super()._take(told)
        if getattr(self, "_credentials", None) is not None:
            self._credentials.keep(self._server, SignIn(tokens=told))


def server_of(named: str | None, credentials: Credentials) -> str:
    """The server that is meant: the named one, `VIDEOCLIP_SERVER`, the last `login`, else this machine.

    Raises:
        UsageError: the address is none.
    """
    return address(named or os.environ.get("VIDEOCLIP_SERVER") or credentials.current() or LOCAL)


def _kept_client(
    server: str, tokens: TokenOut, credentials: Credentials, timeout_s: float
) -> VideoClip:
    """A client that is signed in as a person, and keeps its tokens for other processes."""
    client = VideoClip.from_tokens(server, tokens, timeout_s=timeout_s)
    client._transport.tokens = _Kept(tokens, server, credentials)
    return client


@contextmanager
def connected(named: str | None, *, timeout_s: float = 60.0) -> Iterator[VideoClip]:
    """A client of the server that is meant.

    Args:
        named: by ``--server``.
        timeout_s: how long an answer may say nothing, seconds.

    Raises:
        NotSignedIn: nobody has signed in there, or the sign-in or key has ended.
    """
    credentials = Credentials()
    server = server_of(named, credentials)
    key = _key_of_environment(server)
    known = SignIn(key=key) if key else credentials.find(server)
    how = f"Run: videoclip login --server {server}"
    if known is None:
        raise NotSignedIn(f"you are not signed in at {server}", how)
    if known.tokens is not None:
        client = _kept_client(server, known.tokens, credentials, timeout_s)
    else:
        client = VideoClip(server, known.key, timeout_s=timeout_s)
    with client:
        try:
            yield client
        except NotSignedIn as error:
            raise NotSignedIn(error.cause, how, **error.context) from error


def _key_of_environment(server: str) -> str | None:
    """The key of the environment goes only to the server of the environment, if that names one."""
    named = os.environ.get("VIDEOCLIP_SERVER")
    if named and address(named) != server:
        return None
    return os.environ.get("VIDEOCLIP_API_KEY") or None
