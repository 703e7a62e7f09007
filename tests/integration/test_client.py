"""The SDK against a live gateway; each promise holds for the client with `async` and for the one without."""

from __future__ import annotations

import asyncio
import os
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.support.both_clients import Blocking
from tests.support.faulty_http import Faults
from tests.support.platform import make_video
from tests.support.threaded_gateway import VIDEO, ThreadedGateway, threaded_gateway
from videoclip.client import (
    AsyncVideoClip,
    ClipRequest,
    CutRequest,
    InvalidRequest,
    KeyReused,
    NotAllowed,
    NotFound,
    NotSignedIn,
    RenderOptions,
    ServerUnreachable,
    SourceError,
    TimeRange,
    VideoClip,
    WaitEnded,
)
from videoclip.errors import ChecksumMismatch, Conflict, LinkInvalid, OffsetMismatch
from videoclip.schemas.api.roles import SCOPES
from videoclip.settings import Settings

CUT = CutRequest(
    source="https://videos.example/one.mp4", ranges=[TimeRange(start_ms=0, end_ms=1000)]
)


@pytest.fixture(scope="module")
def gateway(tmp_path_factory: pytest.TempPathFactory) -> Iterator[ThreadedGateway]:
    settings = Settings(
        data_dir=tmp_path_factory.mktemp("gateway") / "data",
        gateway={"stream_poll_s": 0.05, "requests_per_minute": 100_000, "anonymous_per_minute": 100_000},
    )  # fmt: skip
    with threaded_gateway(settings) as gateway:
        yield gateway


class Both:
    """Makes clients of one kind, and closes them."""

    def __init__(self, kind: str, gateway: ThreadedGateway) -> None:
        self.kind, self.gateway, self.faults = kind, gateway, Faults()
        self.loop = asyncio.new_event_loop()
        self.made: list[Any] = []

    def make(self, key: str | None = None, **options: Any) -> Any:
        key = self.gateway.token if key is None else key
        if self.kind == "sync":
            http = self.faults.client()
            client: Any = VideoClip(self.gateway.base, key, http=http, **options)
            self.made.append(http.close)
        else:
            async_http = self.faults.async_client()
            client = Blocking(
                AsyncVideoClip(self.gateway.base, key, http=async_http, **options), self.loop
            )
            self.made.append(lambda: self.loop.run_until_complete(async_http.aclose()))
        return client

    def sign_in(self, *arguments: Any, **options: Any) -> Any:
        if self.kind == "sync":
            client: Any = VideoClip.sign_in(self.gateway.base, *arguments, **options)
        else:
            client = Blocking(
                self.loop.run_until_complete(
                    AsyncVideoClip.sign_in(self.gateway.base, *arguments, **options)
                ),
                self.loop,
            )
        self.made.append(client.close)
        return client

    def close(self) -> None:
        for close in self.made:
            close()
        self.loop.run_until_complete(self.loop.shutdown_asyncgens())
        self.loop.close()


@pytest.fixture(params=["sync", "async"])
def both(
    request: pytest.FixtureRequest, gateway: ThreadedGateway, monkeypatch: pytest.MonkeyPatch
) -> Iterator[Both]:
    monkeypatch.setattr("videoclip.client.retry._FIRST_S", 0.02)
    found = Both(request.param, gateway)
    try:
        yield found
    finally:
        found.close()


def test_from_a_file_to_clips(both: Both, tmp_path: Path) -> None:
    client, gateway = both.make(), both.gateway
    video, told = make_video(tmp_path / "Vidéo 1.mp4"), []
    asset = client.assets.upload(video, on_progress=lambda *of: told.append(of), piece_bytes=10_000)
    size = video.stat().st_size
    assert (asset.name, asset.size, asset.state) == ("Vidéo 1.mp4", size, "ready")
    assert told[-1] == (size, size)
    assert [done for done, _ in told] == sorted({done for done, _ in told})
    assert next(one.id for one in client.assets.list(q="Vidéo")) == asset.id
    copy = client.assets.download(asset.id, f"{tmp_path}/down/")
    assert copy == tmp_path / "down" / "Vidéo 1.mp4"
    assert copy.read_bytes() == video.read_bytes()
    assert client.assets.view(asset.id, "thumbnail").startswith(b"\xff\xd8")
    link = client.assets.link(asset.id).url
    assert both.make(key="").files.stat(link).size == size

    request = ClipRequest(source=asset.reference, top=3, language="en")
    job = client.jobs.create(request, idempotency_key=f"{both.kind} 1".replace(" ", "-"))
    assert (job.state, job.request["top"], job.is_over) == ("queued", 3, False)
    gateway.happened(job.id, "progress", done=1)
    gateway.finish(job.id, tmp_path)
    events: list[Any] = []
    job = job.wait(on_event=events.append)
    assert [event.kind for event in events][-2:] == ["progress", "succeeded"]
    assert events[-2].data == {"done": 1}
    assert job.raise_if_failed().is_over
    assert [event.id for event in job.stream(after=events[-2].id)] == [events[-1].id]
    assert [clip.title for clip in job.clips()] == ["Title", "Title"]

    told.clear()
    paths = job.download(tmp_path / "all", on_progress=lambda *of: told.append(of))
    assert [path.relative_to(tmp_path / "all").as_posix() for path in paths] == [
        "clips/01-ä b.mp4", "clips/02.mp4", "empty.txt", "transcript.json",
    ]  # fmt: skip
    assert paths[0].read_bytes() == VIDEO
    assert paths[2].read_bytes() == b""
    assert told[-1][0] == told[-1][1]
    name = "clips/01-ä b.mp4"
    assert client.clips.stat(job.id, name).size == len(VIDEO)
    assert client.clips.read(job.id, "transcript.json").startswith(b"{")
    assert client.clips.archive(job.id, tmp_path / "z.zip").read_bytes()[:2] == b"PK"
    assert b"OTIO" in client.clips.timeline(job.id, "otio")
    share = client.clips.share(job.id, name)
    anonymous = both.make(key="")
    assert anonymous.files.download(share.url, tmp_path / "shared.mp4").read_bytes() == VIDEO
    client.clips.revoke_share(share.id)
    with pytest.raises(LinkInvalid):
        anonymous.files.download(share.url, tmp_path / "again.mp4")
    assert not (tmp_path / "again.mp4").exists()
    assert next(iter(client.clips.shares(job.id))).revoked_ms is not None

    transcript = client.transcripts.of_job(job.id)
    after = client.transcripts.correct(transcript.id, 1, words={1: "planet."}, note="right")
    assert (after.version, after.content.sentences[0].text) == (2, "Hello planet.")
    with pytest.raises(Conflict):
        client.transcripts.correct(transcript.id, 1, words={1: "moon."})
    assert "planet" in client.transcripts.export(transcript.id, "vtt")
    assert [one.note for one in client.transcripts.versions(transcript.id)] == ["right", ""]
    hits = list(client.search.find("planet", job=job.id))
    assert [hit.text for hit in hits] == ["Hello planet."]
    assert client.search.supercut(hits, q="planet").jobs[0].source == asset.reference
    assert client.highlights.decide(job.id, "c01", "accepted").decision == "accepted"
    assert client.highlights.list(job.id)[0].decision == "accepted"
    spec = client.clip_specs.of_highlight(job.id, "c01")
    spec = client.clip_specs.edit(spec.id, spec.version, title="Better")
    assert [one.title for one in client.clip_specs.list(job=job.id)] == ["Better"]
    rendered = [client.clip_specs.render(spec.id).job_id for _ in range(2)]
    assert rendered[0] == rendered[1]
    assert client.jobs.cancel(rendered[0]).state == "cancelled"
    with pytest.raises(Conflict):
        client.clip_specs.edit(spec.id, 1, title="Worse")


def test_a_job_is_asked_for_once_however_often_the_request_is_sent(both: Both) -> None:
    client, faults = both.make(), both.faults
    key = f"{both.kind}-once"
    faults.once("POST", "lose", 503, 429, "refuse")
    job = client.jobs.create(CUT, idempotency_key=key)
    assert faults.calls("POST") == 5
    assert len({request.headers["idempotency-key"] for request in faults.seen}) == 1
    assert client.jobs.create(CUT.model_dump(), idempotency_key=key).id == job.id
    with pytest.raises(KeyReused) as caught:
        client.jobs.create({**CUT.model_dump(), "join": True}, idempotency_key=key)
    assert caught.value.status == 409
    assert caught.value.request_id
    faults.once("POST", "lose")
    made = client.jobs.create(CUT)
    listed = [one.id for one in client.jobs.list(state="queued", kind="cut")]
    assert listed.count(made.id) == 1
    raw = client.with_raw_response(client.jobs.get, made.id)
    assert (raw.status_code, raw.request_id) == (200, raw.headers["x-request-id"])
    assert client.jobs.cancel(made.id).state == "cancelled"
    assert client.jobs.retry(made.id).state == "queued"


def test_what_must_not_be_sent_twice_is_not(both: Both) -> None:
    client, faults = both.make(), both.faults
    faults.once("POST", "lose", "lose")
    with pytest.raises(ServerUnreachable):
        client.keys.create("lost", ["jobs:read"])
    assert faults.calls("POST") == 1
    faults.once("POST", "refuse", 429)
    made = client.keys.create("mine", ["jobs:read"], days=1)
    faults.once("DELETE", "lose")
    client.keys.revoke(made.id)
    assert faults.calls("DELETE") == 2, "the second was told that there is no such key: it is gone"
    with pytest.raises(NotFound):
        client.keys.revoke(made.id)
    with pytest.raises(NotSignedIn):
        both.make(key=made.key).jobs.page()
    hasty = client.with_options(retries=0)
    faults.once("GET", 503)
    with pytest.raises(Exception, match="busy") as caught:
        hasty.jobs.page()
    assert caught.value.retryable
    with pytest.raises(InvalidRequest, match="top"):
        client.jobs.create({"kind": "clip", "source": "asset:x", "top": 0})
    with pytest.raises(NotFound):
        client.jobs.get("0198c0de-0000-7000-8000-000000000000")


def test_an_upload_goes_on_after_breaks_and_a_restart(both: Both, tmp_path: Path) -> None:
    client, gateway, faults = both.make(), both.gateway, both.faults
    video = make_video(tmp_path / "v.mp4")
    with video.open("ab") as file:  # a box that nobody reads
        file.write((500_008).to_bytes(4, "big") + b"free" + os.urandom(500_000))
    size, told, restarts = video.stat().st_size, [], []

    def restart() -> None:
        gateway.stop()
        gateway.start()

    def progress(done: int, _: int) -> None:
        told.append(done)
        if done > size // 2 and not restarts:
            restarts.append(threading.Thread(target=restart))
            restarts[0].start()

    # The second piece arrives, and its answer is lost: it is not sent again.
    faults.once("PATCH", None, "lose", "refuse", 503)
    asset = client.assets.upload(video, on_progress=progress, piece_bytes=50_000)
    restarts[0].join()
    assert told == sorted(told)
    assert told[-1] == size
    assert client.assets.download(asset.id, tmp_path / "b.mp4").read_bytes() == video.read_bytes()
    assert faults.calls("POST") == 1, "it was resumed, not begun again"
    assert faults.calls("HEAD") >= 3


def test_another_process_goes_on_with_an_upload(both: Both, tmp_path: Path) -> None:
    client, faults = both.make(patience_s=0), both.faults
    video, memory = make_video(tmp_path / "v.mp4"), tmp_path / "state" / "uploads.json"
    faults.fault = lambda request: (
        "refuse" if request.method != "POST" and faults.calls("PATCH") > 1 else None
    )
    with pytest.raises(ServerUnreachable):
        client.assets.upload(video, resume=memory, piece_bytes=10_000)
    assert str(video) not in memory.read_text()
    faults.fault = lambda request: None
    before = faults.calls("PATCH")
    asset = client.assets.upload(video, resume=memory, piece_bytes=10_000)
    assert asset.size == video.stat().st_size
    assert faults.calls("POST") == 1
    assert (
        int(next(r for r in faults.seen[before:] if r.method == "PATCH").headers["upload-offset"])
        >= 0
    )
    assert memory.read_text().strip() == "{}"
    note = tmp_path / "note.txt"
    note.write_text("no video")
    with pytest.raises(SourceError):
        client.assets.upload(note)


def test_a_stream_and_a_download_go_on_after_a_break(both: Both, tmp_path: Path) -> None:
    client, gateway, faults = both.make(), both.gateway, both.faults
    job = client.jobs.create(CUT)
    for number in range(5):
        gateway.happened(job.id, "progress", done=number)
    with pytest.raises(WaitEnded):
        client.jobs.wait(job.id, timeout_s=0.3)
    gateway.finish(job.id, tmp_path)
    faults.once("GET", "cut", "cut", "refuse", 503)
    ids = [event.id for event in client.jobs.stream(job.id)]
    assert ids == sorted(set(ids))
    assert len(ids) >= 6
    assert any(request.headers.get("last-event-id") for request in faults.seen)
    assert [event.id for event in client.jobs.stream(job.id, after=ids[-1])] == []

    name, begun = "clips/01-ä b.mp4", len(faults.seen)
    faults.once("GET", None, "cut", "lose", "cut", 503)
    assert client.clips.download(job.id, name, tmp_path / "c.mp4").read_bytes() == VIDEO
    ranges = [r.headers["range"] for r in faults.seen[begun:] if "range" in r.headers]
    assert ranges[0] == "bytes=0-"
    assert ranges[-1] not in ranges[:1]
    assert [path.name for path in tmp_path.iterdir() if path.name.endswith(".part")] == []
    # One that was stopped is gone on with by the next; other bytes under its name are found out.
    stopping = client.with_options(patience_s=0)
    faults.once("GET", None, "cut")
    with pytest.raises(ServerUnreachable):
        stopping.clips.download(job.id, name, tmp_path / "d.mp4")
    part = next(path for path in tmp_path.iterdir() if path.name.endswith(".part"))
    part.write_bytes(b"x" * part.stat().st_size)
    with pytest.raises(ChecksumMismatch):
        client.clips.download(job.id, name, tmp_path / "d.mp4")
    assert not (tmp_path / "d.mp4").exists()
    assert client.clips.download(job.id, name, tmp_path / "d.mp4").read_bytes() == VIDEO


def test_people_sign_in_and_their_tokens_are_renewed(both: Both) -> None:
    owner, email = both.make(), f"{both.kind}@one.test"
    word = owner.workspace.invite("admin", email=email).token
    told = both.make(key="").auth.accept(word, name="Ann", password="four words in a row")
    client = both.sign_in(email, "four words in a row")
    assert client.auth.me().user.id == told.user.id
    assert client.workspace_id == told.workspace_id
    tokens = client._transport.tokens
    inner = getattr(tokens, "inner", tokens)
    before, inner._until = inner.refresh_token, 0.0
    assert client.workspace.get().name == "One"
    assert inner.refresh_token != before
    before, inner._access = inner.refresh_token, "not.a.token"
    assert client.auth.me().user.email == email, "a token that is refused is renewed once"
    assert inner.refresh_token != before
    made = client.workspace.create("Two")
    client.auth.go_to(made.id)
    assert client.workspace.get().id == made.id
    assert [member.role for member in client.workspace.members()] == ["owner"]
    assert client.workspace.rename("Three").name == "Three"
    key = client.keys.create("robot", SCOPES, days=None)
    assert both.make(key=key.key).workspace.get().name == "Three"
    kit = client.presets.create("Brand", RenderOptions(speed=110), description="ours")
    kit = client.presets.replace(kit.id, kit.version, "Brand", RenderOptions(speed=90))
    assert [one.render["speed"] for one in client.presets.list()] == [90]
    assert client.audit.quota().jobs == 0
    assert client.audit.usage().jobs == []
    actions = [one.action for one in client.audit.list()]
    assert "key.created" in actions
    client.workspace.delete()
    client = both.sign_in(email, "four words in a row", workspace_id=told.workspace_id)
    client.auth.sign_out()
    with pytest.raises(NotSignedIn):
        client.auth.me()
    with pytest.raises(NotSignedIn):
        both.sign_in(email, "four wrong words here")


def test_gateways_that_take_and_send_little_at_once(
    both: Both, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    client, gateway = both.make(), both.gateway
    limits = gateway.settings.gateway.__dict__
    monkeypatch.setitem(limits, "max_request_bytes", 100_000)
    monkeypatch.setitem(limits, "max_response_bytes", 300_000)
    video = make_video(tmp_path / "v.mp4")
    with video.open("ab") as file:
        file.write((400_008).to_bytes(4, "big") + b"free" + os.urandom(400_000))
    asset = client.assets.upload(video)
    assert client.assets.download(asset.id, tmp_path / "b.mp4").read_bytes() == video.read_bytes()
    assert both.faults.calls("POST") == 1
    assert both.faults.calls("GET") >= 3, "the asset, and its content in two answers"


def test_uploads_step_by_step_webhooks_and_the_installation(both: Both) -> None:
    client, gateway = both.make(), both.gateway
    assert client.health.ready().status == "ok"
    assert "checksum" in client.uploads.capabilities()["tus-extension"]
    begun = client.uploads.create(6, name="ä.mp4")
    assert client.uploads.append(begun.address, 0, b"abc").offset == 3
    assert client.uploads.append(begun.upload.id, 3, b"de", tunnel=True).offset == 5
    assert client.uploads.offset(begun.address).offset == 5
    with pytest.raises(OffsetMismatch):
        client.uploads.append(begun.address, 0, b"abc")
    assert client.uploads.get(begun.upload.id).name == "ä.mp4"
    assert begun.upload.id in [one.id for one in client.uploads.list()]
    client.uploads.delete(begun.address)
    with pytest.raises(NotFound):
        client.uploads.offset(begun.upload.id)

    hook = client.webhooks.create("CI", "https://93.184.215.14/hook?a=b", ["job.succeeded"])
    assert hook.secret.startswith("whsec_")
    assert client.webhooks.change_secret(hook.id).secret != hook.secret
    sent = client.webhooks.test(hook.id)
    assert [one.id for one in client.webhooks.deliveries(hook.id, state="pending")] == [sent.id]
    assert client.webhooks.redeliver(sent.id).id == sent.id
    assert client.webhooks.enable(hook.id, enabled=False).enabled is False
    assert client.webhooks.get(hook.id) == next(iter(client.webhooks.list()))
    client.webhooks.delete(hook.id)

    with pytest.raises(NotAllowed):
        client.admin.status()
    gateway.administers(gateway.known.user_id)
    assert client.admin.status().jobs is not None
    user = next(one for one in client.admin.users() if one.id == gateway.known.user_id)
    assert user.is_admin
    with pytest.raises(Conflict):
        client.admin.disable_user(user.id)
    place = gateway.known.workspace_id
    assert place in [one.id for one in client.admin.workspaces()]
    assert client.admin.set_share(place, weight=3).weight == 3
    assert client.admin.set_quota(place, max_jobs=77).limits.max_jobs == 77
    assert client.admin.quota(place).limits.max_jobs == client.audit.quota().limits.max_jobs == 77
    assert client.admin.set_quota(place).limits.max_jobs != 77
    word = client.workspace.invite("viewer").token
    told = client.auth.accept(
        word, name="Bob", password="four words in a row", email=f"bob-{both.kind}@one.test"
    )
    assert client.admin.disable_user(told.user.id).disabled_ms is not None
    with pytest.raises(NotSignedIn):
        both.make(key=told.access_token).auth.me()
    assert client.admin.disable_user(told.user.id, disabled=False).disabled_ms is None
    client.admin.end_sign_ins(told.user.id)
    found = [one for page in client.admin.audit().pages() for one in page.records]
    assert told.user.id in [one.target for one in found]
    gateway.administers(gateway.known.user_id, yes=False)
