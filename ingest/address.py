"""Which addresses a camera may have: looked up and judged at every connect, then used as judged.

A name in the settings is a promise of its name server, which may change its answer (DNS rebinding)
to a service of this host or of the cloud it runs in. So the address that was judged is the one
that is connected to; nothing looks the name up a second time.

What no camera may ever have is fixed here; an installation can allow less (`CameraRules`).
"""

from __future__ import annotations

import ipaddress
import socket
import threading
from dataclasses import dataclass
from typing import Final

from yanji.configs.errors import UnreachableError
from yanji.configs.networks import SCHEMES, Network, network_of
from yanji.configs.settings import Settings

Address = ipaddress.IPv4Address | ipaddress.IPv6Address

METADATA = frozenset(
    ipaddress.ip_address(text) for text in ("100.100.100.200", "168.63.129.16", "fd00:ec2::254")
)
"""Metadata services of clouds that are not link-local: Alibaba, Azure, AWS over IPv6."""

_THIS_NETWORK = ipaddress.ip_network("0.0.0.0/8")
_NAT64 = ipaddress.ip_network("64:ff9b::/96")


@dataclass(frozen=True, slots=True)
class CameraRules:
    """What an installation allows of what a camera may have at all."""

    networks: tuple[Network, ...] | None = None
    """Where cameras are, this host's loopback only where it is listed; None: anywhere."""
    schemes: frozenset[str] = frozenset(SCHEMES)
    """How they may be spoken to."""

    def allow(self, address: Address) -> bool:
        """Whether `address`, in whatever form it is written, lies in one of the networks."""
        address = plain(address)
        return self.networks is None or any(address in network for network in self.networks)


ANY_CAMERA: Final = CameraRules()
"""Nothing is forbidden but what no camera may have."""


def rules_of(settings: Settings) -> CameraRules:
    """Give what the settings `camera_networks` and `camera_schemes` say."""
    listed = settings.camera_networks
    networks = None if listed is None else tuple(network_of(text) for text in listed)
    return CameraRules(networks, frozenset(settings.camera_schemes))


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


def addresses_of(
    host: str, port: int, timeout_s: float, rules: CameraRules = ANY_CAMERA
) -> list[Address]:
    """Look `host` up; the addresses that a camera may have, in the order of the resolver.

    Raises:
        UnreachableError: no answer in `timeout_s`, no such name, or (code `address`) none of the
            addresses is one that a camera may have, or that `rules` allow.
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
    listed = [address for address in allowed if rules.allow(address)]
    if not listed:
        raise UnreachableError(
            f"{host} leads to {allowed[0]}, which is in none of the networks of cameras",
            hint="if this camera is meant, add its network to camera_networks in yanji.yaml",
            code="address",
        )
    return listed
