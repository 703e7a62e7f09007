"""Sign-in through an OpenID Connect provider: authorisation code with PKCE, state and nonce; nothing kept here in between."""

from __future__ import annotations

import json
import secrets
import time
from dataclasses import dataclass
from typing import Any

import httpx
from authlib.common.errors import AuthlibBaseError
from authlib.integrations.httpx_client import AsyncOAuth2Client
from joserfc import jwt
from joserfc.errors import JoseError
from joserfc.jwk import KeySet
from joserfc.jwt import JWTClaimsRegistry

from serve_apps.gateway.sign_in import Entrance, Session
from videoclip.errors import (
    NotAllowed,
    NotSignedIn,
    SignInUnavailable,
    StoreError,
    VideoClipError,
)
from videoclip.settings import AuthSettings
from videoclip.store.accounts import Accounts, UserRecord
from videoclip.store.audit import Actor, record
from videoclip.store.database import Database
from videoclip.store.secrets import Secrets

__all__ = ["Oidc", "Outset"]

_ALGORITHMS = ["RS256", "PS256", "ES256", "EdDSA"]
"""Of identity tokens: signed with the provider's private key, never with a shared word, never unsigned."""
_TIMEOUT_S = 10.0
_LIFE_S = 600
_PLACE = "oidc/outset"
_LEEWAY_S = 30


@dataclass(frozen=True, slots=True)
class Outset:
    """Where to send somebody, and what their browser keeps until they come back."""

    address: str
    cookie: str
    life_s: int = _LIFE_S


class Oidc:
    """The way in through the provider of the settings.

    Args:
        settings: issuer, client and secret.
        redirect: address of the callback, as the provider knows it.
        database: open.
        vault: seals what the browser keeps.
        entrance: begins the sign-in.
    """

    def __init__(
        self,
        settings: AuthSettings,
        redirect: str,
        database: Database,
        vault: Secrets,
        entrance: Entrance,
    ) -> None:
        self._settings = settings
        self._redirect = redirect
        self._database = database
        self._vault = vault
        self._entrance = entrance

    async def begin(self) -> Outset:
        """Send somebody to the provider.

        Raises:
            SignInUnavailable: it does not answer as it should.
        """
        metadata = await self._metadata()
        verifier, nonce = secrets.token_urlsafe(48), secrets.token_urlsafe(16)
        async with self._client() as client:
            address, state = client.create_authorization_url(
                metadata["authorization_endpoint"], code_verifier=verifier, nonce=nonce
            )
        kept = {
            "state": state,
            "nonce": nonce,
            "verifier": verifier,
            "until": time.time() + _LIFE_S,
        }
        return Outset(str(address), self._vault.seal(json.dumps(kept), _PLACE))

    async def finish(self, cookie: str, state: str, code: str, actor: Actor) -> Session:
        """Somebody comes back from the provider.

        Raises:
            NotSignedIn: this browser did not set out, took too long, or the answer is not the provider's.
            NotAllowed: who it is has no account here.
            SignInUnavailable: the provider does not answer as it should.
        """
        kept = self._kept(cookie)
        if not secrets.compare_digest(kept["state"].encode(), state.encode("utf-8", "replace")):
            raise _refused("the answer belongs to another sign-in")
        metadata = await self._metadata()
        try:
            async with self._client() as client:
                answer = await client.fetch_token(
                    metadata["token_endpoint"], code=code, code_verifier=kept["verifier"]
                )
        except AuthlibBaseError as error:
            raise _refused("the provider did not take the code") from error
        except (httpx.HTTPError, ValueError) as error:
            raise _away(error) from error
        claims = await self._claims(answer.get("id_token"), metadata, kept["nonce"])
        user = await self._user(claims, actor)
        return await self._entrance.admit(user, None, actor)

    # ------------------------------------------------------------------ inside

    def _client(self) -> Any:
        return AsyncOAuth2Client(
            self._settings.oidc_client_id,
            self._settings.oidc_client_secret.get_secret_value(),
            scope="openid email profile",
            redirect_uri=self._redirect,
            code_challenge_method="S256",
            timeout=_TIMEOUT_S,
        )

    def _kept(self, cookie: str) -> dict[str, Any]:
        try:
            kept: dict[str, Any] = json.loads(self._vault.open(cookie, _PLACE))
        except (StoreError, ValueError) as error:
            raise _refused("this browser has not set out to sign in") from error
        if kept["until"] < time.time():
            raise _refused("the sign-in took too long")
        return kept

    async def _metadata(self) -> dict[str, Any]:
        issuer = self._settings.oidc_issuer.rstrip("/")
        found = await self._fetch(f"{issuer}/.well-known/openid-configuration")
        if str(found.get("issuer", "")).rstrip("/") != issuer:
            raise _away(ValueError("it says that it is another issuer"))
        if not all(
            isinstance(found.get(name), str)
            for name in ("authorization_endpoint", "token_endpoint", "jwks_uri")
        ):
            raise _away(ValueError("its description lacks an endpoint"))
        return found

    async def _fetch(self, address: str) -> dict[str, Any]:
        try:
            async with httpx.AsyncClient(timeout=_TIMEOUT_S) as client:
                answer = await client.get(address)
                answer.raise_for_status()
                found: dict[str, Any] = answer.json()
        except (httpx.HTTPError, ValueError) as error:
            raise _away(error) from error
        return found

    async def _claims(self, token: object, metadata: dict[str, Any], nonce: str) -> dict[str, Any]:
        if not isinstance(token, str):
            raise _refused("the provider sent no identity")
        keys = await self._fetch(metadata["jwks_uri"])
        wanted = JWTClaimsRegistry(
            leeway=_LEEWAY_S,
            iss={"essential": True, "value": metadata["issuer"]},
            aud={"essential": True, "value": self._settings.oidc_client_id},
            exp={"essential": True},
            sub={"essential": True},
            nonce={"essential": True, "value": nonce},
        )
        try:
            read = jwt.decode(token, KeySet.import_key_set(keys), algorithms=_ALGORITHMS)  # type: ignore[arg-type]
            wanted.validate(read.claims)
        except (JoseError, ValueError, TypeError, KeyError) as error:
            raise _refused("the provider's identity token is not valid") from error
        return read.claims

    async def _user(self, claims: dict[str, Any], actor: Actor) -> UserRecord:
        subject = f"{claims['iss']} {claims['sub']}"
        # Only what the provider has proved: else anybody could claim somebody's address there.
        email = str(claims.get("email", "")) if claims.get("email_verified") is True else ""
        name = str(claims.get("name") or email or "Somebody")[:200]
        async with self._database.session() as session:
            accounts = Accounts(session)
            user = await accounts.user_by_subject(subject)
            if user is None and email:
                user = await accounts.user_by_email(email)
                if user is not None:
                    await accounts.link_subject(user.id, subject)
                    await record(
                        session, actor, "user.linked", workspace_id=None, target=user.id,
                        data={"issuer": claims["iss"]},
                    )  # fmt: skip
            if user is None:
                if not (self._settings.oidc_sign_up and email):
                    raise NotAllowed("you have no account here", "Ask for an invitation")
                made = await accounts.create_user(email, name, None, oidc_subject=subject)
                await record(session, actor, "user.created", workspace_id=None, target=made)
                await accounts.create_workspace(name, made, actor)
                user = await accounts.user(made)
        if user.disabled_ms is not None:
            raise NotAllowed("this account is locked", "Ask an administrator")
        return user


def _refused(cause: str) -> NotSignedIn:
    return NotSignedIn(cause, "Begin again at /api/v1/auth/oidc/login")


def _away(error: Exception) -> VideoClipError:
    return SignInUnavailable(
        f"the sign-in provider does not answer as it should: {type(error).__name__}",
        "Try again in a moment; the administrator looks at auth.oidc_issuer",
    )
