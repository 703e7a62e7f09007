"""What jobs found, and whether somebody wants it."""

from __future__ import annotations

from collections.abc import Sequence

from videoclip.client._async.resource import AsyncResource, segment
from videoclip.client.bodies import dumped, read, valid
from videoclip.client.operations import operation
from videoclip.schemas.api.highlights import Decision, DecisionIn, HighlightList, HighlightOut

__all__ = ["AsyncHighlights"]


class AsyncHighlights(AsyncResource):
    """Highlights of jobs, with scores, reasons and decisions."""

    @operation("GET /jobs/{job_id}/highlights")
    async def list(self, job_id: str) -> Sequence[HighlightOut]:
        """All candidates of a job, the best first, also those that were dropped."""
        path = f"/jobs/{segment(job_id)}/highlights"
        return (await self._transport.get(path, HighlightList)).highlights

    @operation("PUT /jobs/{job_id}/highlights/{candidate_id}")
    async def decide(
        self, job_id: str, candidate_id: str, decision: Decision | None
    ) -> HighlightOut:
        """Accept or reject one; None takes the decision back."""
        path = f"/jobs/{segment(job_id)}/highlights/{segment(candidate_id)}"
        body = dumped(valid(DecisionIn, decision=decision))
        return read(HighlightOut, (await self._transport.send("PUT", path, json=body)).content)
