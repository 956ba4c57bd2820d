"""Frames of data sheets and of independent programs; each names its source in the file."""

from __future__ import annotations

import json
import struct
from pathlib import Path
from typing import Any

from twisted.trial.unittest import SynchronousTestCase

from hesd.modbus.errors import BadRequest, MeterException
from hesd.modbus.mbap import MBAPReader
from hesd.modbus.pdu import (
    ReadIdentification,
    ReadRegisters,
    WriteRegister,
    WriteRegisters,
    decode_request,
)
from hesd.modbus.rtu import (
    FrameDiscarded,
    Reason,
    ReplyReader,
    ReplyReceived,
    RequestReader,
    encode_frame,
    is_intact,
)

VECTORS: list[dict[str, Any]] = json.loads(
    (Path(__file__).parent.parent / "data" / "modbus_vectors.json").read_text(encoding="utf-8")
)


def vector(name: str) -> tuple[bytes, dict[str, Any]]:
    (found,) = (entry for entry in VECTORS if entry["name"] == name)
    return bytes.fromhex(found["hex"]), found["expect"]


def named(ending: str) -> list[tuple[bytes, dict[str, Any]]]:
    return [vector(entry["name"]) for entry in VECTORS if entry["name"].endswith(ending)]


class RTUVectors(SynchronousTestCase):
    def test_every_intact_frame_has_a_good_crc(self) -> None:
        for entry in VECTORS:
            if entry["layer"] == "modbus-rtu":
                frame = bytes.fromhex(entry["hex"])
                self.assertEqual(is_intact(frame), entry["name"] != "rtu-bad-crc", entry["name"])
                self.assertEqual(encode_frame(frame[0], frame[1:-2])[:-2], frame[:-2])

    def test_requests_mean_what_the_source_says(self) -> None:
        seen = 0
        for entry in VECTORS:
            frame, expect = vector(entry["name"])
            if entry["layer"] != "modbus-rtu" or not entry["name"].endswith("-req"):
                continue
            seen += 1
            (read,) = RequestReader().feed(frame)
            request = decode_request(read.pdu)
            self.assertEqual(request.encode(), read.pdu)
            if isinstance(request, ReadRegisters):
                self.assertEqual((request.function, request.address), (expect["fc"], expect["start"]))
                self.assertEqual(request.count, expect.get("count", request.count))
            elif isinstance(request, ReadIdentification):
                self.assertEqual(request, ReadIdentification(1, 0))
            else:
                self.assertEqual((read.unit, request.function), (expect.get("unit", 1), expect["fc"]))
        self.assertGreaterEqual(seen, 10)

    def test_replies_give_their_registers(self) -> None:
        seen = 0
        for frame, expect in named("-resp"):
            if "registers" not in expect or frame[0] == 0 or frame[1] == 0:
                continue
            request = ReadRegisters(frame[1], 0, len(expect["registers"]))
            reader = ReplyReader()
            reader.expect(frame[0], request)
            (reply,) = reader.feed(frame)
            assert isinstance(reply, ReplyReceived)
            data = request.decode_reply(reply.pdu)
            self.assertEqual(list(struct.unpack(f">{len(data) // 2}H", data)), expect["registers"])
            seen += 1
        self.assertGreaterEqual(seen, 7)

    def test_writes_mean_what_the_source_says(self) -> None:
        frame, expect = vector("sdm630-write-demand-period-req")
        data = struct.pack(">f", expect["float32"])
        self.assertEqual(decode_request(frame[1:-2]), WriteRegisters(expect["start"], data))
        frame, expect = vector("write-single-6-req")
        self.assertEqual(decode_request(frame[1:-2]), WriteRegister(expect["start"], expect["registers"][0]))

    def test_a_write_is_confirmed(self) -> None:
        request_frame, _ = vector("sdm630-write-demand-period-req")
        reply_frame, _ = vector("sdm630-write-demand-period-resp")
        request = decode_request(request_frame[1:-2])
        self.assertIsNone(request.decode_reply(reply_frame[1:-2]))

    def test_exceptions_have_their_names(self) -> None:
        for frame, expect in (vector(x["name"]) for x in VECTORS if "exception-fc3" in x["name"]):
            with self.assertRaises(MeterException) as caught:
                ReadRegisters(3, 0, 1).decode_reply(frame[1:-2])
            self.assertEqual(
                (caught.exception.code, caught.exception.name), (expect["exception"], expect["name"])
            )

    def test_a_function_that_is_not_served_is_refused(self) -> None:
        frame, _ = vector("sdm630-diag-loopback")
        self.assertEqual(RequestReader().feed(frame), [])
        with self.assertRaises(BadRequest):
            decode_request(frame[1:-2])

    def test_damaged_and_foreign_replies_do_not_count(self) -> None:
        for name, reason in (("rtu-bad-crc", Reason.CRC), ("rtu-wrong-unit-reply", Reason.WRONG_UNIT)):
            frame, _ = vector(name)
            reader = ReplyReader()
            reader.expect(1, ReadRegisters(4, 0, 2))
            self.assertEqual([*reader.feed(frame), *reader.end()], [FrameDiscarded(reason, frame)])


class TCPVectors(SynchronousTestCase):
    def test_frames(self) -> None:
        (request,) = MBAPReader().feed(vector("tcp-read-req")[0])
        self.assertEqual(decode_request(request.pdu), ReadRegisters(4, 0, 80))
        (reply,) = MBAPReader().feed(vector("tcp-read-resp")[0])
        self.assertEqual((reply.transaction, reply.unit), (1, 1))
        (value,) = struct.unpack(">f", ReadRegisters(4, 0, 2).decode_reply(reply.pdu))
        self.assertAlmostEqual(value, 230.2, places=4)
        (refusal,) = MBAPReader().feed(vector("tcp-exception")[0])
        with self.assertRaises(MeterException) as caught:
            ReadRegisters(4, 0, 2).decode_reply(refusal.pdu)
        self.assertEqual(caught.exception.code, 2)
