"""The review editor in a browser on a live gateway: words, clips, player, saving, two people, hostile text, three hours."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx
import pytest
from playwright.sync_api import Browser, BrowserContext, Locator, Page, expect

from tests.support.accessibility import barriers, let_check
from tests.support.platform import Platform
from tests.support.review_desk import (
    HOSTILE,
    ReviewDesk,
    candidate,
    long_transcript,
    sample_transcript,
)
from tests.support.served_gateway import ServedGateway, served_gateway
from tests.support.web_ui import WITH_UI, sign_in, visitor
from videoclip.schemas import Candidate, Transcript
from videoclip.settings import Settings

FRAME_MS = 40


@dataclass
class Desk:
    """A person at the editor, and the API beside them."""

    gateway: ServedGateway
    filled: ReviewDesk
    context: BrowserContext
    page: Page
    transcript: Transcript
    job: str = ""

    def open(
        self, transcript: Transcript | None = None, candidates: list[Candidate] | None = None
    ) -> None:
        """A new job's review."""
        known = transcript or self.transcript
        self.job = self.filled.job(known, self.candidates() if candidates is None else candidates)
        self.page.goto(f"/ui/review?job={self.job}")
        self.word(0).wait_for()

    def candidates(self) -> list[Candidate]:
        lines = self.transcript.sentences
        return [
            candidate(1, lines[5], lines[7], 0.91, selected=True),
            candidate(2, lines[9], lines[10], 0.58, dropped="another one was better"),
            candidate(3, lines[12], lines[13], 0.31, dropped="too dull"),
        ]

    def ask(self, method: str, path: str, **options: Any) -> Any:
        answer = self.gateway.ask(method, path, **options)
        assert answer.status_code < 400, answer.text
        return answer.json()

    def eventually(self, what: Callable[[], Any], wanted: Any) -> None:
        """The server comes to know it."""
        deadline = time.monotonic() + 15
        while (found := what()) != wanted:
            assert time.monotonic() < deadline, (found, wanted)
            self.page.wait_for_timeout(100)

    def told(self) -> Any:
        """The transcript as the server has it."""
        return self.ask("GET", f"/jobs/{self.job}/transcript")

    def texts(self, first: int, end: int) -> list[str]:
        """Of these words, as the server has them."""
        lines = self.told()["content"]["sentences"]
        return [word["text"] for line in lines for word in line["words"]][first:end]

    def specs(self) -> list[Any]:
        return list(self.ask("GET", f"/clip-specs?job={self.job}")["clips"])

    def ranges(self) -> list[tuple[int, int]]:
        """Of the only edited clip."""
        return [
            (piece["start_ms"], piece["end_ms"])
            for spec in self.specs()
            for piece in spec["ranges"]
        ]

    def decisions(self) -> dict[str, str | None]:
        found = self.ask("GET", f"/jobs/{self.job}/highlights")["highlights"]
        return {one["candidate"]["id"]: one["decision"] for one in found}

    # ------------------------------------------------------------------ the page

    def word(self, place: int) -> Locator:
        return self.page.locator(f'[data-place="{place}"]')

    def drag_words(self, first: int, last: int) -> None:
        self.word(first).hover()
        self.page.mouse.down()
        self.word(last).hover()
        self.page.mouse.up()

    def now_ms(self) -> int:
        return round(self.page.evaluate("document.querySelector('video').currentTime * 1000"))

    def film(self) -> None:
        """The player has it."""
        ready = "document.querySelector('video').readyState > 2"
        self.eventually(lambda: self.page.evaluate(ready), True)

    def saved(self) -> None:
        expect(self.page.locator(".rv-saved")).to_have_attribute("data-state", "saved")

    def clip(self, number: int) -> Locator:
        return self.page.locator(f'.rv-clip[data-key="c{number:02}"]')


@pytest.fixture(scope="module")
def served(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[ServedGateway, ReviewDesk]]:
    """Before the browser: its driver keeps this thread's event loop."""
    folder: Path = tmp_path_factory.mktemp("review")
    settings = Settings(data_dir=folder / "data")
    platform = Platform(settings, folder)
    with ExitStack() as stack:
        stack.callback(platform.stop)
        gateway = stack.enter_context(served_gateway(settings, **WITH_UI))
        filled = ReviewDesk(settings, platform.store, gateway.known.workspace_id, folder)
        filled.bring_sample(f"show {HOSTILE}.mp4")
        platform.dispatch()
        gateway.start()
        yield gateway, filled


@pytest.fixture(scope="module")
def desk(served: tuple[ServedGateway, ReviewDesk], browser: Browser) -> Iterator[Desk]:
    gateway, filled = served
    with visitor(browser, gateway.base.removesuffix("/api/v1")) as (context, page):
        sign_in(context, gateway.known)
        let_check(context)
        yield Desk(gateway, filled, context, page, sample_transcript())


def test_a_word_seeks_and_is_found(desk: Desk) -> None:
    desk.open()
    words = desk.transcript.words
    desk.film()
    desk.clip(1).locator(".rv-title").click()
    for theme in ("dark", "light"):
        desk.page.evaluate("(word) => { document.documentElement.dataset.theme = word; }", theme)
        assert not barriers(desk.page), theme
    desk.page.keyboard.press("Escape")
    desk.word(20).click()
    desk.eventually(lambda: abs(desk.now_ms() - words[20].start_ms) < FRAME_MS, True)
    expect(desk.word(20)).to_have_class("rv-word rv-cursor rv-now")
    expect(desk.word(5)).to_contain_class("rv-unsure")
    desk.page.keyboard.press("Control+f")
    desk.page.keyboard.type("COFFEE machine")
    expect(desk.page.locator(".rv-found")).to_have_text("1 of 3")
    assert desk.page.locator(".rv-hit-now").all_inner_texts() == ["coffee", "machine"]
    desk.page.keyboard.press("Enter")
    expect(desk.page.locator(".rv-found")).to_have_text("2 of 3")
    desk.page.keyboard.press("Escape")
    desk.page.keyboard.press("ArrowRight")
    desk.page.keyboard.press("Shift+ArrowRight")
    expect(desk.page.locator(".rv-count")).to_contain_text("2 words")
    desk.page.keyboard.press("Escape")
    before = desk.now_ms()
    desk.page.keyboard.press(".")
    desk.eventually(lambda: 0 < desk.now_ms() - before <= 2 * FRAME_MS, True)
    desk.page.keyboard.press("?")
    expect(desk.page.locator("dialog")).to_contain_text("strike out")
    desk.page.keyboard.press("Escape")


def test_selected_words_become_a_clip_that_is_trimmed_by_hand_and_keys(desk: Desk) -> None:
    desk.open(candidates=[])
    words = desk.transcript.words
    desk.drag_words(12, 18)
    desk.page.keyboard.press("Enter")
    desk.eventually(desk.ranges, [(words[12].start_ms, words[18].end_ms)])
    assert desk.specs()[0]["title"] == " ".join(word.text for word in words[12:19])
    assert desk.specs()[0]["transcript_id"] == desk.told()["id"]
    desk.page.keyboard.press("]")
    desk.page.keyboard.press("{")
    desk.eventually(desk.ranges, [(words[13].start_ms, words[19].end_ms)])
    handle = desk.page.get_by_role("slider", name="Begin of the clip")
    handle.focus()
    desk.page.keyboard.press("ArrowLeft")
    desk.eventually(desk.ranges, [(words[12].start_ms, words[19].end_ms)])
    desk.page.keyboard.press("Alt+ArrowRight")
    desk.eventually(desk.ranges, [(words[12].start_ms + FRAME_MS, words[19].end_ms)])
    box, board = handle.bounding_box(), desk.page.locator(".rv-board").bounding_box()
    assert box is not None
    assert board is not None
    # As near to the word's begin as a hand comes: three pixels beside it.
    scale = float(desk.page.evaluate(
        """() => { const [a, b] = [...document.querySelectorAll('.rv-handle')];
        return (b.ariaValueNow - a.ariaValueNow) / (parseFloat(b.style.insetInlineStart) - parseFloat(a.style.insetInlineStart)) }"""
    ))  # fmt: skip
    x = box["x"] + box["width"] / 2
    desk.page.mouse.move(x, board["y"] + 60)
    desk.page.mouse.down()
    wanted = words[15].start_ms
    target = x + (wanted - (words[12].start_ms + FRAME_MS)) / scale
    for step in (0.5, 0.9):
        desk.page.mouse.move(x + (target - x) * step, board["y"] + 60)
    desk.page.mouse.move(target + 3, board["y"] + 60)
    expect(handle).to_contain_class("rv-snapped")
    desk.page.mouse.up()
    desk.eventually(desk.ranges, [(wanted, words[19].end_ms)])
    desk.drag_words(13, 16)
    desk.page.keyboard.press("t")
    desk.eventually(desk.ranges, [(words[13].start_ms, words[16].end_ms)])
    for _ in range(7):
        desk.page.keyboard.press("Control+z")
    desk.eventually(desk.specs, [])
    desk.page.keyboard.press("Control+Shift+z")
    desk.eventually(desk.ranges, [(words[12].start_ms, words[18].end_ms)])


def test_a_corrected_word_is_a_new_version(desk: Desk) -> None:
    desk.open(candidates=[])
    desk.word(5).dblclick()
    desk.page.keyboard.type("that")
    desk.page.keyboard.press("Tab")
    desk.page.keyboard.type("Saturday")
    desk.page.keyboard.press("Enter")
    desk.eventually(lambda: desk.texts(4, 8), ["to", "that", "Saturday", "evening"])
    # What is corrected within a moment is one version; on a busy machine these may be two moments.
    last = desk.told()["version"]
    assert last in {2, 3}
    words = [word for line in desk.told()["content"]["sentences"] for word in line["words"]]
    assert words[5]["start_ms"] == desk.transcript.words[5].start_ms
    expect(desk.word(5)).to_contain_class("rv-corrected")
    expect(desk.page.locator(".rv-saved")).to_contain_text(f"v{last}")
    desk.page.goto(f"/ui/review?job={desk.job}&at=5000")
    expect(desk.word(6)).to_contain_class("rv-corrected")
    desk.eventually(lambda: abs(desk.now_ms() - 5000) < FRAME_MS, True)
    expect(desk.word(6)).to_have_text("Saturday")
    expect(desk.word(4)).not_to_contain_class("rv-corrected")
    desk.page.get_by_role("button", name=f"v{last}").click()
    desk.page.get_by_role("button", name="Go back to v1").click()
    desk.eventually(lambda: desk.told()["version"], last + 1)
    assert desk.told()["content"]["sentences"][0]["text"] == desk.transcript.sentences[0].text
    desk.page.keyboard.press("Control+z")
    desk.eventually(lambda: desk.told()["content"]["sentences"][0]["words"][6]["text"], "Saturday")


def test_struck_words_are_cut_out_and_jumped(desk: Desk) -> None:
    desk.open()
    line = desk.transcript.sentences[5]
    first, last = line.words[3].id, line.words[6].id
    words = desk.transcript.words
    desk.clip(1).locator(".rv-title").click()
    desk.drag_words(first, last)
    desk.page.keyboard.press("Backspace")
    expect(desk.word(first)).to_contain_class("rv-struck")
    expect(desk.word(last + 1)).to_contain_class("rv-in")
    desk.eventually(lambda: len(desk.ranges()), 2)
    (_, begin), (end, _) = desk.ranges()
    assert words[first - 1].end_ms <= begin <= words[first].start_ms
    assert words[last].end_ms <= end <= words[last + 1].start_ms
    assert desk.decisions()["c01"] == "accepted", "whoever works on a clip wants it"
    desk.film()
    seen = desk.page.evaluate(
        """async ([from, to]) => {
          const video = document.querySelector('video'), seen = [];
          video.currentTime = from / 1000;
          await new Promise((done) => video.addEventListener('seeked', done, {once: true}));
          await video.play();
          const end = performance.now() + 10000;
          while (video.currentTime * 1000 < to && performance.now() < end) {
            await new Promise((done) => video.requestVideoFrameCallback((_, {mediaTime}) => { seen.push(mediaTime * 1000); done(); }));
          }
          video.pause();
          return seen;
        }""",
        [begin - 500, end + 400],
    )
    assert any(ms < begin for ms in seen)
    assert seen[-1] >= end
    # On an idle machine the jump comes within two frames; on this one others work too.
    inside = [ms for ms in seen if begin + 300 < ms < end - FRAME_MS]
    assert end - begin > 600
    assert not inside, (begin, end, inside)
    desk.drag_words(first, last)
    desk.page.keyboard.press("Backspace")
    desk.eventually(lambda: len(desk.ranges()), 1)


def test_speakers_are_renamed_and_merged(desk: Desk) -> None:
    desk.open(candidates=[])
    page = desk.page

    def names() -> set[str]:
        return {line["speaker"] for line in desk.told()["content"]["sentences"]}

    def rename(old: str, new: str) -> None:
        page.locator(".rv-speakers").get_by_role("button", name=old, exact=True).click()
        page.locator("dialog input").fill(new)

    rename("rms", HOSTILE[:80])
    page.keyboard.press("Enter")
    desk.eventually(names, {HOSTILE[:80], "slt"})
    rename("slt", HOSTILE[:80])
    expect(page.locator("dialog")).to_contain_text("become one")
    page.keyboard.press("Enter")
    desk.eventually(names, {HOSTILE[:80]})
    page.keyboard.press("Control+z")
    desk.eventually(names, {HOSTILE[:80], "slt"})
    page.locator('[data-chip="2"]').click()
    page.locator("dialog input").fill("Guest")
    page.locator("dialog .rv-here").click()
    desk.eventually(names, {HOSTILE[:80], "slt", "Guest"})


def test_clips_are_accepted_and_rejected_by_keys(desk: Desk) -> None:
    kit = {"name": "Shop A", "render": {"captions": "soft", "watermark": "Shop A"}}
    desk.ask("POST", "/presets", json=kit)
    desk.open()
    page = desk.page
    heading = page.locator(".rv-candidates h2")
    expect(heading).to_have_text("Clips: 1 of 3")
    expect(desk.clip(2)).to_contain_text("under the threshold")
    page.keyboard.press("n")
    expect(desk.clip(1)).to_have_attribute("aria-current", "true")
    page.keyboard.press("x")
    expect(desk.clip(2)).to_have_attribute("aria-current", "true")
    page.keyboard.press("d")
    page.keyboard.press("p")
    desk.eventually(desk.decisions, {"c01": "accepted", "c02": "rejected", "c03": None})
    slider = page.get_by_role("slider", name="Threshold")
    slider.fill("0.3")
    expect(desk.clip(3)).to_contain_text("too dull")
    desk.clip(3).get_by_role("button", name="Keep anyway").click()
    expect(heading).to_have_text("Clips: 2 of 3")
    expect(page.get_by_role("button", name="Render 2")).to_be_enabled()
    page.keyboard.press("Control+z")
    page.keyboard.press("Control+z")
    desk.eventually(desk.decisions, {"c01": "accepted", "c02": None, "c03": None})
    page.get_by_label("Sort by").select_option("time")
    assert page.locator(".rv-clip").evaluate_all("all => all.map(one => one.dataset.key)") == [
        "c01",
        "c02",
        "c03",
    ]
    desk.clip(1).locator(".rv-title").click()
    page.get_by_label("Captions").select_option("none")
    expect(page.locator(".rv-untouched")).to_contain_text("% of this clip is untouched video")
    page.get_by_label("Aspect").select_option("9:16")
    expect(page.locator(".rv-untouched")).to_contain_text("another aspect")
    desk.eventually(
        lambda: [(spec["render"]["aspect"], spec["render"]["captions"]) for spec in desk.specs()],
        [("9:16", "none")],
    )

    page.get_by_label("Brand").select_option("Shop A")
    expect(page.locator(".rv-untouched")).to_contain_text("a watermark")
    page.get_by_role("button", name="The same for all accepted").click()
    desk.eventually(lambda: [spec["render"]["watermark"] for spec in desk.specs()], ["Shop A"])


def test_without_words_clips_are_made_by_time(desk: Desk) -> None:
    desk.job = desk.filled.job(None, [])
    page = desk.page
    page.goto(f"/ui/review?job={desk.job}")
    expect(page.locator(".rv-scroll")).to_contain_text("Nothing was said here")
    position = page.get_by_role("slider", name="Position in the source")
    position.focus()
    page.keyboard.press("ArrowRight")
    page.keyboard.press("i")
    page.keyboard.press("PageUp")
    page.keyboard.press("o")
    desk.eventually(desk.ranges, [(1000, 31_000)])
    page.keyboard.press("Backspace")
    page.keyboard.press("Control+z")
    desk.eventually(desk.specs, [])
    page.goto(f"/ui/review?job={desk.filled.job(None, [], state='failed')}")
    expect(page.locator("vc-app")).to_contain_text("no result yet")


def test_two_people_lose_nothing(desk: Desk) -> None:
    desk.open(candidates=[])
    told = desk.told()
    path = f"/transcripts/{told['id']}/corrections"
    theirs = [{"id": 0, "text": "Theirs"}, {"id": 3, "text": "elsewhere"}]
    desk.ask("POST", path, json={"base_version": 1, "words": theirs})
    desk.word(0).dblclick()
    desk.page.keyboard.type("Mine")
    desk.page.keyboard.press("Tab")
    desk.page.keyboard.type("also")
    desk.page.keyboard.press("Enter")
    dialog = desk.page.locator("dialog")
    expect(dialog).to_contain_text("Somebody else changed the same")
    expect(dialog.locator("tbody tr")).to_have_count(1)
    assert dialog.locator("tbody td").all_inner_texts()[1:] == ["Mine", "Theirs"]
    dialog.get_by_role("button", name="Take theirs").click()
    desk.eventually(lambda: desk.told()["version"], 3)
    line = desk.told()["content"]["sentences"][0]["text"]
    assert line.startswith("Theirs also and elsewhere")
    expect(desk.word(3)).to_have_text("elsewhere")
    desk.saved()
    # What somebody does while nothing waits here comes in by itself.
    desk.ask("POST", path, json={"base_version": 3, "words": [{"id": 2, "text": "or"}]})
    made = {
        "source": f"asset:{desk.filled.asset_id}",
        "title": "Made elsewhere",
        "job_id": desk.job,
    }
    desk.ask("POST", "/clip-specs", json={**made, "ranges": [{"start_ms": 0, "end_ms": 900}]})
    desk.page.evaluate("document.dispatchEvent(new Event('visibilitychange'))")
    expect(desk.word(2)).to_have_text("or")
    expect(desk.page.locator(".rv-clip")).to_contain_text("Made elsewhere")


def test_without_a_connection_work_goes_on_and_is_sent_later(desk: Desk) -> None:
    desk.open(candidates=[])
    desk.context.set_offline(True)
    try:
        desk.drag_words(12, 18)
        desk.page.keyboard.press("Enter")
        expect(desk.page.locator(".rv-saved")).to_contain_text("No connection")
        assert (
            desk.page.evaluate(
                "Object.keys(localStorage).filter(key => key.includes('review')).length"
            )
            == 1
        )
    finally:
        desk.context.set_offline(False)
    desk.eventually(lambda: len(desk.specs()), 1)
    desk.saved()
    desk.eventually(
        lambda: desk.page.evaluate(
            "Object.keys(localStorage).filter(key => key.startsWith('videoclip.review')).length"
        ),
        0,
    )


def test_hostile_text_is_only_ever_text(desk: Desk) -> None:
    lines = desk.transcript.sentences
    first = lines[0].model_copy(
        update={"speaker": HOSTILE, "words": [word.model_copy(update={"text": HOSTILE, "speaker": HOSTILE}) for word in lines[0].words]}
    )  # fmt: skip
    hostile = desk.transcript.model_copy(update={"sentences": [first, *lines[1:]]})
    wild = {
        "title": HOSTILE,
        "reason": HOSTILE,
        "quote": HOSTILE,
        "dropped": HOSTILE,
        "scores": {HOSTILE: 0.5},
    }
    desk.open(hostile, [candidate(1, lines[0], lines[1], 0.5, **wild)])
    page = desk.page
    expect(page.locator("h1")).to_contain_text("<img src=x")
    expect(desk.word(0)).to_have_text(HOSTILE)
    page.keyboard.press("n")
    expect(page.locator(".rv-caption")).to_contain_text("<img")
    expect(page.get_by_label("Title", exact=True)).to_have_value(HOSTILE)
    page.keyboard.press("x")
    page.locator('[data-chip="0"]').click()
    page.locator("dialog").wait_for()
    page.keyboard.press("Escape")
    page.wait_for_timeout(200)
    assert page.evaluate("window.attacked") is None
    assert page.locator("vc-app img, vc-app script").count() == 0


def test_three_hours_are_there_at_once_and_scroll_smoothly(desk: Desk) -> None:
    transcript = long_transcript()
    assert len(transcript.words) == 30_000
    desk.open(candidates=[])
    job = desk.filled.job(
        transcript, [candidate(1, transcript.sentences[2000], transcript.sentences[2004], 0.9)]
    )
    desk.ask("GET", f"/jobs/{job}/transcript")
    took = desk.page.evaluate(
        """async (job) => {
          const {go} = await import(`${JSON.parse(document.getElementById('vc-boot').textContent).code}/lib/router.js`);
          const start = performance.now();
          await go('review', {job});
          while (!document.querySelector('.rv-crumbs')?.textContent.includes('3:00:00') || !document.querySelector('.rv-word')) {
            await new Promise(requestAnimationFrame);
          }
          await new Promise(requestAnimationFrame);
          return performance.now() - start;
        }""",
        job,
    )
    assert desk.page.locator(".rv-word").count() < 1500
    frames = desk.page.evaluate(
        """async () => {
          const scroller = document.querySelector('.rv-scroll'), took = [];
          for (let step = 0; step < 40; step += 1) {
            const start = performance.now();
            scroller.scrollTop += step < 20 ? 400 : 2000;
            await new Promise(requestAnimationFrame);
            took.push(performance.now() - start);
          }
          return took.sort((a, b) => a - b);
        }"""
    )
    print(
        f"3 hours: first words {took:.0f} ms, frames median {frames[20]:.0f} ms, worst {frames[-1]:.0f} ms"
    )
    assert took <= 2000
    assert frames[20] < 200, "on a machine that does much else at the same time"
    desk.page.keyboard.press("n")
    place = transcript.sentences[2000].words[0].id
    expect(desk.word(place)).to_be_in_viewport()
    desk.page.keyboard.press("Control+f")
    desk.page.keyboard.type("word2499x10")
    expect(desk.page.locator(".rv-hit-now")).to_be_in_viewport()


def test_a_phone_in_the_dark_in_chinese(desk: Desk, browser: Browser) -> None:
    desk.open()
    page = desk.page
    page.set_viewport_size({"width": 390, "height": 844})
    page.emulate_media(color_scheme="dark")
    try:
        page.goto(f"/ui/review?job={desk.job}&lang=zh")
        desk.clip(1).locator(".rv-title").click()
        expect(page.get_by_role("button", name="渲染 0 个")).to_be_visible()
        assert page.evaluate("document.documentElement.scrollWidth") <= 390
        left = page.locator(".rv *:visible").evaluate_all(
            "all => all.filter(one => one.children.length === 0 && /[a-z]\\\\.[a-z]/.test(one.textContent) && one.textContent.startsWith('review.')).map(one => one.textContent)"
        )
        assert left == []
        dark = page.evaluate(
            "getComputedStyle(document.querySelector('.rv-scroll')).backgroundColor"
        )
        assert dark == "rgb(20, 23, 27)"
    finally:
        page.emulate_media(color_scheme="light")
        page.set_viewport_size({"width": 1200, "height": 800})
        page.goto("/ui/?lang=en")


def test_an_accepted_clip_is_rendered_with_the_corrected_words(desk: Desk) -> None:
    desk.open(candidates=[])
    page = desk.page
    desk.word(3).dblclick()
    page.keyboard.type("Corrected")
    page.keyboard.press("Enter")
    desk.drag_words(2, 5)
    page.keyboard.press("Enter")
    page.get_by_role("button", name="Play the clip").click()
    page.get_by_role("button", name="Pause").wait_for()
    page.get_by_role("button", name="Play", exact=True).wait_for()
    assert abs(desk.now_ms() - desk.transcript.words[5].end_ms) <= 2 * FRAME_MS, "it ends by itself"
    page.keyboard.press("Control+Enter")
    link = page.locator(".rv-files a")
    link.wait_for(timeout=60_000)
    assert "Download" in link.inner_text()
    job = page.locator(".rv-renders li").get_attribute("data-job")
    clip = desk.ask("GET", f"/jobs/{job}/clips")["clips"][0]
    text = desk.gateway.ask("GET", f"/jobs/{job}/files/{clip['captions']['srt']}").text
    assert "Corrected" in text
    file = httpx.get(desk.gateway.base.removesuffix("/api/v1") + str(link.get_attribute("href")))
    assert file.content[4:8] == b"ftyp"
    page.reload()
    link.wait_for()
