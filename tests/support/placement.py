"""Run by tests/acceptance/test_placement.py in a process of its own: deploys by our builders, prints what it sees.

python -m tests.support.placement RAY_ADDRESS HTTP_PORT
"""

from __future__ import annotations

import json
import sys
import time
from collections.abc import Callable
from typing import Any

import ray
from ray import serve
from ray.serve import RunTarget

from serve_apps import asr, llm
from serve_apps.config import Serving
from serve_apps.resources import plan

SPEECH = {"recogniser": "pocketsphinx", "language": "en", "device": "cpu", "num_cpus": 0.1}
PROXY = {"engine": "proxy", "upstream": "http://127.0.0.1:9/v1", "num_cpus": 0.1}


def gpus() -> float:
    return sum(node["Resources"].get("GPU", 0) for node in ray.nodes() if node["Alive"])


def status(name: str) -> str:
    found = serve.status().applications.get(name)
    return str(found.status.value) if found else "NONE"


def wait(condition: Callable[[], bool], within_s: float) -> bool:
    deadline = time.monotonic() + within_s
    while not condition() and time.monotonic() < deadline:
        time.sleep(0.2)
    return condition()


def say(step: str, **values: Any) -> None:
    print(json.dumps({"step": step, "gpus": gpus(), **values}), flush=True)


def main() -> None:
    ray.init(address=sys.argv[1], logging_level="ERROR", log_to_driver=False)
    serve.start(http_options={"host": "127.0.0.1", "port": int(sys.argv[2])})
    serving = Serving.model_validate(
        {
            "gpu_gib": 24,
            "asr": {**SPEECH, "memory_gib": 6},
            "llm": {**PROXY, "memory_gib": 16},
        }
    )
    made = plan(serving, found_gpu_gib=0, node_gib=8)
    assert made.asr
    assert made.llm
    serve.run(asr.application(made.asr), name="asr", route_prefix=None)
    serve.run(llm.application(made.llm), name="llm", route_prefix="/llm")
    say("two", shares=[made.asr.num_gpus, made.llm.num_gpus])
    third = RunTarget(asr.application(made.asr), name="third", route_prefix=None)
    serve.run_many(
        [third], wait_for_applications_running=False, wait_for_ingress_deployment_creation=False
    )
    waited = wait(lambda: status("third") == "DEPLOYING" and gpus() == 1, 10)
    say("third", waited=waited)
    wait(lambda: status("third") == "RUNNING", 120)
    say("added", third=status("third"))
    serve.delete("third")
    wait(lambda: gpus() == 1, 90)
    say("removed", others=[status("asr"), status("llm")])


if __name__ == "__main__":
    main()
