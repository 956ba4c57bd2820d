"""Who is told of, and who is cut off."""

from __future__ import annotations

from twisted.internet.defer import Deferred
from twisted.internet.testing import MemoryReactorClock
from twisted.trial.unittest import SynchronousTestCase

from hesd.config import Listener
from hesd.dialin.errors import PatternError
from hesd.dialin.event import AlarmReceived, Family, Layer
from hesd.dialin.family_h import ACKNOWLEDGEMENT, heartbeat
from hesd.dlms.wrapper import encode_wpdu
from hesd.links import dial_in_listener
from hesd.links.apdu_line import MeterAddress, Push
from hesd.links.dial_in_listener import DialInListener
from tests.links.dial_in_case import ListenerCase, Told
from tests.links.dial_in_words import CLIENT_HELLO, NOTIFICATION, OTHER, SERIAL, acknowledged, beat, login
from tests.links.dlms_meters import push


class Naming(ListenerCase):
    def test_family_w_bytewise(self) -> None:
        caller = self.call(self.listener())
        for frame in (login(), beat()):
            for octet in frame:
                self.assertEqual(caller.taken(), b"")
                caller.say(bytes((octet,)))
            self.assertEqual(caller.taken(), acknowledged(frame))
        self.assertEqual(self.told.kinds, ["identified", "heard"])
        (connection,) = self.told.connections
        self.assertEqual((connection.family, connection.framing), (Family.WRAPPER, Layer.WRAPPER))
        self.assertEqual((connection.listener, connection.address), ("gprs", "10.1.2.3"))
        assert connection.claim is not None
        self.assertEqual((connection.claim.serial, connection.claim.proven), (SERIAL, False))

    def test_the_answer_leaves_before_anything_else(self) -> None:
        caller = self.call(self.listener())
        seen: list[bytes] = []
        self.patch(self.told, "identified", lambda connection: seen.append(caller.taken()))
        caller.say(login())
        self.assertEqual(seen, [acknowledged(login())])

    def test_family_h(self) -> None:
        frame = heartbeat("123456789012", 24, "123456789012").encode()
        for framing in ("wrapper", "hdlc"):
            caller = self.call(self.listener(framing=framing))
            caller.say(frame)
            self.assertEqual(caller.taken(), ACKNOWLEDGEMENT)
            connection = self.told.connections[-1]
            self.assertEqual((connection.family, connection.framing), (Family.HEXCELL, Layer(framing)))
        self.assertEqual(self.told.events[0], ("identified", "123456789012"))

    def test_text_with_and_without_an_end(self) -> None:
        listener = self.listener(pattern=r"SN=(?P<id>\d+)")
        self.call(listener).say(b"SN=46000755036\r\n")
        self.assertEqual(self.told.events, [("identified", SERIAL)])
        self.call(listener).say(b"SN=46000777832")
        self.assertEqual(len(self.told.events), 1)
        self.wait(1)
        self.assertEqual(self.told.events[1:], [("identified", OTHER)])
        with self.assertRaises(PatternError):
            self.listener(pattern="(")

    def test_a_text_that_ends_with_its_connection(self) -> None:
        caller = self.call(self.listener())
        caller.say(SERIAL.encode())
        caller.leave()
        self.assertEqual(self.told.kinds, ["identified", "lost"])

    def test_an_alarm(self) -> None:
        self.call(self.listener()).say(b"E0026000012345678,\x00\x00\x01\x00\x00\xff")
        self.assertEqual(self.told.kinds, ["identified", "alarmed"])
        self.assertIsInstance(self.told.events[1][1], AlarmReceived)

    def test_pushes_on_every_framing(self) -> None:
        listener = self.listener()
        for octets in (encode_wpdu(1, 102, NOTIFICATION), push(16, NOTIFICATION)):
            caller = self.call(listener)
            caller.say(octets)
            caller.leave()
        pushes = [said for kind, said in self.told.events if kind == "pushed"]
        addresses = (MeterAddress(102, 1), MeterAddress(16, 1, None, 1))
        self.assertEqual(pushes, [Push(NOTIFICATION, address) for address in addresses])
        self.assertEqual(self.told.kinds, ["identified", "pushed", "lost"] * 2)
        self.assertEqual([each.framing for each in self.told.connections], [Layer.WRAPPER, Layer.HDLC])
        self.assertEqual(listener.counters.identified, {"push": 2})

    def test_a_concentrator_names_one_meter_after_the_other(self) -> None:
        caller = self.call(self.listener())
        for frame in (login(), login(OTHER), beat(OTHER), beat("0" * 11)):
            caller.say(frame)
        self.assertEqual(
            [event for event in self.told.events if event[0] != "heard"],
            [("identified", SERIAL), ("claimed", OTHER)],
        )

    def test_counters(self) -> None:
        listener = self.listener()
        callers = [self.call(listener) for _ in range(3)]
        callers[0].say(login() + beat())
        callers[1].say(heartbeat("123456789012", 24, "123456789012").encode())
        callers[2].leave()
        counters = listener.counters
        self.assertEqual((counters.accepted, counters.strangers, counters.heartbeats), (3, 1, 1))
        self.assertEqual(counters.identified, {"wrapper": 1, "hexcell": 1})
        self.assertEqual(len(listener.connections), 2)


class Strangers(ListenerCase):
    def test_what_no_meter_says_is_cut_off(self) -> None:
        listener = self.listener()
        for octets, reason in (
            (b"GET / HTTP/1.1\r\nHost: x\r\n\r\n", "not understood"),
            (CLIENT_HELLO, "not understood"),
            (b"\x00\x02\x00\x01\x00\x01\x00\x00", "not understood"),
            (b"\x00\x01\x00\x01\x00\x01\xff\xff", "not understood"),
            (b"SSH-2.0-OpenSSH_9.2\r\n", "not understood"),
            (bytes.fromhex("68aaaaaaaaaaaa681300df16"), "dlt645"),
            (bytes.fromhex("682f2f68"), "mbus"),
        ):
            before = listener.counters.refused.get(reason, 0)
            caller = self.call(listener)
            caller.say(octets)
            self.assertTrue(caller.is_cut_off, octets)
            self.assertEqual(listener.counters.refused[reason], before + 1)
            caller.say(login())
            caller.leave()
        self.assertEqual((self.told.events, len(listener.connections)), ([], 0))
        self.assertEqual(listener.counters.strangers, 7)

    def test_slow_octets_have_thirty_seconds(self) -> None:
        listener = self.listener()
        caller = self.call(listener)
        for octet in login()[:-2]:
            caller.say(bytes((octet,)))
            self.wait(1)
        self.assertFalse(caller.is_cut_off)
        self.wait(30)
        self.assertTrue(caller.is_cut_off)
        self.assertEqual(listener.counters.refused, {"never said who it is": 1})

    def test_families_that_are_not_expected(self) -> None:
        for families, octets in ((["ascii"], push(16, NOTIFICATION)), (["wrapper"], b"46000755036\r\n")):
            caller = self.call(self.listener(families=tuple(families)))
            caller.say(octets)
            self.assertTrue(caller.is_cut_off)

    def test_a_silent_meter_is_told_of_after_its_grace(self) -> None:
        listener = self.listener()
        caller = self.call(listener)
        self.wait(9)
        self.assertEqual(self.told.events, [])
        self.wait(1.5)
        self.assertEqual(self.told.events, [("identified", None)])
        self.assertEqual(
            (self.told.connections[0].family, listener.counters.identified), (None, {"silent": 1})
        )
        self.wait(60)
        self.assertFalse(caller.is_cut_off)
        caller.say(login())
        self.assertEqual(
            self.told.events[1:], [("claimed", SERIAL), ("heard", caller.connection.last_seen_ms)]
        )
        self.assertEqual(self.told.connections[0].family, Family.WRAPPER)

    def test_there_is_no_timer_when_nothing_is_waited_for(self) -> None:
        callers = [self.call(self.listener()) for _ in range(2)]
        callers[0].say(login())
        self.assertEqual(len(self.clock.getDelayedCalls()), 2)
        callers[1].leave()
        self.wait(1)
        self.assertEqual(self.clock.getDelayedCalls(), [])

    def test_only_so_many_at_once_and_from_one_address(self) -> None:
        listener = self.listener(max_connections=3, max_per_address=2)
        callers = [self.call(listener), self.call(listener)]
        address = type("Address", (), {"host": "10.1.2.3", "port": 1})()
        self.assertIsNone(listener.buildProtocol(address))
        self.call(listener, "10.9.9.9")
        self.assertIsNone(listener.buildProtocol(type("Address", (), {"host": "10.8.8.8", "port": 1})()))
        self.assertEqual(listener.counters.refused, {"too many from one address": 1, "full": 1})
        callers[0].leave()
        self.assertIsNotNone(listener.buildProtocol(address))

    def test_only_so_much_is_held_for_all(self) -> None:
        self.patch(dial_in_listener, "_MOST_HELD", 1000)
        listener = self.listener()
        callers = [self.call(listener) for _ in range(3)]
        begun = encode_wpdu(1, 1, bytes(600))[:500]
        for caller in callers:
            caller.say(begun)
        self.assertEqual([caller.is_cut_off for caller in callers], [False, False, True])
        for caller in callers:
            caller.leave()
        again = self.call(listener)
        again.say(begun)
        self.assertFalse(again.is_cut_off)

    def test_one_that_takes_nothing_of_what_is_said(self) -> None:
        listener = self.listener()
        caller = self.call(listener)
        caller.say(login())
        caller.transport.producer.pauseProducing()  # what a transport does whose buffer is full
        self.assertTrue(caller.is_cut_off)
        self.assertEqual(listener.counters.refused, {"slow reader": 1})

    def test_an_observer_that_fails_harms_nobody_else(self) -> None:
        self.patch(self.told, "identified", lambda _connection: [][1])
        caller = self.call(self.listener())
        caller.say(login())
        self.assertEqual(caller.taken(), acknowledged(login()))
        self.assertEqual(len(self.flushLoggedErrors(IndexError)), 1)


class ThePort(SynchronousTestCase):
    def test_a_crowd_fits_in_its_queue_unless_it_is_said_how_much_does(self) -> None:
        reactor = MemoryReactorClock()
        for endpoint in ("tcp:4059:interface=127.0.0.1", "tcp:4060:backlog=20", "unix:/run/hesd/meters"):
            listener = DialInListener(Listener(name="gprs", endpoint=endpoint), Told(), reactor)
            self.successResultOf(Deferred.fromCoroutine(listener.listen()))
        queues = [server[2] for server in (*reactor.tcpServers, *reactor.unixServers)]
        self.assertEqual(queues, [1000, 20, 1000])
