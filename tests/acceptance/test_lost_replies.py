"""Ray does work again whose reply was lost: what comes out is there once all the same, and nobody calls it a death."""

from __future__ import annotations

import json
from collections import Counter
from pathlib import Path

import pytest

from tests.support.command import Command

pytestmark = [pytest.mark.ray, pytest.mark.slow]

UNITS = 32
LOST = {
    "num_failures": -1,
    "req_failure_prob": 0,
    "in_flight_failure_prob": 0,
    "resp_failure_prob": 30,
}
"""Of the replies to calls of actors, percent: that none of the units meets it has a chance of 1 in 90,000."""


def test_lost_replies_give_no_double_output(tmp_path: Path) -> None:
    command = Command(
        tmp_path / "data",
        {
            "RAY_testing_rpc_failure": json.dumps({"CoreWorkerService.grpc_client.PushTask": LOST}),
            "VIDEOCLIP_RAY__NUM_CPUS": "2",
            "VIDEOCLIP_RAY__MEMORY_BYTES": str(2**31),
        },
    )
    (tmp_path / "files").mkdir()
    log = tmp_path / "files" / "log"
    process = command.start(str(log), str(UNITS), module="tests.support.lost_replies")
    out, err = process.communicate(timeout=120)
    assert process.returncode == 0, err[-3000:]
    told = json.loads(out.splitlines()[-1])
    done = [json.loads(line) for line in log.read_text(encoding="utf-8").splitlines()]
    times = Counter(line["unit"] for line in done)
    assert len(times) == UNITS
    assert max(times.values()) > 1, "replies were lost, and Ray did the work again"
    assert told["failures"] == []
    assert len(told["kept"]) == UNITS
    assert told["outcome"] == told["kept"], "what the job goes on with is what the database has"
    made = {(line["unit"], line["sha256"]) for line in done}
    assert set(told["kept"].items()) <= made
    assert command.survivors() == []
