"""What a model writes is not believed: no part of our instructions, no address or account that nobody named."""

from __future__ import annotations

import re
from collections.abc import Iterable

__all__ = ["Guard"]

_LATIN_RUN = 5
"""Words in a row that a text may not share with the instructions, unless they were spoken."""
_HAN_RUN = 8
"""Chinese characters in a row, likewise."""
_PACKED_RUN = 24
"""Letters in a row once spaces and punctuation are gone: what hashtags hide."""

_WORD = re.compile(r"[\u3400-\u4dbf\u4e00-\u9fff]|[^\W_\u3400-\u4dbf\u4e00-\u9fff]+")
_HAN = re.compile(r"[\u3400-\u4dbf\u4e00-\u9fff]")
_CONTACT = re.compile(
    r"""(?ix)
    (?:https?|ftp|tg|weixin|taobao|alipays?)\s*:/{1,2}\S+        # schemes
    | \bwww\s*\.\s*\S+
    | (?<![a-z0-9])[a-z0-9._%+-]+@[a-z0-9.-]+                     # mail
    | (?<![a-z0-9])[a-z0-9][a-z0-9-]*(?:\.[a-z0-9-]+)*\.[a-z]{2,24}(?:/\S*)?(?![a-z0-9])  # bare domains
    | [@＠][\w.·-]{2,}                                            # accounts
    | (?:微信|薇信|威信|\bwechat|\bwe\ chat|\bvx|\bv信|\bqq|\btelegram|\bwhatsapp|手机|电话|\bcall|\btel)
      (?:号|id|群|\ number)?\s*[:：是为]?\s*[a-z0-9_+-]{5,}       # how to reach somebody
    | (?<!\d)(?:\+?\d[\s-]?){9,14}(?!\d)                          # telephone numbers
    """
)


_ENDS = ".,;:!?。，；：！？、…)）\"'”’"


def _packed(text: str) -> str:
    return "".join(c for c in text.casefold() if c.isalnum())


class Guard:
    """Checks texts of one answer.

    Args:
        instructions: What the model was told and must not repeat.
        spoken: What was said, and what the user asked for: words from there may come back.
    """

    def __init__(self, instructions: Iterable[str], spoken: Iterable[str]) -> None:
        told, said = " ".join(instructions), " ".join(spoken)
        self._said = _packed(said)
        self._written = "".join(said.casefold().split())
        self._runs = _runs(told) - _runs(said)
        packed = _packed(told)
        self._packed = {
            packed[i : i + _PACKED_RUN] for i in range(max(0, len(packed) - _PACKED_RUN + 1))
        }

    def leaks(self, *texts: str) -> bool:
        """Whether the texts, taken together, repeat the instructions."""
        if any(self._runs & _runs(text) for text in texts):
            return True
        packed = _packed("".join(texts))
        return any(
            packed[i : i + _PACKED_RUN] in self._packed
            and packed[i : i + _PACKED_RUN] not in self._said
            for i in range(max(0, len(packed) - _PACKED_RUN + 1))
        )

    def names_stranger(self, text: str) -> bool:
        """Whether the text holds a web address, an account or a number to call that nobody named.

        It counts as named only as it is written: who says "evil shop" has not named "@evil_shop".
        """
        return any(
            "".join(match.group().casefold().split()).strip(_ENDS) not in self._written
            for match in _CONTACT.finditer(text)
        )


def _runs(text: str) -> set[tuple[str, ...]]:
    """Runs of words (or Chinese characters) long enough to be no accident."""
    words = _WORD.findall(text.casefold())
    found = set()
    for size, wanted in ((_LATIN_RUN, False), (_HAN_RUN, True)):
        for i in range(len(words) - size + 1):
            run = tuple(words[i : i + size])
            if all(bool(_HAN.match(word)) is wanted for word in run):
                found.add(run)
    return found
