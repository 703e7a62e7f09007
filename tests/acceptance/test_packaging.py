"""The SDK part installs alone, and the wheel carries the server parts under one package."""

from __future__ import annotations

import subprocess
import sys
import tarfile
import venv
import zipfile
from pathlib import Path

import pytest

from tests.support.command import ROOT, SAMPLE

pytestmark = pytest.mark.slow

HEAVY = ("torch", "ray", "gradio", "numpy", "funasr", "sqlalchemy", "av")


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("dist")
    subprocess.run([sys.executable, "-m", "hatchling", "build", "-d", folder], cwd=ROOT, check=True)
    with tarfile.open(next(folder.glob("*.tar.gz"))) as archive:
        assert any(name.endswith("/pipelines/jobs.py") for name in archive.getnames())
    return next(folder.glob("*.whl"))


def test_site_packages_get_no_generic_names(wheel: Path) -> None:
    names = zipfile.ZipFile(wheel).namelist()
    assert {name.partition("/")[0] for name in names if ".dist-info" not in name} == {"videoclip"}
    for part in (
        "pipelines/jobs.py",
        "cluster/local.py",
        "configs/prompts/commerce.zh.md",
        "serve_apps/asr/builder.py",
        "configs/serving.yaml",
    ):
        assert f"videoclip/_server/{part}" in names


@pytest.fixture(scope="module")
def sdk(wheel: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Python of a new environment with the plain wheel and what it asks for, nothing else."""
    folder = tmp_path_factory.mktemp("sdk")
    venv.create(folder, with_pip=True)
    python = folder / "bin" / "python"
    subprocess.run(
        [python, "-m", "pip", "install", "-q", "--disable-pip-version-check", wheel],
        check=True,
        cwd=folder,
    )
    return python


def test_the_sdk_installs_alone(sdk: Path, tmp_path: Path) -> None:
    script = (
        "import sys, importlib.util\n"
        "from videoclip.client import *\n"
        "import pickle, videoclip\n"
        "from importlib.resources import files\n"
        "assert files(videoclip).joinpath('py.typed').is_file()\n"
        "client = pickle.loads(pickle.dumps(VideoClip('http://127.0.0.1:9', 'vck_x', retries=0)))\n"
        "try:\n    client.jobs.create(ClipRequest(source='asset:x'))\n"
        "except ServerUnreachable as error:\n    print(error.code)\n"
        f"heavy = [name for name in {HEAVY!r} if importlib.util.find_spec(name)]\n"
        "assert not heavy, heavy\n"
        "try:\n    open_output('.')\n"
        "except VideoClipError as error:\n    print(error.code)\n"
    )
    done = subprocess.run(
        [sdk, "-c", script], capture_output=True, text=True, check=True, cwd=tmp_path
    )
    assert done.stdout.split() == ["server_unreachable", "source_missing"]


def test_the_command_without_the_server_part_says_what_to_install(
    sdk: Path, tmp_path: Path
) -> None:
    done = subprocess.run(
        [sdk.parent / "videoclip", "clip", SAMPLE, "-o", tmp_path / "out"],
        capture_output=True,
        text=True,
        check=False,
        cwd=tmp_path,
    )
    assert done.returncode == 2
    assert 'pip install "video-clip[server]"' in done.stderr
    assert "Traceback" not in done.stderr


def test_the_wheel_finds_its_server_parts_without_the_checkout(wheel: Path, tmp_path: Path) -> None:
    zipfile.ZipFile(wheel).extractall(tmp_path / "site")
    script = (
        "import sys\n"
        "from videoclip.cli.server_parts import load\n"
        "jobs = load('pipelines.jobs')\n"
        "from videoclip.highlights import prompts\n"
        f"root = {str(tmp_path)!r}\n"
        "assert jobs.__file__.startswith(root), jobs.__file__\n"
        "assert str(prompts.prompts_dir()).startswith(root)\n"
    )
    subprocess.run(
        [sys.executable, "-c", script],
        check=True,
        cwd=tmp_path,
        env={"PYTHONPATH": str(tmp_path / "site"), "PATH": "/usr/bin:/bin"},
    )


def test_the_part_for_servers_needs_no_more_than_it_says(
    sdk: Path, wheel: Path, tmp_path: Path
) -> None:
    install = [sdk, "-m", "pip", "install", "-q", "--disable-pip-version-check", f"{wheel}[cli]"]
    subprocess.run(install, check=True, cwd=tmp_path)

    def videoclip(*words: str | Path) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            [sdk.parent / "videoclip", *words], capture_output=True, text=True, check=False,
            cwd=tmp_path, env={"HOME": str(tmp_path), "PATH": "/usr/bin:/bin"},
        )  # fmt: skip

    assert "submit" in videoclip("--help").stdout
    (tmp_path / "v.mp4").touch()
    for words in ("whoami", "submit v.mp4", "watch .", "jobs list", "users list", "status", "mcp"):
        done = videoclip(*words.split(), "--server", "http://127.0.0.1:9")
        assert done.returncode == 2, done.stderr
        assert "you are not signed in at http://127.0.0.1:9" in done.stderr
    assert 'pip install "video-clip[server]"' in videoclip("clip", "v.mp4", "-o", "out").stderr
