"""Signing in and out, and who one is."""

from __future__ import annotations

from typing import Any

from videoclip.client._async.resource import AsyncResource
from videoclip.client.bodies import read
from videoclip.client.operations import operation
from videoclip.errors import NotSignedIn
from videoclip.schemas.api.auth import MeOut, TokenOut

__all__ = ["AsyncAuth"]


class AsyncAuth(AsyncResource):
    """Sign-ins. Programs use a key instead; whoever asks for their password uses `AsyncVideoClip.sign_in`."""

    @operation("GET /auth/me")
    async def me(self) -> MeOut:
        """Who asks, with which role and scopes, and the workspaces that they may go to."""
        return await self._transport.get("/auth/me", MeOut)

    @operation("POST /auth/token")
    async def token(
        self, email: str, password: str, *, workspace_id: str | None = None
    ) -> TokenOut:
        """Tokens for an address and a password.

        Raises:
            NotSignedIn: one of them is wrong.
            TooManyRequests: it was tried too often.
        """
        body = {"email": email, "password": password}
        return await self._open_to_all("/auth/token", body, workspace_id=workspace_id)

    @operation("POST /auth/refresh")
    async def refresh(self, refresh_token: str, *, workspace_id: str | None = None) -> TokenOut:
        """New tokens for a refresh token, which is used up. One that comes twice ends its sign-in."""
        body = {"refresh_token": refresh_token}
        return await self._open_to_all("/auth/refresh", body, workspace_id=workspace_id)

    async def go_to(self, workspace_id: str) -> None:
        """Go on in another workspace, with all that this client asks from now on.

        Raises:
            NotSignedIn: this client has a key, which is for one workspace.
            NotFound: the workspace is not one's own.
        """
        tokens = self._transport.tokens
        if tokens is None:
            raise NotSignedIn(
                "a key is for one workspace", "Sign in, or use a key of the other workspace"
            )
        await tokens.renew(self._transport, workspace_id=workspace_id)

    @operation("POST /auth/sign-out")
    async def sign_out(self, refresh_token: str | None = None) -> None:
        """End a sign-in, with all its tokens; that of this client unless another one is named.

        Raises:
            NotSignedIn: this client has a key, and no other one is named.
        """
        tokens = self._transport.tokens
        if refresh_token is None:
            if tokens is None:
                raise NotSignedIn("this client is not signed in", "Revoke its key instead")
            refresh_token = tokens.refresh_token
        body = {"refresh_token": refresh_token}
        await self._transport.send("POST", "/auth/sign-out", json=body, signed=False, safe=True)

    @operation("POST /auth/invitations")
    async def accept(
        self, token: str, *, name: str, password: str, email: str | None = None
    ) -> TokenOut:
        """Use an invitation: join a workspace with a new account, or with one's own.

        Args:
            token: the word of the invitation.
            name: how others see one.
            password: a new one; the present one where there is an account.
            email: where the invitation names no address.

        Raises:
            NotSignedIn: the invitation was used or has ended.
        """
        body: dict[str, Any] = {"token": token, "name": name, "password": password}
        return await self._open_to_all("/auth/invitations", body, email=email)

    @operation("POST /auth/password")
    async def change_password(self, current: str, new: str) -> None:
        """Change one's password; other sign-ins end.

        Raises:
            NotAllowed: this client has a key, or the present password is wrong.
        """
        body = {"current": current, "new": new}
        await self._transport.send("POST", "/auth/password", json=body)

    @operation("GET /auth/oidc/login")
    async def provider_address(self) -> str:
        """Where a browser signs in through the provider.

        Raises:
            NotFound: the server knows no provider.
        """
        answer = await self._transport.send("GET", "/auth/oidc/login", signed=False, follow=False)
        return str(answer.headers.get("location", ""))

    @operation("GET /auth/oidc/callback")
    async def from_provider(self, code: str, state: str) -> TokenOut:
        """Tokens for what the provider sent back; only who asked `provider_address` may, with the same client."""
        query = {"code": code, "state": state}
        answer = await self._transport.send(
            "GET", "/auth/oidc/callback", query=query, signed=False, retries=0
        )
        return read(TokenOut, answer.content)

    async def _open_to_all(self, path: str, body: dict[str, Any], **more: str | None) -> TokenOut:
        body |= {key: value for key, value in more.items() if value is not None}
        answer = await self._transport.send("POST", path, json=body, signed=False)
        return read(TokenOut, answer.content)
