"""Whatever a job may tell people beside its result has a text in every language of the web UI."""

from __future__ import annotations

import ast
import importlib
import re
from collections.abc import Iterator
from pathlib import Path

from gradio_ui import static_files

ROOT = Path(__file__).parents[2]
CODE = re.compile(r"[a-z]+(_[a-z]+)+")


def codes(path: Path) -> Iterator[str]:
    """Codes of the notices that a module makes."""
    tree = ast.parse(path.read_text("utf-8"))
    for function in ast.walk(tree):
        if isinstance(function, ast.FunctionDef | ast.AsyncFunctionDef):
            for call in ast.walk(function):
                if isinstance(call, ast.Call) and (given := _code_of(call)) is not None:
                    yield from _values(given, function, path)


def _code_of(call: ast.Call) -> ast.expr | None:
    """What stands for the code where the call makes a notice."""
    name = call.func.id if isinstance(call.func, ast.Name) else getattr(call.func, "attr", "")
    if name == "Notice":
        return next(word.value for word in call.keywords if word.arg == "code")
    return call.args[0] if name == "notice" and len(call.args) in (1, 2, 3) else None


def _values(
    given: ast.expr, function: ast.FunctionDef | ast.AsyncFunctionDef, path: Path
) -> Iterator[str]:
    if isinstance(given, ast.Constant):
        yield str(given.value)
    elif isinstance(given, ast.Starred):
        yield _module(path)[ast.unparse(given.value)][0]
    elif isinstance(given, ast.Attribute) and ast.unparse(given) != "notice.code":
        yield getattr(_module(path)[ast.unparse(given.value)], given.attr)
    elif isinstance(given, ast.Name) and given.id == "code" and not _is_given(function):
        yield from _assigned(function, path)
    # What else is handed on was a notice already.


def _is_given(function: ast.FunctionDef | ast.AsyncFunctionDef) -> bool:
    return any(argument.arg == "code" for argument in function.args.args)


def _assigned(function: ast.FunctionDef | ast.AsyncFunctionDef, path: Path) -> Iterator[str]:
    """All that a local `code` may be: words that look like one, and constants that are called a notice."""
    found = set()
    for node in ast.walk(function):
        if isinstance(node, ast.Constant) and CODE.fullmatch(str(node.value)):
            found.add(str(node.value))
        elif isinstance(node, ast.Name) and node.id.endswith("_NOTICE"):
            found.add(_module(path)[node.id])
    assert found, f"{path.name}: what is the code of the notice in {function.name}?"
    yield from found


def _module(path: Path) -> dict[str, object]:
    name = ".".join(path.relative_to(ROOT).with_suffix("").parts)
    return vars(importlib.import_module(name))


def test_every_notice_has_a_text_in_every_language() -> None:
    found = {
        code
        for folder in ("videoclip", "pipelines")
        for path in sorted((ROOT / folder).rglob("*.py"))
        for code in codes(path)
    }
    assert len(found) > 35
    assert {"llm_budget_spent", "highlighter_leak", "crossfade_short", "engine_out_of_memory"} <= found  # fmt: skip
    for language in static_files.LANGUAGES:
        known = {key for key in static_files.texts(language) if key.startswith("notice.")}
        assert {f"notice.{code}" for code in found} - known == set(), language
        assert {key.split(".")[1] for key in known} - found == set(), "no text without a notice"
