"""Who a request comes from when proxies stand in between, and which network that is."""

from __future__ import annotations

from collections.abc import Sequence
from functools import cache
from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network, ip_address, ip_network

from infra.settings import settings

Address = IPv4Address | IPv6Address

# What one subscriber of a fixed line gets, and what a provider hands out to a neighbourhood.
SUBSCRIBER_BITS = {4: 32, 6: 64}
NEIGHBOURHOOD_BITS = {4: 24, 6: 48}


def client_address(peer: str | None, forwarded_for: Sequence[str]) -> Address | None:
    """Return the address nearest to the client that a proxy of ours vouches for.

    Args:
        peer: Who opened the connection.
        forwarded_for: Values of X-Forwarded-For in order. Only what trusted proxies added counts:
            a client can write there what it likes.

    Returns:
        None where there is none, or it is inside our own network and says nothing of a shopper.
    """
    found = nearest_address(peer, forwarded_for)
    return found if found is not None and found.is_global else None


def nearest_address(peer: str | None, forwarded_for: Sequence[str]) -> Address | None:
    """Return the same address where it may be inside our own network too."""
    chain = [part for value in forwarded_for for part in value.split(",")]
    found = _parsed(peer)
    while found is not None and chain and is_trusted(found):
        found = _parsed(chain.pop())
    return found


def subscriber(address: Address) -> str:
    """Return the address as one subscriber's: whole for IPv4, /64 for IPv6, whose phones change the rest."""
    return str(ip_network((address, SUBSCRIBER_BITS[address.version]), strict=False))


def neighbourhood(address: Address) -> str:
    """Return the /24 (IPv4) or /48 (IPv6) around an address."""
    return str(ip_network((address, NEIGHBOURHOOD_BITS[address.version]), strict=False))


def is_trusted(address: Address) -> bool:
    """Say whether an address is a proxy of ours, whose word on who it forwards for is taken."""
    return any(address in network for network in _trusted(settings().trusted_proxies))


@cache
def _trusted(listed: str) -> tuple[IPv4Network | IPv6Network, ...]:
    return tuple(ip_network(part.strip(), strict=False) for part in listed.split(",") if part.strip())


def _parsed(address: str | None) -> Address | None:
    try:
        found = ip_address((address or "").strip())
    except ValueError:
        return None
    mapped = found.ipv4_mapped if isinstance(found, IPv6Address) else None
    return mapped or found
