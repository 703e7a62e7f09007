"""The web UI against the real stack: the way in, an upload that breaks twice, a job to its clips, and what must not happen."""

from __future__ import annotations

import re
import subprocess
from collections.abc import Iterator
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path

import httpx
import pytest
from playwright.sync_api import Browser, BrowserContext, Dialog, Page, expect

from tests.support.accessibility import barriers, let_check
from tests.support.cable import Cable, cable_to
from tests.support.command import SAMPLE
from tests.support.platform import Platform
from tests.support.served_gateway import ServedGateway, served_gateway
from tests.support.web_look import faults_of, untranslated
from tests.support.web_ui import WITH_UI, visitor
from videoclip.settings import Settings

PASSWORD = "four words in a row"
EMAIL = "ann@example.org"
HOSTILE = "<img src=x onerror=alert(1)>${alert(2)}{{value}} 直播.mp4"
THIN = {"offline": False, "latency": 0, "downloadThroughput": -1, "uploadThroughput": 300_000}
WIDE = {**THIN, "uploadThroughput": -1}
JOB_MS = 120_000
PHONE = {"width": 390, "height": 844}


@dataclass
class Stack:
    """A gateway with the UI, and a dispatcher."""

    gateway: ServedGateway
    platform: Platform
    video: Path
    cable: Cable

    @property
    def base(self) -> str:
        """As the browser reaches it."""
        return self.cable.address


@pytest.fixture(scope="module")
def stack(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stack]:
    """Before the browser: its driver keeps this thread's event loop."""
    folder: Path = tmp_path_factory.mktemp("ui")
    settings = Settings(data_dir=folder / "data")
    platform = Platform(settings, folder, {"VIDEOCLIP_JOBS__LEASE_MS": "60000"})
    video = folder / HOSTILE
    # Half a minute of the sample, in which something is sold; small, so that it is done soon.
    subprocess.run(
        [
            *(
                "ffmpeg",
                "-v",
                "error",
                "-ss",
                "24",
                "-t",
                "30",
                "-i",
                SAMPLE,
                "-vf",
                "scale=320:-2",
            ),
            *("-c:v", "libx264", "-preset", "ultrafast", "-b:v", "450k", "-g", "50", "-c:a", "aac"),
            video,
        ],
        check=True,
    )
    with ExitStack() as ends:
        ends.callback(platform.stop)
        gateway = ends.enter_context(served_gateway(settings, **WITH_UI))
        gateway.start()
        platform.dispatch()
        port = int(gateway.base.removesuffix("/api/v1").rpartition(":")[2])
        yield Stack(gateway, platform, video, ends.enter_context(cable_to(port)))


@pytest.fixture(scope="module")
def editor(stack: Stack, browser: Browser) -> Iterator[tuple[BrowserContext, Page]]:
    """Ann, who comes in by the first administrator's link and stays."""
    told = stack.platform.command.run("admin-link")
    word = told.stdout.strip().rpartition("/")[2]
    with visitor(browser, stack.base) as (context, page):
        asked: list[str] = []

        def answer(dialog: Dialog) -> None:
            asked.append(dialog.type)
            dialog.accept()

        page.on("dialog", answer)
        page.goto(f"/#/invitation/{word}")
        page.get_by_label("Email").fill(EMAIL)
        page.get_by_label("Name").fill("Ann <b>")
        page.get_by_label("Password").fill(PASSWORD)
        assert word not in page.url
        assert not faults_of(page)
        page.get_by_label("Password").press("Enter")
        expect(page.get_by_role("heading", name="No videos yet")).to_be_visible()
        assert word not in page.evaluate("JSON.stringify([...Object.values(localStorage)])")
        yield context, page
    # Leaving while something was being sent is asked about once; nothing else ever opened a dialog of the browser.
    assert asked == ["beforeunload"]


def test_who_is_signed_in_stays_so_and_no_script_can_read_it(
    stack: Stack, editor: tuple[BrowserContext, Page]
) -> None:
    context, page = editor
    assert not faults_of(page)
    kept = next(one for one in context.cookies(f"{stack.base}/ui/session"))
    assert kept["httpOnly"]
    assert kept["sameSite"] == "Strict"
    assert kept["path"] == "/ui/session"
    assert "vcr_" not in kept["value"]
    page.reload()
    expect(page.get_by_role("heading", name="No videos yet")).to_be_visible()
    stored = page.evaluate(
        "JSON.stringify([{...localStorage}, {...sessionStorage}, document.cookie])"
    )
    assert "eyJ" not in stored
    assert "videoclip_session" not in stored


def test_nothing_but_our_own_pages_may_change_anything(
    stack: Stack, editor: tuple[BrowserContext, Page]
) -> None:
    context, _ = editor
    cookie = {one["name"]: one["value"] for one in context.cookies(f"{stack.base}/ui/session")}
    with httpx.Client(base_url=stack.base, cookies=cookie) as client:
        ours = {"Origin": stack.base}
        for headers in (
            {},
            {"Origin": "https://evil.test"},
            {**ours, "Sec-Fetch-Site": "cross-site"},
        ):
            for method, path in (
                ("POST", "/ui/session/refresh"), ("DELETE", "/ui/session"), ("PUT", "/ui/session"),
                ("POST", "/ui/gradio_api/queue/join"), ("POST", "/ui/gradio_api/upload"), ("POST", "/ui/"),
            ):  # fmt: skip
                refused = client.request(method, path, headers=headers)
                assert (refused.status_code, refused.json()["code"]) == (403, "foreign_origin")
        # Gradio's own end points are closed to everyone: our pages use none of them.
        for method, path in (
            ("GET", "/ui/config"), ("GET", "/ui/gradio_api/file=/etc/passwd"), ("GET", "/ui/gradio_api/info"),
            ("GET", "/ui/gradio_api/queue/data"), ("POST", "/ui/gradio_api/upload"), ("POST", "/ui/gradio_api/run/x"),
            ("GET", "/ui/code/1/../pages.py"), ("GET", "/ui/nothing"), ("GET", "/ui/gradio_api/proxy=http://a.test"),
        ):  # fmt: skip
            assert client.request(method, path, headers=ours).status_code == 404, path
        assert client.put("/ui/session", headers=ours, content=b"{").status_code == 422
        wrong = client.put("/ui/session", headers=ours, json={"refresh_token": "x" * 20})
        assert wrong.status_code == 401
        assert client.post("/ui/session/refresh", headers=ours).status_code == 200
        page = client.get("/ui/")
        policy = page.headers["content-security-policy"]
        assert "unsafe" not in policy.partition("script-src")[2].partition(";")[0]
        assert (page.headers["cache-control"], page.headers["x-frame-options"]) == (
            "no-store",
            "DENY",
        )
        code = re.search(r"/ui/code/\w+/shell\.js", page.text)
        assert code is not None
        assert "immutable" in client.get(code[0]).headers["cache-control"]
        assert client.get("/ui/code/old/shell.js").headers["cache-control"] == "no-cache"


def test_an_upload_breaks_off_twice_and_goes_on_where_it_was(
    stack: Stack, editor: tuple[BrowserContext, Page]
) -> None:
    context, page = editor
    line = context.new_cdp_session(page)
    line.send("Network.enable")
    line.send("Network.emulateNetworkConditions", THIN)
    offsets: list[int] = []
    page.on(
        "request",
        lambda request: (
            offsets.append(int(request.headers["upload-offset"]))
            if request.method == "PATCH"
            else None
        ),
    )
    page.locator("input[type=file]").first.set_input_files(stack.video)
    row = page.locator(".vc-upload")
    expect(row.locator(".vc-asset-name")).to_have_text(HOSTILE)
    expect(row).to_contain_text(re.compile(r"Uploading ([2-9]\d) %|Uploading ([2-9]\d)%"))
    stack.cable.pull()
    expect(row).to_contain_text("Waiting for the connection")
    stack.cable.plug()
    expect(row).to_contain_text("Uploading")
    page.wait_for_timeout(600)  # some of it goes out
    page.reload()
    # The file itself is not known to a new page: the person chooses it again, and nothing is sent twice.
    row = page.locator(".vc-upload")
    expect(row).to_contain_text("Choose the same file again")
    assert not faults_of(page)
    line.send("Network.emulateNetworkConditions", WIDE)
    row.locator("input[type=file]").set_input_files(stack.video)
    asset = page.locator(".vc-asset")
    expect(asset.locator(".vc-asset-name")).to_have_text(HOSTILE)
    expect(row).to_have_count(0)
    assert offsets[0] == 0
    assert offsets == sorted(offsets)
    assert offsets[-1] > 0, "it began anew"
    listed = page.evaluate("document.querySelectorAll('vc-app img:not([src^=\"blob:\"])').length")
    assert listed == 0
    page.get_by_role("searchbox").fill("直播")
    expect(asset).to_have_count(1)
    page.get_by_role("searchbox").fill("no such thing")
    expect(page.get_by_role("heading", name="no such thing")).to_be_visible()
    page.get_by_role("searchbox").fill("")
    expect(asset).to_have_count(1)


def test_one_click_makes_a_job_that_is_followed_to_its_clips(
    stack: Stack, editor: tuple[BrowserContext, Page]
) -> None:
    context, page = editor
    page.locator(".vc-asset").get_by_role("link", name="Make clips").click()
    expect(page.locator(".vc-sources")).to_contain_text(HOSTILE)
    page.get_by_label("Length of a clip").select_option("10-30")
    page.get_by_label("How many clips at most").fill("2")
    assert not faults_of(page)
    page.get_by_role("button", name="Make the clips").focus()
    page.keyboard.press("Enter")
    expect(page.locator("h1")).to_have_text(HOSTILE)
    job = page.url.partition("id=")[2]
    asked = stack.gateway.ask("GET", f"/jobs/{job}", headers=_token(page)).json()["request"]
    assert (asked["top"], asked["min_ms"], asked["max_ms"], asked["look"]) == (
        2,
        10_000,
        30_000,
        True,
    )
    assert asked["render"]["style"] == "clean"
    bars = page.locator(".vc-stage")
    expect(bars.filter(has_text="Speech to text")).to_be_visible(timeout=JOB_MS)
    # The same on a second device; and after a reload.
    other = context.new_page()
    other.goto(f"/ui/job?id={job}")
    page.reload()
    for one in (page, other):
        expect(one.locator(".vc-stage").filter(has_text="Speech to text")).to_be_visible(
            timeout=JOB_MS
        )
    assert not faults_of(page)
    for one in (page, other):
        expect(one.locator(".vc-outcome > li, .vc-fault").first).to_be_visible(timeout=JOB_MS)
        expect(one.locator(".vc-outcome > li").first).to_be_visible()
        expect(one.locator(".vc-head .vc-badge")).to_have_text("Done")
        expect(one.locator(".vc-stage.vc-over").filter(has_text="Making clips")).to_be_visible()
    other.close()
    page.get_by_text("Everything that happened").click()
    expect(page.locator(".vc-log")).to_contain_text("Making clips: done")
    page.get_by_role("button", name=re.compile("^Play ")).first.click()
    page.locator(".vc-outcome video").evaluate(
        "(video) => video.readyState || new Promise((done) => { video.onloadedmetadata = done; })"
    )
    with page.expect_download() as coming:
        page.get_by_role("button", name=re.compile("^Download ")).first.click()
    assert coming.value.path().stat().st_size > 1000
    page.get_by_role("link", name="Try other wishes").click()
    expect(page.get_by_label("How many clips at most")).to_have_value("2")
    page.get_by_role("link", name="Library", exact=True).click()
    expect(page.locator(".vc-asset-state")).to_have_text("Done")
    page.get_by_role("searchbox").fill("coffee")
    expect(page.locator(".vc-said mark").first).to_have_text(re.compile("coffee", re.IGNORECASE))


def test_a_job_that_waits_says_why_and_can_be_cancelled(
    stack: Stack, editor: tuple[BrowserContext, Page]
) -> None:
    _, page = editor
    for process in stack.platform.started:
        process.terminate()
        process.wait(timeout=20)
    page.goto("/ui/new")
    page.get_by_label("Address of the video").fill("https://videos.example.org/talk.mp4")
    page.get_by_text("More wishes").click()
    page.get_by_label("Products to look for").fill("Vacuum, cleaner\nKettle")
    page.get_by_role("button", name="Make the clips").click()
    expect(page.locator("h1")).to_have_text("talk.mp4")
    expect(page.get_by_role("status").first).to_contain_text("Next in line")
    job = page.url.partition("id=")[2]
    asked = stack.gateway.ask("GET", f"/jobs/{job}", headers=_token(page)).json()["request"]
    assert asked["products"] == [
        {"name": "Vacuum", "aliases": ["cleaner"]},
        {"name": "Kettle", "aliases": []},
    ]
    page.get_by_role("button", name="Cancel the job").click()
    page.get_by_role("dialog").get_by_role("button", name="Cancel the job").click()
    expect(page.locator(".vc-head .vc-badge")).to_have_text("Cancelled")
    page.get_by_role("button", name="Run it again").click()
    expect(page.locator(".vc-head .vc-badge")).to_have_text("Waiting")


def test_pages_in_chinese_dark_and_on_a_phone(
    stack: Stack, editor: tuple[BrowserContext, Page], browser: Browser
) -> None:
    _, page = editor
    jobs = stack.gateway.ask("GET", "/jobs", headers=_token(page)).json()["jobs"]
    done = next(job["id"] for job in jobs if job["state"] == "succeeded")
    options = {"locale": "zh-CN", "color_scheme": "dark", "viewport": PHONE}
    with visitor(browser, stack.base, **options) as (context, phone):
        let_check(context)
        phone.goto("/ui/jobs")
        expect(phone.get_by_role("heading", name="登录")).to_be_visible()
        assert not faults_of(phone) + barriers(phone)
        phone.get_by_label("邮箱").fill(EMAIL)
        phone.get_by_label("密码").fill("not this one")
        phone.get_by_role("button", name="登录").click()
        expect(phone.get_by_role("alert")).to_contain_text("邮箱或密码不正确")
        phone.get_by_label("密码").fill(PASSWORD)
        phone.get_by_role("button", name="登录").click()
        expect(phone.locator(".vc-job").first).to_contain_text(
            "制作片段"
        )  # where they wanted to go
        assert phone.locator("html").get_attribute("lang") == "zh-CN"
        assert phone.evaluate("getComputedStyle(document.documentElement).colorScheme") == "dark"
        for path, there in (
            ("/ui/jobs", ".vc-job"), ("/ui/", ".vc-asset"), ("/ui/new", ".vc-sentence"),
            (f"/ui/job?id={done}", ".vc-outcome > li"),
        ):  # fmt: skip
            phone.goto(path)
            phone.locator(there).first.wait_for()
            for folded in phone.locator("main details > summary:visible").all():
                folded.click()
            assert not faults_of(phone) + barriers(phone), path
        expect(phone.locator(".vc-notices").first).to_contain_text("亮点由不用语言模型的方法选出")
        # Another language at once, and remembered.
        phone.locator(".vc-menu summary").click()
        phone.get_by_label("语言").select_option("en")
        expect(phone.get_by_role("link", name="Library", exact=True)).to_be_visible()
        phone.locator(".vc-menu summary").click()
        phone.get_by_label("Look", exact=True).select_option("light")
        assert phone.evaluate("getComputedStyle(document.documentElement).colorScheme") == "light"
        phone.reload()
        expect(phone.get_by_role("link", name="Library", exact=True)).to_be_visible()
        assert phone.locator("html").get_attribute("data-theme") == "light"
        expect(phone.locator("h1")).to_have_text(HOSTILE)
        assert not faults_of(phone) + barriers(phone)


def test_no_text_is_outside_the_table_of_texts(
    stack: Stack, editor: tuple[BrowserContext, Page]
) -> None:
    _, page = editor
    known = {
        "Video-Clip",
        "Ann <b>",
        EMAIL,
        HOSTILE,
        "talk.mp4",
        "https://",
        "English",
        "中文",
        "Ann <b>'s workspace",
    }
    for path, there in (
        ("/ui/", ".vc-asset"),
        ("/ui/jobs", ".vc-job"),
        ("/ui/new", ".vc-sentence"),
    ):
        page.goto(f"{path}?lang=xx-pseudo")
        page.locator(there).first.wait_for()
        for folded in page.locator("details > summary:visible").all():
            folded.click()
        found = untranslated(page, known)
        assert not [text for text in found if not re.search(r"\d|ago|yesterday|now", text)], path


def test_signing_out_here_is_signing_out_everywhere(
    stack: Stack, editor: tuple[BrowserContext, Page]
) -> None:
    context, page = editor
    other = context.new_page()
    for one in (page, other):
        one.goto("/ui/?lang=en")
        one.locator(".vc-asset").first.wait_for()
    # Keys alone: past the link that skips, to the menu, to its last button.
    page.locator("body").press("Tab")
    expect(page.get_by_text("Skip to the page")).to_be_focused()
    page.locator(".vc-menu summary").focus()
    page.keyboard.press("Enter")
    page.get_by_role("button", name="Sign out").focus()
    token = _token(page)
    page.keyboard.press("Enter")
    for one in (page, other):
        expect(one.get_by_role("heading", name="Sign in")).to_be_visible()
    assert stack.gateway.ask("GET", "/auth/me", headers=token).status_code == 401
    other.close()
    page.reload()
    expect(page.get_by_role("heading", name="Sign in")).to_be_visible()


def _token(page: Page) -> dict[str, str]:
    """What the page sends; only from inside, for it is kept nowhere."""
    word = page.evaluate(
        "async () => (await import(document.querySelector('script[src$=\"shell.js\"]').src.replace('shell.js', 'lib/session.js'))).token()"
    )
    return {"Authorization": f"Bearer {word}"}
