"""Take pictures of every page of the web UI: both languages, light and dark, desktop and phone, and a sheet of all.

python scripts/make_screenshots.py DIR           every page; a contact sheet in DIR/sheet.png
python scripts/make_screenshots.py DIR --docs    also the small ones of the guides, in docs/images/web

A gateway of its own is started on a free port, over a store that is filled with the sample. It needs what
`make setup-test` installs.
"""

from __future__ import annotations

import argparse
import sys
import tempfile
from contextlib import ExitStack
from pathlib import Path

from PIL import Image, ImageDraw
from playwright.sync_api import Page

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT))

from tests.support.browser import open_browser  # noqa: E402
from tests.support.pages_desk import PagesDesk  # noqa: E402
from tests.support.platform import Platform  # noqa: E402
from tests.support.served_gateway import served_gateway  # noqa: E402
from tests.support.web_ui import WITH_UI, sign_in, visitor  # noqa: E402
from videoclip.settings import Settings  # noqa: E402

PAGES = {
    "sign-in": "/ui/sign-in",
    "library": "/ui/", "new-job": "/ui/new?asset={asset}", "jobs": "/ui/jobs",
    "job": "/ui/job?id={clips}", "review": "/ui/review?job={reviewed}",
    "clips": "/ui/clips", "clip": "/ui/clips?job={clips}&clip=c01", "ask": "/ui/ask?q=coffee",
    "brand": "/ui/brand", "brand-kit": "/ui/brand?id={kit}",
    "admin-health": "/ui/admin", "admin-queue": "/ui/admin?tab=queue&show=dead",
    "admin-users": "/ui/admin?tab=users", "admin-workspaces": "/ui/admin?tab=workspaces",
    "settings": "/ui/settings", "settings-keys": "/ui/settings?tab=keys",
    "settings-webhooks": "/ui/settings?tab=webhooks", "settings-people": "/ui/settings?tab=people",
    "settings-usage": "/ui/settings?tab=room", "settings-activity": "/ui/settings?tab=activity",
}  # fmt: skip
SIZES = {"desk": {"width": 1200, "height": 800}, "phone": {"width": 390, "height": 844}}
LANGUAGES = ("en", "zh")
THEMES = ("light", "dark")
IN_DOCS = {
    "library": ("desk", "light"), "new-job": ("desk", "light"), "review": ("desk", "dark"),
    "clip": ("desk", "light"), "brand-kit": ("desk", "light"), "ask": ("desk", "light"), "admin-health": ("desk", "light"),
}  # fmt: skip
"""Those of the guides, in the guide's language."""
_DOCS_WIDTH = {"desk": 900, "phone": 390}
_CALM_MS = 700
_THUMB = 220


def main() -> int:
    """Take them."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)  # fmt: skip
    parser.add_argument("folder", type=Path)
    parser.add_argument("--docs", action="store_true", help="also those of the guides")
    parser.add_argument("--only", nargs="+", choices=list(PAGES), default=list(PAGES), help="these")
    asked = parser.parse_args()
    asked.folder.mkdir(parents=True, exist_ok=True)
    taken = take(asked.folder, asked.only)
    contact_sheet(taken, asked.folder / "sheet.png")
    if asked.docs:
        for_docs(asked.folder, ROOT / "docs" / "images" / "web")
    print(f"{len(taken)} pictures in {asked.folder}")
    return 0


def take(folder: Path, wanted: list[str]) -> list[Path]:
    """Pictures of the wanted pages, as files of the folder."""
    taken = []
    with tempfile.TemporaryDirectory() as place, ExitStack() as ends:
        settings = Settings(data_dir=Path(place) / "data")
        platform = Platform(settings, Path(place))
        ends.callback(platform.stop)
        gateway = ends.enter_context(served_gateway(settings, **WITH_UI))
        desk = PagesDesk(settings, platform.store, gateway.known.workspace_id, Path(place), "")
        desk.fill(gateway.known.user_id)
        gateway.start()
        kit = gateway.ask(
            "POST", "/presets", json={"name": "Shop A", "description": "For the Friday show",
                                      "render": {"style": "pop", "aspect": "9:16", "watermark": "Shop A"}},
        ).json()["id"]  # fmt: skip
        names = {
            "asset": desk.review.asset_id, "clips": desk.clips_job, "kit": kit,
            "reviewed": desk.reviewed_job,
        }  # fmt: skip
        browser = ends.enter_context(open_browser())
        base = gateway.base.removesuffix("/api/v1")
        context, page = ends.enter_context(visitor(browser, base))
        page.goto("/ui/sign-in")
        signed_in = False
        for name, address in PAGES.items():
            if name not in wanted:
                continue
            if name != "sign-in" and not signed_in:
                sign_in(context, gateway.known)
                signed_in = True
            for theme in THEMES:
                for language in LANGUAGES:
                    _choose(page, theme, language)
                    for size, pixels in SIZES.items():
                        page.set_viewport_size(pixels)  # type: ignore[arg-type]
                        page.goto(address.format(**names))
                        _settle(page)
                        taken.append(folder / f"{name}-{size}-{language}-{theme}.png")
                        page.screenshot(path=taken[-1])
    return taken


def _choose(page: Page, theme: str, language: str) -> None:
    page.evaluate(
        """([theme, lang]) => {
          localStorage.setItem('vc.theme', JSON.stringify(theme));
          localStorage.setItem('vc.lang', JSON.stringify(lang));
        }""",
        [theme, language],
    )


def _settle(page: Page) -> None:
    """Until the page is whole: nothing loads any more, pictures are there."""
    page.locator("main h1, main .rv-page, main h2").first.wait_for()
    page.wait_for_load_state("networkidle")
    page.wait_for_timeout(_CALM_MS)


def contact_sheet(pictures: list[Path], out: Path) -> None:
    """All of them small, a page a row."""
    columns = len(SIZES) * len(LANGUAGES) * len(THEMES)
    rows = -(-len(pictures) // columns)
    high = _THUMB + 20
    sheet = Image.new("RGB", (columns * (_THUMB + 8), rows * high), "white")
    pen = ImageDraw.Draw(sheet)
    for number, path in enumerate(pictures):
        x, y = number % columns * (_THUMB + 8), number // columns * high
        with Image.open(path) as picture:
            small = picture.convert("RGB")
        small.thumbnail((_THUMB, _THUMB))
        sheet.paste(small, (x, y + 16))
        pen.text((x, y + 2), path.stem, fill="black")
    sheet.save(out, optimize=True)


def for_docs(folder: Path, out: Path) -> None:
    """Small pictures of few colours, for the guides."""
    out.mkdir(parents=True, exist_ok=True)
    for name, (size, theme) in IN_DOCS.items():
        for language in LANGUAGES:
            with Image.open(folder / f"{name}-{size}-{language}-{theme}.png") as picture:
                small = picture.convert("RGB")
            small.thumbnail((_DOCS_WIDTH[size], 2000), Image.Resampling.LANCZOS)
            small.quantize(96, dither=Image.Dither.NONE).save(
                out / f"{name}-{language}.png", optimize=True
            )


if __name__ == "__main__":
    sys.exit(main())
