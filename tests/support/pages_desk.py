"""A workspace full of things to look at: clips with posts and findings, searchable speech, jobs that wait or failed.

Every name and title in it is hostile: a page that reads one as HTML would set ``window.attacked``.
"""

from __future__ import annotations

import subprocess
import time
from pathlib import Path
from typing import Any

from sqlalchemy import delete, update
from uuid_utils import uuid7

from tests.support.command import ROOT
from tests.support.review_desk import HOSTILE, ReviewDesk, candidate, sample_transcript
from tests.unit.test_nle import manifest as made_manifest
from videoclip.schemas import Clip, Post, Proof, ProofCheck, ProofFinding, TimeRange
from videoclip.settings import Settings
from videoclip.store import Store
from videoclip.store.accounts import Accounts
from videoclip.store.audit import Actor
from videoclip.store.members import Members
from videoclip.store.models import Job, User, Workspace
from videoclip.store.search import Search

__all__ = ["HOSTILE", "PagesDesk"]

_PARTS = ((8_000, 13_000), (40_000, 46_000))
_HOUR_MS = 3_600_000


class PagesDesk:
    """Puts it all into the store; `names`: "plain" for pictures of the pages, "hostile" for tests."""

    def __init__(
        self, settings: Settings, store: Store, workspace_id: str, folder: Path, mark: str = HOSTILE
    ) -> None:
        self.review = ReviewDesk(settings, store, workspace_id, folder)
        self.store, self.workspace_id, self.folder, self.mark = store, workspace_id, folder, mark
        self.clips_job = self.render_job = self.reviewed_job = self.dead_job = ""

    def fill(self, owner: str) -> None:
        """Everything; ``owner`` becomes an administrator of the installation."""
        self.review.bring_sample(f"Friday show {self.mark}.mp4")
        transcript = sample_transcript()
        lines = transcript.sentences
        self.reviewed_job = self.review.job(
            transcript,
            [
                candidate(1, lines[5], lines[7], 0.91, selected=True),
                candidate(2, lines[9], lines[10], 0.58, dropped="another one was better"),
            ],
        )
        source = f"asset:{self.review.asset_id}"
        said = transcript.model_copy(
            update={
                "sentences": [
                    lines[0].model_copy(update={"text": f"{lines[0].text} {self.mark} 😀 kettle"}),
                    *lines[1:],
                ]
            }
        )

        async def more(session: Any) -> None:
            await Search(session, self.workspace_id).index_transcript(
                self.reviewed_job, source, said
            )
            await session.execute(delete(Workspace).where(Workspace.id == "w"))  # of `Platform`
            await session.execute(update(User).where(User.id == owner).values(is_admin=True))
            user = await Accounts(session).create_user(
                "guest@one.test", f"Guest {self.mark}"[:200], None
            )
            await Members(session, self.workspace_id).add(user, "viewer", Actor(user_id=owner))

        self.store.session(more)
        self.clips_job = self._finished("clip", _PARTS, {"style": "clean"})
        self.render_job = self._finished("render", _PARTS[:1], {"style": "pop", "aspect": "9:16"})
        told = {
            "code": "media_tool_failed", "cause": f"FFmpeg ended: {self.mark}", "remedy": "Try again",
        }  # fmt: skip
        self.dead_job = self._job("clip", "dead", error=told, failures=3)
        self._job("clip", "queued")

    def _job(self, kind: str, state: str, **more: Any) -> str:
        job_id, now = str(uuid7()), round(time.time() * 1000)
        over = state != "queued"
        values = {
            "request": {"kind": kind, "source": f"asset:{self.review.asset_id}"},
            "enqueued_ms": now - 2 * _HOUR_MS, "started_ms": now - _HOUR_MS if over else None,
            "finished_ms": now - _HOUR_MS // 2 if over else None, **more,
        }  # fmt: skip
        job = Job(id=job_id, key=job_id, kind=kind, state=state, workspace_id=self.workspace_id, **values)  # fmt: skip

        async def add(session: Any) -> None:
            session.add(job)

        self.store.session(add)
        return job_id

    def _finished(
        self, kind: str, parts: tuple[tuple[int, int], ...], render: dict[str, Any]
    ) -> str:
        files, clips = [], []
        for number, (start, end) in enumerate(parts, start=1):
            name, still = f"clips/{number:02}-clip.mp4", f"clips/{number:02}-clip.jpg"
            for target, content, kind_of in (
                (name, self._video(start, end, render.get("aspect") == "9:16"), "video/mp4"),
                (still, self._still(start), "image/jpeg"),
            ):
                ref = self.review.objects.put(content)
                files.append(
                    {"name": target, "media_type": kind_of, "sha256": ref.sha256, "size": ref.size}
                )
            clips.append(self._clip(number, name, still, start, end))
        made = made_manifest([[(0, 1000)]]).model_copy(update={"clips": clips})
        result = {"manifest": self.review._stored(made.model_dump_json()), "files": files}
        request = {"kind": kind, "source": f"asset:{self.review.asset_id}", "render": render}
        return self._job(kind, "succeeded", result=result, request=request)

    def _clip(self, number: int, name: str, still: str, start: int, end: int) -> Clip:
        title = f"Sixty minutes, one charge {number} {self.mark}"
        findings = [
            ProofFinding(name="silent_end", start_ms=4_000, end_ms=5_000, detail=self.mark)
        ]  # fmt: skip
        checks = [
            ProofCheck(name="opens", ok=True),
            ProofCheck(name="duration", ok=True, measured="5.00 s", expected="5.00 s"),
            ProofCheck(name="loudness", ok=True, measured="-14.1 LUFS", expected="-14.0 LUFS"),
        ]
        posts = [
            Post(platform="douyin", title=title[:50], description=f"Ninety nine dollars. {self.mark}",
                 hashtags=["kitchen", "live"], engine="template"),
            Post(platform="shorts", title="One charge", description="Sixty minutes", engine="template"),
        ]  # fmt: skip
        return Clip(
            id=f"c{number:02}", file=name, start_ms=start, end_ms=end, duration_ms=end - start,
            mode="encode", title=title, reason=f"names product and price {self.mark}",
            quote="It runs sixty minutes on one charge", score=0.9 / number,
            scores={"offer": 0.8}, posts=posts, ranges=[TimeRange(start_ms=start, end_ms=end)],
            thumbnail=still, sha256="0" * 64,
            proof=Proof(ok=True, checks=checks, findings=findings if number == 2 else []),
        )  # fmt: skip

    def _video(self, start: int, end: int, tall: bool) -> Path:
        scale = "crop=ih*9/16:ih,scale=180:320" if tall else "scale=320:180"
        return self._made("v.mp4", start, "-t", str((end - start) / 1000), "-vf", scale,
                          "-c:v", "libx264", "-preset", "ultrafast", "-c:a", "aac")  # fmt: skip

    def _still(self, start: int) -> Path:
        return self._made("s.jpg", start, "-frames:v", "1", "-vf", "scale=320:180")

    def _made(self, name: str, start: int, *options: str) -> Path:
        path = self.folder / name
        source = ROOT / "assets" / "sample" / "show.mp4"
        subprocess.run(
            ["ffmpeg", "-v", "error", "-y", "-ss", str(start / 1000), "-i", source, *options, path],
            check=True,
        )
        return path
