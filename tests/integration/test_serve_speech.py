"""The speech application on a real Ray Serve with a real recogniser: batching, loss, overload, cancelling, health."""

from __future__ import annotations

import os
import signal
import threading
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from pipelines.ray_runtime import RayRuntime
from pipelines.served_speech import LOSSES, ServedRecogniser, resolve_served, told_losses
from tests.support.served import deploy_speech, speech_app
from tests.support.sounds import RATE, speech
from videoclip.errors import EngineBusy, EngineOutOfMemory, EngineUnavailable
from videoclip.schemas import Engine, RecogniserName
from videoclip.speech.pocketsphinx_engine import PocketsphinxRecogniser
from videoclip.speech.protocol import SAMPLE_RATE, Pcm, RecogniserSpec

pytestmark = [pytest.mark.ray, pytest.mark.slow]

SPEC = RecogniserSpec("pocketsphinx", "en", "en-us")
ENGINE = Engine(name="pocketsphinx", version="5", model="en-us", device="cpu")


@pytest.fixture(scope="module")
def pcm() -> Pcm:
    spoken = speech("the price of this jacket is forty nine dollars today")
    assert RATE % SAMPLE_RATE == 0
    even = spoken[: len(spoken) // 3 * 3].reshape(-1, 3).mean(axis=1)
    return np.asarray(even * 32767, dtype=np.int16)


@pytest.fixture(scope="module")
def app(ray_runtime: RayRuntime) -> Iterator[tuple[str, Any]]:
    with speech_app("asr", health_period_s=2, max_queued_requests=64, batch_items=4) as handle:
        yield "asr", handle


def served(app: str, deadline_s: float = 90) -> ServedRecogniser:
    return ServedRecogniser(SPEC, ENGINE, app, deadline_s)


def test_a_served_engine_hears_what_one_in_this_process_hears(app: Any, pcm: Pcm) -> None:
    here = PocketsphinxRecogniser(SPEC).recognise(pcm)
    assert "price" in [word.text for word in here.words]
    assert served(app[0]).recognise(pcm) == here


def test_a_path_and_a_range_travel_and_samples_where_the_path_is_not_seen(
    app: Any, pcm: Pcm, tmp_path: Path
) -> None:
    file = tmp_path / "sound.s16le"
    file.write_bytes(np.concatenate([np.zeros(16000, np.int16), pcm]).astype("<i2").tobytes())
    recogniser = served(app[0])
    heard = recogniser.recognise_range(file, 16000, 16000 + len(pcm))
    assert heard == served(app[0]).recognise(pcm)
    assert recogniser._paths_travel
    from pipelines.served_speech import Sound, SoundNotHere

    assert isinstance(recogniser._ask(Sound(SPEC, str(tmp_path / "elsewhere"), 0, 1)), SoundNotHere)


def test_the_replica_says_which_engine_it_has(app: Any) -> None:
    spec, notices = resolve_served(app[0], RecogniserName.POCKETSPHINX, "en", [])
    assert (spec.engine, spec.language, notices) == ("pocketsphinx", "en", [])
    with pytest.raises(EngineUnavailable, match="knows English only"):
        resolve_served(app[0], RecogniserName.POCKETSPHINX, "zh", [])
    with pytest.raises(EngineUnavailable, match="no Serve application called other"):
        resolve_served("other", RecogniserName.AUTO, "en", [])


def test_pieces_of_several_jobs_go_in_one_batch(app: Any, pcm: Pcm) -> None:
    before = app[1].statistics.remote().result()
    with ThreadPoolExecutor(8) as jobs:
        answers = list(jobs.map(lambda _: served(app[0]).recognise(pcm), range(8)))
    after = app[1].statistics.remote().result()
    assert all(answer == answers[0] for answer in answers)
    assert after["items"] - before["items"] >= 8
    assert (after["items"] - before["items"]) / (after["batches"] - before["batches"]) >= 1.5


def test_a_replica_killed_mid_request_costs_one_retry_and_loses_nothing(app: Any, pcm: Pcm) -> None:
    handle = app[1]
    expected = served(app[0]).recognise(pcm)
    long = np.concatenate([pcm] * 12)  # takes many seconds
    pid = handle.pid.remote().result()
    recogniser = served(app[0])
    with ThreadPoolExecutor(1) as job:
        answer = job.submit(recogniser.recognise, long)
        time.sleep(1.0)  # the replica itself answers late while it computes
        assert not answer.done()
        os.kill(pid, signal.SIGKILL)
        heard = answer.result(timeout=120)
    assert recogniser.retries >= 1
    assert [word.text for word in heard.words][: len(expected.words)] == [
        word.text for word in expected.words
    ]
    assert handle.pid.remote().result() != pid


def test_a_cancelled_call_is_taken_out_of_the_queue(app: Any, pcm: Pcm) -> None:
    handle = app[1]
    from pipelines.served_speech import Sound

    def ask(times: int) -> Any:
        sound = np.concatenate([pcm] * times)
        return handle.recognise.remote(Sound(SPEC, samples=sound.astype("<i2").tobytes()))

    before = handle.statistics.remote().result()["answered"]
    running = ask(12)
    time.sleep(0.5)  # the replica itself answers nothing while it computes
    waiting = [ask(1) for _ in range(16)]
    time.sleep(0.3)
    for response in waiting:
        response.cancel()
    running.result(timeout_s=60)
    ask(1).result(timeout_s=60)  # comes after the others
    # pocketsphinx holds the interpreter while it computes, so that a batch or two may begin before the
    # cancelling is heard; the rest never reaches the engine.
    assert handle.statistics.remote().result()["answered"] - before <= 10


def test_a_full_app_refuses_and_the_caller_comes_again(ray_runtime: RayRuntime, pcm: Pcm) -> None:
    limits = {"max_ongoing_requests": 1, "max_queued_requests": 1, "batch_items": 1}
    with speech_app("narrow", **limits):
        recogniser = served("narrow", deadline_s=280)
        recogniser.recognise(pcm)  # a handle learns of its limits with its first call
        with ThreadPoolExecutor(5) as jobs:
            answers = list(jobs.map(lambda _: recogniser.recognise(pcm), range(5)))
        assert all(answer.words for answer in answers)
        assert recogniser.retries > 0
        long = np.concatenate([pcm] * 4)
        blocking = [threading.Thread(target=recogniser.recognise, args=(long,)) for _ in range(3)]
        for thread in blocking:
            thread.start()
        time.sleep(0.5)
        with pytest.raises(EngineBusy) as caught:
            served("narrow", deadline_s=0.5).recognise(pcm)
        assert caught.value.retryable
        for thread in blocking:
            thread.join()


def test_a_replica_that_runs_out_of_memory_ends_and_the_caller_is_told_so(
    ray_runtime: RayRuntime, pcm: Pcm, tmp_path: Path
) -> None:
    too_much = tmp_path / "sound.s16le"
    with too_much.open("wb") as file:
        file.truncate(2**30)  # takes no room on the disk; a replica that reads it takes 1 GiB
    with speech_app("hungry", max_rss_gib=1.0, health_period_s=1) as handle:
        pid = handle.pid.remote().result()
        recogniser = served("hungry", deadline_s=120)
        with pytest.raises(EngineOutOfMemory, match=r"2 replicas .* hungry ran out") as caught:
            recogniser.recognise_range(too_much, 0, 2**29)
        assert caught.value.retryable
        assert recogniser.memory_losses == 2
        assert recogniser.recognise(pcm).words, "its jobs go on with the one that takes its place"
        assert handle.pid.remote().result() != pid
    notice = next(told_losses([{}, {LOSSES: 1}, {LOSSES: 1}]))
    assert (notice.code, "2 times" in notice.message) == ("engine_out_of_memory", True)
    assert not list(told_losses([{LOSSES: 0}]))


def test_a_replica_that_hangs_fails_its_health_check_and_is_replaced(
    ray_runtime: RayRuntime, pcm: Pcm
) -> None:
    with speech_app("hanging", health_period_s=1, health_timeout_s=3) as handle:
        pid = handle.pid.remote().result()
        os.kill(pid, signal.SIGSTOP)  # it lives, and computes nothing
        try:
            answer = served("hanging", deadline_s=240).recognise(pcm)
        finally:
            with_continue(pid)
        assert answer.words
        assert handle.pid.remote().result() != pid


def test_replicas_are_exchanged_under_load_and_no_call_fails(
    ray_runtime: RayRuntime, pcm: Pcm
) -> None:
    two = {"min_replicas": 2, "max_replicas": 2, "batch_items": 1}
    with speech_app("rolled", **two) as handle:
        expected = served("rolled").recognise(pcm)
        old = {handle.pid.remote().result() for _ in range(20)}
        assert len(old) == 2
        over = threading.Event()

        def ask() -> int:
            recogniser, answers = served("rolled", deadline_s=240), 0
            while not over.is_set():
                assert recogniser.recognise(pcm) == expected
                answers += 1
            return answers

        with ThreadPoolExecutor(3) as jobs:
            asking = [jobs.submit(ask) for _ in range(3)]
            try:
                deploy_speech("rolled", **two, batch_wait_ms=30)  # another release of it
                new = {handle.pid.remote().result() for _ in range(20)}
            finally:
                over.set()
            answers = [job.result(timeout=240) for job in asking]
        assert not new & old
        assert all(answers), "everybody was answered all the while"


def with_continue(pid: int) -> None:
    try:
        os.kill(pid, signal.SIGCONT)
    except ProcessLookupError:
        return
