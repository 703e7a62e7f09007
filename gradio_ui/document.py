"""The HTML page as it is sent: Gradio's, with our shell in its head and a policy that lets nothing else run."""

from __future__ import annotations

import base64
import hashlib
import json
import re
from collections.abc import Iterable
from dataclasses import dataclass
from html import unescape
from typing import Any

from gradio_ui.blocks import ROOT_ID
from gradio_ui.choices import choices
from gradio_ui.pages import table
from gradio_ui.static_files import LANGUAGES, version

__all__ = ["Site", "finish"]

_SCRIPT = re.compile(r"<script(?P<attributes>[^>]*)>(?P<code>.*?)</script>", re.DOTALL)
_STYLE = re.compile(r"<style[^>]*>(.*?)</style>", re.DOTALL)
_STYLED = re.compile(r'<[a-z][^<>]*?\sstyle="([^"]*)"')
_UNWANTED = re.compile(
    r'<link rel="manifest"[^>]*>|<meta\s+(?:property|name)="(?:og|twitter):[^>]*>', re.DOTALL
)
_PRELOADED = ("lib/dom.js", "lib/i18n.js", "lib/session.js", "lib/api.js", "lib/router.js")


@dataclass(frozen=True, slots=True)
class Site:
    """What pages need to know of the installation."""

    base: str
    """Path of the UI, such as ``/ui``."""
    api: str
    """Path of the API."""
    files_origin: str = ""
    """Where files go in and out if not here, such as ``https://files.example.org``."""
    oidc: bool = False
    """Whether one can sign in through a provider."""
    min_password: int = 10
    styles: tuple[str, ...] = ()
    """Of captions, by name."""


def finish(html: str, site: Site) -> tuple[str, str]:
    """The page with our parts in it, and its Content-Security-Policy.

    Gradio writes a few scripts and styles into the page; the policy names each by its hash, so none that somebody
    else got into it would run.
    """
    code = f"{site.base}/code/{version()}"
    boot = {
        "base": site.base, "api": site.api, "code": code, "root": ROOT_ID, "pages": table(),
        "languages": LANGUAGES, "oidc": site.oidc, "minPassword": site.min_password, "choices": {**choices(), "style": site.styles},
    }  # fmt: skip
    preloads = "".join(f'<link rel="modulepreload" href="{code}/{name}">' for name in _PRELOADED)
    head = (
        f'<link rel="icon" href="{code}/style/icon.svg" type="image/svg+xml">'
        f'<link rel="stylesheet" href="{code}/style/app.css">'
        f'<script src="{code}/lib/early.js"></script>{preloads}'
        f'<script type="application/json" id="vc-boot">{_json(boot)}</script>'
        f'<script type="module" src="{code}/shell.js"></script>'
    )
    html = _UNWANTED.sub("", html).replace("</head>", f"{head}</head>", 1)
    return html, _policy(html, site)


def _policy(html: str, site: Site) -> str:
    scripts = [
        found["code"]
        for found in _SCRIPT.finditer(html)
        if "src=" not in found["attributes"] and "application/json" not in found["attributes"]
    ]
    plain = _SCRIPT.sub("", html)
    attributes = [unescape(found[1]) for found in _STYLED.finditer(plain)]
    files = f" {site.files_origin}" if site.files_origin else ""
    return "; ".join(
        (
            "default-src 'none'",
            f"script-src 'self'{_named(scripts)}",
            f"style-src 'self'{_named(_STYLE.findall(plain))}",
            # Three elements of Gradio's page carry a style; 'unsafe-hashes' lets these run, and no other.
            f"style-src-attr 'unsafe-hashes'{_named(attributes)}",
            # Pictures that need the access token are fetched; Gradio's theme draws check marks from data.
            f"img-src 'self' data: blob:{files}",
            f"media-src 'self'{files}",
            f"connect-src 'self'{files}",
            "worker-src 'none'",
            "base-uri 'self'",  # Gradio's page has a base
            "form-action 'none'",
            "frame-ancestors 'none'",
        )
    )


def _named(parts: Iterable[str]) -> str:
    """What may run beside files of ours, by its hash."""
    digests = dict.fromkeys(hashlib.sha256(part.encode()).digest() for part in parts)
    return "".join(f" 'sha256-{base64.b64encode(digest).decode()}'" for digest in digests)


def _json(value: Any) -> str:
    """JSON that may stand in a script element."""
    return json.dumps(value, separators=(",", ":")).replace("<", "\\u003c")
