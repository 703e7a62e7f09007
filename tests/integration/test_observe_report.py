"""Where a job's time went, and one of its units again."""

from __future__ import annotations

import asyncio
import json
import sqlite3
from html.parser import HTMLParser
from pathlib import Path

import pytest

from tests.support.command import SAMPLE, Command
from videoclip.observe.report import report_of
from videoclip.observe.report_html import report_html
from videoclip.settings import ObserveSettings, Settings
from videoclip.store import Store
from videoclip.store.audit import Actor, record
from videoclip.store.database import Database
from videoclip.store.models import Audit
from videoclip.store.reports import AttemptRecord, JobRun, UnitRun

_HOSTILE = "</title><script>alert(1)</script><img src=x onerror=alert(1)>"


class Page(HTMLParser):
    """Tags and texts of a page."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.tags: list[str] = []
        self.texts: list[str] = []
        self.feed(text)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append(tag)
        assert not any(name.startswith("on") or name in ("src", "href") for name, _ in attrs)

    def handle_data(self, data: str) -> None:
        self.texts.append(data)


@pytest.fixture(scope="module")
def done(tmp_path_factory: pytest.TempPathFactory) -> tuple[Command, Path]:
    """Two clips by copying, which takes next to nothing."""
    folder = tmp_path_factory.mktemp("report")
    command = Command(folder / "data", {"VIDEOCLIP_RAY__IN_PROCESS": "true"})
    out = folder / "out"
    made = command.run(
        *("cut", SAMPLE, "--range", "0-1", "--range", "2-3", "--mode", "copy", "-o", out, "--quiet")
    )
    assert made.returncode == 0, made.stderr
    return command, out


def test_a_report_says_where_the_time_went(done: tuple[Command, Path], tmp_path: Path) -> None:
    command, out = done
    command = Command(command.data, {"VIDEOCLIP_OBSERVE__PRICE_CPU_HOUR": "36"})
    told = command.run("report", out, "--json")
    assert told.returncode == 0, told.stderr
    report = json.loads(told.stdout)
    units = {f"{unit['stage']}/{unit['key']}": unit for unit in report["units"]}
    assert {"probe/all", "render/c01", "render/c02"} <= set(units)
    for name in ("render/c01", "render/c02"):
        unit = units[name]
        took_ms = unit["finished_ms"] - unit["started_ms"]
        assert unit["state"] == "done"
        assert abs(took_ms - unit["wall_s"] * 1000) < 5
    [render] = [stage for stage in report["stages"] if stage["name"] == "render"]
    assert (render["units"], render["done"], render["reused"]) == (2, 2, 0)
    assert report["cpu_s"] > 0
    [line] = report["lines"]
    assert abs(line["cost"] - report["cpu_s"] / 100) < 1e-4
    page = tmp_path / "r.html"
    assert command.run("report", out, "-o", page).returncode == 0
    found = Page(page.read_text("utf-8"))
    assert (found.tags.count("rect"), "script" in found.tags) == (3, False)
    assert "render/c01" in " ".join(found.texts)
    by_id = command.run("report", report["job"])
    assert "render" in by_id.stdout


def test_a_unit_done_again_gives_the_same_and_writes_nothing(done: tuple[Command, Path]) -> None:
    command, out = done
    before = rows(command)
    told = command.run("replay", out, "render/c02", "--json")
    assert told.returncode == 0, told.stderr + told.stdout
    assert json.loads(told.stdout)["equal"] is True
    assert rows(command) == before
    assert not list((command.data / "work").glob("replay-*"))


def test_a_result_that_was_another_one_is_told_with_its_places(done: tuple[Command, Path]) -> None:
    command, out = done
    with sqlite3.connect(command.data / "videoclip.db") as database:
        (name, kept) = database.execute(
            "SELECT a.fingerprint, a.payload FROM artifact a JOIN unit u USING (fingerprint) WHERE u.key = 'c01'"
        ).fetchone()
        changed = {**json.loads(kept), "somewhere": [1]}
        database.execute(
            "UPDATE artifact SET payload = ? WHERE fingerprint = ?", (json.dumps(changed), name)
        )
    told = command.run("replay", out, "render/c01")
    assert told.returncode == 5, told.stderr
    assert "render/c01: not equal" in told.stdout
    assert "differs: somewhere" in told.stdout


@pytest.mark.parametrize(
    ("arguments", "status", "said"),
    [
        (("replay", "OUT", "render/nothing"), 2, "such as render/c01"),
        (("replay", "OUT", "probe/all"), 2, "by the job's own process"),
        (("report", "nobody"), 5, "there is no job nobody"),
        (("report", "/nowhere/at/all"), 3, "has no manifest.json"),
        (("report", "OUT", "-o", "r.pdf"), 2, "Name it .html or .json"),
        (("report", "OUT", "-o", "/nowhere/r.html"), 2, "cannot be written"),
    ],
)
def test_what_cannot_be_told_is_said_with_a_remedy(
    done: tuple[Command, Path], arguments: tuple[str, ...], status: int, said: str
) -> None:
    command, out = done
    told = command.run(*(str(out) if word == "OUT" else word for word in arguments))
    assert (told.returncode, said in told.stderr) == (status, True), told.stderr
    assert "what to do:" in told.stderr


def rows(command: Command) -> list[tuple[object, ...]]:
    with sqlite3.connect(command.data / "videoclip.db") as database:
        return [
            *database.execute("SELECT * FROM unit ORDER BY stage, key"),
            *database.execute("SELECT id, state, attempt, updated_at FROM job"),
        ]


def test_texts_of_others_stay_texts() -> None:
    error = {"code": "bad", "cause": _HOSTILE, "remedy": _HOSTILE}
    unit = UnitRun(_HOSTILE, _HOSTILE, "failed", 1, "f", 1000, 3000, 2.0, 1.0, 0.5, error)
    run = JobRun(
        "id", _HOSTILE, "dead", 3, 2, error, 500, 1000, 4000, None,
        {"cost": {"prompt_tokens": 2_000_000, "completion_tokens": 10, "cpu_s": 3600}},
        [AttemptRecord(1, 1000, 2000, "queued", error), AttemptRecord(2, 2500, None, "running", None)],
        [unit],
    )  # fmt: skip
    prices = ObserveSettings(price_prompt_mtok=0.5, price_gpu_hour=7200, currency="<b>")
    report = report_of(run, prices)
    assert report.cost == pytest.approx(2 * 0.5 + 0.5 * 2)
    assert (report.waited_s, report.wall_s, report.failures) == (0.5, 3.0, 2)
    page = Page(report_html(report))
    assert not {"script", "img", "b"} & set(page.tags)
    assert "".join(page.texts).count("<script>") >= 4


def test_the_audit_of_all_workspaces_is_written_whole_and_in_order(tmp_path: Path) -> None:
    settings = Settings(data_dir=tmp_path / "data")
    Store(settings).close()

    async def act() -> None:
        database = Database(settings)
        async with database.session() as session:
            for number in range(1_100):
                where = None if number % 2 else "w" * 36
                await record(session, Actor(ip="10.0.0.1"), "test.done", workspace_id=where, data={"n": number, "word": "\u2028"})  # fmt: skip
        await database.close()

    asyncio.run(act())
    command = Command(settings.data_dir)
    file = tmp_path / "audit.jsonl"
    told = command.run("audit-export", file)
    assert (told.returncode, told.stderr.strip()) == (0, "1100 records")
    lines = [json.loads(line) for line in file.read_text("utf-8").split("\n") if line]
    assert [line["data"]["n"] for line in lines] == list(range(1_100))
    assert set(lines[0]) == {column.name for column in Audit.__table__.columns}
    assert file.stat().st_mode & 0o077 == 0
    assert command.run("audit-export", file, "--since", "2999-01-01").stderr.strip() == "0 records"
    bad = command.run("audit-export", file, "--since", "yesterday")
    assert (bad.returncode, "is not a date" in bad.stderr) == (2, True)
    assert command.run("audit-export", "/nowhere/a").returncode == 2
