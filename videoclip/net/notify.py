"""Messages to people through apprise: chat robots, mail, SMS, pagers. Only services from a list, and guarded."""

from __future__ import annotations

import logging
import warnings
from functools import cache
from typing import Any
from urllib.parse import parse_qsl, urlsplit

import anyio
import anyio.to_thread

from videoclip.errors import AddressRefused, FetchFailed, InvalidRequest
from videoclip.net.guard import Guard
from videoclip.net.sockets import guarded_sockets

__all__ = ["SERVICES", "check_notification", "send_notification"]

SERVICES = frozenset({
    "dingtalk", "feishu", "lark", "wecombot", "wechat", "mailto", "mailtos", "pagerduty", "opsgenie",
    "slack", "tgram", "discord", "twilio", "vonage", "nexmo", "sns", "clicksend", "msgbird", "sinch",
    "plivo", "d7sms", "46elks", "seven",
})  # fmt: skip
"""Schemes that are taken. Not: what posts to any address (json, xml, form), reads files or runs programs."""
# Others read key files and templates, or switch the check of certificates off.
_OPTIONS = frozenset({
    "to", "from", "cc", "bcc", "name", "smtp", "mode", "user", "pass", "reply", "secret", "token", "sender",
    "region", "component", "group", "class", "source", "severity", "mention", "footer", "key",
})  # fmt: skip
_LONGEST = 2048


def check_notification(address: str) -> str:
    """Check an address in apprise's form; returns it without its secrets, to be shown.

    Raises:
        InvalidRequest: it is not one that is taken. The message does not repeat it.
    """
    scheme = address.partition("://")[0].lower()
    if len(address) > _LONGEST or not address.isprintable() or scheme not in SERVICES:
        raise InvalidRequest(
            "this kind of notification is not taken", f"Use one of: {', '.join(sorted(SERVICES))}"
        )
    try:
        options = {
            name.lower().lstrip("+-:") for name, _ in parse_qsl(urlsplit(address).query, True)
        }
    except ValueError:
        options = {"?"}
    if options - _OPTIONS:
        raise InvalidRequest(
            "the address holds an option that is not taken",
            f"Leave out: {', '.join(sorted(option[:20] for option in options - _OPTIONS))}",
        )
    plugin = _plugin(address)
    return str(plugin.url(privacy=True)).partition("?")[0][:255]


async def send_notification(
    guard: Guard, address: str, title: str, body: str, *, limit_s: float
) -> None:
    """Send a message to people.

    Args:
        guard: its rules hold for every connection that the service's library makes.
        address: in apprise's form, checked before.
        title: one line.
        body: plain text.
        limit_s: how long this waits; a library that hangs on is left behind.

    Raises:
        InvalidRequest: the address is not one that is taken.
        FetchFailed: the service refused, or is out of reach.
    """
    check_notification(address)

    def send() -> bool:
        with guarded_sockets(guard.rules):
            return bool(_plugin(address).notify(body=body, title=title))

    try:
        with anyio.fail_after(limit_s):
            went = await anyio.to_thread.run_sync(send, abandon_on_cancel=True)
    except TimeoutError as error:
        raise FetchFailed("the service did not answer in time", "It is tried again") from error
    except AddressRefused:
        raise
    except Exception as error:  # a plug-in's text may hold the address
        raise FetchFailed(
            f"the service failed ({type(error).__name__})", "Check the address of the notification"
        ) from error
    if not went:
        raise FetchFailed(
            "the service did not take the message", "Check the address of the notification"
        )


def _plugin(address: str) -> Any:
    apprise = _apprise()
    asset = apprise.AppriseAsset(
        storage_mode="memory", allow_templates=False, secure_logging=True, app_id="Video-Clip",
        app_url="",
    )  # fmt: skip
    plugin = apprise.Apprise.instantiate(address, asset=asset)
    if plugin is None:
        raise InvalidRequest(
            "the address of the notification is not complete",
            "See https://github.com/caronc/apprise/wiki for its form",
        )
    return plugin


@cache
def _apprise() -> Any:
    # It takes a while to import, and would write addresses into the log.
    for name in ("apprise", "apprise.plugins"):
        logging.getLogger(name).setLevel(logging.CRITICAL + 1)
    with warnings.catch_warnings():  # its mail plug-in asks for a module that Python drops
        warnings.simplefilter("ignore")
        import apprise

        apprise.Apprise.instantiate("mailto://a:b@localhost")  # has it load its plug-ins
    logging.getLogger("apprise").setLevel(logging.CRITICAL + 1)
    return apprise
