"""ONVIF discovery against a responder on the loopback: no packet leaves the machine."""

from __future__ import annotations

import ipaddress
import re
import socket
import struct
import sys
import threading
from collections.abc import Iterator

import pytest

from yanji.configs.errors import YanjiError
from yanji.ingest.discover import FoundCamera, cameras_of, discover

GROUP, PORT = "239.255.255.250", 3702
SCOPE = "onvif://www.onvif.org/"
ANSWER = """<?xml version="1.0" encoding="UTF-8"?>
<e:Envelope xmlns:e="http://www.w3.org/2003/05/soap-envelope"
 xmlns:w="http://schemas.xmlsoap.org/ws/2004/08/addressing"
 xmlns:d="http://schemas.xmlsoap.org/ws/2005/04/discovery"
 xmlns:dn="http://www.onvif.org/ver10/network/wsdl"><e:Header>
<w:MessageID>urn:uuid:answer</w:MessageID><w:RelatesTo>{question}</w:RelatesTo>
<w:To>http://schemas.xmlsoap.org/ws/2004/08/addressing/role/anonymous</w:To>
<w:Action>http://schemas.xmlsoap.org/ws/2005/04/discovery/ProbeMatches</w:Action>
<d:AppSequence InstanceId="1" MessageNumber="1"/></e:Header><e:Body><d:ProbeMatches><d:ProbeMatch>
<w:EndpointReference><w:Address>urn:uuid:camera</w:Address></w:EndpointReference>
<d:Types>dn:NetworkVideoTransmitter</d:Types>
<d:Scopes>onvif://www.onvif.org/name/Gate%20West onvif://www.onvif.org/hardware/X1</d:Scopes>
<d:XAddrs>http://192.0.2.9/onvif/device_service</d:XAddrs><d:MetadataVersion>1</d:MetadataVersion>
</d:ProbeMatch></d:ProbeMatches></e:Body></e:Envelope>"""


@pytest.fixture
def loopback_only(monkeypatch: pytest.MonkeyPatch) -> None:
    """The library asks on no other interface."""
    threaded = pytest.importorskip("wsdiscovery.threaded")

    def addresses(version: int) -> list[ipaddress.IPv4Address]:
        return [ipaddress.IPv4Address("127.0.0.1")] if version == socket.AF_INET else []

    monkeypatch.setattr(threaded, "_getNetworkAddrs", addresses)


@pytest.fixture
def camera() -> Iterator[list[bytes]]:
    """Answers as an ONVIF camera does; gives the questions it was asked."""
    asked: list[bytes] = []
    over = threading.Event()
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as listener:
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        member = struct.pack("4s4s", socket.inet_aton(GROUP), socket.inet_aton("127.0.0.1"))
        try:
            listener.bind((GROUP, PORT))
            listener.setsockopt(socket.IPPROTO_IP, socket.IP_ADD_MEMBERSHIP, member)
        except OSError as error:
            pytest.skip(f"no multicast here: {error}")
        listener.settimeout(0.1)

        def answer() -> None:
            while not over.is_set():
                try:
                    question, asker = listener.recvfrom(65_535)
                except TimeoutError:
                    continue
                number = re.search(rb"MessageID>([^<]+)<", question)
                if b"NetworkVideoTransmitter" in question and number is not None:
                    asked.append(question)
                    listener.sendto(ANSWER.format(question=number[1].decode()).encode(), asker)

        thread = threading.Thread(target=answer)
        thread.start()
        yield asked
        over.set()
        thread.join()


def test_a_camera_of_the_network_is_found(loopback_only, camera):
    before = threading.active_count()
    found = discover(2.0)
    assert camera
    assert found == [
        FoundCamera("192.0.2.9", "http://192.0.2.9/onvif/device_service", "Gate West", "X1", "")
    ]
    assert threading.active_count() == before


def test_packets_of_strangers_hide_no_camera(loopback_only, capfd):
    """One that is not XML, one that is another XML, and one that ends the library's thread."""
    good = ANSWER.format(question="urn:uuid:x")
    packets = [
        b"\xff\x00",
        b"<a/>",
        good.replace('InstanceId="1"', 'InstanceId="abc"').encode(),
        good.replace("urn:uuid:answer", "urn:uuid:later").encode(),
    ]
    over = threading.Event()

    def send() -> None:
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as out:
            out.setsockopt(socket.IPPROTO_IP, socket.IP_MULTICAST_IF, socket.inet_aton("127.0.0.1"))
            while not over.wait(0.2):  # the library ignores what it had already
                for packet in packets:
                    out.sendto(packet, (GROUP, PORT))

    thread = threading.Thread(target=send)
    thread.start()
    try:
        found = discover(2.0)
    except OSError as error:
        pytest.skip(f"no multicast here: {error}")
    finally:
        over.set()
        thread.join()
    assert [one.name for one in found] == ["Gate West"]
    assert capfd.readouterr().err == ""


def test_nobody_there_is_an_empty_list(loopback_only):
    assert discover(0.5) == []


def test_without_the_extra_it_says_which(monkeypatch):
    monkeypatch.setitem(sys.modules, "wsdiscovery", None)
    with pytest.raises(YanjiError) as caught:
        discover(0.5)
    assert "yanji[onvif]" in caught.value.hint


def test_each_address_of_a_camera_is_one():
    found = cameras_of(["http://10.0.0.1/a", "https://[fd00::1]:8443/a"], [f"{SCOPE}name/K01"])
    assert [(one.host, one.name) for one in found] == [("10.0.0.1", "K01"), ("fd00::1", "K01")]


def test_an_answer_of_anybody_is_shown_safely():
    scopes = [f"{SCOPE}name/\x1b[2Jred\u202e{'x' * 500}", "onvif://elsewhere/name/y"]
    addresses = ["http://user:Canary@10.0.0.1/a", "file:///etc/passwd", "http://[", "http://"]
    (found,) = cameras_of(addresses, scopes)
    assert found.service == "http://10.0.0.1/a"
    assert "\x1b" not in found.name
    assert "\u202e" not in found.name
    assert len(found.name) <= 200
