"""Highlights and posts as stages of a job: the store answers what was asked before, the budget holds."""

from __future__ import annotations

import json
import re
import shutil
import threading
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from pipelines.context import JobContext
from pipelines.highlight_stage import Highlights, choose_highlighter, pick_highlights
from pipelines.model_start import ModelStart
from pipelines.post_stage import WrittenPosts, llm_usage, write_posts
from pipelines.ray_runtime import RayRuntime
from pipelines.speech_stage import Speech
from tests.support.model_server import Model, completion, failure, item
from tests.support.show_texts import KITCHEN_EN
from tests.support.shows import make_show
from videoclip.progress import Progress, ignore_events
from videoclip.schemas import (
    Candidate,
    ClipRequest,
    Genre,
    HighlighterName,
    LlmUsage,
    Platform,
    Product,
    Transcript,
)
from videoclip.settings import RaySettings, Settings
from videoclip.store import Store

LONG = "\n".join([KITCHEN_EN] * 4)


@pytest.fixture
def model() -> Iterator[Model]:
    server = Model()
    server.answers = [thinking]
    yield server
    server.close()


def thinking(request: dict[str, Any]) -> tuple[int, bytes]:
    """A model that picks the run after "second product" of what it sees, and writes posts."""
    name = request["response_format"]["json_schema"]["name"]
    if name == "posts":
        schema = request["response_format"]["json_schema"]["schema"]["properties"]
        text: Any = {
            platform: {"title": "A vacuum", "description": "Half price", "hashtags": ["vacuum"]}
            for platform in schema
        }
    else:
        lines = re.findall(
            r"^\[(\d+)\] \S+ s\) (.*)$", request["messages"][1]["content"], re.MULTILINE
        )
        ids = [int(number) for number, _ in lines]
        starts = [int(number) for number, said in lines if "second product" in said]
        text = {"highlights": [item(s, min(s + 11, ids[-1])) for s in starts]}
        text["highlights"] += [] if starts else [item(ids[0], ids[min(5, len(ids) - 1)])]
    status, body, *_ = completion(json.dumps(text), usage=(1000, 100))(request)  # type: ignore[misc]
    return status, body  # type: ignore[return-value]


@dataclass
class Run:
    """One attempt at a job."""

    highlights: Highlights
    written: WrittenPosts
    usage: LlmUsage | None
    notices: list[str]

    @property
    def chosen(self) -> list[Candidate]:
        return [c for c in self.highlights.candidates if c.selected]


def run(
    folder: Path,
    transcript: Transcript,
    *,
    ray: RayRuntime | None = None,
    llm: Any = None,
    **wishes: Any,
) -> Run:
    """Both stages on a transcript; everything lasting goes below ``folder``."""
    settings = Settings(data_dir=folder, **({"llm": llm} if llm else {}))
    values = {"genre": Genre.COMMERCE, "platforms": [Platform.DOUYIN, Platform.X]}
    request = ClipRequest(source="/none.mp4", **(values | wishes))
    with Store(settings) as store:
        job = store.ensure_job("clip", "k", {})
        with store.own_job(job.id) as attempt:
            context = JobContext(
                job.id,
                attempt,
                settings,
                store,
                ray or RayRuntime(RaySettings()),
                Progress(ignore_events),
                threading.Event(),
            )
            shutil.rmtree(context.work_folder(), ignore_errors=True)  # as run_job does
            speech = Speech(transcript, (), (), ())
            spec = choose_highlighter(context, request)
            model = ModelStart(settings.llm)
            highlights = pick_highlights(context, request, spec, speech, model)
            chosen = [c for c in highlights.candidates if c.selected]
            written = write_posts(context, request, highlights, chosen, transcript)
            usage = llm_usage(context, highlights, written)
            return Run(highlights, written, usage, [notice.code for notice in context.notices])


def show(script: str = KITCHEN_EN) -> Transcript:
    return make_show(script, language="en").transcript


# ------------------------------------------------------------------ asked once


def test_the_same_question_is_asked_once_whatever_the_number_of_clips(
    model: Model, tmp_path: Path
) -> None:
    first = run(tmp_path, show(), llm=model.settings(), top=3)
    assert [c.title for c in first.chosen] == ["Wireless vacuum"]
    assert len(model.requests) == 2  # the window, and the posts of its clip
    assert first.usage == LlmUsage(
        model="made",
        requests=2,
        prompt_tokens=2000,
        completion_tokens=200,
        seconds=first.usage.seconds if first.usage else 0,
    )
    assert first.usage is not None
    assert first.usage.seconds > 0
    again = run(tmp_path, show(), llm=model.settings(), top=5)
    assert len(model.requests) == 2
    assert again.chosen == first.chosen
    assert again.written.posts == first.written.posts
    assert again.usage == LlmUsage(model="made", cached=2)


def test_another_wish_or_model_is_another_question(model: Model, tmp_path: Path) -> None:
    run(tmp_path, show(), llm=model.settings(), platforms=[])
    run(tmp_path, show(), llm=model.settings(), platforms=[], prompt="the pan")
    run(tmp_path, show(), llm=model.settings(model="other"), platforms=[])
    assert len(model.requests) == 3


def test_a_makeshift_is_not_kept(model: Model, tmp_path: Path) -> None:
    model.answers = [completion("no")]
    first = run(tmp_path, show(), llm=model.settings(), top=1)
    assert "highlighter_fallback" in first.notices
    assert "posts_from_template" in first.notices
    assert {post.engine for posts in first.written.posts.values() for post in posts} == {"template"}
    model.answers = [thinking]
    second = run(tmp_path, show(), llm=model.settings(), top=1)
    assert second.notices == []
    assert second.highlights.report.reused == 0
    assert {post.engine for posts in second.written.posts.values() for post in posts} == {"llm"}


def test_failed_requests_count(model: Model, tmp_path: Path) -> None:
    model.answers = [failure(503, "busy"), failure(503, "busy"), thinking]
    got = run(tmp_path, show(), llm=model.settings(), platforms=[])
    assert got.usage is not None
    assert (got.usage.requests, got.usage.estimated) == (3, True)


# ------------------------------------------------------------------ windows and the budget


@pytest.mark.ray
@pytest.mark.slow
def test_a_long_transcript_is_asked_in_windows_and_nothing_comes_twice(
    model: Model, tmp_path: Path, ray_runtime: RayRuntime
) -> None:
    model.listed = {"data": [{"id": "made", "max_model_len": 4096}]}
    transcript = show(LONG)
    got = run(tmp_path, transcript, ray=ray_runtime, llm=model.settings(), platforms=[])
    assert got.highlights.report.units == len(model.requests) > 2
    runs = [(c.first_sentence, c.last_sentence) for c in got.highlights.candidates]
    assert len(set(runs)) == len(runs)
    seconds = [s.id for s in transcript.sentences if "second product" in s.text]
    assert {first for first, _ in runs} >= set(seconds)
    assert got.usage is not None
    assert got.usage.requests == len(model.requests)
    again = run(tmp_path, transcript, ray=ray_runtime, llm=model.settings(), platforms=[])
    assert again.usage == LlmUsage(model="made", cached=got.usage.requests)


@pytest.mark.ray
@pytest.mark.slow
def test_over_the_limit_of_tokens_the_rest_is_extractive_and_said(
    model: Model, tmp_path: Path, ray_runtime: RayRuntime
) -> None:
    model.listed = {"data": [{"id": "made", "max_model_len": 4096}]}
    llm = model.settings(max_job_tokens=6_000)
    got = run(tmp_path, show(LONG), ray=ray_runtime, llm=llm)
    assert "llm_budget_spent" in got.notices
    assert got.usage is not None
    assert 0 < got.usage.prompt_tokens + got.usage.completion_tokens <= 6_000
    assert 0 < len(model.requests) < got.highlights.report.units
    assert {c.engine for c in got.highlights.candidates} == {"llm", "extractive"}
    assert all(got.written.posts.values())


def test_over_the_limit_of_seconds_too(model: Model, tmp_path: Path) -> None:
    held = threading.Event()

    def slow(request: dict[str, Any]) -> tuple[int, bytes]:
        held.wait(0.3)
        return thinking(request)

    model.answers = [slow]
    got = run(tmp_path, show(), llm=model.settings(max_job_seconds=0.2))
    assert len(model.requests) == 1  # the window; the posts came too late
    assert got.notices == ["llm_budget_spent"]
    assert [c.engine for c in got.chosen] == ["llm"]


# ------------------------------------------------------------------ products and posts without a model


def test_without_a_model_products_and_posts_come_from_the_words(tmp_path: Path) -> None:
    products = [
        Product(name="StoneChef Pan 28", aliases=["frying pan", "pan"]),
        Product(name="Wireless vacuum"),
        Product(name="Hair straightener"),
    ]
    got = run(tmp_path, show(), products=products, highlighter=HighlighterName.EXTRACTIVE, top=3)
    made = make_show(KITCHEN_EN, language="en").subjects
    assert {c.product for c in got.chosen} == {"StoneChef Pan 28", "Wireless vacuum"}
    for clip in got.chosen:
        start, end = made["pan" if "Pan" in clip.product else "vacuum"]
        assert abs(clip.start_ms - start) < 3000
        assert clip.end_ms <= end + 1000
        assert clip.title.startswith(clip.product)
    assert got.notices == ["product_not_found"]
    assert got.usage is None
    for posts in got.written.posts.values():
        assert [post.platform for post in posts] == [Platform.DOUYIN, Platform.X]
        assert all(post.description and post.hashtags for post in posts)


def test_a_model_is_given_the_products_and_its_clips_are_titled_after_them(
    model: Model, tmp_path: Path
) -> None:
    def answer(request: dict[str, Any]) -> tuple[int, bytes]:
        schema = request["response_format"]["json_schema"]["schema"]["properties"]["highlights"]
        numbers = schema["items"]["properties"]["product"]
        assert (numbers["minimum"], numbers["maximum"]) == (1, 2)
        assert "1: VX-9 / vacuum\n2: StoneChef" in request["messages"][1]["content"]
        assert "<products>" in request["messages"][0]["content"]
        found = [
            item(21, 32, title="Clean in one pass", product=1),
            item(22, 30, title="Again", product=1),
            item(37, 47, title="stonechef: no oil", product=2),
            item(5, 12, product=3),
        ]
        status, body, *_ = completion(json.dumps({"highlights": found}))(request)  # type: ignore[misc]
        return status, body  # type: ignore[return-value]

    model.answers = [answer]
    products = [Product(name="VX-9", aliases=["vacuum"]), Product(name="StoneChef")]
    got = run(tmp_path, show(), llm=model.settings(), products=products, platforms=[])
    assert {(c.product, c.title) for c in got.chosen} == {
        ("VX-9", "VX-9: Clean in one pass"),
        ("StoneChef", "stonechef: no oil"),
    }
    assert got.notices == ["highlighter_discarded"]
