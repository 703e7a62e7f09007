"""Nobody in the API goes round the repositories that are made for one workspace: read from the code itself."""

from __future__ import annotations

import ast
import functools
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
STORE = ROOT / "videoclip" / "store"
GATEWAY = ROOT / "serve_apps" / "gateway"

OVER_ALL = {
    "Accounts": {"access.py", "sign_in.py", "oidc.py", "routes/auth.py", "routes/workspaces.py", "routes/admin.py"},
    "Installation": {"routes/admin.py"},
    "RateLimits": {"limiter.py", "sign_in.py", "housekeeping.py"},
    "SignIns": {"sign_in.py", "housekeeping.py"},
}  # fmt: skip
"""Repositories that are over all workspaces, and the only files that may use them."""
CHOSEN = {
    ("routes/workspaces.py", "Members", "workspace_id"),  # the one that was made a line before
    ("routes/admin.py", "Members", "workspace_id"),  # by administrators of the installation
    ("routes/admin.py", "Jobs", "workspace_id"),  # they run a job of any workspace again
    ("routes/admin.py", "Quotas", "workspace_id"),  # which counts for that workspace
    ("routes/quotas.py", "Quotas", "workspace_id"),  # by administrators, and a helper
    ("routes/audit.py", "AuditLog", "workspace_id"),  # of a helper that admin.py uses, too
    ("routes/quotas.py", "Quotas", "workspace_id"),  # its second route is for administrators
    ("routes/uploads.py", "Uploads", "upload.workspace_id"),  # of a record that a scoped one gave
    ("sign_in.py", "Members", "invitation.workspace_id"),  # who has the invitation's word may join
    ("streams.py", "Jobs", "workspace_id"),  # handed on by routes/events.py
}
"""Uses of scoped repositories for another workspace than the caller's, with a reason."""
FORBIDDEN = (
    "sqlalchemy",
    "aiosqlite",
    "asyncpg",
    "videoclip.store.models",
    "videoclip.store.queue",
)


def files() -> list[Path]:
    found = sorted(GATEWAY.rglob("*.py"))
    assert len(found) > 20
    return found


def name_of(path: Path) -> str:
    return path.relative_to(GATEWAY).as_posix()


@functools.cache
def repositories() -> dict[str, bool]:
    """Classes of the store that are made over a session, and whether they are made for one workspace."""
    found: dict[str, bool] = {}
    for path in STORE.glob("*.py"):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if not isinstance(node, ast.ClassDef):
                continue
            for part in node.body:
                if isinstance(part, ast.FunctionDef) and part.name == "__init__":
                    names = [argument.arg for argument in part.args.args]
                    if "session" in names:
                        found[node.name] = "workspace_id" in names
    assert found["Jobs"]
    assert not found["Accounts"]
    return found


def imported(tree: ast.AST) -> Iterator[str]:
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            yield from (f"{node.module}.{alias.name}" for alias in node.names)


@pytest.mark.parametrize("path", files(), ids=name_of)
def test_the_api_speaks_to_the_database_only_through_repositories(path: Path) -> None:
    tree = ast.parse(path.read_text(encoding="utf-8"))
    names = [name for name in imported(tree) if name.startswith(FORBIDDEN)]
    assert names == []
    for node in ast.walk(tree):
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute):
            # Both give what is over all workspaces: `reading` and `session` are for repositories.
            assert node.func.attr not in ("transaction", "queue"), ast.unparse(node)
            on = ast.unparse(node.func.value)
            assert on != "session", f"a statement of its own: {ast.unparse(node)}"


@pytest.mark.parametrize("path", files(), ids=name_of)
def test_repositories_are_made_for_the_callers_workspace(path: Path) -> None:
    scoped = repositories()
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if not isinstance(node, ast.Call) or not isinstance(node.func, ast.Name):
            continue
        name = node.func.id
        if name not in scoped:
            continue
        if not scoped[name]:
            assert name_of(path) in OVER_ALL.get(name, set()), f"{name} is over all workspaces"
            continue
        where = ast.unparse(node.args[1])
        if (name_of(path), name, where) not in CHOSEN:
            assert where in ("who.workspace_id", "self._who.workspace_id"), ast.unparse(node)


def test_the_rule_sees_what_it_shall_see(tmp_path: Path) -> None:
    """A lint that finds nothing anywhere proves nothing."""
    names = list(
        imported(ast.parse("from sqlalchemy import select\nimport videoclip.store.models"))
    )
    assert all(name.startswith(FORBIDDEN) for name in names)
    scoped = repositories()
    assert {name for name, is_scoped in scoped.items() if not is_scoped} & set(OVER_ALL)
