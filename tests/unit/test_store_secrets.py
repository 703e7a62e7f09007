"""Secrets at rest: sealed with a key outside the database, for one place only."""

from __future__ import annotations

import base64
import stat
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from videoclip.errors import StoreError, UsageError
from videoclip.settings import Settings
from videoclip.store.secrets import Secrets

OLD, NEW = bytes(range(32)), bytes(range(1, 33))


def test_a_sealed_text_opens_where_it_was_sealed_for_and_nowhere_else() -> None:
    secrets = Secrets([OLD])
    sealed = secrets.seal("whsec_秘密", "destination/1/secret")
    assert "whsec" not in sealed
    assert sealed != secrets.seal("whsec_秘密", "destination/1/secret")
    assert secrets.open(sealed, "destination/1/secret") == "whsec_秘密"
    for text, place in (
        (sealed, "destination/2/secret"), (sealed[:-4] + "AAA=", "destination/1/secret"),
        (sealed[:20], "destination/1/secret"),
    ):  # fmt: skip
        with pytest.raises(StoreError, match="damaged"):
            secrets.open(text, place)


def test_keys_are_rotated() -> None:
    sealed = Secrets([OLD]).seal("a", "p")
    both = Secrets([NEW, OLD])
    assert both.open(sealed, "p") == "a"
    assert Secrets([NEW]).open(both.seal("b", "p"), "p") == "b"
    with pytest.raises(StoreError, match="not here"):
        Secrets([NEW]).open(sealed, "p")


def test_the_key_file_is_made_once_and_private(tmp_path: Path) -> None:
    settings = Settings(data_dir=tmp_path / "data")
    with ThreadPoolExecutor(8) as pool:
        made = list(pool.map(lambda _: Secrets.of(settings), range(8)))
    sealed = made[0].seal("a", "p")
    assert all(secrets.open(sealed, "p") == "a" for secrets in made)
    file = tmp_path / "data" / "secret.key"
    assert [path.name for path in file.parent.iterdir()] == ["secret.key"]
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    file.chmod(0o640)
    with pytest.raises(UsageError, match="read by others"):
        Secrets.of(settings)


def test_keys_from_the_settings(tmp_path: Path) -> None:
    words = " ".join(base64.b64encode(key).decode() for key in (NEW, OLD))
    settings = Settings(data_dir=tmp_path, secret_key=words)  # type: ignore[arg-type]
    assert Secrets.of(settings).open(Secrets([OLD]).seal("a", "p"), "p") == "a"
    assert not (tmp_path / "secret.key").exists()
    for bad in ("not base64!", "c2hvcnQ="):
        with pytest.raises(UsageError, match="secret key"):
            Secrets.of(Settings(data_dir=tmp_path, secret_key=bad))  # type: ignore[arg-type]
