"""Clips, brand kits, search, settings and administration in a browser on one live gateway, full of hostile names."""

from __future__ import annotations

import io
import json
import zipfile
from collections.abc import Iterator
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlsplit

import numpy as np
import pytest
from PIL import Image
from playwright.sync_api import Browser, BrowserContext, Page, expect

from tests.support.accessibility import barriers, let_check
from tests.support.pages_desk import PagesDesk
from tests.support.platform import Platform
from tests.support.served_gateway import ServedGateway, served_gateway
from tests.support.web_ui import WITH_UI, sign_in, visitor
from videoclip.settings import Settings

PHONE = {"width": 390, "height": 844}
DESK = {"width": 1200, "height": 800}
SHOWN = {
    "clips": "/ui/clips", "clip": "/ui/clips?job={job}&clip=c02", "ask": "/ui/ask?q=kettle",
    "brand": "/ui/brand", "kit": "/ui/brand?id={kit}", "admin": "/ui/admin",
    "queue": "/ui/admin?tab=queue&show=dead", "users": "/ui/admin?tab=users",
    "workspaces": "/ui/admin?tab=workspaces", "done": "/ui/admin?tab=activity",
    "settings": "/ui/settings", "keys": "/ui/settings?tab=keys",
    "webhooks": "/ui/settings?tab=webhooks", "people": "/ui/settings?tab=people",
    "usage": "/ui/settings?tab=room", "activity": "/ui/settings?tab=activity",
}  # fmt: skip


@dataclass
class Stack:
    """A gateway with the UI, what is in its store, and a person who administers it."""

    gateway: ServedGateway
    filled: PagesDesk
    kit: str = ""

    def ask(self, method: str, path: str, **options: Any) -> Any:
        answer = self.gateway.ask(method, path, **options)
        assert answer.status_code < 400, answer.text
        return answer.json() if answer.content else None


@pytest.fixture(scope="module")
def stack(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stack]:
    """Before the browser: its driver keeps this thread's event loop."""
    folder: Path = tmp_path_factory.mktemp("pages")
    settings = Settings(data_dir=folder / "data")
    platform = Platform(settings, folder)
    with ExitStack() as ends:
        ends.callback(platform.stop)
        gateway = ends.enter_context(served_gateway(settings, **WITH_UI))
        filled = PagesDesk(settings, platform.store, gateway.known.workspace_id, folder)
        filled.fill(gateway.known.user_id)
        gateway.start()
        made = Stack(gateway, filled)
        kit = {"name": f"Shop {filled.mark}"[:200], "render": {"style": "pop", "aspect": "9:16"}}
        made.kit = made.ask("POST", "/presets", json=kit)["id"]
        yield made


@pytest.fixture(scope="module")
def person(stack: Stack, browser: Browser) -> Iterator[tuple[BrowserContext, Page]]:
    base = stack.gateway.base.removesuffix("/api/v1")
    with visitor(browser, base, accept_downloads=True) as (context, page):
        context.grant_permissions(["clipboard-read", "clipboard-write"], origin=base)
        sign_in(context, stack.gateway.known)
        let_check(context)
        yield context, page
        assert page.evaluate("window.attacked") is None


@pytest.fixture
def page(person: tuple[BrowserContext, Page]) -> Page:
    _, page = person
    page.set_viewport_size(DESK)
    return page


def until(page: Page, words: str) -> None:
    """Ask again and again; Playwright's own way needs `eval`, which the pages refuse."""
    for _ in range(150):
        if page.evaluate(words):
            return
        page.wait_for_timeout(100)
    raise AssertionError(words)


def show(page: Page, stack: Stack, name: str) -> None:
    page.goto(SHOWN[name].format(job=stack.filled.clips_job, kit=stack.kit))
    expect(page.locator("main h1").first).to_be_visible()
    expect(page.locator("main .vc-loading")).to_have_count(0)


def test_clips_play_are_compared_copied_downloaded_and_shared(page: Page, stack: Stack) -> None:
    show(page, stack, "clips")
    cards = page.locator(".vc-card")
    expect(cards).to_have_count(3)
    expect(cards.first.locator("img")).to_be_visible()
    still = cards.first.locator(".vc-still")
    still.hover()
    expect(still.locator("video")).to_be_visible()
    cards.nth(0).get_by_role("checkbox").check()
    compare = page.get_by_role("button", name="Compare")
    expect(compare).to_be_disabled()
    cards.nth(1).get_by_role("checkbox").check()
    compare.click()
    videos = page.locator(".vc-pair video")
    expect(videos).to_have_count(2)
    page.get_by_role("button", name="Play or stop both").click()
    until(page, "[...document.querySelectorAll('.vc-pair video')].every((one) => one.currentTime > 0.2)")  # fmt: skip

    show(page, stack, "clip")
    panel = page.get_by_role("article")
    expect(panel.get_by_text("1 thing to look at")).to_be_visible()
    expect(panel.get_by_text("Silence at the end")).to_be_visible()
    until(page, "document.querySelector('.vc-player video')?.readyState > 0")
    panel.get_by_role("button", name="Copy hashtags for Douyin").click()
    expect(page.get_by_text("Copied")).to_be_visible()
    assert page.evaluate("navigator.clipboard.readText()") == "#kitchen #live"
    panel.get_by_text("Links to give away").click()
    panel.get_by_role("button", name="Make a link").click()
    url = panel.locator(".vc-secret code").text_content() or ""
    answer = stack.gateway.ask("GET", url, headers={"Authorization": ""})
    assert answer.status_code == 200
    assert answer.headers["content-type"] == "video/mp4"
    panel.get_by_role("button", name="Take back").click()
    expect(panel.get_by_text("Taken back")).to_be_visible()
    assert stack.gateway.ask("GET", url, headers={"Authorization": ""}).status_code == 403
    page.locator(".vc-clip").get_by_role("button", name="Close").click()

    with page.expect_download() as download:
        page.get_by_role("button", name="All 2 clips as ZIP").click()
    with zipfile.ZipFile(download.value.path()) as archive:
        assert sorted(name for name in archive.namelist() if name.endswith(".mp4")) == ["clips/01-clip.mp4", "clips/02-clip.mp4"]  # fmt: skip
        assert archive.testzip() is None
    with page.expect_download() as download:
        page.get_by_role("button", name="Cut list as OTIO").click()
    assert json.loads(Path(download.value.path()).read_text())["OTIO_SCHEMA"].startswith("Timeline")


def test_other_renders_of_a_moment_are_found(page: Page, stack: Stack) -> None:
    page.goto(f"/ui/clips?job={stack.filled.clips_job}&clip=c01")
    panel = page.get_by_role("article")
    panel.get_by_text("Other renders of this moment").click()
    panel.get_by_role("button", name="Compare with").click()
    expect(page.locator(".vc-pair figcaption").nth(1)).to_contain_text("9:16 · pop")


def test_what_was_said_is_found_played_and_cut_together(page: Page, stack: Stack) -> None:
    page.goto("/ui/ask")
    page.get_by_role("searchbox").fill("kettle")
    page.get_by_role("searchbox").press("Enter")
    hits = page.locator(".vc-hit")
    expect(hits.first).to_be_visible()
    assert [one.lower() for one in hits.locator("mark").all_text_contents()] == ["kettle"] * hits.count()  # fmt: skip
    hits.first.get_by_role("button").click()
    until(page, "document.querySelector('.vc-ask-player video')?.readyState > 1")
    hits.first.get_by_role("checkbox").check()
    page.get_by_label("Title").fill("All about kettles")
    page.get_by_role("button", name="Cut together").click()
    expect(page.get_by_text("1 clip is being made")).to_be_visible()
    newest = stack.ask("GET", "/jobs?limit=1")["jobs"][0]
    assert newest["kind"] == "render"
    assert newest["request"]["clips"][0]["title"] == "All about kettles"
    page.get_by_role("searchbox").fill("unheard-of")
    page.get_by_role("searchbox").press("Enter")
    expect(page.get_by_text("Nobody said that")).to_be_visible()
    page.get_by_role("searchbox").fill("kettle")
    page.get_by_role("searchbox").press("Enter")
    leads = hits.first.get_by_role("link", name="Open in review at")
    at = int(parse_qs(urlsplit(leads.get_attribute("href") or "").query)["at"][0])
    assert at > 0
    leads.click()
    seen = f"Math.abs(document.querySelector('.rv video')?.currentTime * 1000 - {at}) < 50"
    until(page, seen)
    page.goto(f"{page.url.partition('&at=')[0]}&at=1e999")
    until(page, "document.querySelector('.rv video')?.currentTime > 1")


def test_a_brand_kit_is_made_with_a_live_frame_and_a_logo(
    page: Page, stack: Stack, tmp_path: Path
) -> None:
    Image.new("RGBA", (300, 120), (200, 30, 60, 255)).save(tmp_path / "logo.png")
    show(page, stack, "brand")
    page.get_by_role("link", name="New brand kit").click()
    frame = page.locator(".vc-frame img")
    until(page, "document.querySelector('.vc-frame img').naturalWidth > 0")
    page.get_by_label("Name", exact=True).fill("Shop B")
    for name, value in (("Style", "karaoke"), ("Width to height", "9:16"), ("Kind", "logo")):
        page.get_by_role("combobox", name=name, exact=True).select_option(value)
    page.locator("input[type=file]").set_input_files(tmp_path / "logo.png")
    expect(page.get_by_role("button", name="Use logo.png")).to_have_attribute(
        "aria-pressed", "true"
    )
    expect(page.locator(".vc-frame")).to_have_attribute("aria-busy", "false", timeout=30_000)
    until(page, "(one => one.naturalHeight > one.naturalWidth)(document.querySelector('.vc-frame img'))")  # fmt: skip
    with Image.open(io.BytesIO(frame.screenshot())) as shot:
        red, green, blue = np.asarray(shot.convert("RGB"), int).transpose(2, 0, 1)
    reds = ((red > 150) & (green < 90) & (blue < 110)).sum()
    assert reds > 300, "the logo is in the frame"
    page.get_by_role("button", name="Save").click()
    expect(page.get_by_role("heading", name="Shop B")).to_be_visible()
    made = {one["name"]: one for one in stack.ask("GET", "/presets")["presets"]}["Shop B"]
    assert (made["render"]["style"], made["render"]["aspect"]) == ("karaoke", "9:16")
    assert made["render"]["watermark"].startswith("asset:")
    # Somebody else was faster: nothing is overwritten.
    stack.ask("PUT", f"/presets/{made['id']}", json={"name": "Shop B", "render": made["render"], "version": 1})  # fmt: skip
    page.get_by_label("What it is for").fill("mine")
    page.get_by_role("button", name="Save").click()
    expect(page.get_by_text("Somebody else has changed this kit")).to_be_visible()
    page.get_by_role("link", name="All brand kits").click()
    page.get_by_role("dialog").get_by_role("button", name="Leave", exact=True).click()
    page.get_by_role("button", name="Duplicate Shop B").click()
    expect(page.get_by_role("heading", name="Shop B (copy)")).to_be_visible()
    page.get_by_role("link", name="All brand kits").click()
    page.get_by_role("button", name="Remove Shop B (copy)").click()
    page.get_by_role("dialog").get_by_role("button", name="Remove").click()
    expect(page.get_by_role("button", name="Remove Shop B (copy)")).to_have_count(0)
    page.get_by_role("link", name="Library", exact=True).click()
    expect(page.locator(".vc-asset-name").first).to_be_visible()
    assert "logo.png" not in page.locator(".vc-asset-name").all_text_contents()
    page.locator("input[type=file]").first.set_input_files(tmp_path / "logo.png")
    expect(page.get_by_text("is kept as a picture")).to_be_visible()


def test_an_administrator_sees_what_is_wrong_and_mends_it(page: Page, stack: Stack) -> None:
    show(page, stack, "admin")
    verdict = page.locator(".vc-verdict")
    expect(verdict).to_contain_text("Something is broken")
    expect(verdict).to_contain_text("No worker is running")
    verdict.get_by_role("link", name="1 job was given up").click()
    row = page.get_by_role("row").filter(has_text="FFmpeg ended")
    expect(row).to_contain_text("media_tool_failed")
    row.get_by_role("button", name="Run").click()
    expect(page.get_by_text("No job has failed")).to_be_visible()
    assert stack.ask("GET", f"/jobs/{stack.filled.dead_job}")["state"] == "queued"
    page.goto("/ui/admin?tab=queue")
    expect(page.get_by_role("row").filter(has_text="no worker is running").first).to_be_visible()
    page.goto("/ui/admin?tab=users")
    page.get_by_role("button", name="Lock out Guest").click()
    page.get_by_role("dialog").get_by_role("button", name="Lock out").click()
    page.get_by_role("button", name="Let Guest").click()
    expect(page.get_by_role("button", name="Lock out Guest")).to_be_visible()
    page.goto("/ui/admin?tab=activity")
    page.get_by_role("combobox", name="What", exact=True).select_option("user")
    expect(page.get_by_role("row").filter(has_text="user.enabled")).to_be_visible()
    expect(page.get_by_text("job.redriven")).to_have_count(0)
    page.goto("/ui/admin?tab=workspaces")
    page.locator("summary").filter(has_text="share 1").click()
    page.get_by_label("Files kept, GB").fill("12.5")
    page.get_by_role("button", name="Save the limits").click()
    expect(page.get_by_text("12.5 GB")).to_be_visible()
    assert stack.ask("GET", "/quota")["limits"]["max_bytes"] == 12_500_000_000


def test_a_person_sets_keys_webhooks_and_invitations(page: Page, stack: Stack) -> None:
    show(page, stack, "keys")
    page.get_by_label("Name", exact=True).fill("robot <b>")
    page.get_by_role("button", name="Make the key").click()
    key = page.locator(".vc-secret code").text_content() or ""
    used = stack.gateway.ask("GET", "/jobs", headers={"Authorization": f"Bearer {key}"})
    assert used.status_code == 200
    page.get_by_role("button", name="Revoke robot").click()
    page.get_by_role("dialog").get_by_role("button", name="Revoke", exact=True).click()
    expect(page.get_by_text("robot <b> is revoked")).to_be_visible()
    used = stack.gateway.ask("GET", "/jobs", headers={"Authorization": f"Bearer {key}"})
    assert used.status_code == 401
    show(page, stack, "webhooks")
    page.get_by_label("Name", exact=True).fill("Hook")
    page.get_by_label("Address").fill("http://127.0.0.1/private")
    page.get_by_role("button", name="Add it").click()
    expect(page.get_by_role("alert").filter(has_text="private")).to_be_visible()
    show(page, stack, "people")
    page.get_by_role("button", name="Make an invitation").click()
    link = page.locator(".vc-secret code").text_content() or ""
    assert "/ui/#/invitation/vci_" in link
    page.get_by_role("combobox", name="Role of Guest").select_option("editor")
    expect(page.get_by_text("is Editor now")).to_be_visible()
    page.get_by_role("button", name="Take back").click()
    expect(page.get_by_role("button", name="Take back")).to_have_count(0)


@pytest.mark.parametrize("theme", ["light", "dark"])
def test_no_page_has_barriers_or_is_wider_than_a_phone(
    page: Page, stack: Stack, theme: str
) -> None:
    page.set_viewport_size(PHONE if theme == "light" else DESK)
    page.evaluate("(theme) => localStorage.setItem('vc.theme', JSON.stringify(theme))", theme)
    language = "zh" if theme == "light" else "en"
    page.evaluate("(word) => localStorage.setItem('vc.lang', JSON.stringify(word))", language)
    found = {}
    for name in SHOWN:
        show(page, stack, name)
        wide = page.evaluate("document.documentElement.scrollWidth - innerWidth")
        found[name] = barriers(page) + ([f"{wide} px too wide"] if wide > 0 else [])
    page.evaluate("localStorage.clear()")
    assert not {name: faults for name, faults in found.items() if faults}
