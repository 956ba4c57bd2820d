from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st
from twisted.trial.unittest import SynchronousTestCase

from hesd.dlms.errors import FrameError
from hesd.dlms.hdlc_address import ServerAddress, client_address, server_address_of_serial
from hesd.dlms.hdlc_frame import FrameKind, FrameReader, HDLCFrame, decode_frame
from hesd.dlms.link import DiscardReason, FrameDiscarded
from tests.dlms.vectors import octets, of_layer

_REFUSED = {"hdlc-bad-hcs": DiscardReason.HCS, "hdlc-bad-fcs": DiscardReason.FCS}
addresses = st.one_of(
    st.integers(0, 127).map(client_address),
    st.builds(ServerAddress, st.integers(0, 127), st.integers(0, 127), st.just(2)).map(lambda a: a.octets),
    st.builds(ServerAddress, st.integers(0, 0x3FFF), st.integers(0, 0x3FFF), st.just(4)).map(
        lambda a: a.octets
    ),
)
frames = st.builds(
    HDLCFrame, addresses, addresses, st.integers(0, 255), st.binary(max_size=300), st.booleans()
)
# Bytes that look like parts of frames, so that resynchronisation has something to do.
noise = st.lists(
    st.one_of(st.binary(max_size=6), st.just(b"\x7e"), st.just(b"\x7e\xa0"), st.just(b"\x7e\xa0\x07\x03")),
    max_size=4,
).map(b"".join)


def found(events: list[HDLCFrame | FrameDiscarded]) -> list[HDLCFrame]:
    return [event for event in events if isinstance(event, HDLCFrame)]


class VectorTests(SynchronousTestCase):
    def test_every_frame_of_the_vectors(self) -> None:
        for name, data, expect in of_layer("hdlc"):
            events = FrameReader().feed(data)
            if name in _REFUSED:
                self.assertEqual(
                    next(e.reason for e in events if isinstance(e, FrameDiscarded)), _REFUSED[name]
                )
                self.assertEqual(found(events), [], name)
                continue
            (frame,) = found(events)
            fields = expect["frame"]
            self.assertEqual(frame.destination.hex(), fields["dst"], name)
            self.assertEqual(frame.source.hex(), fields["src"], name)
            self.assertEqual(f"{frame.control:02x}", fields["control"], name)
            self.assertEqual(frame.kind.name, fields["type"], name)
            self.assertEqual(len(frame.information), fields["info_len"], name)
            self.assertEqual(frame.segmented, fields["segmented"], name)
            self.assertEqual(frame.encode(), data, name)
            if "nr" in expect:
                self.assertEqual(frame.receive_sequence, expect["nr"], name)
            if "ns" in expect:
                self.assertEqual(frame.send_sequence, expect["ns"], name)

    def test_one_flag_between_two_frames(self) -> None:
        self.assertEqual(len(found(FrameReader().feed(octets("hdlc-shared-flag")))), 2)

    def test_addresses_of_the_vectors(self) -> None:
        (frame,) = found(FrameReader().feed(octets("hdlc-snrm-4857")))
        self.assertEqual(ServerAddress.from_octets(frame.destination), ServerAddress(1, 17, 2))
        (frame,) = found(FrameReader().feed(octets("hdlc-snrm-gurux-sa0x5794")))
        self.assertEqual(frame.destination, server_address_of_serial(46000755036).octets)


class ReaderTests(SynchronousTestCase):
    @given(st.lists(frames, min_size=1, max_size=4), st.data())
    def test_any_cut_gives_the_same_frames(self, sent: list[HDLCFrame], data: st.DataObject) -> None:
        stream = b"".join(frame.encode() for frame in sent)
        cuts = sorted(data.draw(st.lists(st.integers(0, len(stream)), max_size=8)))
        reader = FrameReader()
        got = []
        for start, end in zip([0, *cuts], [*cuts, len(stream)], strict=True):
            got += reader.feed(stream[start:end])
        self.assertEqual(got, sent)

    @given(st.lists(st.tuples(noise, frames), min_size=1, max_size=3))
    def test_noise_in_front_costs_no_frame(self, mixed: list[tuple[bytes, HDLCFrame]]) -> None:
        # A closing flag and the noise behind it may claim to be a frame that takes the next
        # real one in; its header checksum makes that one in 65536.
        stream = b"".join(before + frame.encode() for before, frame in mixed)
        got = found(FrameReader().feed(stream + b"\x7e"))
        for _, frame in mixed:
            self.assertIn(frame, got)

    @given(st.binary(max_size=400))
    def test_any_bytes_are_frames_or_discarded(self, data: bytes) -> None:
        reader = FrameReader()
        for event in reader.feed(data):
            self.assertIsInstance(event, HDLCFrame | FrameDiscarded)

    @given(frames, st.data())
    def test_one_flipped_bit_is_no_frame(self, frame: HDLCFrame, data: st.DataObject) -> None:
        octets_ = bytearray(frame.encode())
        bit = data.draw(st.integers(8, len(octets_) * 8 - 9))
        octets_[bit // 8] ^= 1 << bit % 8
        self.assertNotIn(frame, FrameReader().feed(bytes(octets_)))

    def test_a_false_header_does_not_make_it_wait(self) -> None:
        frame = HDLCFrame(b"\x21", b"\x03", 0x73)
        events = FrameReader().feed(b"\x7e\xa7\xff\x03\x21\x93\x00\x00" + frame.encode())
        self.assertEqual(found(events), [frame])

    def test_memory_is_bounded(self) -> None:
        reader = FrameReader()
        for _ in range(50):
            reader.feed(b"\x7e\xa7" * 500)
            reader.feed(bytes(1000))
            self.assertLessEqual(len(reader._buffer), 2049)

    def test_a_frame_beyond_the_cap_is_discarded(self) -> None:
        frame = HDLCFrame(b"\x21", b"\x03", 0x10, bytes(200))
        (event, *_) = FrameReader(max_length=100).feed(frame.encode())
        self.assertEqual(event.reason, DiscardReason.OVERSIZE)


class FrameTests(SynchronousTestCase):
    @given(frames)
    def test_round_trip(self, frame: HDLCFrame) -> None:
        self.assertEqual(decode_frame(frame.encode()[1:-1]), frame)

    def test_too_long(self) -> None:
        with self.assertRaises(FrameError):
            HDLCFrame(b"\x21", b"\x03", 0x10, bytes(2040)).encode()

    def test_what_is_no_frame(self) -> None:
        good = HDLCFrame(b"\x21", b"\x03", 0x10, b"abc").encode()[1:-1]
        for bad in (b"", good[:-1], good + b"\x00", b"\xb0" + good[1:], b"\xa0\x03\x02", bytes(20)):
            with self.assertRaises(FrameError):
                decode_frame(bad)

    def test_control_fields(self) -> None:
        for control, kind in ((0x93, "SNRM"), (0x83, "SNRM"), (0x53, "DISC"), (0x73, "UA"), (0x1F, "DM"),
                              (0x0F, "DM"), (0x97, "FRMR"), (0x13, "UI"), (0x03, "UI"), (0x31, "RR"),
                              (0xF5, "RNR"), (0x54, "I"), (0x09, "UNKNOWN"), (0xEF, "UNKNOWN")):  # fmt: skip
            self.assertEqual(HDLCFrame(b"\x21", b"\x03", control).kind, FrameKind[kind], hex(control))


class AddressTests(SynchronousTestCase):
    @given(addresses)
    def test_round_trip(self, field: bytes) -> None:
        self.assertEqual(ServerAddress.from_octets(field).octets, field)

    def test_the_shortest_form_is_taken(self) -> None:
        self.assertEqual(ServerAddress(1).octets, b"\x03")
        self.assertEqual(ServerAddress(1, 17).octets, b"\x02\x23")
        self.assertEqual(ServerAddress(1, 6678).octets, bytes.fromhex("0002682d"))
        self.assertEqual(client_address(16), b"\x21")

    def test_what_is_no_address(self) -> None:
        for field in (b"", b"\x02", b"\x03\x03", b"\x02\x02\x03", bytes(5)):
            with self.assertRaises(FrameError):
                ServerAddress.from_octets(field)
        for address in (
            ServerAddress(1, 0x4000),
            ServerAddress(-1),
            ServerAddress(128, 1, 2),
            ServerAddress(1, 1, 1),
        ):
            with self.assertRaises(FrameError):
                _ = address.octets
        with self.assertRaises(FrameError):
            client_address(128)
        with self.assertRaises(FrameError):
            server_address_of_serial(-1)
