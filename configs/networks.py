"""Where cameras may be and how they may be spoken to: networks and schemes of the settings."""

from __future__ import annotations

import ipaddress
from typing import Annotated, Final, Literal, get_args

from pydantic import AfterValidator, Field

Network = ipaddress.IPv4Network | ipaddress.IPv6Network

CameraScheme = Literal["rtsp", "rtsps", "http", "https"]
SCHEMES: Final[tuple[CameraScheme, ...]] = get_args(CameraScheme)

_CARRYING_IPV4: Final = tuple(
    ipaddress.IPv6Network(text) for text in ("::ffff:0:0/96", "64:ff9b::/96", "2002::/16")
)
"""Forms of IPv6 that carry an IPv4 address, which is what is judged."""


def network_of(text: str) -> Network:
    """Read `10.20.0.0/16`, `fd12:3456::/32` or a single address.

    Raises:
        ValueError: it is none; the message says what to write.
    """
    try:
        network = ipaddress.ip_network(text)
    except ValueError:
        try:
            meant = ipaddress.ip_network(text, strict=False)
        except ValueError:
            raise ValueError("must be a network like 10.20.0.0/16 or fd12:3456::/32.") from None
        raise ValueError(
            f"has bits behind its prefix: write {meant} or the address alone."
        ) from None
    if isinstance(network, ipaddress.IPv6Network) and any(
        network.subnet_of(form) for form in _CARRYING_IPV4
    ):
        raise ValueError("is IPv4 in the form of IPv6: write the IPv4 network.")
    return network


def _network(text: str) -> str:
    return str(network_of(text.strip()))


CameraNetwork = Annotated[str, AfterValidator(_network), Field(min_length=2, max_length=64)]
