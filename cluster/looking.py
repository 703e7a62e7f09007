"""What one node sees of itself and of what all share: run there by Ray, told as plain values. Nothing is judged here."""

from __future__ import annotations

import asyncio
import os
import platform
import shutil
import subprocess
import time
from dataclasses import dataclass, field
from importlib import metadata
from pathlib import Path

from videoclip import __version__
from videoclip.errors import VideoClipError
from videoclip.media.doctor import diagnose
from videoclip.settings import Settings, load_settings
from videoclip.store.objects import ObjectRef, open_objects
from videoclip.store.secrets import Secrets

__all__ = ["Asked", "Seen", "key_mark", "look", "now", "versions"]

_PATIENCE_S = 10.0


@dataclass(frozen=True, slots=True)
class Asked:
    """What a node is to look for."""

    probe: str
    """Path of a small file in the data folder, which all nodes must see."""
    word: str
    """What is in it."""
    sha256: str
    size: int
    """Of an object that was just stored."""


@dataclass(frozen=True, slots=True)
class Seen:
    """What a node saw. An empty text means: all is well there."""

    versions: dict[str, str] = field(default_factory=dict)
    auth_mode: str = ""
    key: str = ""
    """A mark of the secret key, which tells keys apart and nothing else; empty: none."""
    cards: tuple[tuple[str, float, str], ...] = ()
    """Name, memory in GiB, driver."""
    tools: tuple[tuple[str, str], ...] = ()
    """What of FFmpeg and its like is missing, and the remedy."""
    storage: str = ""
    objects: str = ""
    database: str = ""
    schema: str = ""
    endpoint: str = ""
    engine: str = ""
    """The recogniser that it would take, or why none."""
    free_gib: float = 0.0
    settings: str = ""


def versions() -> dict[str, str]:
    """Of what must be the same everywhere."""
    return {
        "video-clip": __version__,
        "ray": metadata.version("ray"),
        "python": platform.python_version(),
    }


def now() -> float:
    """This machine's clock, seconds since 1970."""
    return time.time()


def key_mark(settings: Settings) -> str:
    """A mark of the current secret key, or nothing where there is none yet."""
    if (
        not settings.secret_key.get_secret_value()
        and not (settings.data_dir / "secret.key").exists()
    ):
        return ""
    return next(iter(Secrets.of(settings).derived("cluster doctor").values())).hex()[:16]


def look(asked: Asked) -> Seen:
    """Look at everything; never raises."""
    try:
        settings = load_settings()
        mark = key_mark(settings)
    except VideoClipError as error:
        return Seen(versions=versions(), settings=error.cause)
    database, schema = asyncio.run(_database(settings))
    return Seen(
        versions=versions(),
        auth_mode=os.environ.get("RAY_AUTH_MODE", "disabled"),
        key=mark,
        cards=_cards(),
        tools=tuple((f"{f.name}: {f.detail}", f.remedy) for f in diagnose() if not f.ok and f.remedy),
        storage=_storage(Path(asked.probe), asked.word),
        objects=_objects(settings, ObjectRef(asked.sha256, asked.size)),
        database=database,
        schema=schema,
        endpoint=_endpoint(settings),
        engine=_engine(settings),
        free_gib=_free_gib(settings.data_dir),
    )  # fmt: skip


def _storage(probe: Path, word: str) -> str:
    try:
        if probe.read_text(encoding="utf-8") != word:
            return f"{probe} is another file here"
        own = probe.with_name(f"{probe.name}.{platform.node()}-{os.getpid()}")
        own.write_text(word, encoding="utf-8")
        own.unlink()
    except OSError as error:
        return f"{probe.parent}: {error.strerror or error}"
    return ""


def _objects(settings: Settings, ref: ObjectRef) -> str:
    try:
        return "" if open_objects(settings).has(ref) else "what was just stored is not there"
    except VideoClipError as error:
        return error.cause


async def _database(settings: Settings) -> tuple[str, str]:
    """What is wrong with the database, and its schema's revision."""
    from sqlalchemy import text
    from sqlalchemy.exc import SQLAlchemyError

    from videoclip.store.database import Database

    database = Database(settings)
    try:
        async with database.session() as session:
            row = session.scalar(text("SELECT version_num FROM alembic_version"))
            return "", str(await asyncio.wait_for(row, _PATIENCE_S))
    except VideoClipError as error:
        return error.cause, ""
    except (SQLAlchemyError, OSError, asyncio.TimeoutError) as error:
        return f"{type(error).__name__}: {str(error).partition(chr(10))[0]}", ""
    finally:
        await database.close()


def _endpoint(settings: Settings) -> str:
    """Whether the language model's address can be reached; a model that sleeps counts as reached."""
    base = settings.llm.base_url.rstrip("/")
    if not base:
        return ""
    import httpx

    key = settings.llm.api_key.get_secret_value()
    headers = {"Authorization": f"Bearer {key}"} if key else {}
    try:
        answer = httpx.get(f"{base}/models", headers=headers, timeout=_PATIENCE_S)
    except httpx.HTTPError as error:
        return f"{base}: {type(error).__name__}"
    bad = answer.status_code in {401, 403, 404}
    return f"{base} answers with {answer.status_code}" if bad else ""


def _engine(settings: Settings) -> str:
    from videoclip.schemas import RecogniserName
    from videoclip.speech.resolve import resolve_recogniser

    try:
        return resolve_recogniser(RecogniserName.AUTO, "auto", [], settings)[0].engine
    except VideoClipError as error:
        return error.cause


def _free_gib(folder: Path) -> float:
    try:
        return shutil.disk_usage(folder).free / 2**30
    except OSError:
        return 0.0


def _cards() -> tuple[tuple[str, float, str], ...]:
    query = "--query-gpu=name,memory.total,driver_version"
    try:
        done = subprocess.run(
            ["nvidia-smi", query, "--format=csv,noheader,nounits"],
            capture_output=True, text=True, timeout=20, check=True,
        )  # fmt: skip
        rows = [line.split(", ") for line in done.stdout.splitlines() if line.strip()]
        return tuple((name, float(mib) / 1024, driver) for name, mib, driver in rows)
    except (OSError, ValueError, subprocess.SubprocessError):
        return ()
