"""Refuses connections to addresses that no public feed lives at.

It acts where a socket is made, on the address that will really be connected to. So it also holds for IP
literals, odd spellings such as `0x7f.1`, redirects, and names that change their address between a check
and its use.
"""

from __future__ import annotations

import socket
from collections.abc import Iterable
from ipaddress import (
    IPv4Address,
    IPv4Network,
    IPv6Address,
    IPv6Network,
    ip_address,
    ip_network,
)
from typing import Any

from bot.errors import ConfigError

Address = IPv4Address | IPv6Address
Network = IPv4Network | IPv6Network

REFUSED = 0x5350
"""The `errno` of a refusal. It survives aiohttp's merging of several errors into one, a class does not."""

_NAT64 = IPv6Network("64:ff9b::/96")  # RFC 6052: the last 32 bits are an IPv4 address


class Guard:
    """A `socket_factory` for aiohttp's `TCPConnector` that lets only public addresses through.

    Args:
        exceptions: Private places that are allowed: an address ('10.0.0.7'), a network
            ('10.0.0.0/8') or an address with a port ('127.0.0.1:8099', '[::1]:8099').

    Raises:
        ConfigError: An exception is none of these.
    """

    def __init__(self, exceptions: Iterable[str] = ()) -> None:
        self._exceptions = tuple(_exception(text) for text in sorted(exceptions))

    def allows(self, address: Address, port: int) -> bool:
        """Whether this address is public or an exception."""
        forms = (address, *_embedded(address))
        if any(
            form in network and only in (None, port) for form in forms for network, only in self._exceptions
        ):
            return True
        return all(is_public(form) for form in (_translated(address) or forms))

    def __call__(self, addr_info: tuple[Any, ...]) -> socket.socket:
        """Make the socket for a resolved address, as `socket.getaddrinfo` gives it.

        Raises:
            OSError: With `errno` REFUSED, where the address is not allowed.
        """
        family, kind, protocol, _, sockaddr = addr_info
        host, port = str(sockaddr[0]), int(sockaddr[1])
        if not self.allows(ip_address(host), port):
            raise OSError(REFUSED, f"{host} is not a public address")
        return socket.socket(family=family, type=kind, proto=protocol)


def is_public(address: Address) -> bool:
    """Whether an address is reachable for everybody and belongs to one machine.

    Source: the IANA special-purpose address registries, through `ipaddress`.
    """
    special = (
        address.is_loopback
        or address.is_private
        or address.is_link_local
        or address.is_multicast
        or address.is_reserved
        or address.is_unspecified
        or (isinstance(address, IPv6Address) and address.is_site_local)
    )
    return address.is_global and not special


def _translated(address: Address) -> tuple[Address, ...]:
    """The IPv4 address that an IPv6 address only is another spelling of (mapped, or behind NAT64)."""
    if isinstance(address, IPv6Address) and (address.ipv4_mapped or address in _NAT64):
        return (IPv4Address(int(address) & 0xFFFF_FFFF),)
    return ()


def _embedded(address: Address) -> tuple[Address, ...]:
    """IPv4 addresses that a connection to an IPv6 address may end up at."""
    if isinstance(address, IPv4Address):
        return ()
    tunnels = (address.sixtofour, *(address.teredo or ()))
    return (*_translated(address), *(a for a in tunnels if a is not None))


def _exception(text: str) -> tuple[Network, int | None]:
    clean = text.strip()
    host, port = clean, None
    if clean.startswith("[") and "]" in clean:
        host, _, rest = clean[1:].partition("]")
        port = rest.removeprefix(":") if rest else None
    elif clean.count(":") == 1:
        host, _, port = clean.partition(":")
    try:
        if port is not None and not (port.isascii() and port.isdigit() and 0 < int(port) < 65536):
            raise ValueError("the port must be a number from 1 to 65535")
        if port is not None and "/" in host:
            raise ValueError("a network takes no port")
        return ip_network(host), int(port) if port is not None else None
    except ValueError as e:
        raise ConfigError(
            f"private address {text!r} can't be allowed: {e}; "
            "write an address with a port (127.0.0.1:8099), an address or a network (10.0.0.0/8), not a name"
        ) from e
