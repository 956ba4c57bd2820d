from __future__ import annotations

from typing import Any

from hypothesis import assume, given, settings
from hypothesis import strategies as st
from pymodbus.framer import FramerRTU
from pymodbus.pdu import DecodePDU
from twisted.trial.unittest import SynchronousTestCase
from umodbus.client.serial.redundancy_check import get_crc

from hesd.modbus.identification import ReadIdentification
from hesd.modbus.pdu import AnyRequest, ReadBits, ReadRegisters, WriteRegister
from hesd.modbus.rtu import (
    Event,
    FrameDiscarded,
    Reason,
    ReplyReader,
    ReplyReceived,
    RequestReader,
    RTUFrame,
    encode_frame,
    is_intact,
)
from tests.modbus.strategies import (
    FRAMING_EXAMPLES,
    bit_reads,
    conversations,
    cut,
    frames,
    places,
    register_reads,
    requests,
    units,
    writes,
)

Talk = tuple[AnyRequest, Any, bytes]
many = settings(max_examples=FRAMING_EXAMPLES)
fixed_length = conversations(st.one_of(register_reads, bit_reads, writes))
ASKED = ReadRegisters(3, 3000, 2)
REPLY = encode_frame(7, ASKED.encode_reply(b"\x43\x66\x33\x34"))


def hear(unit: int, request: AnyRequest, pieces: list[bytes], *, echo: bool = False) -> list[Event]:
    reader = ReplyReader()
    reader.expect(unit, request, echo=echo)
    return [event for piece in pieces for event in reader.feed(piece)] + reader.end()


def replies(events: list[Event]) -> list[ReplyReceived]:
    return [event for event in events if isinstance(event, ReplyReceived)]


def frame_of(event: Event) -> bytes:
    return encode_frame(event.unit, event.pdu) if isinstance(event, ReplyReceived) else event.data


class ReplyProperties(SynchronousTestCase):
    @many
    @given(units, fixed_length, st.lists(st.one_of(st.binary(max_size=12), frames), max_size=4), places)
    def test_the_reply_is_found_among_noise_and_foreign_frames(
        self, unit: int, talk: Talk, before: list[bytes], places: list[int]
    ) -> None:
        request, value, pdu = talk
        planted = [piece for piece in before if not (is_intact(piece) and piece[0] == unit)]
        reply = encode_frame(unit, pdu)
        events = hear(unit, request, cut(b"".join(planted) + reply, places))
        accidents = [e for e in events if is_intact(frame_of(e)) and frame_of(e) not in (*planted, reply)]
        assume(not accidents)
        self.assertEqual(replies(events), [ReplyReceived(unit, pdu)])
        self.assertEqual(request.decode_reply(pdu), value)

    @many
    @given(units, requests, st.lists(st.one_of(st.binary(max_size=20), frames), max_size=6), places, places)
    def test_every_byte_is_accounted_for_and_cuts_do_not_matter(
        self, unit: int, request: AnyRequest, pieces: list[bytes], cuts: list[int], other_cuts: list[int]
    ) -> None:
        stream = b"".join(pieces)
        events = hear(unit, request, cut(stream, cuts))
        self.assertEqual(b"".join(map(frame_of, events)), stream)
        self.assertEqual(events, hear(unit, request, cut(stream, other_cuts)))
        self.assertLessEqual(len(replies(events)), 1)

    @many
    @given(units, requests, st.binary(max_size=700), places)
    def test_random_bytes_give_no_value(
        self, unit: int, request: AnyRequest, noise: bytes, places: list[int]
    ) -> None:
        for reply in replies(hear(unit, request, cut(noise, places))):
            self.assertIn(encode_frame(unit, reply.pdu), noise)

    @given(units, conversations(st.one_of(register_reads, bit_reads)), st.data())
    def test_flipped_bits_never_change_a_value(self, unit: int, talk: Talk, data: st.DataObject) -> None:
        request, _, pdu = talk
        frame = bytearray(encode_frame(unit, pdu))
        last = len(frame) * 8 - 1
        for place in data.draw(st.sets(st.integers(0, last), min_size=1, max_size=3)):
            frame[place // 8] ^= 1 << place % 8
        for reply in replies(hear(unit, request, [bytes(frame)])):
            self.assertTrue(reply.pdu[0] & 0x80, "a damaged reply gave a value")

    @given(units, fixed_length, st.integers(1, 300), places)
    def test_a_reply_that_breaks_off_gives_nothing(
        self, unit: int, talk: Talk, missing: int, places: list[int]
    ) -> None:
        request, _, pdu = talk
        frame = encode_frame(unit, pdu)
        part = frame[: max(0, len(frame) - missing)]
        self.assertEqual(replies(hear(unit, request, cut(part, places))), [])

    @given(units, fixed_length, st.binary(max_size=6), places)
    def test_an_echo_is_not_the_reply(self, unit: int, talk: Talk, tail: bytes, places: list[int]) -> None:
        request, _, pdu = talk
        sent, reply = encode_frame(unit, request.encode()), encode_frame(unit, pdu)
        events = hear(unit, request, cut(sent + reply + tail, places), echo=True)
        self.assertEqual(events[0], ReplyReceived(unit, pdu))
        self.assertEqual(b"".join(map(frame_of, events)), reply + tail)

    @given(units, conversations(st.one_of(register_reads, bit_reads)), places)
    def test_an_echo_nobody_announced_is_told(self, unit: int, talk: Talk, places: list[int]) -> None:
        request, _, pdu = talk
        sent = encode_frame(unit, request.encode())
        assume(pdu != request.encode())
        events = hear(unit, request, cut(sent + encode_frame(unit, pdu), places))
        self.assertEqual(events, [FrameDiscarded(Reason.ECHO, sent), ReplyReceived(unit, pdu)])

    @given(units, fixed_length)
    def test_peers_build_the_same_frame(self, unit: int, talk: Talk) -> None:
        _, _, pdu = talk
        frame = encode_frame(unit, pdu)
        self.assertEqual(FramerRTU(DecodePDU(False)).encode(pdu, unit, 0), frame)
        self.assertEqual(get_crc(frame[:-2]), frame[-2:])
        self.assertTrue(is_intact(frame))
        self.assertFalse(is_intact(frame[:-1] + bytes((frame[-1] ^ 1,))))


class Replies(SynchronousTestCase):
    def heard(self, *pieces: bytes, asked: AnyRequest = ASKED) -> list[tuple[Reason, bytes]]:
        events = hear(7, asked, list(pieces))
        self.assertEqual(replies(events), [])
        return [(event.reason, event.data) for event in events if isinstance(event, FrameDiscarded)]

    def test_reasons(self) -> None:
        damaged = REPLY[:-1] + bytes((REPLY[-1] ^ 1,))
        other_unit = encode_frame(8, ASKED.encode_reply(bytes(4)))
        other_function = encode_frame(7, ReadRegisters(4, 0, 2).encode_reply(bytes(4)))
        longer = encode_frame(7, ReadRegisters(3, 0, 3).encode_reply(bytes(6)))
        shorter = encode_frame(7, ReadRegisters(3, 0, 1).encode_reply(bytes(2)))
        for frame, reason in (
            (damaged, Reason.CRC),
            (other_unit, Reason.WRONG_UNIT),
            (other_function, Reason.WRONG_FUNCTION),
            (longer, Reason.LONG),
            (shorter, Reason.SHORT),
            (REPLY[:-3], Reason.SHORT),
            (b"\x00\xff\x00", Reason.NOISE),
        ):
            self.assertEqual(self.heard(frame), [(reason, frame)])

    def test_a_frame_nobody_waits_for_is_late(self) -> None:
        self.assertEqual(ReplyReader().feed(REPLY), [FrameDiscarded(Reason.LATE, REPLY)])
        events = hear(7, ASKED, [REPLY + REPLY])
        self.assertEqual(events[1:], [FrameDiscarded(Reason.LATE, REPLY)])

    def test_a_late_confirmation_of_another_write_does_not_count(self) -> None:
        old = encode_frame(7, WriteRegister(1, 5).encode_reply())
        self.assertEqual(self.heard(old, asked=WriteRegister(2, 5)), [(Reason.LATE, old)])

    def test_a_refusal_is_a_reply(self) -> None:
        for code in (1, 2, 11, 77):
            self.assertEqual(
                hear(7, ASKED, [encode_frame(7, bytes((0x83, code)))]),
                [ReplyReceived(7, bytes((0x83, code)))],
            )

    def test_a_reply_hidden_behind_a_false_start_is_found_at_the_end(self) -> None:
        reader = ReplyReader()
        reader.expect(7, ASKED)
        false_start = bytes.fromhex("0903fa")  # unit 9 seems to begin a long reply
        self.assertEqual(reader.feed(false_start + REPLY), [])
        self.assertEqual(
            reader.end(),
            [FrameDiscarded(Reason.NOISE, false_start), ReplyReceived(7, REPLY[1:-2])],
        )

    def test_a_frame_inside_a_foreign_frame_is_not_taken_out_of_it(self) -> None:
        foreign = encode_frame(9, ReadRegisters(3, 0, 5).encode_reply(REPLY + b"\0"))
        for pieces in ([foreign], [foreign[:14], foreign[14:]], cut(foreign, list(range(20)))):
            self.assertEqual(self.heard(*pieces), [(Reason.WRONG_UNIT, foreign)])

    def test_a_damaged_reply_is_known_before_the_time_is_out(self) -> None:
        reader = ReplyReader()
        reader.expect(7, ASKED)
        reader.feed(REPLY[:-1])
        self.assertFalse(reader.damaged)
        reader.feed(b"\0")
        self.assertTrue(reader.damaged)
        reader.expect(7, ASKED)
        self.assertFalse(reader.damaged)

    def test_what_came_before_the_request_is_no_part_of_the_reply(self) -> None:
        reader = ReplyReader()
        reader.feed(REPLY[:4])
        reader.expect(7, ASKED)
        self.assertEqual(reader.feed(REPLY[4:]) + reader.end(), [FrameDiscarded(Reason.NOISE, REPLY[4:])])

    def test_a_written_register_is_confirmed_by_its_own_echo(self) -> None:
        frame = encode_frame(7, WriteRegister(1, 5).encode())
        self.assertEqual(hear(7, WriteRegister(1, 5), [frame]), [ReplyReceived(7, frame[1:-2])])
        self.assertEqual(hear(7, WriteRegister(1, 5), [frame], echo=True), [])
        self.assertEqual(len(hear(7, WriteRegister(1, 5), [frame, frame], echo=True)), 1)

    def test_an_echo_that_would_pass_for_bits_is_not_taken_for_them(self) -> None:
        asked = ReadBits(1, 0x0312, 24)
        sent = encode_frame(7, asked.encode())
        with_fitting_length = asked.decode_reply(sent[1:-2])
        self.assertEqual(len(with_fitting_length), 24)
        self.assertEqual(self.heard(sent, asked=asked), [(Reason.ECHO, sent)])

    def test_an_echo_that_was_damaged_on_the_way_costs_nothing(self) -> None:
        sent = bytearray(encode_frame(7, ASKED.encode()))
        sent[3] ^= 4
        events = hear(7, ASKED, [bytes(sent) + REPLY], echo=True)
        self.assertEqual(events[-1], ReplyReceived(7, REPLY[1:-2]))

    def test_units_beyond_the_range_answer_when_they_were_asked(self) -> None:
        frame = encode_frame(255, REPLY[1:-2])
        self.assertEqual(hear(255, ASKED, [frame]), [ReplyReceived(255, REPLY[1:-2])])

    def test_identification_ends_with_its_last_object(self) -> None:
        request = ReadIdentification(1)
        reply = encode_frame(7, request.encode_reply(request.select({0: b"vendor", 1: b"", 2: b"1.0"})))
        self.assertEqual(hear(7, request, cut(reply, list(range(99)))), [ReplyReceived(7, reply[1:-2])])

    def test_a_babbling_line_costs_no_memory(self) -> None:
        reader = ReplyReader()
        reader.expect(7, ASKED)
        discarded = 0
        for _ in range(40):
            for event in reader.feed(b"\x07\x03" * 20_000):
                assert isinstance(event, FrameDiscarded)
                discarded += len(event.data)
        self.assertGreater(discarded, 40 * 40_000 - 600)
        self.assertEqual(replies(reader.feed(REPLY) + reader.end()), [ReplyReceived(7, REPLY[1:-2])])


class Requests(SynchronousTestCase):
    @given(st.lists(st.tuples(st.integers(0, 247), requests), max_size=5), places)
    def test_requests_come_whole_however_they_were_cut(
        self, asked: list[tuple[int, AnyRequest]], places: list[int]
    ) -> None:
        sent = [RTUFrame(unit, request.encode()) for unit, request in asked]
        stream = b"".join(encode_frame(frame.unit, frame.pdu) for frame in sent)
        reader = RequestReader()
        self.assertEqual([f for piece in cut(stream, places) for f in reader.feed(piece)], sent)

    @many
    @given(st.binary(max_size=400), places)
    def test_random_bytes_give_no_request(self, noise: bytes, places: list[int]) -> None:
        reader = RequestReader()
        read = [f for piece in cut(noise, places) for f in reader.feed(piece)] + reader.end()
        for frame in read:
            self.assertIn(encode_frame(frame.unit, frame.pdu), noise)

    def test_a_request_after_noise_is_found(self) -> None:
        frame = encode_frame(7, ReadBits(1, 0, 8).encode())
        self.assertEqual(RequestReader().feed(b"\xff\x00\xff" + frame), [RTUFrame(7, frame[1:-2])])

    def test_silence_ends_a_request_of_unknown_function(self) -> None:
        reader = RequestReader()
        frame = encode_frame(7, b"\x08\x00\x00\xaa\x55")
        self.assertEqual(reader.feed(frame[:-1]), [])
        self.assertEqual(reader.end(), [])
        reader = RequestReader()
        self.assertEqual(reader.feed(frame) + reader.end(), [])
