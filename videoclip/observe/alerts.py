"""Alertmanager's webhook, handed on to people through apprise: chat robots, mail, SMS, pagers."""

from __future__ import annotations

import logging
from collections.abc import Iterator
from typing import Any

import anyio

from videoclip.errors import FetchFailed, VideoClipError, one_line
from videoclip.net.guard import Guard
from videoclip.net.notify import send_notification
from videoclip.observe.meter import Meter
from videoclip.settings import Settings

__all__ = ["AlertPost", "alert_text"]

_LOG = logging.getLogger("videoclip.observe")
_LIMIT_S = 20.0
_MOST_ALERTS = 20
_LONGEST = 300


class AlertPost:
    """Sends what Alertmanager tells to every address of the settings.

    Args:
        settings: addresses, and which networks may be reached.
        meter: counts what was sent.
    """

    def __init__(self, settings: Settings, meter: Meter) -> None:
        self._addresses = [one.get_secret_value() for one in settings.observe.alert_addresses]
        self._guard = Guard.of(settings.net)
        self._meter = meter

    def __call__(self, body: dict[str, Any]) -> None:
        """Send it; blocks.

        Raises:
            FetchFailed: an address did not take it; the others have it.
        """
        title, text = alert_text(body)
        failed = 0
        for address in self._addresses:
            try:
                anyio.run(self._send, address, title, text)
            except VideoClipError as error:
                failed += 1
                _LOG.warning("an alert was not sent: %s", error.cause)
        self._meter.count("videoclip_alerts_total", len(self._addresses) - failed, outcome="sent")
        self._meter.count("videoclip_alerts_total", failed, outcome="failed")
        if failed:
            raise FetchFailed(
                f"{failed} of {len(self._addresses)} addresses did not take the alert",
                "Check observe.alert_addresses",
            )

    async def _send(self, address: str, title: str, text: str) -> None:
        await send_notification(self._guard, address, title, text, limit_s=_LIMIT_S)


def alert_text(body: dict[str, Any]) -> tuple[str, str]:
    """Title and text of what Alertmanager sent; whatever is in it becomes plain, short lines."""
    alerts = [one for one in _list(body.get("alerts")) if isinstance(one, dict)]
    firing = sum(one.get("status") == "firing" for one in alerts)
    state = f"{firing} firing" if firing else "resolved"
    name = _word(_dict(body.get("groupLabels")).get("alertname")) or "alerts"
    lines = [line for one in alerts[:_MOST_ALERTS] for line in _lines(one)]
    if len(alerts) > _MOST_ALERTS:
        lines.append(f"and {len(alerts) - _MOST_ALERTS} more")
    return f"Video-Clip: {name}: {state}", "\n".join(lines)


def _lines(alert: dict[str, Any]) -> Iterator[str]:
    labels, notes = _dict(alert.get("labels")), _dict(alert.get("annotations"))
    status = "FIRING" if alert.get("status") == "firing" else "resolved"
    severity = _word(labels.get("severity"))
    yield f"{status} {_word(labels.get('alertname'))}" + (f" ({severity})" if severity else "")
    for key in ("summary", "description", "runbook_url"):
        if text := _word(notes.get(key)):
            yield f"  {text}"


def _word(value: object) -> str:
    return one_line(value, _LONGEST) if isinstance(value, str) else ""


def _dict(value: object) -> dict[str, Any]:
    return value if isinstance(value, dict) else {}


def _list(value: object) -> list[Any]:
    return value if isinstance(value, list) else []
