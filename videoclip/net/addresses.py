"""Which addresses a user may make us connect to: only public ones, unless an operator allows more."""

from __future__ import annotations

import ipaddress
from collections.abc import Iterable
from dataclasses import dataclass

__all__ = ["Address", "AddressRules"]

Address = ipaddress.IPv4Address | ipaddress.IPv6Address
_Network = ipaddress.IPv4Network | ipaddress.IPv6Network

# Written out (IANA's registries of special-purpose addresses): `is_global` differs between releases of Python.
_CLOSED_4 = tuple(
    ipaddress.IPv4Network(text)
    for text in (
        "0.0.0.0/8", "10.0.0.0/8", "100.64.0.0/10", "127.0.0.0/8", "169.254.0.0/16", "172.16.0.0/12",
        "192.0.0.0/24", "192.0.2.0/24", "192.31.196.0/24", "192.52.193.0/24", "192.88.99.0/24",
        "192.168.0.0/16", "192.175.48.0/24", "198.18.0.0/15", "198.51.100.0/24", "203.0.113.0/24",
        "224.0.0.0/4", "240.0.0.0/4",
    )
)  # fmt: skip
_OPEN_6 = ipaddress.IPv6Network("2000::/3")
# Inside it: protocol assignments with Teredo and ORCHID, documentation, 6to4 (which hides an IPv4 address).
_CLOSED_6 = tuple(
    ipaddress.IPv6Network(text)
    for text in ("2001::/23", "2001:db8::/32", "2002::/16", "2620:4f:8000::/48", "3fff::/20")
)
_NAT64 = ipaddress.IPv6Network("64:ff9b::/96")
# Where clouds tell a machine its secrets: never, whatever is allowed. AWS and most others, Aliyun, Azure, Oracle.
_METADATA = frozenset(
    ipaddress.ip_address(text)
    for text in (
        "169.254.169.254", "169.254.170.2", "169.254.170.23", "100.100.100.200", "168.63.129.16",
        "192.0.0.192", "fd00:ec2::254", "fd00:ec2::23", "fd20:ce::254",
    )
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class AddressRules:
    """Public addresses, and private networks that an operator named."""

    allowed: tuple[_Network, ...] = ()

    @classmethod
    def of(cls, networks: Iterable[str]) -> AddressRules:
        """Rules that also allow these networks, such as ``10.2.0.0/16``.

        Raises:
            ValueError: one of them is not a network.
        """
        return cls(tuple(ipaddress.ip_network(text, strict=False) for text in networks))

    def fault(self, address: Address) -> str | None:
        """Why one must not connect to the address; None where one may."""
        inner = _inner(address)
        if address in _METADATA or inner in _METADATA:
            return "it is a cloud's metadata service"
        if any(inner in network for network in self.allowed):
            return None
        if isinstance(inner, ipaddress.IPv4Address):
            closed = any(inner in network for network in _CLOSED_4)
        else:
            closed = inner not in _OPEN_6 or any(inner in network for network in _CLOSED_6)
        return "it is not a public address" if closed else None


def _inner(address: Address) -> Address:
    """The IPv4 address that an IPv6 address stands for (mapped, NAT64), or the address itself."""
    if isinstance(address, ipaddress.IPv6Address):
        if address.ipv4_mapped is not None:
            return address.ipv4_mapped
        if address in _NAT64:
            return ipaddress.IPv4Address(int(address) & 0xFFFFFFFF)
        if address.scope_id is not None:
            return ipaddress.IPv6Address(int(address))
    return address
