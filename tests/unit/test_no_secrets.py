"""No key, token or password lies in the tree: the forms that well-known services give theirs, and private keys."""

from __future__ import annotations

import re
import subprocess
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
_FORMS = {
    "private key": rb"-----BEGIN (?:[A-Z]+ )*PRIVATE KEY-----\s+[A-Za-z0-9+/=]{20}",
    "age key": rb"AGE-SECRET-KEY-1[A-Z0-9]{50}",
    "AWS": rb"\b(?:AKIA|ASIA)(?!IOSFODNN7EXAMPLE)[A-Z0-9]{16}\b",
    "Aliyun": rb"\bLTAI[A-Za-z0-9]{16,24}\b",
    "GitHub": rb"\b(?:gh[pousr]_[A-Za-z0-9]{36}|github_pat_[A-Za-z0-9_]{60,})",
    "GitLab": rb"\bglpat-[A-Za-z0-9_-]{20}\b",
    "Slack": rb"\bxox[abprs]-[0-9]{8,}-[A-Za-z0-9-]{10,}",
    "OpenAI, Anthropic and the like": rb"\bsk-(?:proj-|ant-)?[A-Za-z0-9_-]{32,}",
    "Google": rb"\bAIza[A-Za-z0-9_-]{35}\b",
    "Hugging Face": rb"\bhf_[A-Za-z]{34}\b",
    "PyPI": rb"\bpypi-AgEIcHlwaS5vcmc[A-Za-z0-9_-]{50,}",
    "npm": rb"\bnpm_[A-Za-z0-9]{36}\b",
    "ours": rb"\bvc[kri]_(?!x{8})[A-Za-z0-9_-]{40,}",
    "JSON Web Token": rb"\beyJ[A-Za-z0-9_-]{20,}\.eyJ[A-Za-z0-9_-]{20,}\.[A-Za-z0-9_-]{20,}",
    "password in an address": rb"(?:postgresql|redis|https?|mailtos?|s3)[a-z+]*://[^\s:/@'\"{}$]+:"
    rb"(?!(?:password|secret|pass|x+)[^\s]*@)[A-Za-z0-9_+/=-]{12,}@",
}
_LARGEST = 4 * 2**20


def tree() -> list[Path]:
    """What git keeps, or would."""
    listed = subprocess.run(
        ["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard"],
        cwd=ROOT, capture_output=True, check=True,
    ).stdout  # fmt: skip
    files = [ROOT / name.decode() for name in listed.split(b"\0") if name]
    return [file for file in files if file.is_file() and file.stat().st_size <= _LARGEST]


def test_no_secret_lies_in_the_tree() -> None:
    found = []
    for file in tree():
        data = file.read_bytes()
        if b"\0" in data[:1024]:  # pictures, sound, models
            continue
        found += [
            f"{file.relative_to(ROOT)}: {name}"
            for name, form in _FORMS.items()
            if re.search(form, data)
        ]
    assert found == []


def test_the_search_finds_what_it_is_for() -> None:
    words = (
        "AKIA" + "A" * 16, "ghp_" + "a" * 36, "sk-" + "a" * 40, "LTAI" + "b" * 20, "vck_" + "Z" * 43,
        "-----BEGIN " + "PRIVATE KEY-----\n" + "A" * 64, "postgresql" + "://u:" + "k3Jd82kdk2Lq@host/x",
    )  # fmt: skip
    for word in words:
        assert any(re.search(form, word.encode()) for form in _FORMS.values()), word
