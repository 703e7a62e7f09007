"""A real, headless Chromium for tests, and a media element in it that is asked what it shows.

Playwright's synchronous interface runs an event loop in the calling thread: while a browser is open,
nothing else in that thread may start one. So a browser lives for one test module.
"""

from __future__ import annotations

import base64
import contextlib
import io
import os
import shutil
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray
from PIL import Image
from playwright.sync_api import Browser, Error, Page, sync_playwright

__all__ = ["Player", "find_chromium", "open_browser", "open_page"]

TIMEOUT_MS = 15_000
"""For every single step in a page; none takes a second on an idle machine."""

_NAMES = ("chromium", "google-chrome-stable", "google-chrome")
_FLAGS = ("--autoplay-policy=no-user-gesture-required", "--mute-audio", "--disable-gpu")


def find_chromium() -> str:
    """Path of a Chromium that knows H.264 and AAC: Debian's, or Google Chrome; ``CHROMIUM`` names another.

    Playwright's own builds lack these decoders; Ubuntu's is a snap, which cannot be driven.

    Raises:
        RuntimeError: there is none.
    """
    for name in filter(None, (os.environ.get("CHROMIUM"), *_NAMES)):
        path = shutil.which(name)
        if path is not None and not path.startswith("/snap/"):
            return path
    raise RuntimeError(
        "the browser tests need Chromium, and none is here: run `make test`, which installs Debian's "
        "package `chromium`; on Ubuntu, where that is a snap, install Google Chrome"
    )


@contextlib.contextmanager
def open_browser() -> Iterator[Browser]:
    """Start a headless Chromium; it ends with the context."""
    path = find_chromium()
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(
            executable_path=path,
            args=list(_FLAGS),
            # Chromium refuses its sandbox to root, and root needs none to be safe from these pages.
            chromium_sandbox=os.geteuid() != 0,
            timeout=60_000,
        )
        try:
            yield browser
        finally:
            browser.close()


@contextlib.contextmanager
def open_page(browser: Browser, origin: str) -> Iterator[Page]:
    """An empty page of that origin; leaving it checks that no script on it has failed."""
    page = browser.new_page()
    page.set_default_timeout(TIMEOUT_MS)
    faults: list[Error] = []
    page.on("pageerror", lambda fault: faults.append(fault))  # noqa: PLW0108  # it marks what it is given
    page.goto(origin)
    page.set_content("<!doctype html><title>test</title>")
    try:
        yield page
    finally:
        page.close()
    assert not faults, faults


@dataclass
class Player:
    """One media element in a page. Times are seconds on its own time line, as players count.

    Every step fails with what the element reports, as soon as it reports an error.
    """

    page: Page
    url: str
    tag: Literal["video", "audio"] = "video"
    duration: float = field(init=False)
    size: tuple[int, int] = field(init=False)
    """Width and height in pixels as shown; (0, 0) without picture."""

    def __post_init__(self) -> None:
        self.page.evaluate(_SCRIPT, TIMEOUT_MS)
        found = self._do("load", self.tag, self.url)
        self.duration, self.size = found["duration"], (found["width"], found["height"])

    def seek(self, seconds: float) -> NDArray[np.uint8]:
        """Go there and take the picture that is shown, ``(height, width, 3)``."""
        return self._picture(self._do("seek", seconds))

    def picture(self) -> NDArray[np.uint8]:
        """The picture that is shown now, ``(height, width, 3)``."""
        return self._picture(self._do("picture"))

    def play(self, rate: float = 1.0) -> float:
        """Play from where it is to the event ``ended``; gives the time where it stands then."""
        end: float = self._do("play", rate)
        return end

    def error(self) -> str | None:
        """What the element has to complain about."""
        fault: str | None = self._do("fault")
        return fault

    def sound(self) -> NDArray[np.float32]:
        """The whole file's sound as Web Audio decodes it, 48 kHz, ``(channels, samples)``."""
        channels = self._do("sound")
        return np.stack([np.frombuffer(base64.b64decode(one), np.float32) for one in channels])

    def _do(self, name: str, *arguments: Any) -> Any:
        return self.page.evaluate("([name, rest]) => testPlayer[name](...rest)", [name, arguments])

    @staticmethod
    def _picture(png: str) -> NDArray[np.uint8]:
        with Image.open(io.BytesIO(base64.b64decode(png))) as image:
            return np.asarray(image.convert("RGB"))


_SCRIPT = """
(limit) => {
  let element, fault;
  const within = (what, wait) => new Promise((done, fail) => {
    const late = setTimeout(() => fail(new Error(`${what}: not within ${limit} ms`)), limit);
    const failed = () => fail(new Error(`${what}: ${fault}`));
    if (fault) return failed();
    element.addEventListener('error', failed, {once: true});
    wait((value) => { clearTimeout(late); done(value); });
  });
  const event = (name) => within(name, (done) =>
    element.addEventListener(name, () => done(), {once: true}));
  const base64 = (buffer) => {
    const bytes = new Uint8Array(buffer);
    let text = '';
    for (let i = 0; i < bytes.length; i += 32768)
      text += String.fromCharCode(...bytes.subarray(i, i + 32768));
    return btoa(text);
  };
  window.testPlayer = {
    async load(tag, url) {
      fault = undefined;
      element = document.createElement(tag);
      element.preload = 'auto';
      element.addEventListener('error', () => {
        fault = `media error ${element.error.code}: ${element.error.message}`;
      });
      document.body.replaceChildren(element);
      const known = event('loadedmetadata'), ready = event('loadeddata');
      element.src = url;
      await Promise.all([known, ready]);
      return {
        duration: element.duration,
        width: element.videoWidth || 0, height: element.videoHeight || 0,
      };
    },
    async seek(time) {
      // `seeked` may come before the picture is there; the frame's own callback does not.
      const shown = within('a new picture', (done) => element.requestVideoFrameCallback(done));
      const there = event('seeked');
      element.currentTime = time;
      await Promise.all([shown, there]);
      return testPlayer.picture();
    },
    picture() {
      const canvas = document.createElement('canvas');
      canvas.width = element.videoWidth;
      canvas.height = element.videoHeight;
      canvas.getContext('2d').drawImage(element, 0, 0);
      return canvas.toDataURL('image/png').split(',')[1];
    },
    async play(rate) {
      const end = event('ended');
      element.playbackRate = rate;
      await Promise.all([element.play(), end]);
      return element.currentTime;
    },
    fault: () => fault ?? null,
    async sound() {
      const data = await (await fetch(element.src)).arrayBuffer();
      const context = new OfflineAudioContext(1, 1, 48000);
      const sound = await context.decodeAudioData(data);
      return Array.from({length: sound.numberOfChannels},
        (_, channel) => base64(sound.getChannelData(channel).buffer));
    },
  };
}
"""
