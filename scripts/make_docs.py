"""Write the documents that are made from the code: the manifest's JSON schema and the list of settings.

python scripts/make_docs.py            write them
python scripts/make_docs.py --check    fail if they are not what the code says
"""

from __future__ import annotations

import argparse
import json
import sys
from pathlib import Path
from typing import Any

from pydantic import BaseModel, SecretStr
from pydantic.fields import FieldInfo

from videoclip.schemas import Manifest, Transcript
from videoclip.settings import Settings

ROOT = Path(__file__).resolve().parents[1]
DOCS = ROOT / "docs"

INTRO = """# Configuration

Made from `videoclip/settings.py` by `make docs`; do not edit by hand.

Set a key as an environment variable, or in a TOML file: `VIDEOCLIP_CONFIG` names it, else
`$XDG_CONFIG_HOME/videoclip/config.toml` (`~/.config/videoclip/config.toml`). Variables come before the file.
Unknown keys in the file are refused.

```toml
# config.toml
font = "Noto Sans CJK SC"

[llm]
base_url = "http://127.0.0.1:8000/v1"
model = "Qwen/Qwen3-8B"
```
"""


def schema(model: type[BaseModel], title: str) -> str:
    """The model's JSON schema as a document."""
    body = model.model_json_schema(mode="serialization")
    return (
        json.dumps(
            {"$schema": "https://json-schema.org/draft/2020-12/schema", **body, "title": title},
            indent=2,
            ensure_ascii=False,
        )
        + "\n"
    )


def default(field: FieldInfo) -> str:
    """A default as the reader would write it."""
    if field.default_factory is not None:
        return "see text"
    value = field.default
    if isinstance(value, SecretStr):
        value = value.get_secret_value()
    return "unset" if value is None or value == "" else f"`{value}`"


def rows(model: type[BaseModel], variable: str, key: str) -> list[str]:
    """A table row for each plain field."""
    return [
        f"| `{key}{name}` | `{variable}{name.upper()}` | {default(field)} | {field.description} |"
        for name, field in model.model_fields.items()
        if not is_section(field)
    ]


def is_section(field: FieldInfo) -> bool:
    """Whether the field is a group of settings."""
    return isinstance(field.annotation, type) and issubclass(field.annotation, BaseModel)


def configuration() -> str:
    """The settings as Markdown tables."""
    head = ["| key | variable | default | meaning |", "|---|---|---|---|"]
    parts = [INTRO, "## General\n", *head, *rows(Settings, "VIDEOCLIP_", "")]
    parts += [
        "\n`data_dir` is `$XDG_DATA_HOME/videoclip` (`~/.local/share/videoclip`) unless it is set."
    ]
    for name, field in Settings.model_fields.items():
        if is_section(field):
            section: Any = field.annotation
            parts += [f"\n## `[{name}]`\n", section.__doc__ + "\n", *head]
            parts += rows(section, f"VIDEOCLIP_{name.upper()}__", "")
    return "\n".join(parts) + "\n"


def main() -> int:
    """Write or check."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--check", action="store_true")
    check = parser.parse_args().check
    documents = {
        "manifest.schema.json": schema(Manifest, "Video-Clip manifest.json, version 1"),
        "transcript.schema.json": schema(Transcript, "Video-Clip transcript.json, version 1"),
        "configuration.md": configuration(),
    }
    stale = [
        name
        for name, text in documents.items()
        if not (DOCS / name).is_file() or (DOCS / name).read_text(encoding="utf-8") != text
    ]
    if check:
        if stale:
            sys.stderr.write(f"error: not current: {', '.join(stale)}\n  what to do: make docs\n")
        return int(bool(stale))
    for name in stale:
        (DOCS / name).write_text(documents[name], encoding="utf-8")
        print(f"wrote docs/{name}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
