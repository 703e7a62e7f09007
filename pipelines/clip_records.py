"""What the manifest says of each finished clip."""

from __future__ import annotations

from dataclasses import dataclass

from pipelines.context import JobContext
from pipelines.render_stage import ClipPlan
from videoclip.schemas import Candidate, Clip, CutMode, Notice, Proof
from videoclip.store import ArtifactRecord, ObjectRef

__all__ = ["cut_clip", "found_clip"]


def found_clip(
    context: JobContext,
    candidate: Candidate,
    plan: ClipPlan,
    artifact: ArtifactRecord,
    stem: str,
    files: dict[str, ObjectRef],
) -> Clip:
    """The record of a clip that was picked; its files get their names from ``stem``, in ``files``."""
    made = _placed(context, artifact, stem, files)
    return Clip(
        id=candidate.id,
        file=made.video,
        start_ms=candidate.start_ms,
        end_ms=candidate.end_ms,
        duration_ms=artifact.payload["duration_ms"],
        mode=CutMode(artifact.payload["mode"]),
        title=candidate.title,
        reason=candidate.reason,
        quote=candidate.quote,
        hook=candidate.hook,
        product=candidate.product,
        score=candidate.score,
        scores=candidate.scores,
        hashtags=candidate.hashtags,
        sentences=list(range(candidate.first_sentence, candidate.last_sentence + 1)),
        ranges=list(plan.ranges),
        captions=made.captions,
        thumbnail=made.thumbnail,
        proof=Proof.model_validate(artifact.payload["proof"]),
        sha256=artifact.objects["video"].sha256,
    )


def cut_clip(
    context: JobContext,
    plan: ClipPlan,
    artifact: ArtifactRecord,
    stem: str,
    files: dict[str, ObjectRef],
) -> Clip:
    """The record of a clip that was cut by hand."""
    made = _placed(context, artifact, stem, files)
    return Clip(
        id=plan.key,
        file=made.video,
        start_ms=min(part.start_ms for part in plan.ranges),
        end_ms=max(part.end_ms for part in plan.ranges),
        duration_ms=artifact.payload["duration_ms"],
        mode=CutMode(artifact.payload["mode"]),
        title=plan.title,
        ranges=list(plan.ranges),
        captions=made.captions,
        thumbnail=made.thumbnail,
        proof=Proof.model_validate(artifact.payload["proof"]),
        sha256=artifact.objects["video"].sha256,
    )


@dataclass(frozen=True, slots=True)
class _Placed:
    video: str
    captions: dict[str, str]
    thumbnail: str | None


def _placed(
    context: JobContext, artifact: ArtifactRecord, stem: str, files: dict[str, ObjectRef]
) -> _Placed:
    """Give the artifact's files their names in the output folder."""
    for notice in artifact.payload["notices"]:
        context.notice(Notice.model_validate(notice))
    suffixes = {
        "video": artifact.payload["suffix"],
        "srt": ".srt",
        "vtt": ".vtt",
        "thumbnail": ".jpg",
    }
    names = {role: stem + suffixes[role] for role in artifact.objects}
    files.update((names[role], ref) for role, ref in artifact.objects.items())
    return _Placed(
        names["video"],
        {kind: names[kind] for kind in ("srt", "vtt") if kind in names},
        names.get("thumbnail"),
    )
