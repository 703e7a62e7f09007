"""Nothing secret in the log: a filter over every record of this process's servers."""

from __future__ import annotations

import logging
import re

__all__ = ["RedactSecrets", "install", "redacted"]

_PATTERNS = (
    (re.compile(r"\b(vc[kri])_[A-Za-z0-9_-]{8,}"), r"\1_***"),
    (re.compile(r"\bwhsec_[A-Za-z0-9+/=]{8,}"), "whsec_***"),
    (re.compile(r"\beyJ[A-Za-z0-9_-]{5,}\.[A-Za-z0-9_-]+(?:\.[A-Za-z0-9_-]*)?"), "eyJ***"),
    (re.compile(r"(?i)\b(authorization['\"]?\s*[:=]\s*['\"]?(?:bearer|basic)?)\s*[^\s'\",}]+"), r"\1 ***"),
    (
        re.compile(
            r"(?i)(['\"]?\b(?:password|secret|token|refresh_token|access_token|api_key|signature|client_secret)"
            r"['\"]?\s*[:=]\s*['\"]?)[^\s'\"&,}]+"
        ),
        r"\1***",
    ),
    (re.compile(r"(://[^/\s:@]+):[^/\s@]+@"), r"\1:***@"),
)  # fmt: skip
_LOGGERS = (
    "videoclip",
    "videoclip.gateway",
    "uvicorn",
    "uvicorn.error",
    "uvicorn.access",
    "ray.serve",
)


def redacted(text: str) -> str:
    """A text without the secrets that it might hold."""
    for pattern, instead in _PATTERNS:
        text = pattern.sub(instead, text)
    return text


class RedactSecrets(logging.Filter):
    """Writes a record's message out and takes secrets from it."""

    def filter(self, record: logging.LogRecord) -> bool:
        """Let every record pass, cleaned."""
        text = record.getMessage()
        clean = redacted(text)
        if clean != text:
            record.msg, record.args = clean, None
        if record.exc_info and not record.exc_text:
            record.exc_text = redacted(logging.Formatter().formatException(record.exc_info))
        return True


def install() -> None:
    """Put the filter on the handlers of this process and on the servers' loggers."""
    guard = RedactSecrets()
    for handler in [
        *logging.getLogger().handlers,
        *(h for name in _LOGGERS for h in logging.getLogger(name).handlers),
    ]:
        if not any(isinstance(f, RedactSecrets) for f in handler.filters):
            handler.addFilter(guard)
    for name in _LOGGERS:
        logger = logging.getLogger(name)
        if not any(isinstance(f, RedactSecrets) for f in logger.filters):
            logger.addFilter(guard)
