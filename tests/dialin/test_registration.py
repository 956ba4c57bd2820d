from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st
from twisted.trial.unittest import SynchronousTestCase

from hesd.dialin.ascii_registration import DEFAULT_PATTERN, compile_pattern, line_size, registered_id
from hesd.dialin.dsmr4_alarm import DSMR4Alarm, alarm_size, decode_alarm
from hesd.dialin.errors import LoginError
from hesd.model.obis import OBIS
from tests.dialin.streams import alarms
from tests.dlms.vectors import VECTORS, octets


class LineTests(SynchronousTestCase):
    def test_default_pattern(self) -> None:
        for line, meter_id in (
            (b"000000000123", "000000000123"),
            (b"HXC46000755036", "HXC46000755036"),
            (b"12345", None),
            (b"HELLO", None),
            (b"123456 ", None),
            (b"1" * 41, None),
            (b"", None),
            (b"12345\xb2", None),
        ):
            self.assertEqual(registered_id(line, DEFAULT_PATTERN), meter_id, line)

    def test_the_number_in_the_line(self) -> None:
        for pattern, line in (
            (r"id=(?P<id>\d+);sim=\d+", b"id=77;sim=12"),
            (r"METER (\d+)", b"METER 77"),
            (r"(?:METER )?(\s*\d+)", b"METER 77"),
            (r"(x)?(?P<id>\d+)", b"77"),
        ):
            self.assertEqual(registered_id(line, compile_pattern(pattern)), "77", pattern)
        self.assertIsNone(registered_id(b"77", compile_pattern(r"(x)?\d+")))

    @given(st.binary(max_size=80), st.integers(0, 10), st.booleans())
    def test_any_octets(self, data: bytes, start: int, settled: bool) -> None:
        try:
            size = line_size(data, start, settled)
        except LoginError:
            return
        self.assertTrue(all(0x20 <= octet < 0x7E for octet in data[start : start + size]))
        self.assertLessEqual(size, 40)


class AlarmTests(SynchronousTestCase):
    def test_vector(self) -> None:
        expect = VECTORS["gxf-dsmr4-alarm"]["expect"]
        data = octets("gxf-dsmr4-alarm")
        alarm = decode_alarm(data)
        self.assertEqual(alarm.equipment_id, expect["equipment_id"])
        self.assertEqual(f"{alarm.register:08x}", expect["alarm_register_or_obis"])
        self.assertEqual(alarm.encode(), data)

    def test_a_logical_name(self) -> None:
        data = b"E0000000000000001,\x00\x00\x60\x0b\x00\xff"
        alarm = DSMR4Alarm("E0000000000000001", obis=OBIS("0.0.96.11.0.255"))
        self.assertEqual(decode_alarm(data), alarm)
        self.assertEqual(alarm_size(data), len(data))
        self.assertEqual(alarm_size(data + data), len(data))

    def test_where_a_register_ends(self) -> None:
        data = octets("gxf-dsmr4-alarm")
        self.assertEqual(alarm_size(data), 0, "a logical name may be coming")
        self.assertEqual(alarm_size(data, settled=True), len(data))
        self.assertEqual(alarm_size(data + data), len(data))
        self.assertIsNone(alarm_size(b"000000000123\r\n"))
        self.assertEqual(alarm_size(data[:-1], settled=True), 0)

    def test_what_is_no_alarm(self) -> None:
        for data in (b"", b"E" * 15 + b",\0\0\0\0", b"E" * 16 + b",\0\0\0\0\0", b"E" * 18 + b",\0\0\0\0"):
            with self.assertRaises(LoginError):
                decode_alarm(data)
        for alarm in (
            DSMR4Alarm("E" * 16),
            DSMR4Alarm("E" * 16, 1, OBIS("1.0.1.8.0.255")),
            DSMR4Alarm("short", 1),
            DSMR4Alarm("E" * 16, 1 << 32),
            DSMR4Alarm("E" * 16, -1),
        ):
            with self.assertRaises(LoginError):
                alarm.encode()

    @given(alarms)
    def test_back_and_forth(self, alarm: DSMR4Alarm) -> None:
        data = alarm.encode()
        self.assertEqual(decode_alarm(data), alarm)
        self.assertEqual(
            alarm_size(data, settled=True) if alarm.obis is None else alarm_size(data), len(data)
        )
