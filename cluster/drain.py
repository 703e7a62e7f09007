"""Tell Ray that this node is about to go, and wait until it has nothing in hand: ``python -m cluster.drain --seconds N``.

For what runs before a machine is taken away: a pod's preStop, a spot machine's notice. Ray then places nothing new here and Serve
moves its replicas; a dispatcher takes no more jobs and gives back those at work fifteen seconds before the end
(`actors/node.py`). Exit status: 0 nothing is at work any more, 1 Ray was not told, 5 the time ran out.
"""

from __future__ import annotations

import argparse
import logging
import os
import sys
import time
from typing import Any

from pipelines.ray_runtime import prepare_environment

__all__ = ["drain", "main"]

_LOOK_S = 1.0
_IDLE, _NOT_TOLD, _LATE = 0, 1, 5


def drain(seconds: float, address: str = "auto") -> int:
    """Ask Ray to drain this node, and wait.

    Args:
        seconds: until the node is gone.
        address: of Ray; "auto": the one that runs on this machine.
    """
    prepare_environment(address)
    import ray
    from ray._raylet import GcsClient  # type: ignore[attr-defined]
    from ray.core.generated import autoscaler_pb2

    deadline = time.time() + seconds
    ray.init(address=address, logging_level=logging.ERROR, log_to_driver=False)
    context = ray.get_runtime_context()
    node = context.get_node_id()
    accepted, refusal = GcsClient(address=context.gcs_address).drain_node(
        node,
        autoscaler_pb2.DRAIN_NODE_REASON_PREEMPTION,  # type: ignore[attr-defined]
        "this machine is about to be taken away",
        int(deadline * 1000),
    )
    if not accepted:
        sys.stderr.write(f"error: Ray does not drain this node: {refusal}\n")
        return _NOT_TOLD
    while time.time() < deadline:
        if _is_idle(ray, node):
            return _IDLE
        time.sleep(_LOOK_S)
    return _LATE


def _is_idle(ray: Any, node: str) -> bool:
    """Whether nobody holds anything of the node, or it is gone already."""
    free = ray._private.state.available_resources_per_node().get(node)
    if free is None:
        return True
    all_of_it = ray._private.state.total_resources_per_node().get(node, {})
    return all(free.get(name, 0) >= amount for name, amount in all_of_it.items() if name in _HELD)


_HELD = ("CPU", "GPU")


def main() -> int:
    """Command line."""
    parser = argparse.ArgumentParser(prog="cluster.drain", description=__doc__)
    parser.add_argument("--seconds", type=float, required=True, help="until the node is gone")
    parser.add_argument("--address", default=os.environ.get("RAY_ADDRESS", "auto"), help="of Ray")
    given = parser.parse_args()
    try:
        return drain(given.seconds, given.address)
    except (ConnectionError, RuntimeError, OSError) as error:
        sys.stderr.write(f"error: Ray was not told: {error}\n  what to do: is Ray running here?\n")
        return _NOT_TOLD


if __name__ == "__main__":
    sys.exit(main())
