"""Talking to the outside: which addresses may be called at all."""

import ipaddress
import socket

from django.conf import settings

from ajo.core.errors import SendError


def allowed_addresses(host: str, port: int) -> list[str]:
    """The addresses of a host that may be connected to, resolved once so that what was checked is what is called.

    Private, loopback and link-local addresses are refused (a marketer must not reach what stands beside the
    server), unless the operator names the host in OUTBOUND_ALLOWED_HOSTS.
    """
    try:
        found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
    except OSError as error:
        raise SendError(f"{host} cannot be resolved: {error}", retry=True, code="dns") from error
    addresses = list(dict.fromkeys(info[4][0] for info in found))
    if host in settings.OUTBOUND_ALLOWED_HOSTS or f"{host}:{port}" in settings.OUTBOUND_ALLOWED_HOSTS:
        return addresses
    public = [address for address in addresses if ipaddress.ip_address(address).is_global]
    if not public:
        raise SendError(
            f"{host} is a private address. An operator may allow it through OUTBOUND_ALLOWED_HOSTS.",
            retry=False,
            code="private_address",
        )
    return public
