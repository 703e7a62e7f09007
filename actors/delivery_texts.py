"""What people are told of a job, in English and Chinese."""

from __future__ import annotations

from typing import Any

__all__ = ["text_of"]

_KINDS = {
    "en": {"clip": "Clips", "cut": "Cut", "transcribe": "Transcript", "render": "Render", "batch": "Batch", "watch": "Watch"},
    "zh": {"clip": "剪辑", "cut": "切割", "transcribe": "转写", "render": "渲染", "batch": "批量任务", "watch": "监视"},
}  # fmt: skip
_STATES = {
    "en": {
        "running": "has started", "succeeded": "is done", "partial": "is done in part",
        "failed": "failed", "cancelled": "was cancelled",
        "dead": "was given up after several tries",
    },
    "zh": {
        "running": "已开始", "succeeded": "已完成", "partial": "部分完成", "failed": "失败", "cancelled": "已取消",
        "dead": "多次尝试后已放弃",
    },
}  # fmt: skip
_PING = {
    "en": ("Video-Clip: test", "This notification works."),
    "zh": ("Video-Clip：测试", "通知可以正常送达。"),
}
_LABELS = {
    "en": ("Job", "Cause", "What to do", ": ", " "),
    "zh": ("任务", "原因", "处理办法", "：", ""),
}


def text_of(body: dict[str, Any], language: str) -> tuple[str, str]:
    """Title and text of a message.

    Args:
        body: of the message, as webhooks get it.
        language: ``en`` or ``zh``.
    """
    language = language if language in _PING else "en"
    if body["type"] == "ping":
        return _PING[language]
    job, cause, remedy, colon, space = _LABELS[language]
    data = body["data"]
    kind = _KINDS[language].get(data["kind"], data["kind"])
    state = _STATES[language].get(data["state"], data["state"])
    lines = [f"{job}{colon}{data['id']}"]
    error = data.get("error") or {}
    if error.get("cause"):
        lines.append(f"{cause}{colon}{error['cause']} ({error.get('code', '')})")
    if error.get("remedy"):
        lines.append(f"{remedy}{colon}{error['remedy']}")
    return f"Video-Clip{colon}{kind}{space}{state}", "\n".join(lines)
