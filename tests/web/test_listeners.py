"""Listeners, strangers and events: over REST, on the feed, in the metrics."""

from __future__ import annotations

from typing import Any

from twisted.internet import reactor
from twisted.internet.defer import Deferred
from twisted.internet.endpoints import TCP4ClientEndpoint, connectProtocol
from twisted.internet.protocol import Protocol
from twisted.internet.task import deferLater

from hesd.config import Listener
from hesd.dialin.family_w import FamilyWFrame, Message
from hesd.dlms.data import Data
from hesd.dlms.data_type import DataType
from hesd.dlms.notification import DataNotification
from hesd.dlms.wrapper import encode_wpdu
from hesd.driver.cosem import Authentication, Ciphering
from hesd.driver.loading import usable
from hesd.model.reading import Source
from hesd.model.stranger import Stranger
from hesd.model.units import Unit
from tests.collect.memory_meter import AK, EK
from tests.collect.push_modem import PushModem, deliver
from tests.collect.real_dlms_case import VOLTAGE
from tests.collect.real_dlms_case import simulated as simulated_push
from tests.store.test_events import event
from tests.web.dlms_world import HEXCELL, PASSWORD, SERIALS, DLMSWorld
from tests.web.test_feed import FeedCase
from tests.web.world import DRIVERS


class ListenerTests(DLMSWorld, FeedCase):
    async def listen(self) -> None:
        await self.head_end.add_listener(self.listener)

    async def test_a_listener_and_what_it_counts(self) -> None:
        self.assertEqual(
            (await self.call("GET", "listeners", role="viewer")).json, {"items": [], "next": None}
        )
        await self.listen()
        (shown,) = (await self.call("GET", "listeners", role="viewer")).json["items"]
        self.assertEqual((shown["name"], shown["endpoint"]), ("gprs", self.listener.endpoint))
        self.assertEqual((shown["connections"], shown["meters"]), (0, 0))
        self.assertEqual((shown["counters"]["accepted"], shown["counters"]["refused"]), (0, {}))
        self.assertEqual((await self.call("GET", "listeners/gprs")).json, shown)
        self.assert_problem(await self.call("GET", "listeners/x"), 404, "not-found")

    async def test_who_connects_is_counted_for_prometheus_and_told_on_the_feed(self) -> None:
        await self.listen()
        client = await self.signed_in("viewer")
        await client.ask(id=1, type="subscribe", topics=["listeners/+"])
        self.announcer.startService()
        self.addCleanup(self.announcer.stopService)
        closed = await self.connect_and_talk_nonsense()
        await closed
        told: Any = {"data": {"counters": {"accepted": 0}}}
        while not told["data"]["counters"]["accepted"]:
            told = await client.next()
        self.assertEqual((told["topic"], told["data"]["name"]), ("listeners/gprs", "gprs"))
        metrics = (await self.call("GET", "/metrics", role=None)).body.decode().splitlines()
        samples = dict(line.rsplit(" ", 1) for line in metrics if not line.startswith("#"))
        self.assertEqual(float(samples['hesd_listener_accepted_total{listener="gprs"}']), 1)
        self.assertEqual(float(samples['hesd_listener_connections{listener="gprs"}']), 0)
        refused = [name for name in samples if name.startswith("hesd_listener_refused_total")]
        self.assertEqual(len(refused), 1, refused)

    async def test_pushes_that_are_not_taken_are_counted(self) -> None:
        meter = SERIALS[0]
        place = {"serial": meter, "driver": HEXCELL, "line": "gprs", "ciphering": "both"}
        self.assertEqual((await self.call("POST", "meters", place)).status, 201)
        await self.listen()
        caller = await connectProtocol(
            TCP4ClientEndpoint(reactor, "127.0.0.1", self.port_of_listener()), Protocol()
        )
        self.addCleanup(caller.transport.abortConnection)
        name = Data.of(DataType.OCTET_STRING, b"HEX" + meter.encode())
        in_clear = DataNotification(1, None, Data.structure(name)).encode()
        caller.transport.write(FamilyWFrame(Message.LOGIN, meter).encode() + encode_wpdu(1, 102, in_clear))
        while not self.head_end.pushes_refused:
            await deferLater(reactor, 0.02)
        metrics = (await self.call("GET", "/metrics", role=None)).body.decode()
        self.assertIn('hesd_pushes_refused_total{reason="security"} 1.0', metrics)

    async def test_a_push_is_known_by_a_title_as_soon_as_that_is_registered(self) -> None:
        meter = SERIALS[0]
        ways: Any = {"authentication": Authentication.HLS_GMAC, "ciphering": Ciphering.BOTH}
        keys = {"encryption_key": EK.hex(), "authentication_key": AK.hex()}
        modem = PushModem(usable(DRIVERS), simulated_push(meter, **keys, **ways))
        place = {"serial": meter, "driver": HEXCELL, "line": "gprs", **ways}
        self.assertEqual((await self.call("POST", "meters", place)).status, 201)
        kept = await self.call("PUT", f"meters/{meter}/keys", {"password": PASSWORD, **keys})
        self.assertEqual(kept.status, 200, kept.body)
        self.listener = Listener(name="gprs", endpoint="tcp:0:interface=127.0.0.1", families=("push",))
        await self.listen()
        await deliver(self.port_of_listener(), modem.frame(meter))
        while not self.head_end.pushes_refused:
            await deferLater(reactor, 0.02)
        metrics = (await self.call("GET", "/metrics", role=None)).body.decode()
        self.assertIn('hesd_pushes_refused_total{reason="unknown title"} 1.0', metrics)
        self.assertEqual(list(self.latest.of(meter)), [])
        title = {"system_title": modem[meter].security.title.hex()}
        self.assertEqual((await self.call("PATCH", f"meters/{meter}", title)).status, 200)
        await deliver(self.port_of_listener(), modem.frame(meter))
        while not self.latest.of(meter):
            await deferLater(reactor, 0.02)
        volts = self.latest.of(meter)[VOLTAGE]
        self.assertEqual((volts.unit, volts.source), (Unit.V, Source.PUSH))

    async def connect_and_talk_nonsense(self) -> Deferred[None]:
        closed: Deferred[None] = Deferred()

        class Stray(Protocol):
            def connectionMade(self) -> None:
                self.transport.write(b"GET / HTTP/1.1\r\n\r\n")

            def connectionLost(self, reason: object = None) -> None:
                closed.callback(None)

        port = int(self.port_of_listener())
        await connectProtocol(TCP4ClientEndpoint(reactor, "127.0.0.1", port), Stray())
        return closed

    def port_of_listener(self) -> int:
        address: Any = self.opened["gprs"].address
        return int(address.port)


class AnnouncedTests(FeedCase):
    async def test_events_and_strangers_are_told(self) -> None:
        client = await self.signed_in("viewer")
        await client.ask(id=1, type="subscribe", topics=["events/+", "quarantine"])
        self.announcer.events([event(code=7)])
        self.announcer.quarantine(
            Stranger(
                family="wrapper", serial="46000999999", address="10.0.0.9", listener="gprs",
                framing="wrapper", at_ms=event().at_ms,
            )
        )  # fmt: skip
        self.hub.flush()
        happened, met = await client.next(), await client.next()
        self.assertEqual((happened["topic"], happened["data"]["code"]), ("events/M1", 7))
        self.assertEqual((met["topic"], met["data"]["serial"]), ("quarantine", "46000999999"))
        self.assertEqual(met["data"]["at"], happened["data"]["at"])
