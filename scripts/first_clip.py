"""Time a newcomer's way: from the installation to the first finished clip that plays in the web UI.

python scripts/first_clip.py             from `videoclip up` on, with the virtual environment that is there
python scripts/first_clip.py --install   from a clean clone on: `make setup` in a new folder first

Drives headless Chromium, as a person would click, over a data folder of its own; needs what `make setup-test` installs.
"""

from __future__ import annotations

import argparse
import os
import re
import subprocess
import sys
import tempfile
import time
from contextlib import ExitStack
from pathlib import Path

from playwright.sync_api import Page, expect

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT))

from tests.support.browser import open_browser  # noqa: E402
from tests.support.web_ui import visitor  # noqa: E402

SAMPLE = ROOT / "assets" / "sample" / "show.mp4"
_SETUP_S = 1800
_UP_S = 300
_JOB_MS = 600_000
_PLAYING = """(video) => new Promise((done) => {
  const look = () => (video.currentTime > 0.2 ? done(true) : setTimeout(look, 50));
  video.muted = true;
  video.play();
  look();
})"""


class Steps:
    """What was done, and how long each took."""

    def __init__(self) -> None:
        self._last = self._first = time.monotonic()

    def done(self, name: str) -> None:
        """Print a step that has just ended."""
        now = time.monotonic()
        print(f"{now - self._last:8.1f} s  {name}", flush=True)
        self._last = now

    def end(self) -> None:
        """Print the sum."""
        print(f"{time.monotonic() - self._first:8.1f} s  in all")


def main() -> int:
    """Walk the way once."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)  # fmt: skip
    parser.add_argument("--install", action="store_true", help="clone and set up first")
    parser.add_argument("--keep", type=Path, help="save a picture of the page with the clips here")
    asked = parser.parse_args()
    with tempfile.TemporaryDirectory() as place, ExitStack() as ends:
        steps = Steps()
        root = _installed(Path(place) / "video-clip", steps) if asked.install else ROOT
        command = root / ".venv" / "bin" / "videoclip"
        environment = {
            **{k: v for k, v in os.environ.items() if not k.startswith("VIDEOCLIP_")},
            "VIDEOCLIP_DATA_DIR": str(Path(place) / "data"),
            "VIDEOCLIP_OFFLINE": "true",
        }
        ends.callback(subprocess.run, [command, "down"], env=environment, cwd=root, check=False)
        told = subprocess.run(
            [command, "up"], env=environment, cwd=root, check=True, timeout=_UP_S,
            stderr=subprocess.PIPE, stdout=subprocess.DEVNULL, text=True,
        ).stderr  # fmt: skip
        link = re.search(r"^ *first account +(\S+)", told, re.MULTILINE)
        if link is None:
            raise SystemExit(f"videoclip up told no way in:\n{told}")
        steps.done("videoclip up")
        base = link[1].partition("/#")[0].partition("/ui")[0].rstrip("/")
        browser = ends.enter_context(open_browser())
        _, page = ends.enter_context(visitor(browser, base))
        _walk(page, link[1], steps)
        if asked.keep is not None:
            page.screenshot(path=asked.keep, full_page=True)
        steps.end()
    return 0


def _installed(folder: Path, steps: Steps) -> Path:
    subprocess.run(["git", "clone", "--quiet", ROOT, folder], check=True)
    subprocess.run(["make", "setup"], cwd=folder, check=True, timeout=_SETUP_S, stdout=subprocess.DEVNULL)  # fmt: skip
    steps.done("make setup in a clean clone")
    return folder


def _walk(page: Page, link: str, steps: Steps) -> None:
    page.goto(link)
    page.get_by_label("Email").fill("new@example.org")
    page.get_by_label("Name").fill("New")
    page.get_by_label("Password").fill("four words in a row")
    page.get_by_label("Password").press("Enter")
    expect(page.get_by_role("heading", name="No videos yet")).to_be_visible()
    steps.done("first account")
    page.locator("input[type=file]").first.set_input_files(SAMPLE)
    asset = page.locator(".vc-asset")
    expect(asset.locator(".vc-asset-name")).to_have_text(SAMPLE.name, timeout=60_000)
    steps.done("upload of the sample")
    asset.get_by_role("link", name="Make clips").click()
    page.get_by_role("button", name="Make the clips").click()
    play = page.get_by_role("button", name=re.compile("^Play ")).first
    expect(play).to_be_visible(timeout=_JOB_MS)
    steps.done("one click to finished clips")
    play.click()
    page.locator(".vc-outcome video").evaluate(_PLAYING)
    steps.done("the first clip plays")


if __name__ == "__main__":
    sys.exit(main())
