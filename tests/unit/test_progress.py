"""Progress says how far, how fast and how long still, and does not count what was there before as speed."""

from __future__ import annotations

from videoclip.progress import Event, Progress, StageMeter


def test_rate_and_remaining_time_come_from_this_run_only() -> None:
    now = [0.0]
    meter = StageMeter(total=100, clock=lambda: now[0], reused=50)
    assert meter.rate is None
    assert meter.eta_s is None
    now[0], meter.done = 10.0, 20.0
    assert meter.rate == 2.0
    assert meter.eta_s == 15.0


def test_events_tell_a_stage_from_start_to_end() -> None:
    events: list[Event] = []
    progress = Progress(events.append, job="j", source="a.mp4")
    progress.start("render", 3, "clips", reused=1)
    progress.advance(1)
    progress.advance(5)  # never over the total
    progress.finish()
    told = [(e.event, e.done, e.total) for e in events]
    assert told == [
        ("stage_started", 1, 3),
        ("progress", 2, 3),
        ("progress", 3, 3),
        ("stage_finished", 3, 3),
    ]
    assert events[0].to_json()["reused"] == 1
    assert "eta_s" not in events[0].to_json()


def test_positions_only_move_forward() -> None:
    events: list[Event] = []
    progress = Progress(events.append)
    progress.start("audio", 10, "s")
    for position in (2.0, 1.0, 4.0):
        progress.move_to(position)
    assert [e.done for e in events if e.event == "progress"] == [2.0, 4.0]
