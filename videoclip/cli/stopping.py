"""Stop when told to: within seconds, whatever native code is doing, with one status."""

from __future__ import annotations

import os
import signal
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from typing import TYPE_CHECKING

from videoclip.errors import Cancelled

if TYPE_CHECKING:
    from types import FrameType

__all__ = ["Stop", "leave", "stop_on_signals"]

_SIGNALS = (signal.SIGINT, signal.SIGTERM)
# Ray's core aborts this process three seconds after its node is gone, and a service manager stops all at once.
_UNWIND_S = 2.0
_IMPORT_POLL_S = 0.05


class Stop:
    """Whether somebody asked this process to stop, and was answered."""

    def __init__(self, tell: Callable[[], None]) -> None:
        self._tell = tell
        self._unsaid = threading.Lock()
        self.asked = threading.Event()

    def say(self) -> None:
        """Tell that it is stopped, once."""
        if self._unsaid.acquire(blocking=False):
            self._tell()


@contextmanager
def stop_on_signals(tell: Callable[[], None]) -> Iterator[Stop]:
    """SIGTERM and SIGINT raise ``KeyboardInterrupt``; what does not unwind within seconds is ended.

    A thread hears of the signal at once, also while the main thread is deep in native code, which lets
    no handler of Python run. Once asked, the process must end soon (``leave``): Ray's core crashes when
    an interpreter is taken down under it.

    Args:
        tell: says that the work is cancelled; called by ``Stop.say``, at most once.
    """
    stop = Stop(tell)
    reader, writer = os.pipe()
    os.set_blocking(writer, False)
    threading.Thread(target=_watch, args=(reader, stop), daemon=True).start()

    def on_signal(number: int, frame: FrameType | None) -> None:
        if _importing(frame):
            again_soon = threading.Timer(_IMPORT_POLL_S, os.kill, (os.getpid(), number))
            again_soon.daemon = True
            again_soon.start()
            return
        for again in _SIGNALS:
            signal.signal(again, signal.SIG_IGN)
        raise KeyboardInterrupt

    usual_hook = sys.unraisablehook

    def hook(fault: sys.UnraisableHookArgs) -> None:
        # The interrupt came inside a callback that swallows it: nothing to show, the watch ends us.
        if not issubclass(fault.exc_type, KeyboardInterrupt):
            usual_hook(fault)

    usual = {number: signal.signal(number, on_signal) for number in _SIGNALS}
    usual_pipe = signal.set_wakeup_fd(writer, warn_on_full_buffer=False)
    sys.unraisablehook = hook
    try:
        yield stop
    finally:
        if not stop.asked.is_set():  # else the end is near, and it stays watched
            sys.unraisablehook = usual_hook
            signal.set_wakeup_fd(usual_pipe)
            for number, handler in usual.items():
                signal.signal(number, handler)
            os.close(writer)


def leave(status: int) -> int:
    """The status for ``sys.exit``; a cancelled process ends here, before Ray's core is taken down."""
    if status == Cancelled.exit_status:
        for stream in (sys.stdout, sys.stderr):
            with suppress(OSError, ValueError):
                stream.flush()
        os._exit(status)
    return status


def _watch(reader: int, stop: Stop) -> None:
    while (number := os.read(reader, 1)) and number[0] not in _SIGNALS:
        pass
    if number:
        stop.asked.set()
        time.sleep(_UNWIND_S)
        stop.say()
        os._exit(Cancelled.exit_status)  # what hangs on in Ray ends with this process
    os.close(reader)


def _importing(frame: FrameType | None) -> bool:
    """Whether a module is being loaded: half loaded, it breaks what runs on the way out (Ray's own exit does)."""
    while frame is not None:
        if frame.f_code.co_filename == "<frozen importlib._bootstrap>":
            return True
        frame = frame.f_back
    return False
