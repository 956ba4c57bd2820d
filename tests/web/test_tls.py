"""The same site behind TLS: HTTP/2 for requests, HTTP/1.1 for the feed."""

from __future__ import annotations

import datetime
from pathlib import Path
from typing import Any

import httpx
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID
from twisted.internet import reactor, ssl
from twisted.internet.endpoints import TCP4ClientEndpoint, serverFromString, wrapClientTLS
from twisted.internet.threads import deferToThread

from hesd.web.hub import PERIOD
from hesd.web.limits import MAX_BODY
from tests.web.feed_client import FeedClient, feed_factory
from tests.web.test_feed import FeedCase
from tests.web.world import reading


def certificate(folder: Path) -> tuple[Path, Path]:
    """A key and a certificate for localhost, signed by itself."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "localhost")])
    now = datetime.datetime.now(datetime.UTC)
    signed = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(1)
        .not_valid_before(now - datetime.timedelta(days=1))
        .not_valid_after(now + datetime.timedelta(days=1))
        .add_extension(x509.SubjectAlternativeName([x509.DNSName("localhost")]), critical=False)
        .sign(key, hashes.SHA256())
    )
    files = folder / "key.pem", folder / "cert.pem"
    form = serialization.PrivateFormat.PKCS8
    files[0].write_bytes(key.private_bytes(serialization.Encoding.PEM, form, serialization.NoEncryption()))
    files[1].write_bytes(signed.public_bytes(serialization.Encoding.PEM))
    return files


class TLSTests(FeedCase):
    async def setUp(self) -> None:
        super().setUp()
        key, cert = certificate(self.folder)
        endpoint = serverFromString(reactor, f"ssl:0:interface=127.0.0.1:privateKey={key}:certKey={cert}")
        self.tls_port = await endpoint.listen(self.site)
        self.addCleanup(self.tls_port.stopListening)

    async def fetch(self, method: str, path: str, *, http2: bool, **arguments: Any) -> httpx.Response:
        token = await self.user("admin")

        def go() -> httpx.Response:
            headers = {"Authorization": f"Bearer {token}", **arguments.pop("headers", {})}
            with httpx.Client(http2=http2, verify=False, timeout=20) as client:
                url = f"https://127.0.0.1:{self.tls_port.getHost().port}/api/v1/{path}"
                return client.request(method, url, headers=headers, **arguments)

        answer: httpx.Response = await deferToThread(go)
        return answer

    async def test_both_versions_of_http_are_spoken(self) -> None:
        for http2, version in ((True, "HTTP/2"), (False, "HTTP/1.1")):
            answer = await self.fetch("GET", "auth/me", http2=http2)
            self.assertEqual((answer.http_version, answer.json()["username"]), (version, "admin"))

    async def test_limits_hold_in_http2(self) -> None:
        answer = await self.fetch("POST", "meters", http2=True, content=b"x" * (MAX_BODY + 1))
        self.assertEqual((answer.status_code, answer.json()["type"]), (413, "/problems/too-large"))
        columns = ("serial", "name", "brand", "model", "equipment", "room", "panel")
        rows = [f"M{number}" + f",{'x' * 190}" * 6 for number in range(1_000)]
        table = "\n".join((",".join(columns), *rows)).encode()
        self.assertGreater(len(table), MAX_BODY)
        headers = {"Content-Type": "text/csv"}
        answer = await self.fetch("POST", "meters/import", http2=True, content=table, headers=headers)
        self.assertEqual(answer.json()["created"], 1_000)

    async def test_history_streams_over_http2(self) -> None:
        await self.call("POST", "meters", {"serial": "M1"})
        now = int(self.reactor.seconds() * 1000)
        await self.store([reading("M1", "1.0.32.7.0.255", now - n, 230.0) for n in range(20_000)])
        path = "meters/M1/readings?obis=1-0:32.7.0"
        answer = await self.fetch("GET", path, http2=True, headers={"Accept": "text/csv"})
        self.assertEqual(len(answer.text.splitlines()), 20_001)

    async def test_the_feed_works_behind_tls(self) -> None:
        port = self.tls_port.getHost().port
        endpoint = wrapClientTLS(
            ssl.CertificateOptions(verify=False), TCP4ClientEndpoint(reactor, "127.0.0.1", port)
        )
        client: FeedClient = await endpoint.connect(feed_factory(f"wss://127.0.0.1:{port}/api/v1/feed"))
        self.addCleanup(self._hang_up, client)
        await client.opened
        await client.ask(type="auth", token=await self.user("viewer"))
        await client.ask(id=1, type="subscribe", topics=["readings/+"])
        self.collected([reading("M1", "1.0.32.7.0.255", 1, 231.5)])
        self.reactor.advance(PERIOD)
        self.assertEqual((await client.next())["topic"], "readings/M1")
