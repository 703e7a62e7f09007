"""The tools: one call of an agent is one or two of the SDK."""

from __future__ import annotations

import itertools
from pathlib import Path
from typing import Annotated, Any, Literal

from pydantic import Field

from videoclip.cli.remote.mcp.records import (
    Found,
    Highlight,
    JobTold,
    Link,
    Place,
    Said,
    ShortClip,
    SpecTold,
    Used,
    Video,
)
from videoclip.cli.remote.text import clean
from videoclip.client import (
    ClipRequest,
    CutRequest,
    TimeRange,
    TranscribeRequest,
    VideoClip,
    WaitEnded,
)
from videoclip.errors import SourceRefused, UsageError
from videoclip.schemas import Aspect, Captions, Genre, Product, RenderOptions
from videoclip.schemas.api.jobs import State

__all__ = ["Tools"]

_LONGEST_WAIT_S = 300
_SENTENCES = 400

JobId = Annotated[str, Field(description="id of a job")]
Source = Annotated[
    str,
    Field(
        description="asset:ID of a video of the library (list_videos), an https address, or s3://bucket/key"
    ),
]
Limit = Annotated[int, Field(ge=1, le=200, description="at most so many")]
Ms = Annotated[int, Field(ge=0, description="milliseconds from the first frame of the source")]
Range = Annotated[
    list[Annotated[int, Field(ge=0)]],
    Field(min_length=2, max_length=2, description="start and end, milliseconds of the source"),
]


class Tools:
    """What agents can do, with one client.

    Args:
        client: of the server, signed in.
        folders: of this machine, from which files may be uploaded.
    """

    def __init__(self, client: VideoClip, folders: list[Path]) -> None:
        self._client = client
        self._folders = [folder.resolve() for folder in folders]

    # ------------------------------------------------------------------ videos

    def list_videos(
        self,
        name: Annotated[str, Field(description="a part of the name; empty: all")] = "",
        limit: Limit = 50,
    ) -> list[Video]:
        """List videos of the workspace's library, newest first."""
        found = self._client.assets.list(q=name or None)
        return [Video.of(asset) for asset in itertools.islice(found, limit)]

    def upload_video(
        self, path: Annotated[str, Field(description="of a file of this machine")]
    ) -> Video:
        """Upload a video, sound or image of this machine into the library; only from folders that were opened for it."""
        try:
            real = Path(path).resolve(strict=True)
        except (OSError, RuntimeError, ValueError) as error:
            raise self._refused() from error
        if not real.is_file() or not any(real.is_relative_to(one) for one in self._folders):
            raise self._refused()
        return Video.of(self._client.assets.upload(real))

    def _refused(self) -> SourceRefused:
        opened = ", ".join(str(one) for one in self._folders) or "none"
        return SourceRefused(
            f"there is no such file in the folders that are open to agents ({opened})",
            "Name a file in one of them, or start videoclip mcp with --folder",
        )

    # ------------------------------------------------------------------ jobs

    def list_jobs(
        self,
        state: Annotated[State | None, Field(description="only in this state")] = None,
        kind: Annotated[str | None, Field(description="only of this kind, such as clip")] = None,
        limit: Limit = 20,
    ) -> list[JobTold]:
        """List jobs, newest first."""
        found = self._client.jobs.list(state=state, kind=kind)
        return [JobTold.of(job) for job in itertools.islice(found, limit)]

    def get_job(self, job_id: JobId) -> JobTold:
        """Tell where a job stands, why it waits or failed, and what to do."""
        return JobTold.of(self._client.jobs.get(job_id))

    def wait_for_job(
        self,
        job_id: JobId,
        seconds: Annotated[int, Field(ge=1, le=_LONGEST_WAIT_S, description="at most")] = 60,
    ) -> JobTold:
        """Wait until a job is over, or the time is; call it again while is_over is false."""
        try:
            return JobTold.of(self._client.jobs.wait(job_id, timeout_s=float(seconds)))
        except WaitEnded:
            return self.get_job(job_id)

    def make_clips(
        self,
        source: Source,
        prompt: Annotated[
            str, Field(max_length=4000, description="what to look for, in words; empty: the best")
        ] = "",
        top: Annotated[int, Field(ge=1, le=100, description="clips at most")] = 5,
        min_seconds: Annotated[int, Field(ge=1, description="shortest clip")] = 15,
        max_seconds: Annotated[int, Field(ge=1, description="longest clip")] = 90,
        genre: Annotated[Genre, Field(description="kind of video")] = Genre.AUTO,
        language: Annotated[str, Field(description="spoken, BCP 47 such as zh or en")] = "auto",
        products: Annotated[
            list[str] | None, Field(description="products sold: then one clip of each, only these")
        ] = None,
        aspect: Annotated[Aspect, Field(description="picture shape")] = Aspect.SOURCE,
        captions: Annotated[Captions, Field(description="where captions go")] = Captions.BURN,
        style: Annotated[
            Literal["clean", "boxed", "karaoke", "pop", "bold", "minimal", "news"],
            Field(description="look of burnt captions"),
        ] = "clean",
    ) -> JobTold:
        """Ask for a job that finds the highlights of a video and makes finished clips of them."""
        request = ClipRequest(
            source=source, prompt=prompt, top=top, genre=genre, language=language,
            min_ms=min_seconds * 1000, max_ms=max_seconds * 1000,
            products=[Product(name=name) for name in products or []],
            render=RenderOptions(aspect=aspect, captions=captions, style=style),
        )  # fmt: skip
        return JobTold.of(self._client.jobs.create(request))

    def transcribe(
        self,
        source: Source,
        language: Annotated[str, Field(description="spoken, BCP 47 such as zh or en")] = "auto",
        hotwords: Annotated[
            list[str] | None, Field(description="names and terms to expect", max_length=1000)
        ] = None,
    ) -> JobTold:
        """Ask for a job that writes down what is said in a video, with times."""
        request = TranscribeRequest(source=source, language=language, hotwords=hotwords or [])
        return JobTold.of(self._client.jobs.create(request))

    def cut(
        self,
        source: Source,
        ranges: Annotated[list[Range], Field(min_length=1, max_length=1000)],
        join: Annotated[bool, Field(description="one file of all ranges in order")] = False,
    ) -> JobTold:
        """Ask for a job that cuts given ranges out of a video, exact to the frame."""
        request = CutRequest(source=source, ranges=_ranges(ranges), join=join)
        return JobTold.of(self._client.jobs.create(request))

    def cancel_job(self, job_id: JobId) -> JobTold:
        """Cancel a job and its parts; what it was doing is lost, what it had finished is kept for retry_job."""
        return JobTold.of(self._client.jobs.cancel(job_id))

    def retry_job(self, job_id: JobId) -> JobTold:
        """Let a job run again that failed, was given up, cancelled or is partial; what was finished stays."""
        return JobTold.of(self._client.jobs.retry(job_id))

    # ------------------------------------------------------------------ what was said

    def get_transcript(
        self,
        job_id: JobId,
        start_ms: Ms = 0,
        end_ms: Annotated[int | None, Field(ge=0, description="null: to the end")] = None,
        words: Annotated[bool, Field(description="with words and their ids")] = False,
    ) -> Said:
        """Read the transcript of a job, with the corrections made since, in parts of at most 400 sentences."""
        told = self._client.transcripts.of_job(job_id)
        found = Said.sentences_of(told.content, start_ms, end_ms, words=words)
        rest = found[_SENTENCES:]
        return Said(
            transcript_id=told.id, version=told.shown, language=told.content.language,
            duration_ms=told.content.duration_ms, sentences=found[:_SENTENCES],
            next_start_ms=rest[0].start_ms if rest else None,
        )  # fmt: skip

    def correct_transcript(
        self,
        transcript_id: Annotated[str, Field(description="of get_transcript")],
        base_version: Annotated[int, Field(description="the version that you have read")],
        words: Annotated[
            dict[int, str] | None, Field(description="new texts by ids of words")
        ] = None,
        speakers: Annotated[
            dict[str, str] | None, Field(description="new names of speakers by the old ones")
        ] = None,
        note: Annotated[str, Field(max_length=300, description="for people")] = "",
    ) -> int:
        """Write a corrected version of a transcript, which captions and search follow; returns the new version."""
        if not words and not speakers:
            raise UsageError("nothing is corrected", "Give words or speakers")
        made = self._client.transcripts.correct(
            transcript_id, base_version, words=words, speakers=speakers, note=note
        )
        return made.shown

    def search_library(
        self,
        words: Annotated[
            str,
            Field(
                min_length=1, max_length=200, description='all in one sentence; "quoted": together'
            ),
        ],
        source: Annotated[str | None, Field(description="only in this one, as asset:ID")] = None,
        limit: Limit = 20,
    ) -> Found:
        """Search in everything that was said in the workspace's videos."""
        page = self._client.search.page(words, source=source, limit=limit)
        hits = [
            Place(
                job_id=hit.job_id, source=clean(hit.source), sentence=hit.sentence,
                start_ms=hit.start_ms, end_ms=hit.end_ms, speaker=hit.speaker, text=clean(hit.text),
            )
            for hit in page.hits
        ]  # fmt: skip
        return Found(hits=hits, has_more=page.next_skip is not None)

    # ------------------------------------------------------------------ clips

    def list_clips(self, job_id: JobId) -> list[ShortClip]:
        """List the clips that a job made, best first, with titles, reasons and times."""
        return [ShortClip.of(clip) for clip in self._client.clips.list(job_id)]

    def list_highlights(self, job_id: JobId) -> list[Highlight]:
        """List all passages that a job considered, best first, with why each became a clip or did not."""
        return [Highlight.of(one.candidate) for one in self._client.highlights.list(job_id)]

    def get_download_link(
        self,
        job_id: JobId,
        file: Annotated[str, Field(description="name in the job, such as of list_clips")],
        life_s: Annotated[int, Field(ge=60, le=7 * 24 * 3600, description="seconds")] = 3600,
    ) -> Link:
        """Make a link to a file of a job that needs no key: whoever has it can read the file until it ends."""
        made = self._client.clips.link(job_id, file, life_s=life_s, inline=False)
        return Link(url=made.url, life_s=life_s)

    def edit_highlight(
        self, job_id: JobId, highlight_id: Annotated[str, Field(description="of list_highlights")]
    ) -> SpecTold:
        """Begin to edit a passage, also one that was dropped: an edited clip, changed by change_edit."""
        return SpecTold.of(self._client.clip_specs.of_highlight(job_id, highlight_id))

    def change_edit(
        self,
        edit_id: Annotated[str, Field(description="of edit_highlight")],
        base_version: Annotated[int, Field(description="the version that you have seen")],
        title: Annotated[str | None, Field(max_length=300)] = None,
        ranges: Annotated[list[Range] | None, Field(description="in the order they play")] = None,
        captions: Annotated[Captions | None, Field(description="where captions go")] = None,
        style: Annotated[str | None, Field(description="look of burnt captions")] = None,
        aspect: Annotated[Aspect | None, Field(description="picture shape")] = None,
    ) -> SpecTold:
        """Change an edited clip: its title, what it shows, its captions; what is not named stays."""
        changes: dict[str, Any] = {}
        if title is not None:
            changes["title"] = title
        if ranges is not None:
            changes["ranges"] = _ranges(ranges)
        look = {"captions": captions, "style": style, "aspect": aspect}
        look = {name: value for name, value in look.items() if value is not None}
        if look:
            now = self._client.clip_specs.get(edit_id).render
            changes["render"] = RenderOptions.model_validate({**now.model_dump(), **look})
        return SpecTold.of(self._client.clip_specs.edit(edit_id, base_version, **changes))

    def render_edit(
        self, edit_id: Annotated[str, Field(description="of edit_highlight")]
    ) -> JobTold:
        """Ask for the job that makes a file of an edited clip as it is now."""
        return self.get_job(self._client.clip_specs.render(edit_id).job_id)

    # ------------------------------------------------------------------ the workspace

    def get_usage(self) -> Used:
        """Tell what the workspace keeps and used, and how much it may."""
        quota = self._client.audit.quota()
        usage = self._client.audit.usage()
        return Used(
            kept_bytes=quota.asset_bytes + quota.upload_bytes + quota.result_bytes,
            jobs_at_work=quota.jobs, video_ms=quota.video_ms,
            limits=quota.limits.model_dump(),
            used=[one.model_dump(mode="json") for one in usage.jobs],
        )  # fmt: skip


def _ranges(given: list[list[int]]) -> list[TimeRange]:
    return [TimeRange(start_ms=start, end_ms=end) for start, end in given]
