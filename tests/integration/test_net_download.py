"""What is fetched from an address that a user gave: whole or not at all, and never from our own network."""

from __future__ import annotations

import hashlib
import re
import ssl
import stat
import threading
import time
from collections.abc import Iterator
from dataclasses import replace
from datetime import datetime, timedelta, timezone
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from tests.support.remote import Asked, Remote, run_remote
from videoclip.errors import (
    AddressRefused,
    Cancelled,
    FetchFailed,
    SourceMissing,
    SourceOverLimit,
    VideoClipError,
)
from videoclip.net import AddressRules, FetchLimits, Guard, download, exchange

CONTENT = bytes(range(256)) * 12_000  # 3 MB
SHA256 = hashlib.sha256(CONTENT).hexdigest()
LIMITS = FetchLimits(max_bytes=10**8, max_s=20, idle_s=2, pause_s=0.01)


def serve_file(asked: Asked) -> None:
    """A well-behaved server."""
    wanted = re.fullmatch(r"bytes=(\d+)-", asked.headers.get("range", ""))
    if wanted and asked.headers.get("if-range") == '"v1"':
        first = int(wanted[1])
        span = f"bytes {first}-{len(CONTENT) - 1}/{len(CONTENT)}"
        asked.answer(206, CONTENT[first:], ETag='"v1"', Content_Range=span)
    else:
        asked.answer(200, CONTENT, ETag='"v1"', Content_Type="text/html")


@pytest.fixture
def remote() -> Iterator[Remote]:
    with run_remote(serve_file) as server:
        yield server


def guard_for(remote: Remote, **names: str | list[str]) -> Guard:
    """Loopback's 127.0.0.1 plays a public address; every other private one stays refused."""

    async def resolve(host: str, port: int) -> list[str]:
        found = names.get(host.partition(".")[0])
        if found is None:
            raise OSError("no such name")
        return [found] if isinstance(found, str) else found

    return Guard(
        AddressRules.of(["127.0.0.1/32"]), ports=frozenset({remote.port}), resolver=resolve
    )


def test_a_file_is_fetched_whole_and_is_private(remote: Remote, tmp_path: Path) -> None:
    seen: list[tuple[int, int | None]] = []
    target = tmp_path / "source"
    got = download(
        remote.url("/a.mp4"), target, LIMITS, guard=guard_for(remote),
        told=lambda here, total: seen.append((here, total)),
    )  # fmt: skip
    assert (got.sha256, got.size) == (SHA256, len(CONTENT))
    assert target.read_bytes() == CONTENT
    assert stat.S_IMODE(target.stat().st_mode) == 0o600
    assert seen[-1] == (len(CONTENT), len(CONTENT))
    assert [path.name for path in tmp_path.iterdir()] == ["source"]


def test_a_name_that_stands_for_our_network_is_refused(remote: Remote, tmp_path: Path) -> None:
    for addresses in (
        "10.0.0.5", "127.0.0.2", "::1", "::ffff:10.0.0.5", "169.254.169.254", "2002:7f00:1::",
        ["127.0.0.1", "10.0.0.5"], ["127.0.0.1", "::ffff:169.254.169.254"],
    ):  # fmt: skip
        guard = guard_for(remote, evil=addresses)
        with pytest.raises(AddressRefused) as caught:
            download(remote.url("/", "evil.example"), tmp_path / "x", LIMITS, guard=guard)
        assert "10.0.0.5" not in str(caught.value), "our network is not mapped for the asker"
    assert remote.asked == []


def test_a_redirect_into_our_network_is_refused(remote: Remote, tmp_path: Path) -> None:
    guard = guard_for(remote, good="127.0.0.1", evil="127.0.0.2")
    port = remote.port
    for location in (
        f"http://127.0.0.2:{port}/", f"http://[::1]:{port}/", f"http://evil.example:{port}/",
        f"http://2130706433:{port}/", f"http://0x7f.1:{port}/", "http://169.254.169.254/latest/",
        f"//127.0.0.3:{port}/x", "file:///etc/passwd", "gopher://good.example/", "http://good.example:22/",
        f"http://user:pass@good.example:{port}/",
    ):  # fmt: skip
        remote.asked.clear()
        remote.behave = lambda asked, to=location: asked.answer(302, Location=to)  # type: ignore[misc]
        with pytest.raises(AddressRefused):
            download(remote.url("/", "good.example"), tmp_path / "x", LIMITS, guard=guard)
        assert len(remote.asked) == 1, location
    assert list(tmp_path.iterdir()) == []


def test_a_redirect_to_a_public_place_is_followed_a_few_times(
    remote: Remote, tmp_path: Path
) -> None:
    guard = guard_for(remote, good="127.0.0.1", mirror="127.0.0.1")

    def redirect(asked: Asked) -> None:
        if asked.headers["host"].startswith("mirror"):
            serve_file(asked)
        else:
            asked.answer(307, Location=remote.url("/real", "mirror.example"))

    remote.behave = redirect
    got = download(remote.url("/", "good.example"), tmp_path / "x", LIMITS, guard=guard)
    assert got.sha256 == SHA256
    assert got.address == remote.url("/real", "mirror.example")
    remote.asked.clear()
    remote.behave = lambda asked: asked.answer(302, Location="/again")
    with pytest.raises(AddressRefused, match="5 redirects"):
        download(remote.url("/", "good.example"), tmp_path / "y", LIMITS, guard=guard)
    assert len(remote.asked) == 6


def test_a_name_that_changes_between_check_and_connect_gains_nothing(
    remote: Remote, tmp_path: Path
) -> None:
    """The address that was checked is the address that is connected to: a name is asked once a connection."""
    answers = ["127.0.0.1", "127.0.0.2", "10.0.0.5"]
    given: list[str] = []

    async def rebinding(host: str, port: int) -> list[str]:
        given.append(answers[min(len(given), 2)])
        return [given[-1]]

    guard = replace(guard_for(remote), resolver=rebinding)
    got = download(remote.url("/", "rebind.example"), tmp_path / "x", LIMITS, guard=guard)
    assert got.sha256 == SHA256
    assert given == ["127.0.0.1"]
    assert remote.asked[0].headers["host"] == f"rebind.example:{remote.port}"
    with pytest.raises(AddressRefused):
        download(remote.url("/", "rebind.example"), tmp_path / "y", LIMITS, guard=guard)
    assert len(remote.asked) == 1


def certificate(folder: Path, name: str) -> Path:
    """A certificate for a name that signs itself, with its key."""
    key = ec.generate_private_key(ec.SECP256R1())
    who = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)])
    now = datetime.now(timezone.utc)
    made = (
        x509.CertificateBuilder()
        .subject_name(who)
        .issuer_name(who)
        .public_key(key.public_key())
        .serial_number(1)
        .not_valid_before(now - timedelta(days=1))
        .not_valid_after(now + timedelta(days=1))
        .add_extension(x509.SubjectAlternativeName([x509.DNSName(name)]), critical=False)
        .add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
        .sign(key, hashes.SHA256())
    )
    private = key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )
    path = folder / f"{name}.pem"
    path.write_bytes(private + made.public_bytes(serialization.Encoding.PEM))
    return path


def test_a_checked_address_still_has_to_prove_its_name(tmp_path: Path) -> None:
    """TLS verifies the name that the user gave, not the address that is connected to; the server hears it too."""
    pem = certificate(tmp_path, "good.example")
    asked_for: list[str | None] = []
    server_side = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    server_side.load_cert_chain(pem)
    server_side.sni_callback = lambda _socket, name, _context: asked_for.append(name)
    with run_remote(serve_file, tls=server_side) as remote:
        guard = replace(
            guard_for(remote, good="127.0.0.1", evil="127.0.0.1"),
            trust=ssl.create_default_context(cafile=str(pem)),
        )
        url = remote.url("/", "good.example").replace("http:", "https:")
        assert download(url, tmp_path / "x", LIMITS, guard=guard).sha256 == SHA256
        assert asked_for == ["good.example"]
        with pytest.raises(FetchFailed, match="cannot be reached"):
            download(
                url.replace("good.", "evil."), tmp_path / "y", replace(LIMITS, tries=1), guard=guard
            )
        assert len(remote.asked) == 1
        remote.behave = lambda asked: asked.answer(302, Location=url.replace("https:", "http:"))
        with pytest.raises(AddressRefused, match="https to http"):
            download(url, tmp_path / "z", LIMITS, guard=guard)


def test_proxies_of_the_environment_do_not_lead_around_the_guard(
    remote: Remote, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("http_proxy", "HTTP_PROXY", "all_proxy", "ALL_PROXY"):
        monkeypatch.setenv(name, remote.url())
    with pytest.raises(AddressRefused):
        download(
            remote.url("/", "evil.example"), tmp_path / "x", LIMITS,
            guard=guard_for(remote, evil="10.0.0.5"),
        )  # fmt: skip
    assert remote.asked == []


def test_a_connection_that_breaks_is_taken_up_where_it_broke(
    remote: Remote, tmp_path: Path
) -> None:
    def break_off(asked: Asked) -> None:
        if len(remote.asked) == 1:
            asked.start(200, len(CONTENT), ETag='"v1"')
            asked.handler.wfile.write(CONTENT[:1_500_000])
        else:
            serve_file(asked)

    remote.behave = break_off
    got = download(remote.url(), tmp_path / "x", LIMITS, guard=guard_for(remote))
    assert got.sha256 == SHA256
    assert remote.asked[1].headers["range"] == "bytes=1500000-"


def test_a_file_that_breaks_off_often_arrives_as_long_as_it_goes_on(
    remote: Remote, tmp_path: Path
) -> None:
    def a_little_more(asked: Asked) -> None:
        first = int(asked.headers.get("range", "bytes=0-").removeprefix("bytes=").rstrip("-"))
        rest = CONTENT[first:]
        span = f"bytes {first}-{len(CONTENT) - 1}/{len(CONTENT)}"
        asked.start(206 if first else 200, len(rest), ETag='"v1"', Content_Range=span)
        asked.handler.wfile.write(rest[:400_000])

    remote.behave = a_little_more
    got = download(remote.url(), tmp_path / "x", replace(LIMITS, tries=2), guard=guard_for(remote))
    assert got.sha256 == SHA256
    assert len(remote.asked) == 8
    remote.asked.clear()

    def never_more(asked: Asked) -> None:
        asked.start(200, len(CONTENT), ETag=f'"v{len(remote.asked)}"')
        asked.handler.wfile.write(CONTENT[:1000])

    remote.behave = never_more
    with pytest.raises(FetchFailed):
        download(remote.url(), tmp_path / "y", replace(LIMITS, tries=3), guard=guard_for(remote))
    assert len(remote.asked) == 3


def test_another_call_goes_on_and_notices_another_version(remote: Remote, tmp_path: Path) -> None:
    def break_off(asked: Asked) -> None:
        asked.start(200, len(CONTENT), ETag='"v0"')
        asked.handler.wfile.write(b"of old" * 1000)

    remote.behave = break_off
    guard = guard_for(remote)
    with pytest.raises(FetchFailed):
        download(remote.url(), tmp_path / "x", replace(LIMITS, tries=1), guard=guard)
    assert (tmp_path / "x.part").stat().st_size == 6000
    assert not (tmp_path / "x").exists()
    remote.behave = serve_file  # it has v1 by now, and says so by 200 instead of 206
    got = download(remote.url(), tmp_path / "x", LIMITS, guard=guard)
    assert remote.asked[-1].headers["if-range"] == '"v0"'
    assert got.sha256 == SHA256
    assert (tmp_path / "x").read_bytes() == CONTENT


def test_a_lying_answer_to_a_range_starts_again(remote: Remote, tmp_path: Path) -> None:
    def lie(asked: Asked) -> None:
        if len(remote.asked) == 1:
            asked.start(200, len(CONTENT), ETag='"v1"')
            asked.handler.wfile.write(CONTENT[:100_000])
        elif "range" in asked.headers:
            asked.answer(206, b"x" * 99, ETag='"v1"', Content_Range="bytes 5-103/104")
        else:
            serve_file(asked)

    remote.behave = lie
    assert download(remote.url(), tmp_path / "x", LIMITS, guard=guard_for(remote)).sha256 == SHA256


@pytest.mark.parametrize("told", [True, False])
def test_a_file_that_is_too_large_leaves_nothing(
    remote: Remote, tmp_path: Path, told: bool
) -> None:
    def endless(asked: Asked) -> None:
        asked.start(200, 10**12 if told else None)
        while True:
            asked.handler.wfile.write(b"x" * 65536)

    remote.behave = endless
    with pytest.raises(SourceOverLimit):
        download(
            remote.url(),
            tmp_path / "x",
            replace(LIMITS, max_bytes=2_000_000),
            guard=guard_for(remote),
        )
    assert list(tmp_path.iterdir()) == []


def test_a_dribbling_server_is_left_in_time(remote: Remote, tmp_path: Path) -> None:
    def dribble(asked: Asked) -> None:
        asked.start(200, 1000)
        while True:
            asked.handler.wfile.write(b"x")
            time.sleep(0.05)

    remote.behave = dribble
    started = time.monotonic()
    with pytest.raises(FetchFailed, match="longer than"):
        download(remote.url(), tmp_path / "x", replace(LIMITS, max_s=0.6), guard=guard_for(remote))
    assert time.monotonic() - started < 3


def test_a_cancelled_download_stops_within_a_second(remote: Remote, tmp_path: Path) -> None:
    def silence(asked: Asked) -> None:
        asked.start(200, 1000)
        time.sleep(3)

    remote.behave = silence
    cancel = threading.Event()
    threading.Timer(0.3, cancel.set).start()
    started = time.monotonic()
    with pytest.raises(Cancelled):
        download(
            remote.url(), tmp_path / "x", replace(LIMITS, idle_s=20),
            guard=guard_for(remote), cancel=cancel,
        )  # fmt: skip
    assert time.monotonic() - started < 1.3


@pytest.mark.parametrize(
    ("status", "kind", "requests"),
    [(404, SourceMissing, 1), (403, FetchFailed, 1), (500, FetchFailed, 2), (503, FetchFailed, 2)],
)
def test_answers_without_a_file(
    remote: Remote, tmp_path: Path, status: int, kind: type[VideoClipError], requests: int
) -> None:
    remote.behave = lambda asked: asked.answer(status, b"no")
    with pytest.raises(kind):
        download(remote.url(), tmp_path / "x", replace(LIMITS, tries=2), guard=guard_for(remote))
    assert len(remote.asked) == requests
    assert not (tmp_path / "x").exists()


async def test_a_small_exchange_is_bounded_and_does_not_follow(remote: Remote) -> None:
    guard = guard_for(remote)
    remote.behave = lambda asked: asked.answer(302, b"m" * 10**6, Location="http://127.0.0.2/")
    answer = await exchange(guard, "POST", remote.url("/hook"), headers={"X-A": "b"}, content=b"{}")
    assert (answer.status, len(answer.body)) == (302, 65536)
    assert (remote.asked[0].method, remote.asked[0].body) == ("POST", b"{}")
    remote.behave = lambda asked: time.sleep(1)
    with pytest.raises(FetchFailed, match="in time"):
        await exchange(guard, "POST", remote.url(), headers={}, limit_s=0.3)
