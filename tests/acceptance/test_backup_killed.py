"""Whatever kills a backup or a restore: no half file, no half database, and the next try goes through."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from pathlib import Path

from tests.support.filled import content_of, fill
from videoclip.settings import Settings
from videoclip.store.backup import backup, restore
from videoclip.store.objects import open_objects

ROOT = Path(__file__).resolve().parents[2]
DIES = """
import os, signal, sys
from pathlib import Path
from videoclip.settings import Settings
from videoclip.store.backup import backup, restore
work = {"backup": backup, "restore": restore}[sys.argv[1]]
settings = Settings(data_dir=Path(sys.argv[2]), database_url=sys.argv[3])
def told(done):
    if done > int(sys.argv[5]):
        os.kill(os.getpid(), signal.SIGKILL)
work(settings, Path(sys.argv[4]), told=told)
"""


def killed(what: str, settings: Settings, file: Path, after: int) -> None:
    command = [
        *(sys.executable, "-c", DIES, what, str(settings.data_dir), settings.database_url),
        *(str(file), str(after)),
    ]
    done = subprocess.run(command, check=False, env=os.environ | {"PYTHONPATH": str(ROOT)})
    assert done.returncode == -signal.SIGKILL


def test_a_killed_restore_leaves_the_database_empty_and_the_next_one_goes_through(
    store_settings: Settings, tmp_path: Path
) -> None:
    old = Settings(data_dir=tmp_path / "old")
    fill(old)
    for number in range(4):
        path = tmp_path / "content"
        path.write_bytes(bytes([number]) * 500_000)
        open_objects(old).put(path)
    file = tmp_path / "b"
    killed("backup", old, file, 1_200_000)
    assert not file.exists()
    before = content_of(old)
    backup(old, file)
    killed("restore", store_settings, file, 1_200_000)
    assert not any(content_of(store_settings).values())
    restore(store_settings, file)  # without force: there was nothing
    assert content_of(store_settings) == before
    assert {ref for ref, _ in open_objects(store_settings).items()} == {
        ref for ref, _ in open_objects(old).items()
    }
