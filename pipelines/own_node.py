"""Whether the node of a Ray cluster that this process joined is still there.

Ray's driver does not notice that its node was killed and the cluster begun anew at the same address: what it waits for
never comes, and it waits for ever.
"""

from __future__ import annotations

import socket
import struct
import sys
from contextlib import suppress

import psutil

__all__ = ["OwnNode"]

_CREDENTIALS = struct.Struct("3i")


class OwnNode:
    """The process of the node; made after `ray.init`."""

    def __init__(self) -> None:
        self._process = _raylet()

    @property
    def gone(self) -> bool:
        """Whether it has ended; false where it cannot be known."""
        if self._process is None:
            return False
        try:
            return not self._process.is_running() or self._process.status() == psutil.STATUS_ZOMBIE
        except psutil.Error:
            return True


def _raylet() -> psutil.Process | None:
    """Who listens at the socket that the driver speaks to; Ray tells its path to itself only."""
    if sys.platform != "linux":
        return None
    with suppress(ImportError, AttributeError, OSError, psutil.Error):
        from ray._private.worker import global_worker

        if (node := global_worker.node) is None:
            return None
        with socket.socket(socket.AF_UNIX) as peer:
            peer.connect(node.raylet_socket_name)
            told = peer.getsockopt(socket.SOL_SOCKET, socket.SO_PEERCRED, _CREDENTIALS.size)
        return psutil.Process(_CREDENTIALS.unpack(told)[0])
    return None
