"""Two links, mouth to ear; and one link against frames written by hand."""

from __future__ import annotations

from collections.abc import Callable

from hypothesis import given
from hypothesis import strategies as st
from twisted.trial.unittest import SynchronousTestCase

from hesd.dlms.errors import FrameError, LinkError
from hesd.dlms.hdlc_frame import FrameKind, FrameReader, HDLCFrame
from hesd.dlms.hdlc_link import HDLCLink
from hesd.dlms.hdlc_parameters import decode_parameters, encode_parameters
from hesd.dlms.hdlc_push import PushReader
from hesd.dlms.hdlc_stuffing import StuffedFrameReader, stuff
from hesd.dlms.link import (
    ClosedReason,
    DiscardReason,
    FrameDiscarded,
    LinkClosed,
    LinkEvent,
    LinkOpened,
    LinkParameters,
    PDUReceived,
    PushReceived,
    Role,
)
from tests.dlms.vectors import VECTORS, octets

DEFAULTS = LinkParameters()
CLIENT, SERVER = b"\x21", b"\x03"
parameters = st.builds(
    LinkParameters, st.integers(5, 600), st.integers(5, 600), st.integers(1, 7), st.integers(1, 7)
)
any_frames = st.builds(
    HDLCFrame,
    st.just(CLIENT),
    st.just(SERVER),
    st.integers(0, 255),
    st.binary(max_size=20).map(lambda information: b"\xe6\xe7\x00" + information),
    st.booleans(),
)
Lossy = Callable[[bytes], bytes]


def pair(ours: LinkParameters = DEFAULTS, theirs: LinkParameters = DEFAULTS) -> tuple[HDLCLink, HDLCLink]:
    return HDLCLink(Role.CLIENT, CLIENT, SERVER, ours), HDLCLink(Role.SERVER, SERVER, None, theirs)


def talk(
    client: HDLCLink,
    server: HDLCLink,
    answer: Callable[[bytes], bytes | None] = lambda pdu: None,
    to_server: Lossy = lambda octets: octets,
    to_client: Lossy = lambda octets: octets,
) -> tuple[list[LinkEvent], list[LinkEvent]]:
    """Carry octets between the two until both are silent; what the client and the server heard."""
    heard: tuple[list[LinkEvent], list[LinkEvent]] = ([], [])
    while True:
        request = client.data_to_send()
        for event in server.receive(to_server(request)):
            heard[1].append(event)
            if isinstance(event, PDUReceived) and (reply := answer(event.pdu)) is not None:
                server.send(reply)
        response = server.data_to_send()
        heard[0].extend(client.receive(to_client(response)))
        if not request and not response:
            return heard


def frames(octets: bytes) -> list[HDLCFrame]:
    return [event for event in FrameReader().feed(octets) if isinstance(event, HDLCFrame)]


class ConversationTests(SynchronousTestCase):
    @given(
        parameters,
        parameters,
        st.lists(st.tuples(st.binary(max_size=3000), st.binary(max_size=3000)), max_size=4),
    )
    def test_any_sizes_and_windows(
        self, ours: LinkParameters, theirs: LinkParameters, exchanges: list[tuple[bytes, bytes]]
    ) -> None:
        client, server = pair(ours, theirs)
        client.connect()
        talk(client, server)
        self.assertTrue(client.is_open and server.is_open)
        self.assertEqual(client.parameters.max_info_tx, server.parameters.max_info_rx)
        self.assertEqual(client.parameters.window_rx, server.parameters.window_tx)
        for request, response in exchanges:
            client.send(request)
            heard, by_server = talk(client, server, lambda pdu, r=response: r)
            self.assertEqual(by_server, [PDUReceived(request)])
            self.assertEqual(heard, [PDUReceived(response)])
        client.disconnect()
        self.assertEqual(
            talk(client, server), ([LinkClosed(ClosedReason.RELEASED)], [LinkClosed(ClosedReason.RELEASED)])
        )

    @given(st.integers(1, 7), st.lists(st.integers(0, 3), min_size=40, max_size=40))
    def test_lost_bursts_are_made_good_and_nothing_comes_twice(self, window: int, fate: list[int]) -> None:
        wish = LinkParameters(40, 40, window, window)
        client, server = pair(wish, wish)
        client.connect()
        talk(client, server)
        left = iter(fate)

        def lossy(data: bytes) -> bytes:
            """Now and then a burst is lost, or loses its first frame."""
            luck = next(left, 3)
            if luck == 0:
                return b""
            return data[len(frames(data)[0].encode()) :] if luck == 1 and frames(data) else data

        requests, answers = bytes(range(200)), bytes(reversed(range(250)))
        client.send(requests)
        heard: list[LinkEvent] = []
        served: list[LinkEvent] = []
        for _ in range(120):
            to_client, to_server = talk(client, server, lambda pdu: answers, lossy, lossy)
            heard += to_client
            served += to_server
            if PDUReceived(answers) in heard:
                break
            client.timed_out()
        self.assertEqual([e for e in served if isinstance(e, PDUReceived)], [PDUReceived(requests)])
        self.assertEqual([e for e in heard if isinstance(e, PDUReceived)], [PDUReceived(answers)])

    def test_a_lost_request_to_connect_is_repeated(self) -> None:
        client, server = pair()
        client.connect()
        talk(client, server, to_server=lambda data: b"")
        client.timed_out()
        talk(client, server)
        self.assertTrue(client.is_open)
        client.disconnect()
        talk(client, server, to_client=lambda data: b"")
        client.timed_out()
        heard, _ = talk(client, server)  # the meter has forgotten the link, and says DM
        self.assertEqual(heard, [LinkClosed(ClosedReason.RELEASED)])

    def test_a_meter_that_restarted_says_so(self) -> None:
        client, server = pair()
        client.connect()
        talk(client, server)
        client.send(b"\xc0")
        heard, by_server = talk(client, HDLCLink(Role.SERVER, SERVER, CLIENT))
        self.assertEqual(heard, [LinkClosed(ClosedReason.LOST)])
        self.assertEqual([event.reason for event in by_server], [DiscardReason.UNEXPECTED])

    def test_a_second_connect_resets_the_meter(self) -> None:
        client, server = pair()
        client.connect()
        talk(client, server)
        client.send(b"\xc0")
        talk(client, server, lambda pdu: pdu)
        again = HDLCLink(Role.CLIENT, b"\x23", SERVER)
        again.connect()
        talk(again, server)
        again.send(b"\xc1")
        self.assertEqual(talk(again, server, lambda pdu: pdu)[0], [PDUReceived(b"\xc1")])

    def test_a_slow_meter_is_polled(self) -> None:
        client, server = pair()
        client.connect()
        talk(client, server)
        client.send(b"\xc0")
        talk(client, server)
        client.timed_out()
        self.assertEqual(talk(client, server), ([], []))
        server.send(b"\xc4")
        self.assertEqual(server.data_to_send(), b"")  # not its turn
        client.timed_out()
        self.assertEqual(talk(client, server)[0], [PDUReceived(b"\xc4")])

    def test_a_service_without_answer_gives_the_turn_back(self) -> None:
        client, server = pair()
        client.connect()
        talk(client, server)
        client.send(b"\x0f")
        server.receive(client.data_to_send())
        server.acknowledge()
        self.assertEqual(client.receive(server.data_to_send()), [])
        client.send(b"\xc0")
        self.assertEqual(talk(client, server, lambda pdu: pdu)[0], [PDUReceived(b"\xc0")])


class FaultTests(SynchronousTestCase):
    def setUp(self) -> None:
        self.client, self.server = pair()
        self.client.connect()
        talk(self.client, self.server)

    def reasons(self, link: HDLCLink, *sent: HDLCFrame) -> list[DiscardReason | ClosedReason]:
        events = link.receive(b"".join(frame.encode() for frame in sent))
        return [event.reason for event in events if isinstance(event, FrameDiscarded | LinkClosed)]

    def test_frames_that_are_not_for_us(self) -> None:
        for source, destination in ((b"\x05", CLIENT), (SERVER, b"\x23")):
            frame = HDLCFrame(destination, source, 0x30, b"\xe6\xe7\x00\xc4")
            self.assertEqual(self.reasons(self.client, frame), [DiscardReason.STRANGER])

    def test_sequence_numbers(self) -> None:
        skipped = HDLCFrame(CLIENT, SERVER, 0x12, b"\xe6\xe7\x00\xc4")  # N(S) 1 where 0 is due
        self.assertEqual(self.reasons(self.client, skipped), [DiscardReason.SEQUENCE])
        never_sent = HDLCFrame(CLIENT, SERVER, 0x70, b"\xe6\xe7\x00\xc4")  # N(R) 3
        self.assertEqual(self.reasons(self.client, never_sent), [DiscardReason.SEQUENCE])
        twice = HDLCFrame(CLIENT, SERVER, 0x10, b"\xe6\xe7\x00\xc4")
        self.assertEqual(self.reasons(self.client, twice, twice), [DiscardReason.SEQUENCE])

    def test_llc_and_length(self) -> None:
        bare = HDLCFrame(CLIENT, SERVER, 0x10, b"\xc4\x01\xc1\x00\x00")
        self.assertEqual(self.reasons(self.client, bare), [DiscardReason.LLC])
        small = HDLCLink(Role.CLIENT, CLIENT, SERVER, max_pdu=100)
        small.connect()
        talk(small, HDLCLink(Role.SERVER, SERVER, None))
        long = HDLCFrame(CLIENT, SERVER, 0x10, b"\xe6\xe7\x00" + bytes(101), True)
        self.assertEqual(self.reasons(small, long), [ClosedReason.OVERSIZE])
        self.assertFalse(small.is_open)

    def test_frmr_and_dm_end_the_link(self) -> None:
        for control, reason in ((0x97, ClosedReason.REJECTED), (0x1F, ClosedReason.LOST)):
            self.setUp()
            self.assertEqual(self.reasons(self.client, HDLCFrame(CLIENT, SERVER, control)), [reason])

    def test_dm_refuses_a_connection(self) -> None:
        client, _ = pair()
        client.connect()
        self.assertEqual(self.reasons(client, HDLCFrame(CLIENT, SERVER, 0x1F)), [ClosedReason.REFUSED])

    def test_bad_parameters_do_not_open(self) -> None:
        for field in (
            b"\x81\x80\x04\x05\x01",
            b"\x80\x80\x00",
            b"\x81\x80\x03\x05\x01\x00",
            b"\x81\x80\x02\x05\x00",
        ):
            client, _ = pair()
            client.connect()
            bad = HDLCFrame(CLIENT, SERVER, 0x73, field)
            self.assertEqual(self.reasons(client, bad), [DiscardReason.PARAMETERS], field.hex())
            self.assertFalse(client.is_open)
            with self.assertRaises(FrameError):
                decode_parameters(field)

    def test_an_unknown_frame_is_rejected_by_the_meter(self) -> None:
        self.server.receive(HDLCFrame(SERVER, CLIENT, 0x99).encode())
        (answer,) = frames(self.server.data_to_send())
        self.assertIs(answer.kind, FrameKind.FRMR)
        self.assertEqual(answer.information[0], 0x99)

    def test_busy_holds_back(self) -> None:
        self.client.receive(HDLCFrame(CLIENT, SERVER, 0x15).encode())
        self.client.send(b"\xc0")
        self.assertEqual(self.client.data_to_send(), b"")
        self.client.timed_out()
        self.assertEqual(talk(self.client, self.server, lambda pdu: pdu)[0], [PDUReceived(b"\xc0")])

    def test_requests_out_of_place(self) -> None:
        client, server = pair()
        for request in (lambda: client.send(b"\xc0"), client.disconnect, server.connect):
            with self.assertRaises(LinkError):
                request()
        client.connect()
        with self.assertRaises(LinkError):
            client.connect()

    @given(st.lists(any_frames))
    def test_any_frames_leave_a_link_alive(self, sent: list[HDLCFrame]) -> None:
        client, server = pair()
        client.connect()
        talk(client, server)
        for frame in sent:
            client.receive(frame.encode())
            server.receive(
                HDLCFrame(SERVER, CLIENT, frame.control, frame.information, frame.segmented).encode()
            )
        client.timed_out()
        self.assertIsInstance(client.data_to_send(), bytes)


class ParameterTests(SynchronousTestCase):
    @given(parameters)
    def test_round_trip(self, given_: LinkParameters) -> None:
        self.assertEqual(decode_parameters(encode_parameters(given_)), given_)

    def test_vectors(self) -> None:
        names = [name for name, v in VECTORS.items() if v["layer"] == "hdlc" and "max_info_tx" in v["expect"]]
        self.assertGreater(len(names), 2)
        for name in names:
            (frame,) = frames(octets(name))
            expect, got = VECTORS[name]["expect"], decode_parameters(frame.information)
            for field in ("max_info_tx", "max_info_rx", "window_tx", "window_rx"):
                self.assertEqual(getattr(got, field), expect.get(field, getattr(got, field)), name)

    def test_defaults_and_limits(self) -> None:
        self.assertEqual(decode_parameters(b""), LinkParameters(128, 128, 1, 1))
        self.assertEqual(decode_parameters(bytes.fromhex("81800705020fff060103")), LinkParameters(2030, 3))

    def test_the_smaller_side_wins(self) -> None:
        # L+G E650: it sends up to 128 octets but takes only 62.
        client = HDLCLink(Role.CLIENT, b"\x61", b"\x03", LinkParameters(512, 512, 7, 7))
        client.connect()
        (event,) = client.receive(octets("hdlc-ua-lg-e650"))
        self.assertEqual(event, LinkOpened(LinkParameters(62, 128, 1, 1)))
        client.data_to_send()
        client.send(bytes(200))
        (first,) = frames(client.data_to_send())
        self.assertEqual((len(first.information), first.segmented), (62, True))


class PushTests(SynchronousTestCase):
    def test_vectors(self) -> None:
        pushes = PushReader().feed(octets("push-aidon-list1"))
        self.assertEqual([push.pdu[0] for push in pushes], [0x0F])
        for name in ("push-kaifa-list1-std-datetime", "push-general-glo-auth-enc-hdlc"):
            (push,) = PushReader().feed(octets(name))
            self.assertIn(push.pdu[0], (0x0F, 0xDB))
        reader = PushReader()
        blocks = [push for n in (1, 2, 3) for push in reader.feed(octets(f"push-lg-e450-gbt-{n}-of-3"))]
        self.assertEqual([block.pdu[0] for block in blocks], [0xE0] * 3)

    def test_segments_are_joined_from_ui_and_from_i_frames(self) -> None:
        first, *rest = (octets(f"hdlc-segmented-{n}-of-3") for n in (1, 2, 3))
        expected = bytes.fromhex(VECTORS["hdlc-segmented-3-of-3"]["expect"]["reassembled_apdu"])
        self.assertEqual(PushReader().feed(first + b"".join(rest)), [PushReceived(expected, SERVER, CLIENT)])
        ui = b"".join(
            HDLCFrame(CLIENT, SERVER, 0x13, frame.information, frame.segmented).encode()
            for frame in frames(first + b"".join(rest))
        )
        self.assertEqual(PushReader().feed(ui), [PushReceived(expected, SERVER, CLIENT)])

    def test_a_push_leaves_an_open_link_alone(self) -> None:
        client, server = pair()
        client.connect()
        talk(client, server)
        client.send(b"\xc0")
        push = HDLCFrame(b"\x41", SERVER, 0x13, b"\xe6\xe7\x00\x0f")
        self.assertEqual(client.receive(push.encode()), [PushReceived(b"\x0f", SERVER, b"\x41")])
        self.assertEqual(talk(client, server, lambda pdu: b"\xc4")[0], [PDUReceived(b"\xc4")])

    def test_a_meter_pushes_without_a_link(self) -> None:
        server = HDLCLink(Role.SERVER, SERVER, CLIENT)
        server.send_unnumbered(b"\x0f\x00")
        client = HDLCLink(Role.CLIENT, CLIENT, SERVER)
        self.assertEqual(client.receive(server.data_to_send()), [PushReceived(b"\x0f\x00", SERVER, CLIENT)])

    @given(st.lists(any_frames, min_size=1, max_size=4), st.integers(1, 30))
    def test_octet_stuffing(self, sent: list[HDLCFrame], cut: int) -> None:
        stream = b"".join(b"\x7e" + stuff(frame.encode()[1:-1]) for frame in sent) + b"\x7e"
        reader = StuffedFrameReader()
        pieces = [stream[start : start + cut] for start in range(0, len(stream), cut)]
        self.assertEqual([frame for piece in pieces for frame in reader.feed(piece)], sent)

    def test_a_stuffed_push(self) -> None:
        push = octets("push-aidon-list1")  # it has a 7D inside
        stuffed = b"\x7e" + stuff(push[1:-1]) + b"\x7e"
        self.assertNotEqual(stuffed, push)
        self.assertEqual(PushReader(stuffed=True).feed(stuffed), PushReader().feed(push))
        self.assertEqual(PushReader(stuffed=True).feed(push)[0].reason, DiscardReason.FORMAT)
        self.assertEqual(PushReader(stuffed=True).feed(bytes(5000))[0].reason, DiscardReason.OVERSIZE)

    def test_a_push_is_bounded(self) -> None:
        frame = HDLCFrame(CLIENT, SERVER, 0x13, bytes(60), True).encode()
        events = PushReader(max_pdu=100).feed(frame + frame)
        self.assertEqual([event.reason for event in events], [DiscardReason.OVERSIZE])
        stray = HDLCFrame(CLIENT, SERVER, 0x73).encode()
        self.assertEqual([event.reason for event in PushReader().feed(stray)], [DiscardReason.UNEXPECTED])
