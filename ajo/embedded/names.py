"""The names and addresses under which this machine may be asked for."""

import socket

import psutil

LOOPBACK = ["localhost", "127.0.0.1", "[::1]"]


def names_of_this_machine(*, with_addresses: bool) -> list[str]:
    """For ALLOWED_HOSTS: loopback only, or also what others on the network may call this machine."""
    if not with_addresses:
        return LOOPBACK
    names = {socket.gethostname(), socket.getfqdn()}
    for entries in psutil.net_if_addrs().values():
        for entry in entries:
            address = entry.address.partition("%")[0]
            if entry.family == socket.AF_INET:
                names.add(address)
            elif entry.family == socket.AF_INET6:
                names.add(f"[{address}]")
    return LOOPBACK + sorted(names - set(LOOPBACK))
