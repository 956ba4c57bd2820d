"""A conversation that was recorded and saved is had again, on real sockets."""

from __future__ import annotations

from dataclasses import replace
from random import Random
from typing import Any

from twisted.internet import reactor
from twisted.trial.unittest import SynchronousTestCase

from hesd.collect.dlms_spec import DLMSMeterSpec, Secrets
from hesd.collect.session import Session
from hesd.config import Line
from hesd.dlms.access_result import DataAccessResult
from hesd.dlms.acse import AARE, AssociationResult, Context, Diagnostic, Mechanism
from hesd.dlms.descriptor import AttributeDescriptor
from hesd.dlms.get import GetRequestNext, GetRequestNormal
from hesd.dlms.selective_access import EntryDescriptor
from hesd.dlms.wrapper import encode_wpdu
from hesd.driver.cosem import Authentication, Ciphering
from hesd.links.apdu_line import MeterAddress
from hesd.links.dlms_line import DLMSLine
from hesd.links.flight_recorder import FlightRecorder, RecordedFrame
from hesd.links.open_dlms_line import open_dlms_line
from hesd.links.saved_trace import TraceError, read_trace, save_trace
from hesd.model.obis import OBIS
from hesd.sim.dlms_line import DLMSPortLine
from hesd.sim.dlms_plant import DLMSPort
from hesd.sim.replayed_meter import ReplayedClient, replayed
from tests.collect.memory_meter import AK, EK, OURS, PASSWORD, MemoryKeyring
from tests.sim.dlms_case import SMALL, DLMSCase, entry

SERIAL = "46000755036"
PROFILE = AttributeDescriptor(7, OBIS("1.0.99.1.0.255"), 2)
OBJECTS = [
    (AttributeDescriptor(each.class_id, each.obis, each.attribute), None)
    for each in SMALL.objects
    if not each.secret
]


class ReplayCase(DLMSCase):
    timeout = 30
    lines: tuple[DLMSLine, ...] = ()

    def session(self, endpoint: str, framing: str, **spec: Any) -> Session:
        name = f"to {endpoint}"
        line, service = open_dlms_line(
            Line(name=name, endpoint=endpoint, protocol=f"dlms-{framing}"),  # type: ignore[arg-type]
            reactor,
        )
        line.recorder = FlightRecorder(10_000, 32_767)
        service.startService()
        self.addCleanup(service.stopService)
        address = MeterAddress(client=17)
        made = DLMSMeterSpec(
            serial=SERIAL, line=name, driver_name="small", driver=SMALL, address=address,
            authentication=SMALL.authentication, interval=60, slow_interval=900,
        )  # fmt: skip
        self.lines = (*self.lines, line)
        keys = Secrets(password=PASSWORD, encryption_key=EK, authentication_key=AK, own_title=OURS)
        return Session(replace(made, **spec), line.conversation(address), MemoryKeyring(keys), reactor)

    async def up(self) -> DLMSLine:
        line = self.lines[-1]
        while not line.up:
            await self.in_thread(lambda: None)
        return line

    async def recorded(self, framing: str) -> bytes:
        """What a conversation with a simulated meter was, as a file."""
        self.play(dlms=[{"name": "house", "framing": framing, "meters": [entry(SERIAL)]}])
        session = self.session(self.simulator.endpoints["house"], framing)
        line = await self.up()
        self.results = await self.read(session)
        await session.close()
        return save_trace(line.recorder)

    async def read(self, session: Session) -> list[Any]:
        """A list, one of it by itself, and the same in blocks twice."""
        rows = EntryDescriptor(1, 30).access
        found: list[Any] = [await session.get(OBJECTS), await session.get(OBJECTS[:1])]
        return [*found, *[await session.get_long(PROFILE, rows) for _ in range(2)]]

    async def replay(self, saved: bytes) -> Session:
        """A session with the meter of a saved trace."""
        trace = replayed(read_trace(saved))
        tcp = DLMSPort(name="replay", framing=trace.framing, meters=())
        port = DLMSPortLine(tcp, trace.meters, reactor, Random(1))
        port.plug()
        self.addCleanup(port.unplug)
        session = self.session(port.endpoint, trace.framing)
        await self.up()
        return session


class ReplayTests(ReplayCase):
    async def replays(self, framing: str) -> None:
        saved = await self.recorded(framing)
        self.assertGreater(len(self.results[2].octets), 400)
        await self.simulator.stopService()
        session = await self.replay(saved)
        self.assertEqual(await self.read(session), self.results)
        # What was not asked then is refused now, and what was asked is there still.
        (other,) = await session.get([(AttributeDescriptor(1, OBIS("0.0.42.0.0.255"), 2), None)])
        self.assertIsInstance(other, DataAccessResult)
        self.assertEqual(await session.get(OBJECTS[:1]), self.results[1])
        await session.close()

    def test_over_the_wrapper(self) -> Any:
        return self.replays("wrapper")

    def test_over_hdlc(self) -> Any:
        return self.replays("hdlc")

    async def test_one_that_begins_in_the_midst_of_an_association(self) -> None:
        saved = await self.recorded("wrapper")
        await self.simulator.stopService()
        session = await self.replay(saved[saved.index(b"\n", saved.index(b"\n") + 1) + 1 :])
        self.assertEqual(await session.get(OBJECTS[:1]), self.results[1])
        await session.close()

    async def test_a_ciphered_one_cannot_be(self) -> None:
        ways = {"authentication": Authentication.HLS_GMAC, "ciphering": Ciphering.BOTH}
        keys = {"encryption_key": EK.hex(), "authentication_key": AK.hex()}
        self.play(dlms=[{"name": "house", "meters": [entry(SERIAL, **keys, **ways)]}])
        session = self.session(self.simulator.endpoints["house"], "wrapper", **ways)
        line = await self.up()
        await session.get(OBJECTS[:1])
        await session.close()
        with self.assertRaisesRegex(TraceError, "ciphered"):
            replayed(read_trace(save_trace(line.recorder)))


def heard(sent: bool, apdu: bytes) -> RecordedFrame:
    return RecordedFrame(0, sent, encode_wpdu(17, 1, apdu) if sent else encode_wpdu(1, 17, apdu))


def client_of(frames: list[RecordedFrame]) -> ReplayedClient:
    return replayed(frames).meters[1].client(17, Random(1))


FIRST, SECOND = (
    GetRequestNormal(0xC1, AttributeDescriptor(3, OBIS(code), 2)).encode()
    for code in ("1.0.1.8.0.255", "1.0.2.8.0.255")
)
ANSWER = bytes.fromhex("c401c100 0600000001")
LATER = bytes.fromhex("c401c100 0600000002")


class TraceTests(SynchronousTestCase):
    def test_the_same_request_gives_what_came_each_time(self) -> None:
        client = client_of(
            [heard(True, FIRST), heard(False, ANSWER), heard(True, FIRST), heard(False, LATER)]
        )
        self.assertEqual([client.receive(FIRST) for _ in range(3)], [[ANSWER], [LATER], [ANSWER]])

    def test_the_invoke_id_is_that_of_now(self) -> None:
        client = client_of([heard(True, FIRST), heard(False, ANSWER)])
        asked = FIRST[:2] + b"\xc7" + FIRST[3:]
        self.assertEqual(client.receive(asked), [ANSWER[:2] + b"\xc7" + ANSWER[3:]])

    def test_silence_is_replayed_and_strange_requests_are_refused(self) -> None:
        client = client_of([heard(True, FIRST), heard(True, GetRequestNext(0xC1, 1).encode())])
        self.assertEqual(client.receive(FIRST), [])
        self.assertEqual([answer[0] for answer in client.receive(SECOND)], [0xD8])
        self.assertEqual([answer[0] for answer in client.receive(b"\x60\x01")], [0xD8])
        self.assertEqual(client.receive(b""), [])

    def test_other_clients_hear_nothing_of_it(self) -> None:
        trace = replayed([heard(True, FIRST), heard(False, ANSWER)])
        self.assertEqual([each[0] for each in trace.meters[1].client(16, Random(1)).receive(FIRST)], [0xD8])

    def test_pushes_logins_and_pieces_are_no_answers(self) -> None:
        push = bytes.fromhex("0f00000001000101")
        login = encode_wpdu(1, 17, b"\x0a\x02\x0c000000000001")
        client = client_of(
            [
                heard(False, ANSWER),
                heard(True, FIRST),
                RecordedFrame(0, False, login),
                heard(False, push),
                RecordedFrame(0, False, heard(False, LATER).octets[:-1]),
                heard(False, ANSWER),
            ]
        )
        self.assertEqual(client.receive(FIRST), [ANSWER])

    def test_a_high_level_association_cannot_be_replayed(self) -> None:
        aare = AARE(
            Context.LOGICAL_NAMES, AssociationResult.ACCEPTED, Diagnostic.AUTHENTICATION_REQUIRED,
            b"", Mechanism.HLS_MD5, bytes(16),
        )  # fmt: skip
        with self.assertRaisesRegex(TraceError, "challenge"):
            replayed([heard(True, FIRST), heard(False, aare.encode())])

    def test_what_is_no_trace(self) -> None:
        for lines in (
            b"[]",
            b"{}\n",
            b'{"at":"now"}',
            b"\xff",
            b'{"at":"2026-11-20T15:00:00Z","direction":"up"}',
        ):
            with self.assertRaisesRegex(TraceError, "not a saved trace"):
                read_trace(lines)
        with self.assertRaisesRegex(TraceError, "no request"):
            replayed(read_trace(b""))

    def test_a_file_holds_what_was_recorded(self) -> None:
        frames = [RecordedFrame(1_795_107_700_123, True, b"\x7e\xa0"), RecordedFrame(0, False, b"")]
        saved = save_trace(frames)
        self.assertEqual(read_trace(saved), frames)
        self.assertEqual(len(saved.splitlines()), 2)
