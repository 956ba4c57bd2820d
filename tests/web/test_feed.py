"""The live feed over real WebSockets: who may listen, to what, and what becomes of slow listeners."""

from __future__ import annotations

import json
import socket
from typing import Any

from twisted.internet import reactor
from twisted.internet.task import deferLater

from hesd.collect.meter import MeterState, MeterStatus
from hesd.model.units import Unit
from hesd.store import users
from hesd.web.authentication import SESSION_SECONDS, TICKET_SECONDS
from hesd.web.feed import MAX_MESSAGE
from hesd.web.feed_protocol import AUTH_DEADLINE, MAX_TOPICS
from hesd.web.hub import PERIOD
from hesd.web.outbox import MAX_WAITING_BYTES, PATIENCE
from tests.web.feed_client import FeedClient, open_feed
from tests.web.raw_client import connect
from tests.web.world import PlantCase, WebCase, reading

VOLTAGE, CURRENT = "1.0.32.7.0.255", "1.0.31.7.0.255"
AT = 1_767_261_600_000


class FeedCase(WebCase):
    def setUp(self) -> None:
        super().setUp()
        self.addCleanup(self._all_gone)

    async def open(self) -> FeedClient:
        client = await open_feed(self.port.getHost().port)
        self.addCleanup(self._hang_up, client)
        return client

    async def _hang_up(self, client: FeedClient) -> None:
        client.transport.abortConnection()
        if not client.closed.called:
            await client.closed

    async def _all_gone(self) -> None:
        while self.site.feed.clients:
            await deferLater(reactor, 0)

    async def signed_in(self, role: str = "viewer") -> FeedClient:
        client = await self.open()
        ready = await client.ask(type="auth", token=await self.user(role))
        self.assertEqual(ready["type"], "ready", ready)
        return client

    async def listening(self, *topics: str, role: str = "viewer") -> FeedClient:
        client = await self.signed_in(role)
        answer = await client.ask(id=1, type="subscribe", topics=list(topics))
        self.assertEqual(answer, {"id": 1, "type": "result", "ok": True})
        return client

    def assert_error(self, message: Any, kind: str, id: Any = None, field: str | None = None) -> None:
        self.assertEqual(message["type"], "error", message)
        self.assertEqual(message["error"]["type"], f"/problems/{kind}")
        self.assertEqual(message["id"], id)
        self.assertEqual(message["error"]["field"], field, message)
        self.assertTrue(message["error"]["detail"])


class AdmissionTests(FeedCase):
    async def test_a_token_opens_it(self) -> None:
        client = await self.open()
        ready = await client.ask(type="auth", token=await self.user("viewer"))
        user = {"username": "viewer", "role": "viewer"}
        self.assertEqual(ready, {"type": "ready", "seq": self.hub.seq, "user": user})

    async def test_a_ticket_opens_it_once(self) -> None:
        ticket = (await self.call("POST", "auth/ticket", {}, role="viewer")).json["ticket"]
        self.assertEqual((await (await self.open()).ask(type="auth", ticket=ticket))["type"], "ready")
        again = await self.open()
        self.assert_error(await again.ask(type="auth", ticket=ticket), "not-signed-in")
        self.assertEqual((await again.closed)[0], 1008)

    async def test_a_ticket_is_soon_worth_nothing(self) -> None:
        ticket = (await self.call("POST", "auth/ticket", {}, role="viewer")).json["ticket"]
        self.reactor.advance(TICKET_SECONDS)
        self.assert_error(await (await self.open()).ask(type="auth", ticket=ticket), "not-signed-in")

    async def test_a_ticket_ends_with_its_session(self) -> None:
        ticket = (await self.call("POST", "auth/ticket", {}, role="viewer")).json["ticket"]
        await self.call("POST", "auth/logout", {}, role="viewer")
        self.assert_error(await (await self.open()).ask(type="auth", ticket=ticket), "not-signed-in")

    async def test_who_is_nobody_hears_nothing(self) -> None:
        for message in (
            {"type": "auth", "token": "x"},
            {"type": "auth"},
            {"type": "subscribe", "topics": ["readings/+"]},
        ):
            client = await self.open()
            self.assert_error(await client.ask(**message), "not-signed-in")
            self.assertEqual((await client.closed)[0], 1008)

    async def test_who_says_nothing_is_sent_away(self) -> None:
        client = await self.open()
        self.reactor.advance(AUTH_DEADLINE)
        self.assertEqual((await client.closed)[0], 1008)

    async def test_messages_are_taken_in_their_order(self) -> None:
        client = await self.open()
        client.say(type="auth", token=await self.user("viewer"))
        client.say(id=1, type="subscribe", topics=["alarms"])
        client.say(id=2, type="unsubscribe", topics=["alarms"])
        self.assertEqual([(await client.next()).get("id") for _ in range(3)], [None, 1, 2])

    async def test_it_ends_with_the_session(self) -> None:
        client = await self.listening("readings/+")
        await self.call("POST", "auth/logout", {}, role="viewer")
        self.assertEqual(await client.closed, (1008, "signed out"))

    async def test_it_ends_when_the_user_is_disabled(self) -> None:
        client = await self.listening("readings/+")
        other = await self.signed_in("operator")
        await self.call("PATCH", "users/viewer", {"disabled": True})
        self.assertEqual((await client.closed)[0], 1008)
        self.assertFalse(other.closed.called)

    async def test_it_ends_when_the_session_runs_out(self) -> None:
        client = await self.listening("readings/+")
        self.reactor.advance(SESSION_SECONDS)
        self.assertEqual((await client.closed)[0], 1008)

    async def test_a_stopping_daemon_says_so(self) -> None:
        client = await self.listening("readings/+")
        self.site.drain()
        self.assertEqual((await client.closed)[0], 1001)

    async def test_without_a_websocket_it_says_what_it_is(self) -> None:
        self.assert_problem(await self.call("GET", "feed", role=None), 426, "upgrade-required")
        client = await connect(self.port.getHost().port)
        client.send(b"GET /api/v1/feed HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n")
        answer = (await client.closed).lower()
        self.assertIn(b" 426 upgrade required\r\n", answer)
        self.assertIn(b"\r\nupgrade: websocket\r\n", answer)


class SubscriptionTests(FeedCase):
    async def test_readings_arrive_as_events(self) -> None:
        client = await self.listening("readings/+")
        self.collected([reading("M1", VOLTAGE, AT, 231.5), reading("M1", "1.0.1.8.0.255", AT, 1500, Unit.WH)])
        self.reactor.advance(PERIOD)
        event = await client.next()
        self.assertEqual(
            (event["type"], event["topic"], event["seq"]), ("event", "readings/M1", self.hub.seq)
        )
        self.assertEqual(event["data"]["meter"], "M1")
        self.assertEqual(
            event["data"]["readings"],
            [
                {
                    "obis": VOLTAGE,
                    "quantity": "voltage_l1",
                    "label": "Voltage L1",
                    "value": 231.5,
                    "unit": "V",
                    "quality": "good",
                    "at": "2026-01-01T10:00:00.000Z",
                },
                {
                    "obis": "1.0.1.8.0.255",
                    "quantity": "active_energy_import",
                    "label": "Active energy import",
                    "value": 1.5,
                    "unit": "kWh",
                    "quality": "good",
                    "at": "2026-01-01T10:00:00.000Z",
                },
            ],
        )

    async def test_states_of_meters_arrive(self) -> None:
        client = await self.listening("meters/M1")
        for serial in ("M1", "M2"):
            state = MeterState(serial=serial, status=MeterStatus.OFFLINE, reason="no reply", since_ms=AT)
            self.announcer.state(state)
        self.announcer.state(MeterState(serial="M1", status=MeterStatus.ONLINE, since_ms=AT, last_seen_ms=AT))
        self.reactor.advance(PERIOD)
        first, second = await client.next(), await client.next()
        self.assertEqual(
            first["data"],
            {
                "serial": "M1",
                "status": "offline",
                "reason": "no reply",
                "since": "2026-01-01T10:00:00.000Z",
                "last_seen": None,
                "warning": None,
            },
        )
        self.assertEqual((second["data"]["status"], second["data"]["reason"]), ("online", None))

    async def test_lines_are_told_of_while_somebody_listens(self) -> None:
        self.head_end.add_line(self.lines[0])
        self.addCleanup(self.head_end.stop)
        self.announcer.startService()
        self.addCleanup(self.announcer.stopService)
        before = self.hub.events
        self.reactor.advance(5)
        self.assertEqual(self.hub.events, before)
        client = await self.listening("lines/+")
        self.reactor.advance(2)
        self.reactor.advance(PERIOD)
        event = await client.next()
        self.assertEqual((event["topic"], event["data"]["up"]), ("lines/bus-1", False))

    async def test_what_was_missed_is_replayed(self) -> None:
        self.collected([reading("M1", VOLTAGE, AT, 1.0)])
        since = self.hub.seq
        self.collected([reading("M1", VOLTAGE, AT, 2.0)])
        self.announcer.state(MeterState(serial="M1", since_ms=AT))
        client = await self.signed_in()
        answer = await client.ask(id=7, type="subscribe", topics=["readings/+"], since=since)
        self.assertEqual(answer, {"id": 7, "type": "result", "ok": True})
        self.collected([reading("M1", VOLTAGE, AT, 3.0)])
        self.reactor.advance(PERIOD)
        got = [await client.next(), await client.next()]
        self.assertEqual([event["data"]["readings"][0]["value"] for event in got], [2.0, 3.0])

    async def test_what_is_forgotten_has_to_be_fetched_anew(self) -> None:
        client = await self.signed_in()
        for since in (0, self.hub.seq + 10):
            client.say(id=1, type="subscribe", topics=["readings/+"], since=since)
            self.assertEqual((await client.next())["type"], "result")
            self.assertEqual(await client.next(), {"type": "resync", "seq": self.hub.seq})

    async def test_mistakes_are_explained_and_forgiven(self) -> None:
        client = await self.signed_in()
        too_many = [f"t{n}" for n in range(MAX_TOPICS + 1)]
        for message, kind, id, field in (
            (b"{", "malformed", None, None),
            (b'{"a": ' + b"[" * 30_000, "malformed", None, None),
            ({"type": "shout"}, "invalid", None, "type"),
            ({"id": 3, "type": "subscribe"}, "invalid", 3, "topics"),
            ({"id": 3, "type": "subscribe", "topics": ["a"], "x": 1}, "invalid", 3, "x"),
            ({"id": 3, "type": "subscribe", "topics": ["a b"]}, "invalid", 3, "topics"),
            ({"id": 3, "type": "subscribe", "topics": ["a/#"]}, "invalid", 3, "topics"),
            ({"id": 3, "type": "subscribe", "topics": ["a/+x"]}, "invalid", 3, "topics"),
            ({"id": 3, "type": "subscribe", "topics": ["a/b/c/d"]}, "invalid", 3, "topics"),
            ({"id": 3, "type": "subscribe", "topics": [""]}, "invalid", 3, "topics"),
            ({"id": "x", "type": "subscribe", "topics": too_many[:4000]}, None, "x", None),
            ({"id": "y", "type": "subscribe", "topics": too_many[4000:]}, "too-large", "y", "topics"),
            ({"id": 4, "type": "call", "name": "remote-control", "data": {}}, "forbidden", 4, None),
            ({"id": 4, "type": "call", "name": "remote-load", "data": {}}, "forbidden", 4, None),
            ({"id": 4, "type": "call", "name": "dance"}, "invalid", 4, "name"),
            ({"id": 4, "type": "call", "name": "read-meter", "data": {}}, "forbidden", 4, None),
        ):
            client.sendMessage(message if isinstance(message, bytes) else json.dumps(message).encode())
            answer = await client.next()
            if kind is None:
                self.assertEqual(answer, {"id": id, "type": "result", "ok": True})
            else:
                self.assert_error(answer, kind, id, field)
        client.sendMessage(b"\x00\x01", isBinary=True)
        self.assert_error(await client.next(), "malformed")
        self.assertEqual((await client.ask(id=9, type="unsubscribe", topics=["a"]))["ok"], True)

    async def test_a_message_without_measure_ends_it(self) -> None:
        client = await self.signed_in()
        client.sendMessage(b"x" * (MAX_MESSAGE + 1))
        self.assertEqual((await client.closed)[0], 1009)


class SlowClientTests(FeedCase):
    async def stalled(self, *topics: str) -> FeedClient:
        """A client that has stopped reading, with the connection full."""
        client = await self.listening(*topics, "filler")
        (server,) = self.site.feed.clients
        self.server = server
        # The kernel holds megabytes for a connection unless it is told not to.
        client.transport.socket.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
        server.transport.socket.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, 4096)
        client.transport.pauseProducing()
        for _ in range(500):
            if server._outbox.paused:
                return client
            self.hub.publish("filler", "x" * 200_000)
            self.reactor.advance(PERIOD)
            await deferLater(reactor, 0)
        raise AssertionError("the connection takes everything")

    @property
    def unsent(self) -> int:
        transport = self.server.transport
        return len(transport.dataBuffer) - transport.offset + sum(map(len, transport._tempDataBuffer))

    async def test_it_gets_the_newest_of_each_quantity_and_no_backlog(self) -> None:
        client = await self.stalled("readings/+")
        for number in range(1_000):
            obis = VOLTAGE if number % 2 else CURRENT
            self.collected([reading(f"M{number % 10 // 2}", obis, AT + number, float(number))])
            self.reactor.advance(PERIOD / 100)
        self.assertEqual(self.server._outbox.waiting, 5)
        self.assertLess(self.unsent, MAX_WAITING_BYTES)
        client.transport.resumeProducing()
        got: dict[str, dict[str, float]] = {}
        while len(got) < 5:
            event = await client.next()
            if event["topic"] != "filler":
                values = {shown["obis"]: shown["value"] for shown in event["data"]["readings"]}
                got[event["topic"]] = values
        self.assertEqual(got["readings/M0"], {CURRENT: 990.0, VOLTAGE: 991.0})
        self.assertEqual(got["readings/M4"], {CURRENT: 998.0, VOLTAGE: 999.0})

    async def test_one_that_stays_like_that_is_sent_away_and_may_come_back(self) -> None:
        client = await self.stalled("readings/+")
        seq = self.hub.seq
        self.collected([reading("M1", VOLTAGE, AT, 1.0)])
        self.reactor.advance(PATIENCE)
        self.assertFalse(self.hub.is_wanted("readings/M1"), "nothing is kept for it any more")
        client.transport.resumeProducing()
        self.assertEqual((await client.closed)[0], 1013)
        again = await self.signed_in()
        again.say(id=1, type="subscribe", topics=["readings/+"], since=seq)
        event = (await again.until("event"))[-1]
        self.assertEqual(event["data"]["readings"][0]["value"], 1.0)

    async def test_one_that_does_not_read_is_not_read_either(self) -> None:
        client = await self.stalled()
        for number in range(20_000):
            client.say(id=number, type="subscribe", topics=["x" * 100])
        for _ in range(20):
            await deferLater(reactor, 0)
        self.assertLess(len(self.server._pending), 2_000)
        self.assertLess(self.unsent, MAX_WAITING_BYTES)
        self.assertLess(sum(map(len, self.server._outbox._replies)), MAX_WAITING_BYTES)

    async def test_others_do_not_notice(self) -> None:
        await self.stalled("readings/+")
        quick = await self.listening("readings/+")
        for number in range(100):
            self.collected([reading("M1", VOLTAGE, AT, float(number))])
        self.reactor.advance(PERIOD)
        got = [(await quick.next())["data"]["readings"][0]["value"] for _ in range(100)]
        self.assertEqual(got, [float(number) for number in range(100)])


class CallTests(PlantCase, FeedCase):
    async def test_read_meter_gives_the_job_and_then_its_steps(self) -> None:
        meter = {"serial": "S1", "driver": "eastron-sdm630", "line": "house", "unit_id": 1}
        await self.call("POST", "meters", meter)
        client = await self.signed_in("operator")
        data = {"meterSerialNumber": "S1", "obisCode": "1-0:32.7.0.255"}
        client.say(id=2, type="call", name="read-meter", data=data)
        messages = await client.until("result")
        answer = messages[-1]
        self.assertEqual((answer["id"], answer["ok"]), (2, True))
        job = answer["job"]
        self.assertEqual(
            (job["meter"], job["user"], job["arguments"]), ("S1", "operator", {"obis": [VOLTAGE]})
        )
        states = []
        while not states or states[-1] not in ("confirmed", "failed"):
            event = await client.next()
            self.assertEqual(event["topic"], f"jobs/{job['id']}")
            states.append(event["data"]["state"])
        self.assertEqual(states[-1], "confirmed")
        self.assertEqual(event["data"]["result"][0]["obis"], VOLTAGE)

    async def test_what_cannot_be_read_is_said(self) -> None:
        client = await self.signed_in("operator")
        for data, kind, field in (
            ({"meterSerialNumber": "S9", "obisCode": "1-0:32.7.0"}, "not-found", None),
            ({"meterSerialNumber": "S1", "obisCode": "volts"}, "invalid", "obisCode"),
            ({"meterSerialNumber": "S1"}, "invalid", "obisCode"),
        ):
            answer = await client.ask(id=2, type="call", name="read-meter", data=data)
            self.assert_error(answer, kind, 2, field)


class TicketTests(FeedCase):
    async def test_disabling_a_user_takes_his_tickets_though_nobody_remembers_his_session(self) -> None:
        ticket = (await self.call("POST", "auth/ticket", {}, role="viewer")).json["ticket"]
        self.app.authentication._known.clear()
        await self.db.write(users.change, "viewer", 0, disabled=True)
        self.app.authentication.end_user("viewer", "disabled")
        self.assert_error(await (await self.open()).ask(type="auth", ticket=ticket), "not-signed-in")
