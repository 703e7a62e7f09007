"""Prompts: versioned files in ``configs/prompts``, one a genre and language."""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import cache
from hashlib import sha256
from pathlib import Path
from string import Template

from videoclip.errors import EngineUnavailable
from videoclip.schemas import Genre

__all__ = ["Prompt", "load_part", "load_prompt", "prompts_dir", "prompts_version"]

_FRONT = re.compile(r"---\n(?P<front>.*?)\n---\n(?P<body>.*)", re.DOTALL)


@dataclass(frozen=True, slots=True)
class Prompt:
    """A prompt file."""

    name: str
    """Such as ``commerce.en``."""
    version: int
    body: str

    def fill(self, **values: object) -> str:
        """The text with its ``$names`` filled in; a name without a value is a defect and raises."""
        return Template(self.body).substitute({k: str(v) for k, v in values.items()})


def prompts_dir() -> Path:
    """Folder of the prompt files: in the repository, else in the installed package.

    Raises:
        EngineUnavailable: neither is there.
    """
    package = Path(__file__).resolve().parents[1]
    for folder in (
        package / "_server" / "configs" / "prompts",
        package.parent / "configs" / "prompts",
    ):
        if folder.is_dir():
            return folder
    raise EngineUnavailable("the prompt files are missing", "Install video-clip[server] again")


@cache
def load_prompt(genre: Genre, language: str) -> Prompt:
    """The prompt for a genre: Chinese for Chinese speech, English for every other language.

    Raises:
        EngineUnavailable: the file is missing or has no version.
    """
    return load_part(genre.value, language)


@cache
def load_part(name: str, language: str) -> Prompt:
    """A prompt file by name, such as ``posts``: Chinese for Chinese speech, English for every other language.

    Raises:
        EngineUnavailable: the file is missing or has no version.
    """
    tongue = "zh" if language.lower().startswith(("zh", "yue")) else "en"
    return _read(prompts_dir() / f"{name}.{tongue}.md")


@cache
def prompts_version() -> str:
    """All prompt files with their versions and a digest of their texts, for fingerprints."""
    found = [_read(path) for path in sorted(prompts_dir().glob("*.md"))]
    digest = sha256("\0".join(prompt.body for prompt in found).encode()).hexdigest()[:12]
    return ",".join(f"{prompt.name}={prompt.version}" for prompt in found) + f";{digest}"


def _read(path: Path) -> Prompt:
    try:
        match = _FRONT.fullmatch(path.read_text(encoding="utf-8"))
    except OSError as error:
        raise EngineUnavailable(
            f"the prompt file {path.name} cannot be read", "Install video-clip[server] again"
        ) from error
    version = match and re.search(r"^version: *(\d+)$", match["front"], re.MULTILINE)
    if not match or not version:
        raise EngineUnavailable(
            f"the prompt file {path.name} has no version", "Begin it with ---, version: 1, ---"
        )
    return Prompt(path.stem, int(version[1]), match["body"].strip())
