"""Plans of smart cuts, headers of H.264, and MP4 files that are written and read back."""

from __future__ import annotations

import itertools
from pathlib import Path

import pytest

from videoclip.media.packets import FrameSpan
from videoclip.media.smart.mp4_read import BrokenFile, read_tracks
from videoclip.media.smart.mp4_write import OutTrack, Piece, decode_times, write_mp4
from videoclip.media.smart.nal import Unfit, Unit, classify, read_codec, with_sets
from videoclip.media.smart.plan import make_plan

KEY = Unit(start=True, leading=False, disposable=False, layer=0)
CRA = Unit(start=True, leading=True, disposable=False, layer=0)
P = Unit(start=False, leading=False, disposable=False, layer=0)
B = Unit(start=False, leading=False, disposable=True, layer=0)


def span(start: int, end: int, frames: int) -> FrameSpan:
    return FrameSpan(None, 0, 0, 0, start, end, frames, constant=True)  # type: ignore[arg-type]


# Two GOPs of I B B P B B P in decoding order, then a keyframe.
PTS = [0, 3, 1, 2, 6, 4, 5, 7, 10, 8, 9, 13, 11, 12, 14]
KINDS = [KEY, P, B, B, P, B, B, KEY, P, B, B, P, B, B, KEY]


def test_whole_gops_are_copied_and_only_the_edges_are_encoded() -> None:
    plan = make_plan(PTS, KINDS, span(2, 13, 11))
    assert plan.head is not None
    assert plan.head.frames == (2, 3, 4, 5, 6)
    # Frame 1 is shown before the range and needed by none, so it is not even decoded.
    assert plan.head.feed == (0, 1, 3, 4, 5, 6)
    # Frames 11 and 12 refer to frame 13, which lies behind the range.
    assert [PTS[number] for number in plan.copied] == [7, 10, 8, 9]
    assert plan.tail is not None
    assert plan.tail.frames == (11, 12)
    assert plan.tail.feed == (7, 8, 11, 12, 13)


def test_a_range_on_keyframes_is_copied_whole() -> None:
    plan = make_plan(PTS, KINDS, span(7, 14, 7))
    assert plan.head is plan.tail is None
    assert plan.copied == tuple(range(7, 14))


def test_leading_pictures_of_an_open_gop_belong_to_the_head() -> None:
    pts = [0, 3, 1, 2, 6, 4, 5, 9, 7, 8]
    kinds = [KEY, P, B, B, CRA, B, B, P, B, B]
    plan = make_plan(pts, kinds, span(2, 10, 8))
    assert plan.head is not None
    assert plan.head.frames == (2, 3, 4, 5)
    assert plan.head.feed == (0, 1, 3, 4, 5, 6)  # the keyframe itself is needed to decode them
    assert [pts[number] for number in plan.copied] == [6, 9, 7, 8]


@pytest.mark.parametrize(
    ("pts", "kinds", "piece", "why"),
    [
        (PTS, KINDS, span(1, 6, 5), "no keyframe in the range"),
        (PTS, [P, *KINDS[1:]], span(2, 13, 11), "before the range"),
        ([0, 0, *PTS[2:]], KINDS, span(2, 13, 11), "not unique"),
        (PTS, KINDS, span(2, 13, 10), "not what its frames say"),
        ([0, 3, 1, 2, 6, 4, 5], [KEY, P, B, B, KEY, B, B], span(1, 7, 6), "order of its packets"),
    ],
)
def test_what_cannot_be_copied_is_refused_with_the_reason(
    pts: list[int], kinds: list[Unit], piece: FrameSpan, why: str
) -> None:
    with pytest.raises(Unfit, match=why):
        make_plan(pts, kinds, piece)


def test_decoding_times_increase_and_are_never_late() -> None:
    times = decode_times(PTS)
    assert all(a < b for a, b in itertools.pairwise(times))
    assert all(time <= own for time, own in zip(times, PTS, strict=True))


def test_a_written_file_reads_back_as_it_was(tmp_path: Path) -> None:
    data = tmp_path / "data"
    data.write_bytes(bytes(range(200)))
    pieces = [Piece(data, n * 10, 10, before=b"ab" if n == 0 else b"") for n in range(4)]
    pieces.append(Piece(data, 40, 10, mask=b"XY"))
    pts = [100, 130, 110, 120, 140]
    track = OutTrack(
        1000, b"\0\0\0\x08avc1", hdlr(b"vide"), b"\0\0\0\x08vmhd", bytes(84), pieces, pts,
        [True, False, False, False, True], 155, ((55, 100),),
    )  # fmt: skip
    write_mp4(tmp_path / "a.mp4", [track])
    (found,) = read_tracks(tmp_path / "a.mp4")
    assert [sample.pts - found.media_time for sample in found.samples] == [
        time - 100 for time in pts
    ]
    assert [sample.sync for sample in found.samples] == [True, False, False, False, True]
    assert found.duration == 55
    content = (tmp_path / "a.mp4").read_bytes()
    read = [content[sample.offset : sample.offset + sample.size] for sample in found.samples]
    assert read[0] == b"ab" + bytes(range(10))
    assert read[4] == b"XY" + bytes(range(42, 50))
    assert content.find(b"moov") < content.find(b"mdat")


def hdlr(kind: bytes) -> bytes:
    content = bytes(8) + kind + bytes(13)
    return (8 + len(content)).to_bytes(4, "big") + b"hdlr" + content


@pytest.mark.parametrize(
    "data", [b"", b"\0\0\0\x08ftyp", b"\0\0\0\x10moov\0\0\0\x08trak", b"\0\0\0\x01moov"]
)
def test_a_broken_file_is_told(tmp_path: Path, data: bytes) -> None:
    (tmp_path / "a.mp4").write_bytes(data)
    with pytest.raises(BrokenFile):
        read_tracks(tmp_path / "a.mp4")


SPS = bytes.fromhex("6764001facd9405005bb011000000300100000030320f183196000")[:-1]
PPS = bytes.fromhex("68ebe3cb22c0")


def entry(sps: bytes = SPS, pps: bytes = PPS) -> bytes:
    config = bytes([1, 0x64, 0, 0x1F, 0xFF, 0xE1]) + len(sps).to_bytes(2, "big") + sps
    config += b"\1" + len(pps).to_bytes(2, "big") + pps + b"\xfd\xf8\xf8\0"
    box = (8 + len(config)).to_bytes(4, "big") + b"avcC" + config
    return (86 + len(box)).to_bytes(4, "big") + b"avc1" + bytes(78) + box


def unit(*data: int) -> bytes:
    return len(data).to_bytes(4, "big") + bytes(data)


def test_access_units_are_told_apart_by_their_headers() -> None:
    codec = read_codec(entry())
    assert (codec.name, codec.profile, codec.ids) == ("h264", "high", {0})
    assert classify(codec, unit(0x65, 1)) == KEY
    assert classify(codec, unit(9, 16) + unit(0x41, 1)) == P
    assert classify(codec, unit(6, 5) + unit(0x01, 1)) == B
    own = len(SPS).to_bytes(4, "big") + SPS
    assert classify(codec, own + unit(0x65, 1)).start
    with pytest.raises(Unfit, match="parameter sets change"):
        classify(codec, unit(0x67, 1, 2) + unit(0x65, 1))
    with pytest.raises(Unfit, match="damaged"):
        classify(codec, b"\0\0\0\x09\x65")
    with pytest.raises(Unfit, match="no picture"):
        classify(codec, unit(9, 16))


def with_id_7(set_: bytes, header: int) -> bytes:
    """The parameter set with its id, coded as one bit (0), changed to seven bits (7)."""
    bits = "".join(f"{byte:08b}" for byte in set_[header:])
    assert bits[0] == "1"
    bits = "0001000" + bits[1:]
    bits += "0" * (-len(bits) % 8)
    return set_[:header] + int(bits, 2).to_bytes(len(bits) // 8, "big")


def test_both_parameter_sets_stand_in_one_sample_entry() -> None:
    ours = read_codec(entry())
    sps, pps = with_id_7(SPS, 4), with_id_7(PPS, 1)
    theirs = read_codec(entry(sps, pps))
    assert theirs.ids == {7}
    merged = read_codec(with_sets(entry(), ours, theirs))
    assert merged.sets == {SPS, PPS, sps, pps}
    assert merged.ids == {0, 7}
    assert merged.config.endswith(b"\xfd\xf8\xf8\0")
    with pytest.raises(Unfit, match="no id free"):
        with_sets(entry(), ours, ours)
