"""The review editor's state, saving and merging, in JavaScript: run by Node, without a browser."""

from __future__ import annotations

import json
import re
import subprocess
from pathlib import Path

from gradio_ui import static_files
from videoclip.media.styles import STYLES
from videoclip.schemas import Aspect, Captions, RenderOptions

HERE = Path(__file__).parent / "review"
SCRIPTS = Path(static_files.__file__).parent / "static" / "review"


def test_state_and_saving() -> None:
    files = sorted(str(path) for path in HERE.glob("*.test.mjs"))
    assert len(files) >= 2
    done = subprocess.run(
        ["node", "--test", *files], check=False, capture_output=True, text=True, timeout=60
    )
    assert done.returncode == 0, done.stdout[-6000:] + done.stderr
    assert "# fail 0" in done.stdout


def test_the_editor_knows_what_the_api_does_where_nothing_is_said() -> None:
    code = f"import({str(SCRIPTS / 'render.js')!r}).then(({{DEFAULTS}}) => console.log(JSON.stringify(DEFAULTS)))"
    done = subprocess.run(["node", "-e", code], check=True, capture_output=True, timeout=60)
    assert json.loads(done.stdout) == RenderOptions().model_dump(mode="json")


def test_the_editor_offers_every_style_aspect_and_kind_of_captions() -> None:
    text = (SCRIPTS / "inspector.js").read_text("utf-8")
    known = static_files.texts("en")
    for name, values in (("style", STYLES), ("aspect", [one.value for one in Aspect]),
                         ("captions", [one.value for one in Captions])):  # fmt: skip
        line = re.search(rf"const {name.upper()}\w* = \[(.*)\]", text)
        assert line is not None
        assert set(re.findall(r"'([^']+)'", line[1])) == set(values)
        assert all(f"review.{name}.{value}" in known for value in values)
