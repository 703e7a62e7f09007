"""Types of fields that several resources share."""

from __future__ import annotations

from typing import Annotated

from pydantic import AfterValidator, Field, SecretStr

__all__ = ["ID", "Email", "Id", "Label", "Password"]

ID = r"^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$"


def _printable(text: str) -> str:
    """No control characters: the database takes no NUL, and a name must not forge a second line."""
    if not text.isprintable():
        raise ValueError("control characters are not allowed")
    text = text.strip()
    if not text:
        raise ValueError("it must not be empty")
    return text


Id = Annotated[str, Field(pattern=ID, examples=["0198c0de-0000-7000-8000-000000000000"])]
"""An id in a body or an answer."""
Label = Annotated[str, Field(min_length=1, max_length=200), AfterValidator(_printable)]
"""A name that people give."""
Email = Annotated[
    str,
    Field(
        pattern=r"^[^\x00-\x20\x7f@]{1,64}@[^\x00-\x20\x7f@]{1,250}$", examples=["ann@example.org"]
    ),
]
"""An address; whether mail arrives there is seen when it is used."""
Password = Annotated[SecretStr, Field(min_length=1, max_length=256)]
"""A password as it is sent."""
