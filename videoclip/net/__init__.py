"""Requests to addresses that a user gave: guarded against reaching into our own network.

Knows neither the store nor media. Everything that goes out on somebody's behalf goes through here: videos fetched
from an address, webhooks, notifications.
"""

from videoclip.net.addresses import AddressRules
from videoclip.net.download import Downloaded, FetchLimits, download, fetch
from videoclip.net.guard import Guard
from videoclip.net.http import Answer, exchange

__all__ = [
    "AddressRules",
    "Answer",
    "Downloaded",
    "FetchLimits",
    "Guard",
    "download",
    "exchange",
    "fetch",
]
