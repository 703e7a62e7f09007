"""The files that are made from the code here, by their names in this folder."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Final

import yaml

from cluster.observe.dashboards import DASHBOARDS
from cluster.observe.grafana import dashboard_json
from cluster.observe.rules import RULES, rules_document

__all__ = ["FOLDER", "documents"]

FOLDER: Final = Path(__file__).resolve().parent
_HEAD = "# Made from cluster/observe/rules.py by `make docs`; do not edit by hand.\n"


def documents() -> dict[str, str]:
    """Texts by name: a dashboard each, and the alert rules."""
    found = {
        f"dashboards/{one.uid}.json": json.dumps(dashboard_json(one), indent=1) + "\n"
        for one in DASHBOARDS
    }
    rules = yaml.safe_dump(rules_document(RULES), sort_keys=False, width=110, allow_unicode=True)
    return {**found, "rules.yml": _HEAD + rules}
