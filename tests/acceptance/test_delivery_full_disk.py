"""No space left: a download and a backup say so, leave nothing half-done under the final name, and work later."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from tests.support.remote import run_remote
from videoclip.settings import Settings
from videoclip.store.backup import backup
from videoclip.store.objects import open_objects

ROOT = Path(__file__).resolve().parents[2]
CONTENT = os.urandom(3_000_000)
DOWNLOAD = """
from videoclip.net import AddressRules, FetchLimits, Guard, download
guard = Guard(AddressRules.of(["127.0.0.0/8"]), ports=frozenset({int(sys.argv[2])}))
url = f"http://127.0.0.1:{sys.argv[2]}/"
work = lambda: download(url, Path(sys.argv[1]), FetchLimits(10**8, pause_s=0.01), guard=guard)
"""
BACKUP = """
import pyrage
from videoclip.settings import Settings
from videoclip.store.backup import Seal, backup
seal = Seal([str(pyrage.x25519.Identity.generate().to_public())] if sys.argv[3] == "sealed" else [])
work = lambda: backup(Settings(data_dir=Path(sys.argv[2])), Path(sys.argv[1]), seal=seal)
"""
RUN = """
import resource, signal, sys
from pathlib import Path
from videoclip.errors import StorageFull
{work}
signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
resource.setrlimit(resource.RLIMIT_FSIZE, (1_000_000, 1_000_000))
try:
    work()
except StorageFull as error:
    print(error.code)
"""


def run(work: str, *words: str) -> str:
    done = subprocess.run(
        [sys.executable, "-c", RUN.format(work=work), *words],
        check=True, capture_output=True, text=True, env=os.environ | {"PYTHONPATH": str(ROOT)},
    )  # fmt: skip
    return done.stdout.strip()


def test_a_download_says_that_the_disk_is_full(tmp_path: Path) -> None:
    with run_remote(lambda asked: asked.answer(200, CONTENT)) as remote:
        assert run(DOWNLOAD, str(tmp_path / "video"), str(remote.port)) == "storage_full"
    assert not (tmp_path / "video").exists()


@pytest.mark.parametrize("how", ["plain", "sealed"])
def test_a_backup_says_that_the_disk_is_full(tmp_path: Path, how: str) -> None:
    settings = Settings(data_dir=tmp_path / "data")
    (tmp_path / "content").write_bytes(CONTENT)
    open_objects(settings).put(tmp_path / "content")
    file = tmp_path / "backups" / "b"
    file.parent.mkdir()
    assert run(BACKUP, str(file), str(settings.data_dir), how) == "storage_full"
    assert list(file.parent.iterdir()) == []
    assert backup(settings, file).objects == 1
