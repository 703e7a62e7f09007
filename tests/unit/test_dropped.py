"""An empty result is never silent: how many candidates there were, and why each was dropped."""

from __future__ import annotations

from pipelines.dropped import nothing_selected, tally
from videoclip.schemas import Candidate


def candidates(*dropped: str | None) -> list[Candidate]:
    return [
        Candidate(
            id=f"c{number:02}", first_sentence=0, last_sentence=0, start_ms=0, end_ms=1, title="t",
            reason="r", score=0.5, engine="extractive", selected=reason is None, dropped=reason,
        )
        for number, reason in enumerate(dropped, 1)
    ]  # fmt: skip


def test_reasons_are_counted_whichever_candidate_they_name() -> None:
    some = candidates(None, "a duplicate of c01, which scores at least as high", "not among the best 1",
                      "a duplicate of c103, which scores at least as high")  # fmt: skip
    assert tally(some) == {
        "found": 4,
        "selected": 1,
        "dropped": {
            "a duplicate of another, which scores at least as high": 2,
            "not among the best 1": 1,
        },
    }
    assert tally([]) == {"found": 0, "selected": 0, "dropped": {}}


def test_nothing_selected_names_the_commonest_reasons_or_says_that_there_was_nothing() -> None:
    reasons = ["under the threshold 0.45"] * 3 + [f"reason {number}" for number in range(6)]
    some = nothing_selected(candidates(*reasons), 100)
    assert some.code == "nothing_selected"
    assert some.message.startswith(
        "None of 9 candidates became a clip: under the threshold 0.45 (3); reason 0 (1); "
    )
    assert some.message.endswith("; ...")
    assert "40 sentences" in nothing_selected([], 40).message
    silent = nothing_selected([], 0)
    assert "Nothing was said" in silent.message
    assert silent.remedy
