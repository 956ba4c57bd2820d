"""HLS-ECDSA on a real socket, with somebody on the way who changes what the simulated meter says."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any

from msgspec import structs
from twisted.internet import reactor
from twisted.internet.defer import Deferred
from twisted.internet.protocol import ClientFactory, Factory, Protocol, connectionDone
from twisted.python.failure import Failure
from twisted.trial.unittest import TestCase

from hesd.collect.dlms_desk import DLMSDesk
from hesd.collect.dlms_meter import DLMSMeter
from hesd.collect.dlms_spec import DLMSMeterSpec, MeterAddress, Secrets
from hesd.collect.session import AssociationFailed
from hesd.config import Line
from hesd.dlms.acse import AARE, AARQ
from hesd.dlms.action import ActionRequestNormal, ActionResponseNormal
from hesd.dlms.apdu import APDU, decode
from hesd.dlms.data import Data
from hesd.dlms.data_type import DataType
from hesd.dlms.descriptor import AttributeDescriptor
from hesd.dlms.security import Suite
from hesd.dlms.wrapper import WPDU, WPDUReader, encode_wpdu
from hesd.driver.cosem import Authentication
from hesd.links.open_dlms_line import open_dlms_line
from hesd.model.obis import OBIS
from hesd.toml_file import Duration
from tests.collect.memory_meter import OURS, MemoryKeyring
from tests.dlms.signing_pairs import METER_PAIR, OTHER_PAIR, OUR_PAIR
from tests.sim.dlms_case import SMALL, DLMSCase, entry

P256 = Suite.AES_128_P256
ENERGY = AttributeDescriptor(3, OBIS("1.0.1.8.0.255"), 2)
# What the meter's answer becomes, by what the client asked last.
Tampering = Callable[[APDU, APDU], APDU]


class _Onward(Protocol):
    """The relay's side towards the meter."""

    def __init__(self, near: _Near) -> None:
        self._near = near
        self._reader = WPDUReader()

    def connectionMade(self) -> None:
        self._near.reached(self)

    def dataReceived(self, data: bytes) -> None:
        for wpdu in self._reader.feed(data):
            assert isinstance(wpdu, WPDU)
            self._near.answered(wpdu)

    def connectionLost(self, reason: Failure = connectionDone) -> None:
        self._near.transport.loseConnection()


class _Near(Protocol):
    """The relay's side towards the head end."""

    def __init__(self, relay: Relay) -> None:
        self._relay = relay
        self._reader = WPDUReader()
        self._onward: _Onward | None = None
        self._waiting = b""
        self._asked: APDU | None = None

    def connectionMade(self) -> None:
        factory = ClientFactory.forProtocol(lambda: _Onward(self))
        reactor.connectTCP(*self._relay.meter, factory)

    def reached(self, onward: _Onward) -> None:
        self._onward = onward
        onward.transport.write(self._waiting)

    def dataReceived(self, data: bytes) -> None:
        for wpdu in self._reader.feed(data):
            assert isinstance(wpdu, WPDU)
            self._asked = decode(wpdu.apdu)
        if self._onward is None:
            self._waiting += data
        else:
            self._onward.transport.write(data)

    def answered(self, wpdu: WPDU) -> None:
        assert self._asked is not None
        said = self._relay.tamper(self._asked, decode(wpdu.apdu))
        self.transport.write(encode_wpdu(wpdu.source, wpdu.destination, said.encode()))

    def connectionLost(self, reason: Failure = connectionDone) -> None:
        if self._onward is not None:
            self._onward.transport.loseConnection()


class Relay(Factory):
    """Between head end and meter; `tamper` is applied to all the meter says."""

    noisy = False

    def __init__(self, meter: tuple[str, int]) -> None:
        self.meter = meter
        self.tamper: Tampering = lambda _, answer: answer

    def buildProtocol(self, addr: Any) -> _Near:
        return _Near(self)


def signature_in(answer: APDU) -> bytes | None:
    """The proof in a meter's answer to pass 3."""
    returned = answer.response.returned if isinstance(answer, ActionResponseNormal) else None
    value = returned.value if isinstance(returned, Data) else None
    return value if isinstance(value, bytes) else None


def signed_by(octets: bytes, answer: APDU) -> APDU:
    assert isinstance(answer, ActionResponseNormal)
    proof = Data.of(DataType.OCTET_STRING, octets)
    return structs.replace(answer, response=structs.replace(answer.response, returned=proof))


class RelayTests(DLMSCase, TestCase):
    def setUp(self) -> None:
        meter = entry(
            "46000755036", authentication="hls-ecdsa", suite=1,
            meter_signing_key=METER_PAIR[P256].number.hex(), client_public_key=OUR_PAIR[P256].public_pem,
        )  # fmt: skip
        self.play(dlms=[{"name": "house", "meters": [meter]}])
        self.relay = Relay(self.port("house"))
        port = reactor.listenTCP(0, self.relay, interface="127.0.0.1")
        self.addCleanup(port.stopListening)
        endpoint = f"tcp:127.0.0.1:{port.getHost().port}"
        config = Line(name="house", endpoint=endpoint, protocol="dlms-wrapper", timeout=Duration(2.0))
        self.dlms_line, service = open_dlms_line(config, reactor)
        service.startService()
        self.addCleanup(service.stopService)
        self.secrets = Secrets(
            signing_key=OUR_PAIR[P256].number, meter_public_key=METER_PAIR[P256].point, own_title=OURS
        )

    def meter(self) -> DLMSMeter:
        spec = DLMSMeterSpec(
            serial="46000755036", line="house", driver_name="small", driver=SMALL,
            address=MeterAddress(SMALL.client_sap, SMALL.server_sap),
            authentication=Authentication.HLS_ECDSA, suite=1, interval=60, slow_interval=60,
        )  # fmt: skip
        desk = DLMSDesk(
            reactor, MemoryKeyring(self.secrets), on_readings=lambda _: None, on_state=lambda _: None
        )
        made = desk.meter(spec, self.dlms_line, timeout=2.0, retries=0)
        self.addCleanup(lambda: Deferred.fromCoroutine(made.session.close()))
        return made

    async def read(self, tamper: Tampering | None = None) -> str:
        """Why the meter cannot be read, empty where it can."""
        if tamper is not None:
            self.relay.tamper = tamper
        while not self.dlms_line.up:
            wait: Deferred[None] = Deferred()
            reactor.callLater(0.02, wait.callback, None)
            await wait
        session = self.meter().session
        try:
            (value,) = await session.get([(ENERGY, None)])
        except AssociationFailed as failure:
            return str(failure)
        finally:
            await session.close()
        assert isinstance(value, Data)
        return ""

    async def test_what_nobody_changes_is_read(self) -> None:
        heard: list[bytes] = []

        def listen(_: APDU, answer: APDU) -> APDU:
            heard.extend(filter(None, [signature_in(answer)]))
            return answer

        for _ in range(2):
            self.assertEqual(await self.read(listen), "")
        self.assertEqual([len(each) for each in heard], [64, 64])
        self.assertNotEqual(*heard)

    async def test_our_challenge_sent_back(self) -> None:
        def reflect(asked: APDU, answer: APDU) -> APDU:
            if isinstance(asked, AARQ) and isinstance(answer, AARE):
                return structs.replace(answer, authentication=asked.authentication)
            return answer

        self.assertIn("sent our own challenge back", await self.read(reflect))

    async def test_the_signature_of_another_day(self) -> None:
        kept: list[bytes] = []

        def replay(_: APDU, answer: APDU) -> APDU:
            octets = signature_in(answer)
            if octets is None:
                return answer
            kept.append(octets)
            return signed_by(kept[0], answer)

        self.assertEqual(await self.read(replay), "")
        self.assertIn("the signature is not the other side's", await self.read())
        self.assertEqual(len(kept), 2)

    async def test_our_own_signature_sent_back(self) -> None:
        def reflect(asked: APDU, answer: APDU) -> APDU:
            if signature_in(answer) is None or not isinstance(asked, ActionRequestNormal):
                return answer
            assert asked.parameters is not None
            assert isinstance(asked.parameters.value, bytes)
            return signed_by(asked.parameters.value, answer)

        self.assertIn("the signature is not the other side's", await self.read(reflect))

    async def test_another_meters_title_and_challenge(self) -> None:
        for changed, said in (
            ({"responding_ap_title": b"STRANGER"}, "does not take our proof"),
            ({"responding_ap_title": None}, "the other side's system title"),
            ({"authentication": b"x" * 32}, "does not take our proof"),
            ({"authentication": b"x" * 7}, "8 to 64 octets"),
            ({"authentication": None}, "8 to 64 octets"),
        ):

            def tamper(_: APDU, answer: APDU, changed: Any = changed) -> APDU:
                return structs.replace(answer, **changed) if isinstance(answer, AARE) else answer

            self.assertIn(said, await self.read(tamper), changed)

    async def test_a_meter_that_is_another(self) -> None:
        self.secrets = replace(self.secrets, meter_public_key=OTHER_PAIR[P256].point)
        self.assertIn("the signature is not the other side's", await self.read())
        self.secrets = replace(self.secrets, signing_key=None)
        self.assertIn("needs our signing key", await self.read())
