"""Tokens: taken, used, refused, or nobody knows; sent once, and shown by nobody."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from hesd.collect.command import CommandRefused
from hesd.collect.token_load import TokenOutcome, load_token
from hesd.dlms.access_result import ActionResult, DataAccessResult
from hesd.dlms.action import ActionResponse
from hesd.dlms.cosem_meaning import TokenStatus
from hesd.dlms.data import Data
from hesd.dlms.data_type import DataType
from hesd.dlms.descriptor import AttributeDescriptor, MethodDescriptor
from hesd.dlms.sts_token import parse_token
from hesd.dlms.value import BitString
from hesd.driver.cosem import TokenEntry, TokenWay
from hesd.model.job import JobState
from hesd.model.obis import OBIS
from tests.collect.command_case import DRIVER, TOKEN, CommandCase
from tests.collect.memory_meter import Fault, lost_reply, lost_request, stale

DIGITS = "04173281946503827165"
ENTRY = AttributeDescriptor(1, TOKEN, 2)
RESULT = AttributeDescriptor(1, OBIS("1.0.129.129.3.255"), 2)
GATEWAY = OBIS("0.0.19.40.0.255")


class TokenCase(CommandCase):
    def load(self, *faults: Fault | None) -> TokenOutcome:
        token = parse_token(DIGITS)
        outcome: Any = self.result(load_token(self.commanded, token, self.then(*faults), self.clock))
        self.assertNotIn(DIGITS[:12], repr(outcome) + "".join(self.told) + repr(outcome.shown))
        return outcome


class DataTests(TokenCase):
    def furnish(self) -> None:
        super().furnish()
        self.answer = DataAccessResult.SUCCESS
        self.meter.writes[ENTRY] = self.take

    def take(self, value: Data) -> DataAccessResult:
        if self.answer is DataAccessResult.SUCCESS:
            self.credit += 1000
        return self.answer

    def test_ten_octets_bcd_are_written_once(self) -> None:
        outcome = self.load()
        self.assertEqual(outcome.state, JobState.CONFIRMED)
        token = Data.of(DataType.OCTET_STRING, bytes.fromhex(DIGITS))
        self.assertEqual(self.meter.written, [(ENTRY, token)])
        self.assertEqual(self.told, ["token ****************7165"])

    def test_credit_before_and_after(self) -> None:
        self.assertEqual(
            self.load().shown,
            {"credit_before": {"value": 5, "unit": "kWh"}, "credit_after": {"value": 15, "unit": "kWh"}},
        )

    def test_a_meter_that_does_not_tell_its_credit(self) -> None:
        for driver in (replace(DRIVER, credit=None), replace(DRIVER, credit=OBIS("1.0.96.99.0.255"))):
            self.setUp()
            self.meet(driver)
            outcome = self.load()
            self.assertEqual(outcome.state, JobState.CONFIRMED)
            self.assertEqual(outcome.shown, {"credit_before": None, "credit_after": None})

    def test_the_meter_says_no(self) -> None:
        self.answer = DataAccessResult.READ_WRITE_DENIED
        outcome = self.load()
        self.assertEqual(outcome.state, JobState.REJECTED)
        self.assertIn("read-write-denied", outcome.detail)

    def test_without_an_answer_it_is_unknown_and_not_sent_again(self) -> None:
        for fault in (lost_reply, lost_request, stale):
            self.setUp()
            outcome = self.load(fault)
            self.assertEqual(outcome.state, JobState.UNKNOWN)
            self.assertEqual(len(self.meter.written), int(fault is lost_reply))
            # What can be read is read all the same.
            assert outcome.credit_after is not None
            self.assertEqual(outcome.credit_after.shown, 15 if fault is lost_reply else 5)

    def test_a_meter_that_is_gone_afterwards(self) -> None:
        outcome = self.load(*[lost_reply] * 20)
        self.assertEqual((outcome.state, outcome.credit_after), (JobState.UNKNOWN, None))
        self.assertEqual(len(self.meter.written), 1)

    def test_a_meter_that_takes_no_tokens(self) -> None:
        self.meet(replace(DRIVER, token=None))
        with self.assertRaises(CommandRefused):
            self.load()


class ResultTests(TokenCase):
    driver = replace(DRIVER, token=TokenEntry(TokenWay.DATA_BCD, TOKEN, RESULT.instance))

    def told_result(self, code: int) -> Data:
        hundredths = Data.of(DataType.OCTET_STRING, (5000).to_bytes(4, "little"))
        text = Data.of(DataType.OCTET_STRING, b"text")
        return Data.structure(Data.of(DataType.UNSIGNED, code), hundredths, text)

    def test_the_code_of_the_result_decides(self) -> None:
        for code, state, said in (
            (0, JobState.CONFIRMED, "accepted"),
            (1, JobState.REJECTED, "rejected"),
            (2, JobState.REJECTED, "used"),
            (3, JobState.REJECTED, "expired"),
            (9, JobState.UNKNOWN, "code 9"),
        ):
            for value in (self.told_result(code), Data.of(DataType.UNSIGNED, code)):
                self.setUp()
                self.meter.values[RESULT] = value
                outcome = self.load()
                self.assertEqual(outcome.state, state)
                self.assertIn(said, outcome.detail)

    def test_a_result_that_cannot_be_had(self) -> None:
        self.assertEqual(self.load().state, JobState.UNKNOWN)
        self.setUp()
        self.assertEqual(self.load(None, *[lost_reply] * 20).state, JobState.UNKNOWN)
        self.assertEqual(len(self.meter.written), 1)


class GatewayTests(TokenCase):
    driver = replace(DRIVER, token=TokenEntry(TokenWay.GATEWAY, GATEWAY))

    def furnish(self) -> None:
        super().furnish()
        self.last, self.at = b"", 0
        self.statuses = [TokenStatus.EXECUTION_OK]
        self.end = TokenStatus.EXECUTION_OK
        self.answer = ActionResult.SUCCESS
        for attribute, value in (
            (2, lambda: Data.of(DataType.OCTET_STRING, self.last)),
            (3, lambda: Data.of(DataType.OCTET_STRING, bytes([self.at] * 12))),
            (6, self.status),
        ):
            self.meter.values[AttributeDescriptor(115, GATEWAY, attribute)] = value
        self.meter.methods[MethodDescriptor(115, GATEWAY, 1)] = self.enter

    def status(self) -> Data:
        status = self.statuses.pop(0) if len(self.statuses) > 1 else self.statuses[0]
        return Data.structure(
            Data.of(DataType.ENUM, status), Data.of(DataType.BIT_STRING, BitString("00000000"))
        )

    def enter(self, parameters: Data | None) -> ActionResponse:
        assert parameters is not None
        if self.answer is ActionResult.SUCCESS:
            self.last, self.at = bytes(parameters.value), self.at + 1
            self.statuses = [TokenStatus.RECEIVED_NOT_PROCESSED, TokenStatus.FORMAT_OK, self.end]
        return ActionResponse(self.answer)

    def test_the_status_is_waited_for(self) -> None:
        for end, state in (
            (TokenStatus.EXECUTION_OK, JobState.CONFIRMED),
            (TokenStatus.FORMAT_FAILURE, JobState.REJECTED),
            (TokenStatus.EXECUTION_FAILURE, JobState.REJECTED),
            (TokenStatus.RECEIVED_NOT_PROCESSED, JobState.UNKNOWN),
        ):
            self.setUp()
            self.end = end
            outcome = self.load()
            self.assertEqual((outcome.state, len(self.meter.called)), (state, 1))
            self.assertIn(end.name.lower().replace("_", " "), outcome.detail)

    def test_the_meter_says_no(self) -> None:
        self.answer = ActionResult.OTHER_REASON
        self.assertEqual(self.load().state, JobState.REJECTED)

    def test_without_an_answer_the_status_counts_where_it_is_about_this_token(self) -> None:
        outcome = self.load(lost_reply)
        self.assertEqual(outcome.state, JobState.CONFIRMED)
        self.assertEqual(len(self.meter.called), 1)

    def test_the_status_of_another_token_says_nothing(self) -> None:
        for fault in (lost_request, stale):
            self.setUp()
            self.assertEqual(self.load(fault).state, JobState.UNKNOWN)

    def test_nor_does_that_of_the_same_token_entered_before(self) -> None:
        self.last = bytes.fromhex(DIGITS)
        self.assertEqual(self.load(lost_request).state, JobState.UNKNOWN)

    def test_a_gateway_that_tells_nothing(self) -> None:
        for attribute in (2, 3, 6):
            denied = DataAccessResult.READ_WRITE_DENIED
            self.meter.values[AttributeDescriptor(115, GATEWAY, attribute)] = denied
        self.assertEqual(self.load().state, JobState.UNKNOWN)
        self.assertEqual(self.load(lost_reply).state, JobState.UNKNOWN)
