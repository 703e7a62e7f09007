"""A small OpenAI-compatible server that answers as a test wants: well, badly, late, or half."""

from __future__ import annotations

import json
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

from videoclip.highlights.llm import LlmHighlighter
from videoclip.settings import LlmSettings

KEY = "sk-this-must-never-be-seen"


@dataclass(frozen=True)
class Partly:
    """A body of which only a part comes: ``pause_s`` before each byte, and then the line is cut."""

    payload: bytes
    send: int
    pause_s: float = 0.0


Answer = Callable[
    [dict[str, Any]], "tuple[int, bytes] | tuple[int, bytes, dict[str, str]] | Partly"
]


class Model:
    """Answers from a list, the last answer again and again; ``listed`` is the answer of ``/v1/models``."""

    def __init__(self) -> None:
        self.answers: list[Answer] = []
        self.listed: dict[str, Any] | None = None
        self.requests: list[dict[str, Any]] = []
        self.headers: list[dict[str, str]] = []
        self.raw: list[bytes] = []
        self.paths: list[str] = []
        self._lock = threading.Lock()
        model = self

        class Handler(BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                found = self.path == "/v1/models" and model.listed is not None
                self._send(200 if found else 404, json.dumps(model.listed).encode(), {})

            def do_POST(self) -> None:
                body = self.rfile.read(int(self.headers["Content-Length"]))
                with model._lock:
                    model.raw.append(body)
                    model.paths.append(self.path)
                    model.headers.append({k.lower(): v for k, v in self.headers.items()})
                    model.requests.append(json.loads(body))
                    at = min(len(model.requests), len(model.answers)) - 1
                    request = model.requests[-1]
                answer = model.answers[at](request)
                try:
                    if isinstance(answer, Partly):
                        self._send_part(answer)
                    else:
                        self._send(answer[0], answer[1], answer[2] if len(answer) > 2 else {})
                except (BrokenPipeError, ConnectionResetError):
                    pass  # the client has given up, which some tests want

            def _send(self, status: int, payload: bytes, headers: dict[str, str]) -> None:
                self.send_response(status)
                self.send_header("Content-Type", "application/json")
                self.send_header("Content-Length", str(len(payload)))
                for name, value in headers.items():
                    self.send_header(name, value)
                self.end_headers()
                self.wfile.write(payload)

            def _send_part(self, answer: Partly) -> None:
                self.send_response(200)
                self.send_header("Content-Type", "application/json")
                self.send_header("Content-Length", str(len(answer.payload)))
                self.end_headers()
                if not answer.pause_s:
                    self.wfile.write(answer.payload[: answer.send])
                else:
                    for byte in answer.payload[: answer.send]:
                        self.wfile.write(bytes([byte]))
                        time.sleep(answer.pause_s)
                self.close_connection = True

            def log_message(self, *args: object) -> None:
                pass

        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self._server.daemon_threads = True
        self._thread = threading.Thread(
            target=self._server.serve_forever, args=(0.02,), daemon=True
        )
        self._thread.start()
        self.base_url = f"http://127.0.0.1:{self._server.server_port}/v1"

    def close(self) -> None:
        """Stop serving."""
        self._server.shutdown()
        self._server.server_close()
        self._thread.join()

    def settings(self, **more: Any) -> LlmSettings:
        """Settings that name this server."""
        values = {"base_url": self.base_url, "model": "made", "api_key": KEY, "max_tokens": 500}
        return LlmSettings(**(values | more))

    def highlighter(self, *, timeout_s: float = 10.0, **more: Any) -> LlmHighlighter:
        """A highlighter that asks this server."""
        config = self.settings(timeout_s=timeout_s)
        return LlmHighlighter(config, **({"wait_initial_s": 0.01} | more))


def completion(
    content: str | None, finish: str = "stop", usage: tuple[int, int] | None = None
) -> Answer:
    """An answer with this text."""
    body: dict[str, Any] = {
        "id": "1",
        "object": "chat.completion",
        "created": 1,
        "model": "made",
        "choices": [
            {
                "index": 0,
                "message": {"role": "assistant", "content": content},
                "finish_reason": finish,
            }
        ],
    }
    if usage:
        body["usage"] = {"prompt_tokens": usage[0], "completion_tokens": usage[1]}
    return lambda request: (200, json.dumps(body).encode())


def failure(status: int, message: str, **headers: str) -> Answer:
    """An error."""
    payload = json.dumps({"error": {"message": message}}).encode()
    return lambda request: (status, payload, {k.replace("_", "-"): v for k, v in headers.items()})


def item(first: int, last: int, **more: object) -> dict[str, Any]:
    """A highlight of an answer."""
    scores = {
        "product": 8,
        "offer": 9,
        "benefit": 8,
        "proof": 7,
        "action": 8,
        "hook": 6,
        "complete": 10,
    }
    values: dict[str, Any] = {
        "first": first,
        "last": last,
        "title": "Wireless vacuum",
        "hook": "Half the price?",
        "reason": "A deal.",
    }
    return values | {"quote": "", "scores": scores, "hashtags": ["vacuum"]} | more


def answer(*items: dict[str, Any], usage: tuple[int, int] | None = None) -> Answer:
    """An answer with these highlights."""
    return completion(json.dumps({"highlights": list(items)}), usage=usage)
