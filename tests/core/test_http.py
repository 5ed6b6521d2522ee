"""HTTP to the outside keeps to allowed addresses, and to the name of the server."""

import datetime
import ssl
import threading
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, HTTPServer
from ipaddress import ip_address
from socket import AF_INET, AF_INET6

import pytest
import requests
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec

from ajo.core import http
from ajo.core.errors import SendError


class Handler(BaseHTTPRequestHandler):
    def do_GET(self) -> None:  # noqa: N802
        self.server.asked.append((self.headers["Host"], self.path))
        self.send_response(302 if self.path == "/away" else 200)
        if self.path == "/away":
            self.send_header("Location", self.server.leads_to)
        self.end_headers()
        self.wfile.write(b"hello")

    def log_message(self, *args) -> None:
        pass


@contextmanager
def serving(address: str = "127.0.0.1", tls: ssl.SSLContext | None = None):
    family = AF_INET if ip_address(address).version == 4 else AF_INET6
    with type("Server", (HTTPServer,), {"address_family": family})((address, 0), Handler) as server:
        server.asked, server.leads_to = [], ""
        if tls:
            server.socket = tls.wrap_socket(server.socket, server_side=True)
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield server
        server.shutdown()


def test_a_private_address_is_refused_before_anything_is_sent():
    with serving() as server, pytest.raises(SendError) as refusal:
        http.session().get(f"http://127.0.0.1:{server.server_port}/", timeout=5)

    assert (refusal.value.retry, refusal.value.code) == (False, "private_address")
    assert server.asked == []


def test_an_allowed_host_is_called_by_its_name(settings):
    settings.OUTBOUND_ALLOWED_HOSTS = ["localhost"]
    with serving(http.allowed_addresses("localhost", 80)[0]) as server:
        answer = http.session().get(f"http://localhost:{server.server_port}/a?b=c", timeout=5)

    assert answer.text == "hello"
    assert server.asked == [(f"localhost:{server.server_port}", "/a?b=c")]


def test_a_redirect_leads_to_no_private_address(settings):
    with serving() as server:
        settings.OUTBOUND_ALLOWED_HOSTS = [f"127.0.0.1:{server.server_port}"]
        server.leads_to = "http://169.254.169.254/latest/meta-data"
        with pytest.raises(SendError, match=r"169\.254\.169\.254 is a private address"):
            http.session().get(f"http://127.0.0.1:{server.server_port}/away", timeout=5)

    assert [path for _, path in server.asked] == ["/away"]


@pytest.mark.parametrize(("name", "is_trusted"), [("localhost", True), ("other.example", False)])
def test_a_certificate_must_carry_the_name_that_was_asked_for(settings, data_dir, name, is_trusted):
    settings.OUTBOUND_ALLOWED_HOSTS = ["localhost"]
    certificate = self_signed(data_dir.parent, name)
    tls = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    tls.load_cert_chain(certificate)
    with serving(http.allowed_addresses("localhost", 443)[0], tls) as server:
        url = f"https://localhost:{server.server_port}/"
        if is_trusted:
            assert http.session().get(url, timeout=5, verify=str(certificate)).text == "hello"
        else:
            with pytest.raises(requests.exceptions.SSLError):
                http.session().get(url, timeout=5, verify=str(certificate))


def self_signed(folder, name: str):
    """A file with a key and its certificate for a name."""
    key = ec.generate_private_key(ec.SECP256R1())
    subject = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, name)])
    today = datetime.datetime.now(datetime.UTC)
    certificate = (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(subject)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(today - datetime.timedelta(days=1))
        .not_valid_after(today + datetime.timedelta(days=1))
        .add_extension(x509.SubjectAlternativeName([x509.DNSName(name)]), critical=False)
        .sign(key, hashes.SHA256())
    )
    path = folder / "server.pem"
    private = key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )
    path.write_bytes(private + certificate.public_bytes(serialization.Encoding.PEM))
    return path
