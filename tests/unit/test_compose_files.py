"""Images and Compose: read by the tools that know them, confined, pinned, without a secret in the repository."""

from __future__ import annotations

import base64
import json
import re
import stat
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from compose_spec import PyCompose

from tests.support.command import ROOT
from tests.support.compose import FOLDER, compose_file, env_file
from videoclip.settings import load_settings

BIN = Path(sys.executable).parent
GIVEN = {"PUBLIC_HOST": "clips.example.org", "LLM_MODEL": "some/model"}


def services() -> dict[str, Any]:
    return dict(compose_file("compose.yaml", GIVEN)["services"])


def secrets(out: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        ["bash", FOLDER / "secrets.sh", *arguments],
        env={"PATH": "/usr/bin:/bin", "OUT": str(out)}, capture_output=True, text=True, check=False,
    )  # fmt: skip


@pytest.mark.parametrize("name", ["compose.yaml", "compose.gpu.yaml"])
def test_compose_files_are_read_as_the_specification_has_it(name: str) -> None:
    import yaml

    spec = PyCompose.from_yaml(yaml.safe_dump(compose_file(name, GIVEN)))
    if name == "compose.yaml":
        spec.validate()  # every network, volume and secret that is named is there
    assert spec.services


def test_what_is_needed_is_asked_for() -> None:
    with pytest.raises(KeyError, match=r"PUBLIC_HOST: run cluster/compose/secrets.sh first"):
        compose_file("compose.yaml", {})


def test_the_dockerfile_and_the_scripts_pass_their_linters() -> None:
    scripts = [*FOLDER.glob("*.sh"), ROOT / "cluster/images/videoclip", *(ROOT / "scripts").glob("*.sh"), ROOT / ".ci/run"]  # fmt: skip
    for command in (
        [BIN / "hadolint", ROOT / "cluster/images/Dockerfile"],
        [BIN / "shellcheck", "--severity=warning", *scripts],
    ):
        done = subprocess.run(command, capture_output=True, text=True, check=False)
        assert done.returncode == 0, done.stdout


def test_every_container_is_confined_and_only_caddy_can_be_reached_from_elsewhere() -> None:
    for name, service in services().items():
        assert service["read_only"] is True, name
        assert service["cap_drop"] == ["ALL"], name
        assert service["security_opt"] == ["no-new-privileges:true"], name
        assert name == "caddy" or all(
            port.startswith("127.0.0.1:") for port in service.get("ports", [])
        )
        assert name == "caddy" or service["user"].partition(":")[0] != "0"
    networks = compose_file("compose.yaml", GIVEN)["networks"]
    assert networks["back"]["internal"]
    assert services()["postgres"]["networks"] == ["back"]


def test_images_have_versions_and_what_is_mounted_or_copied_is_there() -> None:
    for name, service in services().items():
        image = service["image"]
        assert image.startswith("videoclip:") or re.fullmatch(r"[\w/.-]+:v?\d+[\w.-]*", image), name
        for volume in service.get("volumes", []):
            source = volume.split(":")[0]
            assert not source.startswith(".") or (FOLDER / source).exists(), volume
    dockerfile = (ROOT / "cluster/images/Dockerfile").read_text()
    kept = {line.removeprefix("!").rstrip("/") for line in (ROOT / ".dockerignore").read_text().splitlines() if line.startswith("!")}  # fmt: skip
    for sources in re.findall(
        r"^COPY (?:--chmod=\d+ )?((?!--from)\S.*) \S+$", dockerfile, re.MULTILINE
    ):
        for source in sources.split():
            assert (ROOT / source).exists(), source
            assert source.split("/")[0] in kept, source
    # No build tools in the last stages but in the one that says why.
    last = dockerfile[dockerfile.index("FROM base AS app") :]
    assert re.findall(r"\b(gcc|build-essential|pip install)\b", last) == ["gcc"]


def test_the_lock_of_the_images_is_a_part_of_the_lock() -> None:
    lock = set((ROOT / "requirements/lock.txt").read_text().splitlines())
    images = set((ROOT / "requirements/server.txt").read_text().splitlines())
    assert images < lock
    assert not any(line.startswith(("pytest", "ruff==", "hypothesis")) for line in images)


def test_secrets_are_random_closed_and_never_overwritten(tmp_path: Path) -> None:
    made = []
    for name in ("one", "two"):
        out = tmp_path / name
        out.mkdir()
        done = secrets(out, "clips.example.org", "objects.example.org")
        assert done.returncode == 0, done.stderr
        made.append(env_file(out / "secrets" / "videoclip.env"))
    one, two = made
    for name in ("VIDEOCLIP_DATABASE_URL", "VIDEOCLIP_SECRET_KEY", "VIDEOCLIP_OBJECTS__SECRET_ACCESS_KEY"):  # fmt: skip
        assert one[name] != two[name]
    assert len(base64.b64decode(one["VIDEOCLIP_SECRET_KEY"])) == 32
    folder = tmp_path / "one" / "secrets"
    assert stat.S_IMODE(folder.stat().st_mode) == 0o700
    assert stat.S_IMODE((folder / "videoclip.env").stat().st_mode) == 0o600
    password = (folder / "postgres_password").read_text()
    assert f":{password}@postgres/" in one["VIDEOCLIP_DATABASE_URL"]
    (who,) = json.loads((folder / "objects.json").read_text())["identities"]
    assert who["credentials"][0]["secretKey"] == one["VIDEOCLIP_OBJECTS__SECRET_ACCESS_KEY"]
    assert env_file(tmp_path / "one" / ".env") == {
        "PUBLIC_HOST": "clips.example.org",
        "OBJECTS_HOST": "objects.example.org",
        "COMPOSE_PROFILES": "jobs,database,objects",
    }
    again = secrets(tmp_path / "one", "clips.example.org")
    assert again.returncode == 2
    assert "what to do: Keep them" in again.stderr
    assert env_file(folder / "videoclip.env") == one


@pytest.mark.parametrize("host", ["", "clips example", "a$(reboot)", "-x"])
def test_what_is_no_host_name_is_refused(tmp_path: Path, host: str) -> None:
    done = secrets(tmp_path, host)
    assert done.returncode == 2
    assert "no host name" in done.stderr
    assert list(tmp_path.iterdir()) == []


def test_what_the_containers_are_given_are_settings(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert secrets(tmp_path, "clips.example.org", "objects.example.org").returncode == 0
    given = compose_file("compose.gpu.yaml", GIVEN)["services"]["dispatcher"]["environment"]
    every = {**env_file(tmp_path / "secrets" / "videoclip.env"), **services()["gateway"]["environment"], **given}  # fmt: skip
    for name, value in every.items():
        monkeypatch.setenv(name, str(value))
    settings = load_settings()
    assert settings.gateway.public_url == "https://clips.example.org"
    assert settings.gateway.trusted_proxies == ["172.31.250.0/24"]
    assert settings.objects.endpoint == "https://objects.example.org"


def test_nothing_that_secrets_sh_makes_can_be_committed() -> None:
    for name in (".env", "secrets/videoclip.env", "secrets/ray_token"):
        path = f"cluster/compose/{name}"
        ignored = subprocess.run(["git", "check-ignore", "-q", path], cwd=ROOT, check=False)
        assert ignored.returncode == 0, path
