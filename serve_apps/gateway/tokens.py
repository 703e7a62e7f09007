"""Access tokens: short-lived, signed with HS256 and nothing else, by a key that is derived from the installation's."""

from __future__ import annotations

import secrets
import time
from dataclasses import dataclass

from joserfc import jwt
from joserfc.errors import JoseError
from joserfc.jwk import KeySet, OctKey
from joserfc.jwt import JWTClaimsRegistry

from videoclip.errors import NotSignedIn
from videoclip.store.secrets import Secrets

__all__ = ["AccessToken", "Tokens"]

_ALGORITHM = "HS256"
_ISSUER = "video-clip"
_AUDIENCE = "video-clip-api"
_LEEWAY_S = 10


@dataclass(frozen=True, slots=True)
class AccessToken:
    """What a valid token says."""

    user_id: str
    workspace_id: str
    family: str
    """The sign-in that it comes from."""


class Tokens:
    """Makes and reads access tokens.

    Args:
        keys: of the installation; tokens of any of them are read, the first one signs.
        life_s: life of a token, seconds.
    """

    def __init__(self, keys: Secrets, life_s: int) -> None:
        derived = keys.derived("access tokens")
        self.life_s = life_s
        self._first = next(iter(derived))
        # 256 bits each: `OctKey` takes shorter ones, `derived` never makes them.
        self._keys = KeySet(
            [OctKey.import_key(key, {"kid": name, "use": "sig"}) for name, key in derived.items()]
        )
        self._claims = JWTClaimsRegistry(
            leeway=_LEEWAY_S,
            iss={"essential": True, "value": _ISSUER},
            aud={"essential": True, "value": _AUDIENCE},
            exp={"essential": True},
            iat={"essential": True},
            sub={"essential": True},
            ws={"essential": True},
            sid={"essential": True},
        )

    def make(self, token: AccessToken) -> str:
        """A token for somebody who has shown who they are."""
        now = int(time.time())
        claims = {
            "iss": _ISSUER, "aud": _AUDIENCE, "iat": now, "exp": now + self.life_s,
            "jti": secrets.token_urlsafe(12), "sub": token.user_id, "ws": token.workspace_id,
            "sid": token.family,
        }  # fmt: skip
        return jwt.encode({"alg": _ALGORITHM, "kid": self._first}, claims, self._keys)

    def read(self, text: str) -> AccessToken:
        """What a token says.

        Raises:
            NotSignedIn: it is not one of ours, was changed, or has expired.
        """
        try:
            token = jwt.decode(text, self._keys, algorithms=[_ALGORITHM])
            self._claims.validate(token.claims)
            words = [token.claims[name] for name in ("sub", "ws", "sid")]
        except (JoseError, ValueError, TypeError, KeyError) as error:
            raise invalid_token() from error
        if not all(isinstance(word, str) and len(word) <= 36 and word.isascii() for word in words):
            raise invalid_token()
        return AccessToken(*words)


def invalid_token() -> NotSignedIn:
    """One answer for all that may be wrong with a token or a key."""
    return NotSignedIn(
        "the token or key is not valid",
        "Sign in again, or use a key that is not expired or revoked",
    )
