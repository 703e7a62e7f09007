"""Files made byte by byte to do harm, and a server that records who calls."""

from __future__ import annotations

import contextlib
import socket
import struct
import threading
import zlib
from collections.abc import Iterator

__all__ = ["Listener", "external_data", "listening", "many_streams", "png", "with_streams"]


class Listener:
    """A port of this machine that answers nothing and counts who connects."""

    def __init__(self) -> None:
        self._socket = socket.create_server(("127.0.0.1", 0))
        self._socket.settimeout(0.1)
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._serve, daemon=True)
        self.port: int = self._socket.getsockname()[1]
        self.calls = 0

    def _serve(self) -> None:
        while not self._stop.is_set():
            with contextlib.suppress(TimeoutError):
                connection, _ = self._socket.accept()
                self.calls += 1
                connection.close()

    def start(self) -> None:
        self._thread.start()

    def close(self) -> None:
        self._stop.set()
        self._thread.join()
        self._socket.close()


@contextlib.contextmanager
def listening() -> Iterator[Listener]:
    """A listener for the length of a block."""
    listener = Listener()
    listener.start()
    try:
        yield listener
    finally:
        listener.close()


def png(width: int, height: int) -> bytes:
    """A white PNG, one bit a pixel, with its whole picture: 30000 x 30000 takes about 110 KB."""

    def chunk(kind: bytes, content: bytes) -> bytes:
        checksum = zlib.crc32(kind + content)
        return struct.pack(">I", len(content)) + kind + content + struct.pack(">I", checksum)

    row = b"\0" + b"\xff" * (-(-width // 8))
    packer = zlib.compressobj(9)
    packed = b"".join(packer.compress(row) for _ in range(height)) + packer.flush()
    header = struct.pack(">IIBBBBB", width, height, 1, 0, 0, 0, 0)
    return (
        b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", header) + chunk(b"IDAT", packed) + chunk(b"IEND", b"")
    )


def _element(name: bytes, content: bytes) -> bytes:
    """EBML: the identifier, a size of eight bytes, the content."""
    return name + struct.pack(">Q", len(content) | 1 << 56) + content


def many_streams(count: int) -> bytes:
    """A Matroska file that announces so many video tracks."""
    header = _element(b"\x1a\x45\xdf\xa3", _element(b"\x42\x82", b"matroska"))
    tracks = b"".join(
        _element(
            b"\xae",
            _element(b"\xd7", struct.pack(">I", number))
            + _element(b"\x83", b"\1")
            + _element(b"\x86", b"V_VP8")
            + _element(b"\xe0", _element(b"\xb0", b"\x40") + _element(b"\xba", b"\x40")),
        )
        for number in range(1, count + 1)
    )
    info = _element(b"\x15\x49\xa9\x66", _element(b"\x2a\xd7\xb1", struct.pack(">I", 1_000_000)))
    block = _element(b"\xe7", b"\0") + _element(b"\xa3", b"\x81\0\0\x80" + bytes(16))
    cluster = _element(b"\x1f\x43\xb6\x75", block)
    content = info + _element(b"\x16\x54\xae\x6b", tracks) + cluster
    return header + _element(b"\x18\x53\x80\x67", content)


def with_streams(mp4: bytes, count: int) -> bytes:
    """An MP4 file whose first track is written ``count`` times; the index must stand at the end."""
    place = mp4.index(b"moov") - 4
    moov = mp4[place : place + struct.unpack_from(">I", mp4, place)[0]]
    first = moov.index(b"trak") - 4
    size = struct.unpack_from(">I", moov, first)[0]
    content = moov[8:first] + moov[first : first + size] * count + moov[first + size :]
    return mp4[:place] + struct.pack(">I4s", len(content) + 8, b"moov") + content


def external_data(mp4: bytes, name: str) -> bytes:
    """An MP4 file (index at the end) whose tracks say that their data lies in another file beside it.

    The reference is a Macintosh alias, the form that FFmpeg follows when it is allowed to
    (QuickTime File Format, data reference atoms).
    """
    path = b"/" + name.encode()
    path += b"\0" * (len(path) % 2)
    alias = bytes(10) + bytes([0]) + bytes(27) + bytes(12) + bytes([len(name)])
    alias += name.encode().ljust(63, b"\0") + bytes(16) + struct.pack(">HH", 1, 1) + bytes(16)
    alias += struct.pack(">HH", 2, len(path)) + path + struct.pack(">H", 0xFFFF)
    entry = struct.pack(">I4sI", 12 + len(alias), b"alis", 0) + alias
    dref = struct.pack(">I4sII", 16 + len(entry), b"dref", 0, 1) + entry
    old = struct.pack(">I4sIII4sI", 28, b"dref", 0, 1, 12, b"url ", 1)
    grown = len(dref) - len(old)
    data = bytearray(mp4)
    place = data.find(old)
    while place >= 0:
        data[place : place + len(old)] = dref
        for kind in (b"dinf", b"minf", b"mdia", b"trak", b"moov"):
            box = data.rindex(kind, 0, place) - 4
            struct.pack_into(">I", data, box, struct.unpack_from(">I", data, box)[0] + grown)
        place = data.find(old, place + len(dref))
    return bytes(data)
