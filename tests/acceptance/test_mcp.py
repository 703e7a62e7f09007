"""`videoclip mcp` as agents meet it: the protocol's own client over standard input and output, against a live gateway."""

from __future__ import annotations

import asyncio
import sys
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import pytest
from mcp import Client, StdioServerParameters
from mcp.client.stdio import stdio_client

from tests.support.command import ROOT, Command, check_error
from tests.support.platform import make_video
from tests.support.threaded_gateway import CLIPS, ThreadedGateway, gateway_below
from videoclip.client import CutRequest, TimeRange, VideoClip

CUT = CutRequest(
    source="https://videos.example/one.mp4", ranges=[TimeRange(start_ms=0, end_ms=1000)]
)


@pytest.fixture(scope="module")
def gateway(
    tmp_path_factory: pytest.TempPathFactory, sqlite_template: Path
) -> Iterator[ThreadedGateway]:
    folder = tmp_path_factory.mktemp("gateway")
    with gateway_below(folder, sqlite_template) as gateway:
        yield gateway


@asynccontextmanager
async def agent(gateway: ThreadedGateway, folder: Path) -> AsyncIterator[Client]:
    """A client of the command, which runs as a process of its own."""
    command = Command(
        folder / "data",
        {
            "VIDEOCLIP_SERVER": gateway.base, "VIDEOCLIP_API_KEY": gateway.token,
            "XDG_CONFIG_HOME": str(folder / "config"),
        },
    )  # fmt: skip
    opened = folder / "open"
    opened.mkdir()
    server = StdioServerParameters(
        command=sys.executable,
        args=["-m", "videoclip.cli.main", "mcp", "--folder", str(opened)],
        env=command.variables(),
        cwd=ROOT,
    )
    with (folder / "log").open("w") as log:
        async with Client(stdio_client(server, errlog=log)) as client:
            yield client
    assert gateway.token not in (folder / "log").read_text()
    assert command.survivors() == []


async def ask(client: Client, tool: str, **arguments: Any) -> Any:
    """What a tool tells."""
    answer = await client.call_tool(tool, arguments)
    assert not answer.is_error, answer.content
    told = answer.structured_content
    assert told is not None
    return told["result"] if set(told) == {"result"} else told


async def refused(client: Client, tool: str, **arguments: Any) -> str:
    """What a tool says that cannot do it."""
    answer = await client.call_tool(tool, arguments)
    assert answer.is_error, answer.content
    return str(answer.content[0].text)  # type: ignore[union-attr]


async def test_an_agent_goes_from_a_file_to_clips_and_corrects_what_was_said(
    gateway: ThreadedGateway, tmp_path: Path
) -> None:
    async with agent(gateway, tmp_path) as client:
        tools = {tool.name: tool for tool in (await client.list_tools()).tools}
        assert all(tool.description and tool.output_schema for tool in tools.values())
        for name, tool in tools.items():
            fields = tool.input_schema.get("properties", {})
            assert all("description" in one or "title" in one for one in fields.values()), name
            assert tool.annotations is not None
            assert bool(tool.annotations.destructive_hint) == (name == "cancel_job")
        assert tools["list_jobs"].annotations.read_only_hint  # type: ignore[union-attr]

        # Only files of folders that were opened.
        outside = make_video(tmp_path / "outside.mp4")
        (tmp_path / "open" / "link.mp4").symlink_to(outside)
        for path in (outside, tmp_path / "open" / "link.mp4", tmp_path / "open" / "none.mp4"):
            said = await refused(client, "upload_video", path=str(path))
            assert "there is no such file in the folders that are open to agents" in said
            assert "What to do: " in said
        outside.replace(tmp_path / "open" / "show.mp4")
        video = await ask(client, "upload_video", path=str(tmp_path / "open" / "show.mp4"))
        assert video in await ask(client, "list_videos", name="show")

        job = await ask(
            client, "make_clips", source=video["reference"], prompt="prices", top=2,
            products=["vacuum"], aspect="9:16",
        )  # fmt: skip
        with VideoClip(gateway.base, gateway.token) as sdk:
            request = sdk.jobs.get(job["id"]).request
        assert (request["top"], request["render"]["aspect"]) == (2, "9:16")
        waiting = await ask(client, "wait_for_job", job_id=job["id"], seconds=1)
        assert (waiting["is_over"], bool(waiting["standing"])) == (False, True)
        await asyncio.to_thread(gateway.finish, job["id"], tmp_path)
        over = await ask(client, "wait_for_job", job_id=job["id"])
        assert (over["is_over"], over["state"], over["files"]) == (True, "succeeded", 4)
        clips = await ask(client, "list_clips", job_id=job["id"])
        assert [clip["file"] for clip in clips] == list(CLIPS)
        link = await ask(client, "get_download_link", job_id=job["id"], file=CLIPS[0])
        assert link["url"].startswith(f"{gateway.base}/api/v1/files/")

        said = await ask(client, "get_transcript", job_id=job["id"], words=True)
        assert [word["text"] for word in said["sentences"][0]["words"]] == ["Hello", "world."]
        about = {"transcript_id": said["transcript_id"], "base_version": said["version"]}
        version = await ask(client, "correct_transcript", **about, words={"1": "Hangzhou."})
        assert version == said["version"] + 1
        again = await ask(client, "get_transcript", job_id=job["id"])
        assert again["sentences"][0]["text"] == "Hello Hangzhou."
        assert "conflict" in await refused(client, "correct_transcript", **about, words={"1": "x"})
        found = await ask(client, "search_library", words="Hangzhou")
        assert [hit["job_id"] for hit in found["hits"]] == [job["id"]]

        (highlight,) = await ask(client, "list_highlights", job_id=job["id"])
        edit = await ask(client, "edit_highlight", job_id=job["id"], highlight_id=highlight["id"])
        changed = await ask(
            client, "change_edit", edit_id=edit["id"], base_version=edit["version"],
            title="Mine", ranges=[[100, 400]], captions="none",
        )  # fmt: skip
        assert (changed["title"], changed["captions"]) == ("Mine", "none")
        assert changed["ranges"] == [{"start_ms": 100, "end_ms": 400}]
        rendering = await ask(client, "render_edit", edit_id=edit["id"])
        assert rendering["kind"] == "render"
        cancelled = await ask(client, "cancel_job", job_id=rendering["id"])
        assert cancelled["state"] == "cancelled"
        assert (await ask(client, "get_usage"))["kept_bytes"] > 0


async def test_an_agent_is_told_what_is_wrong_and_what_to_do(
    gateway: ThreadedGateway, tmp_path: Path
) -> None:
    nobody = "0198c0de-0000-7000-8000-000000000000"
    with VideoClip(gateway.base, gateway.token) as sdk:
        job = sdk.jobs.create(CUT)
    async with agent(gateway, tmp_path) as client:
        listed = await ask(client, "list_jobs", kind="cut", state="queued")
        assert job.id in [one["id"] for one in listed]
        missing = await refused(client, "get_job", job_id=nobody)
        assert "(not_found). What to do: " in missing
        twice = await refused(client, "retry_job", job_id=job.id)
        assert "(wrong_state). What to do: " in twice
        lengths = {"source": "asset:x", "min_seconds": 9, "max_seconds": 3}
        assert "must not be shorter" in await refused(client, "make_clips", **lengths)
        file = await refused(client, "cut", source="/etc/passwd", ranges=[[0, 1000]])
        assert "names nothing that jobs may read" in file
        assert "100" in await refused(client, "make_clips", source="asset:x", top=1000)


def test_it_does_not_start_for_somebody_who_has_not_signed_in(
    gateway: ThreadedGateway, tmp_path: Path
) -> None:
    command = Command(
        tmp_path / "data",
        {"VIDEOCLIP_SERVER": gateway.base, "XDG_CONFIG_HOME": str(tmp_path / "config")},
    )
    check_error(command.run("mcp"), 2, "you are not signed in at")
