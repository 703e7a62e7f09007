"""Write what is made from the code: schemas, the lists of settings, dashboards, alert rules, the client without `async`.

python scripts/make_docs.py            write them
python scripts/make_docs.py --check    fail if they are not what the code says
"""

from __future__ import annotations

import argparse
import json
import sys
from pathlib import Path
from typing import Any, get_args

import make_client
from pydantic import BaseModel, SecretStr
from pydantic.fields import FieldInfo

from cluster.config import Cluster
from cluster.observe import files as observe
from serve_apps.config import Serving
from videoclip.schemas import Manifest, Transcript
from videoclip.settings import Settings

ROOT = Path(__file__).resolve().parents[1]
DOCS = ROOT / "docs"

INTRO = """# Configuration

Made from `videoclip/settings` by `make docs`; do not edit by hand.

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


CLUSTER_INTRO = """# The cluster's file

Made from `cluster/config.py` by `make docs`; do not edit by hand. How it is used: [deploy.md](deploy.md). An example:
[`configs/cluster.yaml`](../configs/cluster.yaml). Unknown keys are refused; sizes are GiB. `serving` is what
[serving.md](serving.md#the-serving-file) describes. The sections `onprem`, `aws` and `aliyun` are needed only for
their own kind of file.
"""


def cluster_settings() -> str:
    """The keys of a cluster's file as Markdown tables."""
    head = ["| key | default | meaning |", "|---|---|---|"]
    parts = [CLUSTER_INTRO, *head]
    sections: list[tuple[str, type[BaseModel]]] = []
    for name, field in Cluster.model_fields.items():
        section = section_of(field.annotation)
        if section is None:
            parts.append(f"| `{name}` | {cluster_default(field)} | {field.description} |")
        elif section is not Serving:
            sections.append((f"{name}[]" if name == "groups" else name, section))
    for name, section in sections:
        parts += [f"\n## `{name}`\n", f"{section.__doc__}\n", *head]
        parts += [
            f"| `{key}` | {cluster_default(field)} | {field.description} |"
            for key, field in section.model_fields.items()
        ]
    return "\n".join(parts) + "\n"


def section_of(annotation: Any) -> type[BaseModel] | None:
    """The model that a field is, may be, or is a list of."""
    for kind in (annotation, *get_args(annotation)):
        if isinstance(kind, type) and issubclass(kind, BaseModel):
            return kind
    return None


def cluster_default(field: FieldInfo) -> str:
    """A default as a reader of YAML would write it."""
    if field.is_required():
        return "needed"
    value = field.get_default(call_default_factory=True)
    if value is None or value == "":
        return "unset"
    text = json.dumps(value) if isinstance(value, dict | tuple | bool) else str(value)
    return f"`{text}`"


def main() -> int:
    """Write or check."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--check", action="store_true")
    check = parser.parse_args().check
    documents = {
        "manifest.schema.json": schema(Manifest, "Video-Clip manifest.json, version 1"),
        "transcript.schema.json": schema(Transcript, "Video-Clip transcript.json, version 1"),
        "configuration.md": configuration(),
        "cluster-settings.md": cluster_settings(),
    }
    wanted = {DOCS / name: text for name, text in documents.items()}
    wanted |= {observe.FOLDER / name: text for name, text in observe.documents().items()}
    stale = [
        path
        for path, text in wanted.items()
        if not path.is_file() or path.read_text(encoding="utf-8") != text
    ]
    if check:
        if stale:
            sys.stderr.write(
                f"error: not current: {', '.join(str(path.relative_to(ROOT)) for path in stale)}\n  what to do: make docs\n"
            )
        return make_client.current() or int(bool(stale))
    for path in stale:
        path.write_text(wanted[path], encoding="utf-8")
        print(f"wrote {path.relative_to(ROOT)}")
    make_client.write()
    return 0


if __name__ == "__main__":
    sys.exit(main())
