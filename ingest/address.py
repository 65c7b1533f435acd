"""Which addresses a camera may have: looked up and judged at every connect, then used as judged.

A name in the settings is a promise of its name server, which may change its answer (DNS rebinding)
to a service of this host or of the cloud it runs in. So the address that was judged is the one
that is connected to; nothing looks the name up a second time.
"""

from __future__ import annotations

import ipaddress
import socket
import threading

from yanji.configs.errors import UnreachableError

Address = ipaddress.IPv4Address | ipaddress.IPv6Address

METADATA = frozenset(
    ipaddress.ip_address(text) for text in ("100.100.100.200", "168.63.129.16", "fd00:ec2::254")
)
"""Metadata services of clouds that are not link-local: Alibaba, Azure, AWS over IPv6."""

_THIS_NETWORK = ipaddress.ip_network("0.0.0.0/8")
_NAT64 = ipaddress.ip_network("64:ff9b::/96")


def plain(address: Address) -> Address:
    """Take an IPv4 address out of the IPv6 forms that carry one (mapped, 6to4, NAT64)."""
    if isinstance(address, ipaddress.IPv4Address):
        return address
    if address in _NAT64:
        return ipaddress.IPv4Address(int(address) & 0xFFFFFFFF)
    return address.ipv4_mapped or address.sixtofour or address


def may_be_camera(address: Address, host: str) -> bool:
    """Whether `address`, found for the `host` of a URL, may be connected to.

    Never: unspecified, broadcast and reserved, multicast, link-local, metadata services. Loopback
    only where the URL itself says so, in its usual spelling.
    """
    address = plain(address)
    if address.is_loopback:
        return says_loopback(host)
    return not (
        address.is_unspecified
        or address.is_multicast
        or address.is_link_local
        or address in METADATA
        or (isinstance(address, ipaddress.IPv4Address) and address.is_reserved)
        or (isinstance(address, ipaddress.IPv4Address) and address in _THIS_NETWORK)
    )


def says_loopback(host: str) -> bool:
    """Whether a person who reads `host` sees that it is this machine: localhost, 127.x.x.x, ::1."""
    if host.lower().removesuffix(".") == "localhost":
        return True
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:  # a name, or 2130706433 and other spellings that hide what they are
        return False


def addresses_of(host: str, port: int, timeout_s: float) -> list[Address]:
    """Look `host` up; the addresses that a camera may have, in the order of the resolver.

    Raises:
        UnreachableError: no answer in `timeout_s`, no such name, or (code `address`) none of the
            addresses is one that a camera may have.
    """
    found: list[Address] = []
    failed: list[bool] = []

    def look_up() -> None:
        try:
            infos = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
        except (OSError, UnicodeError):
            failed.append(True)
            return
        # "fe80::1%eth0" is an address and an interface.
        found.extend(ipaddress.ip_address(str(info[4][0]).partition("%")[0]) for info in infos)

    # The resolver knows no time-out of its own. Abandoned, the thread ends with its answer.
    thread = threading.Thread(target=look_up, name=f"look-up-{host}", daemon=True)
    thread.start()
    thread.join(timeout_s)
    if thread.is_alive():
        raise UnreachableError(f"the name {host} is not answered", hint="check the name server")
    if failed or not found:
        raise UnreachableError(f"the name {host} is not known", hint="check the host in the URL")
    allowed = [address for address in dict.fromkeys(found) if may_be_camera(address, host)]
    if not allowed:
        raise UnreachableError(
            f"{host} leads to {found[0]}, which no camera may have",
            hint="write the camera's own address; this host itself is written localhost",
            code="address",
        )
    return allowed
