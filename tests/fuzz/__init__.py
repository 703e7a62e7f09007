"""Damaged media by the thousand: `python -m tests.fuzz --files 2000` (or `make fuzz`).

Each file is either refused with a `VideoClipError`, or becomes a clip whose proof is right; in both
cases within its time, without a process or a file left behind.
"""
