"""Product lists as shops keep them: lines, CSV or JSON."""

from __future__ import annotations

import csv
import io
import json
import re
from collections.abc import Iterable
from typing import Any

from pydantic import ValidationError

from videoclip.errors import UsageError
from videoclip.schemas import Product

__all__ = ["MOST_PRODUCTS", "parse_products"]

MOST_PRODUCTS = 200

_NAME_COLUMNS = {
    "name",
    "product",
    "title",
    "sku name",
    "商品",
    "商品名",
    "商品名称",
    "名称",
    "产品",
    "产品名称",
}
_ALIAS_COLUMNS = {"alias", "aliases", "keywords", "别名", "关键词", "简称"}
_SPLIT = re.compile(r"[|｜,，、;；]")
_FORMS = "One product a line with aliases after |, a CSV with a name column, or a JSON list"


def parse_products(text: str) -> list[Product]:
    """Products of a list; the form is recognised by its content. Doubles by name count once.

    - lines: ``Glass kettle | kettle | water boiler``; ``#`` begins a comment;
    - CSV (or tab-separated) with a head line: a column ``name`` (商品名称…) and perhaps ``aliases`` (别名…);
    - JSON: a list of names or of ``{"name": …, "aliases": […]}``, or an object of names to aliases.

    Raises:
        UsageError: it is none of these, has no product, or too many.
    """
    text = text.removeprefix("\ufeff").strip()
    try:
        rows = (
            list(_json(text)) if text[:1] in "[{" and text else list(_table(text) or _lines(text))
        )
        found: dict[str, Product] = {}
        for name, aliases in rows:
            names = [alias.strip() for alias in aliases if alias.strip()]
            if name.strip():
                found.setdefault(name.strip(), Product(name=name.strip(), aliases=names))
    except (ValueError, TypeError, KeyError, AttributeError, csv.Error) as error:
        cause = _cause(error) if isinstance(error, ValidationError) else str(error)
        raise UsageError(f"the product list cannot be read: {cause}", _FORMS) from error
    if not found:
        raise UsageError("the product list has no product", _FORMS)
    if len(found) > MOST_PRODUCTS:
        raise UsageError(
            f"the product list has {len(found)} products", f"Give at most {MOST_PRODUCTS}"
        )
    return list(found.values())


def _lines(text: str) -> Iterable[tuple[str, list[str]]]:
    for line in text.splitlines():
        if line.strip() and not line.lstrip().startswith("#"):
            name, _, rest = line.replace("｜", "|").partition("|")
            yield name, _SPLIT.split(rest)


def _table(text: str) -> list[tuple[str, list[str]]]:
    """Rows of a table with a head line that has a name column; empty if it is no such table."""
    head = text.partition("\n")[0]
    delimiter = next((mark for mark in "\t,;" if mark in head), ",")
    reader = csv.DictReader(io.StringIO(text), delimiter=delimiter)
    columns = {(name or "").strip().lower(): name for name in reader.fieldnames or []}
    named = next((columns[key] for key in columns if key in _NAME_COLUMNS), None)
    if named is None or "|" in head:
        return []
    alias = next((columns[key] for key in columns if key in _ALIAS_COLUMNS), None)
    return [(row[named] or "", _SPLIT.split((row[alias] or "") if alias else "")) for row in reader]


def _json(text: str) -> Iterable[tuple[str, list[str]]]:
    value = json.loads(text)
    if isinstance(value, dict) and "products" in value:
        value = value["products"]
    for entry in value.items() if isinstance(value, dict) else value:
        yield _entry(entry)


def _entry(entry: Any) -> tuple[str, list[str]]:
    if isinstance(entry, str):
        return entry, []
    name, aliases = entry if isinstance(entry, tuple) else (entry["name"], entry.get("aliases", []))
    if not isinstance(name, str):
        raise ValueError("a product has no name")
    return name, _SPLIT.split(aliases) if isinstance(aliases, str) else [str(a) for a in aliases]


def _cause(error: ValidationError) -> str:
    fault = error.errors(include_url=False, include_input=False)[0]
    return f"{'.'.join(map(str, fault['loc']))}: {fault['msg']}"
