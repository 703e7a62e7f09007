"""The SDK's documents are programs: every example runs against a live gateway, in the order in which one reads it."""

from __future__ import annotations

import ast
import asyncio
import inspect
import re
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.support.command import ROOT
from tests.support.platform import make_video
from tests.support.threaded_gateway import ThreadedGateway, threaded_gateway
from videoclip.client import AsyncVideoClip, VideoClip
from videoclip.settings import Settings

PASSWORD = "four words in a row"


@pytest.fixture(scope="module")
def gateway(tmp_path_factory: pytest.TempPathFactory) -> Iterator[ThreadedGateway]:
    folder = tmp_path_factory.mktemp("gateway")
    settings = Settings(data_dir=folder / "data", gateway={"stream_poll_s": 0.05})
    with threaded_gateway(settings) as gateway:
        with VideoClip(gateway.base, gateway.token) as owner:
            word = owner.workspace.invite("admin", email="ann@example.org").token
            owner.auth.accept(word, name="Ann", password=PASSWORD)
        over = threading.Event()
        worker = threading.Thread(target=finish_all, args=(gateway, folder, over))
        worker.start()
        yield gateway
        over.set()
        worker.join()


def finish_all(gateway: ThreadedGateway, folder: Path, over: threading.Event) -> None:
    """In place of a dispatcher."""
    with VideoClip(gateway.base, gateway.token) as client:
        while not over.wait(0.2):
            for job in client.jobs.list(state="queued"):
                gateway.finish(job.id, folder)


def blocks(path: str) -> list[str]:
    return re.findall(
        r"^```python\n(.*?)^```",
        (ROOT / path).read_text(encoding="utf-8"),
        re.DOTALL | re.MULTILINE,
    )


def adapted(text: str, gateway: ThreadedGateway) -> str:
    return text.replace("https://clips.example.org", gateway.base).replace("vck_...", gateway.token)


@pytest.mark.parametrize("path", ["docs/sdk.md", "docs/zh/sdk.md", "README.md"])
def test_the_documents(
    path: str, gateway: ThreadedGateway, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    make_video(tmp_path / "talk.mp4")
    namespace: dict[str, Any] = {"__name__": "example"}
    found = [text for text in blocks(path) if "open_output" not in text]
    assert found
    for number, text in enumerate(found):
        source = adapted(text, gateway)
        # A word of one's own is one request's; the two languages ask for different videos.
        source = source.replace("show-17", f"show-{path}".replace("/", "-"))
        if number and "VideoClip(" not in source and "client" not in namespace:
            raise AssertionError("an example uses a client that none before it made")
        exec(compile(source, f"{path}#{number}", "exec"), namespace)
        client = namespace["client"]
        if client._transport.http.is_closed:
            namespace["client"] = VideoClip(gateway.base, gateway.token)
    namespace["client"].close()
    assert list(tmp_path.glob("*/clips/*.mp4"))


def test_the_docstrings(
    gateway: ThreadedGateway, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    make_video(tmp_path / "talk.mp4")
    texts = [
        (path.name, inspect.cleandoc("\n" + text))
        for path in sorted((ROOT / "videoclip" / "client").rglob("*.py"))
        if path.parent.name != "_sync"  # made from the others, word by word
        for text in re.findall(r"```python\n(.*?)```", path.read_text(encoding="utf-8"), re.DOTALL)
    ]
    assert len(texts) >= 8
    with VideoClip(gateway.base, gateway.token) as client:
        asset = client.assets.upload("talk.mp4")
        job = client.jobs.create({"kind": "transcribe", "source": asset.reference}).wait(
            timeout_s=60
        )
        for name, text in texts:
            names = vars(__import__("videoclip.client", fromlist=["x"]))
            known = {**names, "asset": asset, "job_id": job.id, "job": job, "client": client}
            waits = "await " in text or "async " in text
            source = adapted(text, gateway)
            code = compile(
                source, name, "exec", flags=ast.PyCF_ALLOW_TOP_LEVEL_AWAIT if waits else 0
            )
            if waits:
                asyncio.run(awaited(code, known, gateway, job.id))
            else:
                exec(code, known)
                if known["client"] is not client:
                    known["client"].close()


async def awaited(code: Any, known: dict[str, Any], gateway: ThreadedGateway, job_id: str) -> None:
    async with AsyncVideoClip(gateway.base, gateway.token) as client:
        known |= {"client": client, "job": await client.jobs.get(job_id)}
        made = eval(code, known)
        if inspect.isawaitable(made):
            await made
        if known["client"] is not client:
            await known["client"].close()
