"""Whether Ray is about to take this machine away: asked of Ray's own state, which has no public way to it."""

from __future__ import annotations

import logging

__all__ = ["drain_deadline_ms"]

_log = logging.getLogger("videoclip.dispatcher")


def drain_deadline_ms() -> int | None:
    """When this node will be gone, ms since 1970; 0: some time soon; None: it stays, as far as is known."""
    import ray
    from ray._private.state import state

    try:
        nodes: dict[str, int] = state.get_draining_nodes()
        return nodes.get(ray.get_runtime_context().get_node_id())
    except Exception as error:  # noqa: BLE001 - the cluster's head may be away just now
        _log.info("Ray does not say whether this node stays: %s", error)
        return None
