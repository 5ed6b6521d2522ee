"""Talking to the outside: which addresses may be called at all, and HTTP that keeps to them."""

import ipaddress
import socket
from urllib.parse import urlsplit

import requests
from django.conf import settings
from requests.adapters import HTTPAdapter

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


def session() -> requests.Session:
    """A session that reaches allowed addresses only, redirects included. Give every call its `timeout`."""
    made = requests.Session()
    made.trust_env = False  # the machine's proxies and .netrc are not the marketer's
    for scheme in ("http://", "https://"):
        made.mount(scheme, _GuardedAdapter())
    return made


class _GuardedAdapter(HTTPAdapter):
    """Connects to the address that was checked, while the request and the certificate keep to the name."""

    def send(self, request: requests.PreparedRequest, *args, **kwargs) -> requests.Response:
        request.headers.setdefault("Host", urlsplit(request.url).netloc.rpartition("@")[2])
        return super().send(request, *args, **kwargs)

    def build_connection_pool_key_attributes(self, request, verify, cert=None) -> tuple[dict, dict]:
        where, how = super().build_connection_pool_key_attributes(request, verify, cert)
        name, is_tls = where["host"], where["scheme"] == "https"
        where["host"] = allowed_addresses(name, where["port"] or (443 if is_tls else 80))[0]
        if is_tls:
            how |= {"server_hostname": name, "assert_hostname": name}
        return where, how
