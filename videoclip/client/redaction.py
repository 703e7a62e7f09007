"""Links are as good as keys: httpx tells the addresses that it asks for to its log, and these are cleaned there."""

from __future__ import annotations

import logging
import re

__all__ = ["keep_links_out_of_the_log"]

_SECRET = re.compile(r"(?i)\b((?:key|signature|token|x-amz-[a-z-]+)=)[^&\s\"]+")


class _Cleaned(logging.Filter):
    def filter(self, record: logging.LogRecord) -> bool:
        text = record.getMessage()
        clean = _SECRET.sub(r"\1***", text)
        if clean != text:
            record.msg, record.args = clean, None
        return True


def keep_links_out_of_the_log() -> None:
    """Put the filter on the logger of httpx, once."""
    logger = logging.getLogger("httpx")
    if not any(isinstance(one, _Cleaned) for one in logger.filters):
        logger.addFilter(_Cleaned())
