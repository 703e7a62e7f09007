"""The guard for libraries that open connections themselves: every `connect` of a thread is checked.

Python tells an audit hook of each connection before it is made, with the very address. A hook cannot be taken
away again; it looks only at threads that are inside the block.
"""

from __future__ import annotations

import errno
import ipaddress
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

from videoclip.errors import AddressRefused
from videoclip.net.addresses import AddressRules

__all__ = ["guarded_sockets"]

_here = threading.local()
_EVENTS = frozenset({"socket.connect", "socket.sendto", "socket.sendmsg", "socket.bind"})
_install = threading.Lock()
_installed = False


@contextmanager
def guarded_sockets(rules: AddressRules) -> Iterator[None]:
    """Inside the block this thread connects only to addresses that the rules allow.

    The library hears of a refusal as of any other failed connection.

    Raises:
        AddressRefused: at the end of the block, if something was refused in it.
    """
    global _installed  # noqa: PLW0603 - a hook is for the whole process, once
    with _install:
        if not _installed:
            sys.addaudithook(_hook)
            _installed = True
    before = getattr(_here, "watch", None)
    watch = _here.watch = _Watch(rules)
    try:
        yield
    finally:
        _here.watch = before
        if watch.fault is not None:
            raise AddressRefused(
                f"a service's address must not be reached: {watch.fault}",
                "Use a public one, or ask the operator to allow the network (VIDEOCLIP_NET__ALLOW_PRIVATE)",
            )


@dataclass
class _Watch:
    rules: AddressRules
    fault: str | None = None


def _hook(event: str, arguments: tuple[Any, ...]) -> None:
    if event not in _EVENTS:
        return
    watch: _Watch | None = getattr(_here, "watch", None)
    if watch is None:
        return
    address = arguments[1] if event == "socket.connect" and len(arguments) > 1 else None
    try:
        # A name instead of a number would be resolved after this check.
        number = ipaddress.ip_address(address[0] if isinstance(address, tuple) else "")
    except ValueError:
        fault: str | None = "it is not an internet address"
    else:
        fault = watch.rules.fault(number)
    if fault is not None:
        watch.fault = fault
        # Of this kind, so that the library cleans up.
        raise PermissionError(errno.EACCES, f"the guard refuses: {fault}")
