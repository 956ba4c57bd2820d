from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st
from twisted.trial.unittest import SynchronousTestCase

from hesd.dlms.errors import FrameError, LinkError
from hesd.dlms.link import (
    ClosedReason,
    DiscardReason,
    FrameDiscarded,
    LinkClosed,
    LinkOpened,
    PDUReceived,
    Role,
)
from hesd.dlms.wrapper import WPDU, StreamBroken, WPDUReader, WrapperLink, encode_wpdu
from tests.dlms.vectors import VECTORS, octets, of_layer

wpdus = st.builds(WPDU, st.integers(0, 0xFFFF), st.integers(0, 0xFFFF), st.binary(max_size=300))


class ReaderTests(SynchronousTestCase):
    def test_every_vector(self) -> None:
        for name, data, expect in of_layer("wrapper"):
            (frame,) = WPDUReader().feed(data)
            assert isinstance(frame, WPDU)
            fields = expect["frame"]
            self.assertEqual(frame.source, fields["src_wport"], name)
            self.assertEqual(frame.destination, fields["dst_wport"], name)
            self.assertEqual(len(frame.apdu), fields["length"], name)
            self.assertEqual(frame.encode(), data, name)

    def test_two_frames_byte_by_byte(self) -> None:
        reader = WPDUReader()
        stream = octets("wrapper-two-frames-one-read")
        found = [frame for octet in stream for frame in reader.feed(bytes((octet,)))]
        self.assertEqual(found, WPDUReader().feed(stream))
        self.assertEqual(len(found), VECTORS["wrapper-two-frames-one-read"]["expect"]["frames"])

    def test_streams_out_of_step(self) -> None:
        for name, reason in (
            ("wrapper-bad-version", DiscardReason.VERSION),
            ("wrapper-oversize-length", DiscardReason.OVERSIZE),
        ):
            reader = WPDUReader()
            good = encode_wpdu(1, 16, b"\xc4")
            events = reader.feed(good + octets(name))
            self.assertEqual(events, [WPDU(1, 16, b"\xc4"), StreamBroken(reason, octets(name)[:8])])
            self.assertEqual(reader.feed(good), [])
            self.assertEqual(reader.pending, b"")

    @given(st.lists(wpdus, max_size=5), st.lists(st.integers(0, 1600), max_size=6))
    def test_any_cut_gives_the_same_frames(self, sent: list[WPDU], cuts: list[int]) -> None:
        stream = b"".join(frame.encode() for frame in sent)
        edges = [0, *sorted(min(cut, len(stream)) for cut in cuts), len(stream)]
        reader = WPDUReader()
        got = [frame for i in range(len(edges) - 1) for frame in reader.feed(stream[edges[i] : edges[i + 1]])]
        self.assertEqual(got, sent)

    @given(st.binary(max_size=100))
    def test_any_bytes(self, data: bytes) -> None:
        for event in WPDUReader().feed(data):
            self.assertIsInstance(event, WPDU | StreamBroken)

    def test_too_long_to_send(self) -> None:
        with self.assertRaises(FrameError):
            encode_wpdu(1, 1, bytes(0x10000))


class LinkTests(SynchronousTestCase):
    def test_conversation(self) -> None:
        client, server = WrapperLink(Role.CLIENT, 16, 1), WrapperLink(Role.SERVER, 1, 16)
        with self.assertRaises(LinkError):
            client.send(b"\xc0")
        client.connect()
        (opened,) = client.receive(b"")
        self.assertIsInstance(opened, LinkOpened)
        client.send(b"\xc0")
        client.timed_out()
        self.assertEqual(server.receive(client.data_to_send()), [PDUReceived(b"\xc0")])
        server.send(b"\xc4")
        self.assertEqual(client.receive(server.data_to_send()), [PDUReceived(b"\xc4")])
        client.disconnect()
        self.assertEqual(client.receive(b""), [LinkClosed(ClosedReason.RELEASED)])
        with self.assertRaises(LinkError):
            client.disconnect()

    def test_strangers_and_broken_streams(self) -> None:
        server = WrapperLink(Role.SERVER, 1, 16)
        (event,) = server.receive(encode_wpdu(17, 1, b"\xc0"))
        self.assertEqual(event, FrameDiscarded(DiscardReason.STRANGER, encode_wpdu(17, 1, b"\xc0")))
        events = server.receive(octets("wrapper-bad-version"))
        self.assertEqual(events[-1], LinkClosed(ClosedReason.BROKEN))
        self.assertFalse(server.is_open)
