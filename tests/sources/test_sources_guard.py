"""Fault 33: no feed can make us connect to a private address."""

import socket
from ipaddress import ip_address

import pytest

from bot.errors import ConfigError
from bot.sources.guard import REFUSED, Guard, is_public


@pytest.mark.parametrize(
    "address",
    [
        "127.0.0.1",
        "127.255.255.254",
        "0.0.0.0",
        "10.1.2.3",
        "172.16.0.1",
        "192.168.1.1",
        "169.254.169.254",
        "100.64.0.1",
        "192.0.0.1",
        "192.0.2.1",
        "198.18.0.1",
        "224.0.0.1",
        "240.0.0.1",
        "255.255.255.255",
        "::",
        "::1",
        "::7f00:1",
        "::ffff:127.0.0.1",
        "::ffff:10.0.0.1",
        "fe80::1",
        "fe80::1%lo",
        "fec0::1",
        "fc00::1",
        "fd12:3456::1",
        "ff02::1",
        "2001:db8::1",
        "2002:7f00:1::",
        "2002:a00:1::1",
        "64:ff9b::7f00:1",
        "64:ff9b::a9fe:a9fe",
        "64:ff9b:1::1",
        "2001:0:7f00:1::",
    ],
)
def test_the_guard_refuses_a_private_address_fault_33(address):
    assert not Guard().allows(ip_address(address), 80)


@pytest.mark.parametrize(
    "address",
    ["8.8.8.8", "93.184.216.34", "2606:2800:220:1::1", "::ffff:8.8.8.8", "64:ff9b::808:808"],
)
def test_the_guard_lets_a_public_address_through(address):
    assert Guard().allows(ip_address(address), 443)


@pytest.mark.parametrize(
    ("exception", "address", "port", "allowed"),
    [
        pytest.param("127.0.0.1:8099", "127.0.0.1", 8099, True, id="address and port"),
        pytest.param("127.0.0.1:8099", "127.0.0.1", 80, False, id="another port"),
        pytest.param("127.0.0.1:8099", "127.0.0.2", 8099, False, id="another address"),
        pytest.param("127.0.0.1:8099", "::ffff:127.0.0.1", 8099, True, id="mapped into IPv6"),
        pytest.param("10.0.0.0/8", "10.200.0.1", 1, True, id="inside the network"),
        pytest.param("10.0.0.0/8", "11.0.0.1", 80, True, id="public anyway"),
        pytest.param("10.0.0.0/8", "192.168.0.1", 80, False, id="outside the network"),
        pytest.param("[::1]:8099", "::1", 8099, True, id="IPv6 and port"),
        pytest.param("::1", "::1", 5, True, id="IPv6, any port"),
        pytest.param(" 192.168.7.7 ", "192.168.7.7", 5, True, id="an address with blanks around"),
    ],
)
def test_an_exception_opens_exactly_its_place(exception, address, port, allowed):
    assert Guard({exception}).allows(ip_address(address), port) is allowed


@pytest.mark.parametrize(
    "exception",
    [
        "rsshub:1200",
        "localhost",
        "",
        "10.0.0.0/8:80",
        "10.0.0.1/8",
        "127.0.0.1:0",
        "127.0.0.1:99999",
        "127.0.0.1:",
        "[::1",
    ],
)
def test_an_unreadable_exception_is_a_setting_error_that_says_what_to_write(exception):
    with pytest.raises(ConfigError, match="write an address with a port") as caught:
        Guard({exception})
    assert repr(exception) in str(caught.value)


def test_a_socket_is_made_only_for_an_allowed_address_fault_33():
    guard = Guard()
    with pytest.raises(OSError, match="not a public address") as caught:
        guard((socket.AF_INET, socket.SOCK_STREAM, 6, "", ("127.0.0.1", 80)))
    assert caught.value.errno == REFUSED
    made = guard((socket.AF_INET6, socket.SOCK_STREAM, 6, "", ("2606:2800:220:1::1", 80, 0, 0)))
    with made:
        assert made.family is socket.AF_INET6


def test_public_and_private_differ():
    assert is_public(ip_address("1.1.1.1"))
    assert not is_public(ip_address("10.0.0.1"))
