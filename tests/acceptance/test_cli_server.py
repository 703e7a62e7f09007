"""The command against a server: who one is, jobs that are asked for, followed and brought home, people, a watched folder."""

from __future__ import annotations

import json
import signal
import subprocess
import threading
import time
import zipfile
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path

import pytest

from tests.support.command import Command, check_error, events
from tests.support.platform import make_video
from tests.support.threaded_gateway import CLIPS, VIDEO, ThreadedGateway, gateway_below
from videoclip.client import CutRequest, Job, TimeRange, VideoClip

CUT = CutRequest(
    source="https://videos.example/a\x1b[31mb.mp4", ranges=[TimeRange(start_ms=0, end_ms=1000)]
)


@pytest.fixture(scope="module")
def gateway(
    tmp_path_factory: pytest.TempPathFactory, sqlite_template: Path
) -> Iterator[ThreadedGateway]:
    folder = tmp_path_factory.mktemp("gateway")
    with gateway_below(
        folder, sqlite_template, requests_per_minute=100_000, anonymous_per_minute=100_000
    ) as gateway:
        yield gateway


@pytest.fixture(scope="module")
def owner(gateway: ThreadedGateway) -> Iterator[VideoClip]:
    with VideoClip(gateway.base, gateway.token) as client:
        yield client


@pytest.fixture
def stranger(gateway: ThreadedGateway, tmp_path: Path) -> Command:
    """A command of somebody who has signed in nowhere."""
    homes = {name: str(tmp_path / name) for name in ("XDG_CONFIG_HOME", "XDG_STATE_HOME")}
    return Command(tmp_path / "data", {"VIDEOCLIP_SERVER": gateway.base, **homes})


@pytest.fixture
def command(gateway: ThreadedGateway, stranger: Command) -> Command:
    return Command(
        stranger.data, {**stranger.environment, "VIDEOCLIP_API_KEY": gateway.token}, stranger.mark
    )


def ended(process: subprocess.Popen[str]) -> subprocess.CompletedProcess[str]:
    try:
        out, err = process.communicate(timeout=60)
    except subprocess.TimeoutExpired:
        process.kill()
        process.communicate()
        raise
    return subprocess.CompletedProcess(process.args, process.returncode, out, err)


def typed(command: Command, text: str, *arguments: str) -> subprocess.CompletedProcess[str]:
    """Run it with something on standard input."""
    process = command.start(*arguments, stdin=subprocess.PIPE)
    out, err = process.communicate(text, timeout=60)
    return subprocess.CompletedProcess(process.args, process.returncode, out, err)


def within(seconds: float, what: Callable[[], object]) -> None:
    deadline = time.monotonic() + seconds
    while not what():
        assert time.monotonic() < deadline
        time.sleep(0.05)


def newest(owner: VideoClip, kind: str, before: set[str]) -> Job:
    """The job that was asked for meanwhile."""
    found: list[Job] = []

    def look() -> bool:
        found[:] = [job for job in owner.jobs.list(kind=kind) if job.id not in before]
        return bool(found)

    within(30, look)
    return found[0]


def finish(gateway: ThreadedGateway, job: Job, folder: Path) -> None:
    """What a runner would do: some stages, two clips."""
    gateway.happened(job.id, "running")
    stage = {"stage": "render", "total": 2, "unit": "clips", "source": "v.mp4"}
    gateway.happened(job.id, "stage_started", **stage, done=0)
    gateway.happened(job.id, "notice", data={"message": "look \x1b[2J out", "remedy": "do this"})
    gateway.happened(job.id, "stage_finished", **stage, done=2, elapsed_s=1.5)
    gateway.finish(job.id, folder)


def test_a_sign_in_by_password_is_kept_for_its_owner_alone_and_shared_by_processes(
    gateway: ThreadedGateway, owner: VideoClip, stranger: Command
) -> None:
    unknown = stranger.run("whoami")
    check_error(unknown, 2, "you are not signed in at")
    assert f"videoclip login --server {gateway.base}" in unknown.stderr
    invited = owner.workspace.invite("admin", email="ann@one.test")
    with VideoClip(gateway.base, "") as client:
        client.auth.accept(invited.token, name="Ann", password="four words in a row")
    wrong = typed(stranger, "not that one at all\n", "login", "--email", "ann@one.test")
    check_error(wrong, 2, "")
    done = typed(stranger, "four words in a row\n", "login", "--email", "ann@one.test")
    assert done.returncode == 0, done.stderr
    file = Path(stranger.environment["XDG_CONFIG_HOME"]) / "videoclip" / "servers.json"
    assert file.stat().st_mode & 0o777 == 0o600
    assert "four words" not in file.read_text() + done.stdout + done.stderr

    told = json.loads(file.read_text())
    told["servers"][gateway.base]["until"] = 0  # the access token has ended
    file.write_text(json.dumps(told))
    first = told["servers"][gateway.base]["tokens"]["refresh_token"]
    # The last login is the server that is meant; many at once renew the sign-in once.
    environment = {k: v for k, v in stranger.environment.items() if k != "VIDEOCLIP_SERVER"}
    alone = Command(stranger.data, environment, stranger.mark)
    running = [alone.start("whoami", "--json") for _ in range(3)]
    for process in running:
        asked = ended(process)
        assert asked.returncode == 0, asked.stderr
        assert json.loads(asked.stdout)["user"]["email"] == "ann@one.test"
    second = json.loads(file.read_text())["servers"][gateway.base]["tokens"]["refresh_token"]
    assert second != first
    assert file.stat().st_mode & 0o777 == 0o600

    file.chmod(0o644)
    refused = alone.run("whoami")
    check_error(refused, 2, "can be read by others")
    file.chmod(0o600)
    assert alone.run("logout").stdout == f"Signed out at {gateway.base}\n"
    check_error(stranger.run("whoami"), 2, "you are not signed in at")
    file.write_text("{")
    check_error(stranger.run("whoami"), 2, "cannot be understood")


def test_a_key_is_taken_from_standard_input_and_shown_nowhere(
    gateway: ThreadedGateway, owner: VideoClip, stranger: Command
) -> None:
    key = owner.keys.create("cli", ["jobs:read"], days=1).key
    done = typed(stranger, f"{key}\n", "login")
    assert done.returncode == 0, done.stderr
    who = stranger.run("whoami")
    assert "Owner <owner@one.test> by a key" in who.stdout
    listed = stranger.run("jobs", "list", "--json")
    assert listed.returncode == 0, listed.stderr
    refused = stranger.run("users", "list")
    check_error(refused, 2, "")
    out = stranger.run("logout")
    assert "stays valid" in out.stdout
    for run in (done, who, listed, refused, out):
        assert key not in run.stdout + run.stderr
    check_error(typed(stranger, "\n", "login"), 2, "no password and no key was given")
    link = f"{gateway.base}/#/invitation/abc"
    check_error(typed(stranger, f"{link}\n", "login"), 2, "this is an invitation")
    # The key of the environment goes to the server of the environment only.
    elsewhere = Command(
        stranger.data, {**stranger.environment, "VIDEOCLIP_API_KEY": key}, stranger.mark
    )
    check_error(
        elsewhere.run("whoami", "--server", "http://127.0.0.1:9"), 2, "not signed in at http://127.0.0.1:9"
    )  # fmt: skip


def test_a_file_is_uploaded_its_job_followed_and_its_clips_brought_here(
    gateway: ThreadedGateway, owner: VideoClip, command: Command, tmp_path: Path
) -> None:
    video = make_video(tmp_path / "Vidéo 1.mp4")
    before = {job.id for job in owner.jobs.list()}
    wrong = command.run("submit", video, "--min-seconds", "9", "--max-seconds", "3")
    check_error(wrong, 2, "--max-seconds 3 is shorter")
    nothing = command.run("submit", tmp_path / "none.mp4")
    check_error(nothing, 3, "does not exist")
    text = tmp_path / "text.mp4"
    text.write_text("no video")
    check_error(command.run("submit", text, "--quiet"), 3, "")
    check_error(command.run("submit", video, "--transcript", text), 2, "cannot be uploaded")
    for option in ("--watermark", "--outro"):
        missing = command.run("submit", video, "--intro", video, option, tmp_path / "none.png")
        assert "Uploading" not in missing.stdout + missing.stderr
        check_error(missing, 2, "none.png")

    process = command.start(
        *("submit", video, "--top", "2", "--platforms", "none", "-o", tmp_path / "out", "--json")
    )
    job = newest(owner, "clip", before)
    assert job.request["source"].startswith("asset:")
    assert (job.request["top"], job.request["platforms"]) == (2, [])
    finish(gateway, job, tmp_path)
    done = ended(process)
    assert done.returncode == 0, done.stderr
    told = events(done.stdout)
    stages = [
        (e["event"], e["stage"]) for e in told if e["event"] in ("stage_started", "stage_finished")
    ]
    assert stages == [
        ("stage_started", "upload"), ("stage_finished", "upload"),
        ("stage_started", "render"), ("stage_finished", "render"),
        ("stage_started", "download"), ("stage_finished", "download"),
    ]  # fmt: skip
    names = [e["event"] for e in told if e["event"] != "progress"]
    assert names.index("job_submitted") < names.index("job_started") < names.index("notice")
    last = told[-1]
    assert (last["event"], last["job"], last["status"]) == ("job_finished", job.id, "succeeded")
    assert last["clips"] == list(CLIPS)
    for name in CLIPS:
        assert (tmp_path / "out" / name).read_bytes() == VIDEO

    # The same file again is not sent again.
    kept = len(list(owner.assets.list()))
    again = command.run("submit", video)
    assert "is in the library already" in again.stdout + again.stderr
    assert owner.jobs.get(again.stdout.split()[-1]).request["source"] == job.request["source"]
    assert len(list(owner.assets.list())) == kept

    # For people: no escape sequences of others, a table, where the files are.
    shown = command.run("jobs", "follow", job.id)
    assert shown.returncode == 0, shown.stderr
    assert "Rendering clips" in shown.stdout
    assert "2 clips at the server" in shown.stdout
    listed = command.run("jobs", "list")
    assert "Vidéo 1.mp4" in listed.stdout
    assert "asset:" not in listed.stdout
    assert "\x1b" not in shown.stdout

    asked = command.run("submit", "https://videos.example/a.mp4", "https://videos.example/b.mp4")
    ids = asked.stdout.split()[:2]
    assert {owner.jobs.get(one).request["source"][-5:] for one in ids} == {"a.mp4", "b.mp4"}
    assert f"videoclip jobs follow {ids[0]} {ids[1]}" in asked.stdout


def test_ctrl_c_leaves_the_job_at_work_and_says_how_to_go_on(
    gateway: ThreadedGateway, owner: VideoClip, command: Command
) -> None:
    job = owner.jobs.create(CUT)
    # Where the tests run in the background of a shell, they and what they start are deaf to it.
    hears = partial(signal.signal, signal.SIGINT, signal.SIG_DFL)
    process = command.start("jobs", "follow", job.id, preexec_fn=hears)
    assert process.stdout is not None
    assert process.stdout.readline(), "why it waits"
    process.send_signal(signal.SIGINT)
    done = ended(process)
    check_error(done, 130, f"the job goes on at {gateway.base}")
    assert f"videoclip jobs cancel {job.id}" in done.stderr
    assert owner.jobs.get(job.id).state == "queued"


def test_a_ray_job_that_is_stopped_cancels_what_it_asked_for(
    owner: VideoClip, command: Command
) -> None:
    before = {job.id for job in owner.jobs.list()}
    process = command.start("https://videos.example/ray.mp4", module="cluster.submit")
    job = newest(owner, "clip", before)
    assert process.stdout is not None
    assert process.stdout.readline(), "why it waits"
    process.terminate()
    check_error(ended(process), 130, "cancelled")
    assert owner.jobs.get(job.id).state == "cancelled"


def test_jobs_are_listed_shown_cancelled_and_run_again(owner: VideoClip, command: Command) -> None:
    job = owner.jobs.create(CUT)
    listed = command.run("jobs", "list", "--limit", "1")
    assert job.id in listed.stdout
    assert "\x1b" not in listed.stdout
    assert json.loads(command.run("jobs", "list", "--kind", "cut", "--json").stdout.splitlines()[0])
    assert "queued" in command.run("jobs", "show", job.id).stdout
    assert command.run("jobs", "cancel", job.id).stdout == f"{job.id} cancelled\n"
    followed = command.run("jobs", "follow", job.id, "--quiet")
    check_error(followed, 130, "the job was cancelled")
    check_error(command.run("jobs", "cancel", job.id), 2, "")
    assert command.run("jobs", "retry", job.id).stdout == f"{job.id} queued\n"
    check_error(command.run("jobs", "retry", job.id), 2, "the job is queued, not over")
    for words in (("show",), ("cancel",), ("retry",)):
        check_error(command.run("jobs", *words, "0198"), 2, "there is no such job")
    nobody = "0198c0de-0000-7000-8000-000000000000"
    both = command.run("jobs", "cancel", job.id, nobody)
    check_error(both, 5, nobody)
    shown = json.loads(command.run("jobs", "show", job.id, "--json").stdout)
    assert (shown["state"], shown["clips"]) == ("cancelled", [])
    check_error(command.run("jobs", "show", nobody), 2, "")
    check_error(command.run("download", job.id), 2, "has no files")


def test_what_a_job_made_is_brought_here_as_files_or_as_one_zip(
    gateway: ThreadedGateway, owner: VideoClip, command: Command, tmp_path: Path
) -> None:
    job = owner.jobs.create(CUT)
    finish(gateway, job, tmp_path)
    done = command.run("download", job.id, "-o", tmp_path / "files")
    assert done.returncode == 0, done.stderr
    assert (tmp_path / "files" / CLIPS[0]).read_bytes() == VIDEO
    again = command.run("download", job.id, "-o", tmp_path / "files")
    assert "already" in again.stdout + again.stderr
    check_error(command.run("jobs", "retry", job.id), 2, "the job has succeeded")
    assert command.run("download", job.id, "--zip", "-o", tmp_path / "all.zip").returncode == 0
    assert set(CLIPS) <= set(zipfile.ZipFile(tmp_path / "all.zip").namelist())
    (tmp_path / "file").touch()
    full = command.run("download", job.id, "-o", tmp_path / "file" / "below")
    check_error(full, 2, "cannot be written")


def test_people_are_invited_listed_and_locked_out(
    gateway: ThreadedGateway, owner: VideoClip, command: Command
) -> None:
    made = command.run("users", "invite", "bob@one.test", "--role", "viewer")
    word = made.stdout.strip().rpartition("/#/invitation/")[2]
    with VideoClip(gateway.base, "") as client:
        client.auth.accept(word, name="Bob", password="four words in a row")
    listed = command.run("users", "list")
    assert "bob@one.test" in listed.stdout
    check_error(command.run("users", "invite", "--role", "king"), 2, "there is no role 'king'")
    check_error(command.run("users", "list", "--all"), 2, "")
    gateway.administers(gateway.known.user_id)
    try:
        assert command.run("users", "disable", "bob@one.test").stdout == "bob@one.test locked out\n"
        people = [
            json.loads(row)
            for row in command.run("users", "list", "--all", "--json").stdout.splitlines()
        ]
        assert {one["email"]: one["state"] for one in people}["bob@one.test"] == "locked out"
        assert command.run("users", "enable", "bob@one.test").returncode == 0
        check_error(
            command.run("users", "disable", "nobody@one.test"), 2, "there is no user nobody"
        )
        told = json.loads(command.run("status", "--server", gateway.base, "--json").stdout)
        assert told["ready"] == "ok"
        assert told["installation"]["version"]
    finally:
        gateway.administers(gateway.known.user_id, yes=False)
    assert "workspace  One" in command.run("status", "--server", gateway.base).stdout


def test_a_watched_folder_sends_each_video_once_and_brings_what_it_became(
    gateway: ThreadedGateway, owner: VideoClip, command: Command, tmp_path: Path
) -> None:
    folder = tmp_path / "in"
    folder.mkdir()
    make_video(folder / "one.mp4")
    (folder / "bad.mp4").write_text("no video")
    before = {job.id for job in owner.jobs.list()}
    arguments = (
        "watch",
        folder,
        "-o",
        tmp_path / "out",
        "--every",
        "0.2",
        "--settle",
        "0.2",
        "--once",
    )
    worker = threading.Thread(
        target=lambda: finish(gateway, newest(owner, "clip", before), tmp_path)
    )
    worker.start()
    done = command.run(*arguments, timeout=60)
    worker.join()
    assert done.returncode == 0, done.stderr
    assert "error: bad.mp4: " in done.stderr
    assert (tmp_path / "out" / "one" / CLIPS[0]).read_bytes() == VIDEO
    again = command.run(*arguments, timeout=60)
    assert (again.returncode, again.stderr) == (0, ""), "nothing twice, not even what was refused"
    assert len([job for job in owner.jobs.list() if job.id not in before]) == 1
    check_error(command.run("watch", tmp_path / "none"), 3, "is not a folder")


def test_a_server_that_is_away_is_told_from_a_defect(stranger: Command) -> None:
    away = Command(
        stranger.data,
        {**stranger.environment, "VIDEOCLIP_SERVER": "http://127.0.0.1:9", "VIDEOCLIP_API_KEY": "vck_x"},
        stranger.mark,
    )  # fmt: skip
    check_error(away.run("whoami"), 5, "the server at http://127.0.0.1:9 does not answer")
    check_error(away.run("whoami", "--server", "ftp://x"), 2, "is not one that can be reached")
