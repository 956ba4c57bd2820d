from __future__ import annotations

from typing import Any

from hypothesis import given
from hypothesis import strategies as st
from twisted.trial.unittest import SynchronousTestCase

from hesd.dlms import action, exception, get, notification
from hesd.dlms.access_result import ActionResult, DataAccessResult
from hesd.dlms.apdu import APDU, decode
from hesd.dlms.ciphered import GeneralCiphered, ServiceCiphered
from hesd.dlms.cosem_time import DateTime
from hesd.dlms.data import Data
from hesd.dlms.data_type import DataType
from hesd.dlms.descriptor import AttributeDescriptor, MethodDescriptor
from hesd.dlms.errors import APDUError, DLMSError
from hesd.dlms.invoke_id import answers, invoke_octets
from hesd.dlms.selective_access import CLOCK, CaptureObject, EntryDescriptor, RangeDescriptor, SelectiveAccess
from hesd.model.obis import OBIS
from tests.dlms.strategies import acses, entries, ranges, xdlms
from tests.dlms.vectors import VECTORS, apdu_of, expected, octets, of_layer


class RoundTripTests(SynchronousTestCase):
    @given(xdlms)
    def test_every_xdlms_apdu(self, apdu: APDU) -> None:
        self.assertEqual(decode(apdu.encode()), apdu)

    @given(acses)
    def test_every_acse_apdu(self, apdu: APDU) -> None:
        self.assertEqual(decode(apdu.encode()), apdu)

    @given(xdlms | acses, st.data())
    def test_cut_or_continued_it_is_refused(self, apdu: APDU, draw: st.DataObject) -> None:
        encoded = apdu.encode()
        with self.assertRaises(DLMSError):
            decode(encoded + b"\x00")
        cut = draw.draw(st.integers(0, len(encoded) - 1))
        # Optional fields may be what is missing; what is left must then be whole again.
        try:
            shorter = decode(encoded[:cut])
        except DLMSError:
            return
        if shorter == apdu:  # what some meters leave away: the flag that says that nothing is returned
            self.assertEqual((encoded[:1], encoded[cut:]), (b"\xc7", b"\x00"))

    def test_an_action_response_without_its_last_flag(self) -> None:
        for whole in (b"\xc7\x01\xc1\x00\x00", b"\xc7\x03\xc1\x02\x00\x00\x03\x00"):
            self.assertEqual(decode(whole[:-1]), decode(whole))

    @given(st.binary(max_size=200))
    def test_any_octets(self, data: bytes) -> None:
        try:
            apdu = decode(data)
        except DLMSError:
            return
        self.assertEqual(decode(apdu.encode()), apdu)

    def test_what_has_no_tag(self) -> None:
        for data in (b"", b"\x99\x00", b"\xc0\x09\xc1", b"\xc4\x04\xc1\x00", b"\xc1\x06\xc1", b"\xc5\x06\xc1",
                     b"\xc3\x07\xc1", b"\xc7\x05\xc1", b"\xc4\x01\xc1\x02\x00",
                     b"\xc4\x02\xc1\x01\x00\x00\x00\x01\x02",
                     b"\x05\x01\x09", b"\x0c\x01\x09", b"\x0d\x01\x09"):  # fmt: skip
            with self.assertRaises(APDUError, msg=data.hex()):
                decode(data)


class VectorTests(SynchronousTestCase):
    """Every vector that is, or carries, an APDU."""

    def test_they_all_come_back_as_they_were(self) -> None:
        names = [
            name for layer in ("xdlms", "xdlms-ciphered", "acse", "wrapper") for name, *_ in of_layer(layer)
        ]
        self.assertGreater(len(names), 60)
        for name in names:
            data = octets(name)
            data = data[8:] if VECTORS[name]["layer"] == "wrapper" else data
            self.assertEqual(apdu_of(name).encode().hex(), data.hex(), name)

    def test_get_requests(self) -> None:
        counter = apdu_of("get-request-normal")
        self.assertEqual(
            counter, get.GetRequestNormal(0xC1, AttributeDescriptor(1, OBIS("0.0.43.1.0.255"), 2))
        )
        self.assertEqual(apdu_of("get-request-next"), get.GetRequestNext(0xC1, 1))
        for name, *_ in of_layer("wrapper"):
            fields = expected(name)
            request = apdu_of(name)
            if isinstance(request, get.GetRequestNormal):
                asked = request.attribute
                self.assertEqual(asked.attribute, fields.get("attr", asked.attribute), name)
                self.assertEqual(asked.class_id, fields.get("class", asked.class_id), name)
                self.assertEqual(asked.instance, fields.get("obis", asked.instance), name)
        request = apdu_of("req-get-with-list")
        self.assertEqual([[d.class_id, d.instance, d.attribute] for d, _ in request.attributes],
                         expected("req-get-with-list")["items"])  # fmt: skip

    def test_get_responses(self) -> None:
        result = apdu_of("get-response-normal-u32").result
        self.assertEqual((result.type, result.value), (DataType.DOUBLE_LONG_UNSIGNED, 5009))
        self.assertEqual(apdu_of("get-response-error-hardware-fault").result, DataAccessResult.HARDWARE_FAULT)
        self.assertEqual(apdu_of("get-response-error-denied").result.text, "read-write-denied")
        clock = DateTime.from_octets(apdu_of("w-get-clock-resp").result.value)
        self.assertEqual(clock.moment().timestamp(), 1763569019.0)
        self.assertEqual(apdu_of("w-get-serial-resp").result.value, b"000000000123")
        self.assertEqual(apdu_of("w-get-empty-array").result.value, [])
        self.assertEqual([r.value for r in apdu_of("resp-get-with-list").results], [74565, 2309])
        partial = apdu_of("resp-get-with-list-partial-error").results
        self.assertEqual((partial[0].value, partial[1].text), (74565, "object-undefined"))
        self.assertEqual(apdu_of("resp-scaler-unit").result.value, (1, 30))
        self.assertEqual(apdu_of("resp-voltage-scaled").result.value, 2314)
        self.assertEqual(apdu_of("resp-ldn").result.value.decode(), expected("resp-ldn")["ldn"])
        rows = apdu_of("resp-profile-2rows").result.value
        self.assertEqual([row[1] for row in rows], [74565, 74575])
        self.assertIsNone(rows[1][0])
        for status in (0, 3, 5, 6, 8):
            code, bits = apdu_of(f"resp-token-status-{status}").result.value
            self.assertEqual((code, len(bits)), (status, 16))

    def test_set_and_action(self) -> None:
        clock = apdu_of("set-request-clock")
        self.assertEqual(str(DateTime.from_octets(clock.value.value)), "2021-01-24T14:48:57.80+01:00")
        self.assertEqual(apdu_of("set-response-ok").result, DataAccessResult.SUCCESS)
        self.assertEqual(apdu_of("resp-token-set-denied").result, DataAccessResult.READ_WRITE_DENIED)
        token = apdu_of("req-token-set-hexcell-momas")
        self.assertEqual(token.attribute.instance, expected("req-token-set-hexcell-momas")["obis"])
        self.assertEqual(token.value.value.hex(), "12345678901234567890")
        first = apdu_of("set-first-block")
        self.assertEqual(
            (first.block.last_block, first.block.block_number, first.block.raw),
            (False, 1, b"\x09\x06\x01\x02"),
        )
        off, on = apdu_of("req-relay-disconnect"), apdu_of("req-relay-reconnect")
        relay = OBIS("0.0.96.3.10.255")
        self.assertEqual(
            (off.method, on.method), (MethodDescriptor(70, relay, 1), MethodDescriptor(70, relay, 2))
        )
        self.assertEqual(off.parameters, Data.of(DataType.INTEGER, 0))
        self.assertEqual(apdu_of("req-token-gateway-enter-ascii").parameters.value, b"12345678901234567890")
        pass4 = apdu_of("action-response-hls-pass4").response
        self.assertEqual((pass4.result, len(pass4.returned.value)), (ActionResult.SUCCESS, 17))
        self.assertEqual(apdu_of("action-response-ok").response, action.ActionResponse(ActionResult.SUCCESS))
        other = apdu_of("action-response-other-reason").response
        self.assertEqual(other.returned, DataAccessResult.OTHER_REASON)
        self.assertEqual(decode(bytes.fromhex("c701c100")), apdu_of("resp-action-ok"))  # the flag left away

    def test_selective_access(self) -> None:
        for name in ("get-profile-range-1", "req-profile-range-24h"):
            asked = RangeDescriptor.of(apdu_of(name).access)
            self.assertEqual(asked.restricting, CLOCK)
            self.assertEqual(asked.columns, ())
            self.assertEqual(asked.access, apdu_of(name).access)
        start = DateTime.from_octets(RangeDescriptor.of(apdu_of("req-profile-range-24h").access).start.value)
        self.assertEqual(start.moment().isoformat(), "2026-01-01T00:00:00+00:00")
        access = apdu_of("req-profile-entry-1-10").access
        self.assertEqual(EntryDescriptor.of(access), EntryDescriptor(1, 10, 1, 0))

    @given(ranges, entries)
    def test_selectors_come_back(self, by_range: RangeDescriptor, by_entry: EntryDescriptor) -> None:
        self.assertEqual(RangeDescriptor.of(by_range.access), by_range)
        self.assertEqual(EntryDescriptor.of(by_entry.access), by_entry)

    @given(st.integers(1, 40), st.booleans(), st.data())
    def test_entries_from_the_newest_on(self, in_use: int, newest_first: bool, drawn: Any) -> None:
        """Pieces of any size are all entries once, each older than those before."""
        buffer = list(range(in_use))  # by age, the newest is 0
        if not newest_first:
            buffer.reverse()
        seen: list[int] = []
        while len(seen) < in_use:
            count = drawn.draw(st.integers(1, in_use - len(seen)))
            piece = EntryDescriptor.from_newest(len(seen), count, in_use, newest_first=newest_first)
            self.assertTrue(1 <= piece.from_entry <= piece.to_entry <= in_use)
            ages = buffer[piece.from_entry - 1 : piece.to_entry]
            seen += ages if newest_first else reversed(ages)
        self.assertEqual(seen, list(range(in_use)))

    def test_what_is_no_selector(self) -> None:
        null = Data.of(DataType.NULL_DATA)
        for broken in (
            lambda: RangeDescriptor.of(SelectiveAccess(1, null)),
            lambda: RangeDescriptor.of(SelectiveAccess(1, Data.structure(null, null, null, Data.array()))),
            lambda: EntryDescriptor.of(SelectiveAccess(2, null)),
            lambda: CaptureObject.of((1, b"short", 2, 0)),
            lambda: AttributeDescriptor(1 << 16, OBIS("1.0.1.8.0.255"), 2),
        ):
            with self.assertRaises(APDUError):
                broken()

    def test_notifications(self) -> None:
        for name in ("push-plain-ldn-clock-u32",):
            push = apdu_of(name)
            ldn, clock, value = push.body.value
            self.assertEqual((ldn.decode(), value), (expected(name)["ldn"], expected(name)["value"]))
            self.assertEqual(str(DateTime.from_octets(clock)).replace("T", " "), expected(name)["clock"])
            self.assertEqual(
                str(DateTime.from_octets(push.date_time)).replace("T", " "), expected(name)["clock"]
            )
        aidon = apdu_of("push-aidon-list1")
        ((name, value, (scaler, unit)),) = aidon.body.value
        fields = expected("push-aidon-list1")
        self.assertIsNone(aidon.date_time)
        self.assertEqual((OBIS.from_octets(name), value, scaler, unit),
                         (fields["obis"], fields["value"], fields["scaler"], fields["unit"]))  # fmt: skip
        kaifa = apdu_of("push-kaifa-list1-std-datetime")
        self.assertEqual(kaifa.body.value, (5852,))
        self.assertEqual(str(DateTime.from_octets(kaifa.date_time)), "2019-02-04T23:52:22")
        event = apdu_of("event-notification-with-time")
        self.assertEqual((event.attribute.class_id, event.attribute.instance, event.value.value),
                         (1, "0.0.96.11.0.255", 41))  # fmt: skip

    def test_the_three_encodings_of_a_time(self) -> None:
        time = bytes.fromhex("07ea0101040c0000ff800000")
        for head, tagged, expected_time in ((b"\x00", False, None), (b"\x0c" + time, False, time),
                                            (b"\x09\x0c" + time, True, time)):  # fmt: skip
            push = b"\x0f\x00\x00\x00\x01" + head + b"\x11\x05"
            self.assertEqual(decode(push), notification.DataNotification(
                1, expected_time, Data.of(DataType.UNSIGNED, 5), tagged))  # fmt: skip
            self.assertEqual(decode(push).encode(), push)
        attribute = bytes.fromhex("0001 0000600b00ff 02")
        for head in (b"\x01\x0c" + time, b"\x01\x09\x0c" + time, b"\x0c" + time, b"\x09\x0c" + time):
            self.assertEqual(decode(b"\xc2" + head + attribute + b"\x11\x05").date_time, time)
        with self.assertRaises(APDUError):
            decode(b"\x0f\x00\x00\x00\x01\x05" + bytes(5) + b"\x00")
        with self.assertRaises(APDUError):
            notification.DataNotification(1, b"", Data.of(DataType.NULL_DATA)).encode()

    def test_exceptions(self) -> None:
        lost = apdu_of("exception-response-2b")
        self.assertEqual(lost.state_error, exception.StateError.SERVICE_NOT_ALLOWED)
        self.assertEqual(lost.service_error, exception.ServiceError.OPERATION_NOT_POSSIBLE)
        self.assertEqual(apdu_of("exception-response-ic").invocation_counter, 4660)
        self.assertEqual(apdu_of("w-exception"), lost)
        self.assertIsNone(decode(b"\xd8\x02\x06").invocation_counter)

    def test_ciphered_ones_stay_closed(self) -> None:
        glo = apdu_of("glo-get-request-ciphered")
        self.assertEqual(
            (type(glo), glo.tag, glo.plain_tag, len(glo.content)), (ServiceCiphered, 0xC8, 0xC0, 30)
        )
        push = apdu_of("push-general-glo-auth-enc")
        self.assertIsInstance(push, GeneralCiphered)
        self.assertEqual(push.system_title.hex(), "4d4d4d0000bc614e")
        self.assertEqual(apdu_of("push-general-glo-auth-enc-hdlc"), push)


class InvokeTests(SynchronousTestCase):
    def test_ids_go_round_and_leave_zero_out(self) -> None:
        octets_ = invoke_octets()
        taken = [next(octets_) for _ in range(31)]
        self.assertEqual(taken[:15], list(range(0xC1, 0xD0)))
        self.assertEqual(taken[15:], [*taken[:15], 0xC1])

    def test_only_the_id_counts(self) -> None:
        self.assertTrue(answers(0xC1, 0x81))
        self.assertFalse(answers(0xC1, 0xC2))
        self.assertFalse(answers(0xC1, 0xC0))
