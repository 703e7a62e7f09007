"""The pages as Gradio knows them: one route each, with a place that our own element moves into."""

from __future__ import annotations

import os
from typing import Any

from gradio_ui.pages import PAGES

__all__ = ["ROOT_ID", "build", "theme"]

ROOT_ID = "vc-root"
"""Where the shell puts its element. Not `gr.HTML`: that evaluates its text as a template, which would need
``unsafe-eval`` in the Content-Security-Policy."""
_FONT = (
    "system-ui", "-apple-system", "Segoe UI", "Roboto", "PingFang SC", "Hiragino Sans GB",
    "Microsoft YaHei", "Noto Sans CJK SC", "Noto Sans SC", "sans-serif",
)  # fmt: skip


def build() -> Any:
    """All pages (`gradio.Blocks`), without any event: Gradio's own end points stay unused, and closed."""
    os.environ.setdefault("GRADIO_ANALYTICS_ENABLED", "False")  # nobody is told that it runs
    import gradio as gr

    with gr.Blocks(title="Video-Clip", analytics_enabled=False, fill_width=True) as blocks:
        _place(gr)
    for page in PAGES:
        if page.path:
            with blocks.route(page.name, f"/{page.path}", show_in_navbar=False):
                _place(gr)
    return blocks


def theme() -> Any:
    """Gradio's part of the look (`gradio.themes.Base`): the fonts of the system, none from elsewhere."""
    import gradio as gr

    return gr.themes.Base(font=list(_FONT), font_mono=["ui-monospace", "monospace"])


def _place(gr: Any) -> None:
    gr.Navbar(visible=False)
    gr.Column(elem_id=ROOT_ID)
