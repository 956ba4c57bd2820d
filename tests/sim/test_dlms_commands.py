"""What changes a simulated meter: relay, tokens, clock, settings."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import replace
from typing import Any

from hesd.dlms.access_result import ActionResult, DataAccessResult
from hesd.dlms.association import Terms
from hesd.dlms.cosem_time import epoch_ms
from hesd.dlms.data import Data
from hesd.dlms.data_type import DataType
from hesd.driver.cosem import TokenEntry, TokenWay
from hesd.model.obis import OBIS
from tests.sim.dlms_case import DRIVERS, SMALL, DLMSCase, entry
from tests.sim.dlms_head import Head, Silent, lls, wrapper

RELAY, POWER, ENERGY, TOKEN = "0.0.96.3.10.255", "1.0.1.7.0.255", "1.0.1.8.0.255", "1.0.129.129.2.255"
GATEWAY = "0.0.19.40.0.255"
CREDIT_TOKEN, MANAGEMENT_TOKEN, OLD_TOKEN = (
    "57515448340910453820",
    "57071635982607948077",
    "14151560559444937000",
)
NO_TOKEN = "99999999999999999999"
ZERO = Data.of(DataType.INTEGER, 0)


def bcd(digits: str) -> Data:
    return Data.of(DataType.OCTET_STRING, bytes.fromhex(digits))


class CommandCase(DLMSCase):
    async def with_head(self, work: Callable[[Head], None], **fields: Any) -> None:
        drivers = fields.pop("drivers", DRIVERS)
        self.play(drivers, dlms=[{"name": "house", "meters": [entry("1001", load="machine", **fields)]}])

        def run() -> None:
            small = fields.get("driver", "small") == "small"
            terms, client = (lls(), 17) if small else (Terms(), 16)
            with Head(self.port("house"), wrapper(client), terms, timeout=1) as head:
                head.associate()
                work(head)

        await self.in_thread(run)

    def state(self, head: Head) -> tuple[bool, int]:
        return head.get(70, RELAY, 2), head.get(70, RELAY, 3)


class RelayTests(CommandCase):
    async def test_load_is_gone_while_it_is_open(self) -> None:
        def switch(head: Head) -> None:
            self.assertGreater(head.get(3, POWER), 0)
            self.assertEqual(self.state(head), (True, 1))
            self.assertIs(head.action(70, RELAY, 1, ZERO).result, ActionResult.SUCCESS)
            self.assertEqual(self.state(head), (False, 0))
            self.assertEqual(head.get(3, POWER), 0)
            counted = head.get(3, ENERGY)
            self.assertEqual(len(head.get(7, "1.0.99.98.46.255")), 1)
            time.sleep(0.05)
            self.assertEqual(head.get(3, ENERGY), counted)
            head.action(70, RELAY, 2, ZERO)
            self.assertEqual(self.state(head), (True, 1))
            self.assertGreater(head.get(3, POWER), 0)

        await self.with_head(switch, rated=2e6)

    async def test_somebody_has_to_press(self) -> None:
        def switch(head: Head) -> None:
            head.action(70, RELAY, 1, ZERO)
            head.action(70, RELAY, 2, ZERO)
            self.assertEqual(self.state(head), (False, 2))

        await self.with_head(switch, relay_mode=1)

    async def test_never_from_afar(self) -> None:
        def switch(head: Head) -> None:
            self.assertEqual(head.get(70, RELAY, 4), 0)
            head.action(70, RELAY, 1, ZERO)
            self.assertEqual(self.state(head), (True, 1))

        await self.with_head(switch, relay_mode=0)

    async def test_done_but_never_answered(self) -> None:
        def switch(head: Head) -> None:
            self.simulator.board.obey("1001 lost-reply")
            self.assertRaises(Silent, head.action, 70, RELAY, 1, ZERO)
            self.assertEqual(self.state(head), (False, 0))

        await self.with_head(switch)


class TokenTests(CommandCase):
    async def test_a_token_counts_once(self) -> None:
        def load(head: Head) -> None:
            before, bought = head.get(3, "1.0.96.66.0.255"), head.get(1, "0.0.96.61.0.255")
            self.assertIs(head.set(1, TOKEN, bcd(CREDIT_TOKEN)), DataAccessResult.SUCCESS)
            # 5 kWh and 320 times 0.1 kWh, in units of 10 Wh; what flows meanwhile is less than that.
            self.assertApproximates(head.get(3, "1.0.96.66.0.255") - before, 3700, 50)
            self.assertEqual(head.get(1, "0.0.96.61.0.255"), bought + 1)
            self.assertIs(head.set(1, TOKEN, bcd(CREDIT_TOKEN)), DataAccessResult.READ_WRITE_DENIED)
            self.assertIs(head.set(1, TOKEN, bcd(OLD_TOKEN)), DataAccessResult.SCOPE_OF_ACCESS_VIOLATED)
            self.assertIs(head.set(1, TOKEN, bcd(NO_TOKEN)), DataAccessResult.TYPE_UNMATCHED)
            self.assertIs(head.set(1, TOKEN, bcd("1234")), DataAccessResult.TYPE_UNMATCHED)
            self.assertIs(head.set(1, TOKEN, bcd(MANAGEMENT_TOKEN)), DataAccessResult.SUCCESS)
            self.assertEqual(head.get(1, "0.0.96.61.0.255"), bought + 1)
            log = head.get(7, "1.0.99.98.84.255")
            self.assertEqual(log[-1], (bytes.fromhex(CREDIT_TOKEN),))
            self.assertEqual(len(log), 10)

        await self.with_head(load, credit=50.0)

    async def test_a_gateway_says_what_became_of_it(self) -> None:
        def enter(head: Head, digits: str) -> int:
            parameters = Data.of(DataType.OCTET_STRING, digits.encode())
            self.assertIs(head.action(115, GATEWAY, 1, parameters).result, ActionResult.SUCCESS)
            self.assertEqual(head.get(115, GATEWAY, 6)[0], 8)  # received, not processed yet
            time.sleep(0.6)
            status: int = head.get(115, GATEWAY, 6)[0]
            return status

        def load(head: Head) -> None:
            before = head.get(112, "0.0.19.10.0.255", 2)
            self.assertEqual(enter(head, CREDIT_TOKEN), 3)
            self.assertApproximates(head.get(112, "0.0.19.10.0.255", 2) - before, 37_000, 500)
            self.assertEqual(enter(head, CREDIT_TOKEN), 6)
            self.assertEqual(enter(head, NO_TOKEN), 4)
            self.assertEqual(enter(head, OLD_TOKEN), 5)

        await self.with_head(load, driver="generic-dlms")

    async def test_a_result_beside_the_answer(self) -> None:
        told = replace(SMALL, token=TokenEntry(TokenWay.DATA_BCD, OBIS(TOKEN), OBIS(TOKEN)))

        def load(head: Head) -> None:
            for digits, code, hundredths in (
                (CREDIT_TOKEN, 0, 3700),
                (CREDIT_TOKEN, 2, 0),
                (OLD_TOKEN, 3, 0),
            ):
                self.assertIs(head.set(1, TOKEN, bcd(digits)), DataAccessResult.SUCCESS)
                told = head.get(1, TOKEN)
                self.assertEqual(told[:2], (code, hundredths.to_bytes(4, "little")))

        await self.with_head(load, drivers={"small": told})

    async def test_taken_but_never_answered(self) -> None:
        def load(head: Head) -> None:
            self.simulator.board.obey("1001 lost-reply")
            self.assertRaises(Silent, head.set, 1, TOKEN, bcd(CREDIT_TOKEN))
            self.simulator.board.obey("1001 lost-reply off")
            self.assertIs(head.set(1, TOKEN, bcd(CREDIT_TOKEN)), DataAccessResult.READ_WRITE_DENIED)

        await self.with_head(load)


class ClockTests(CommandCase):
    def error(self, head: Head) -> float:
        stamp = epoch_ms(head.get(8, "0.0.1.0.0.255"))
        assert stamp is not None
        return stamp / 1000 - time.time()

    async def test_set_and_shifted(self) -> None:
        def work(head: Head) -> None:
            self.assertApproximates(self.error(head), 90, 5)
            self.assertEqual(head.get(8, "0.0.1.0.0.255", 3), -60)
            now = self.simulator_stamp(time.time())
            self.assertIs(head.set(8, "0.0.1.0.0.255", now), DataAccessResult.SUCCESS)
            self.assertApproximates(self.error(head), 0, 5)
            shift = head.action(8, "0.0.1.0.0.255", 6, Data.of(DataType.LONG, -300))
            self.assertIs(shift.result, ActionResult.SUCCESS)
            self.assertApproximates(self.error(head), -300, 5)
            self.simulator.board.obey("1001 clock 3600")
            self.assertApproximates(self.error(head), 3300, 5)

        await self.with_head(work, clock_offset=90.0)

    def simulator_stamp(self, at: float) -> Data:
        meter = next(iter(self.line("house")._meters.values()))  # type: ignore[attr-defined]
        return Data.of(DataType.OCTET_STRING, meter.clock.stamp(at))


class SettingTests(CommandCase):
    async def test_what_is_written_stays_and_long_values_come_in_blocks(self) -> None:
        def write(head: Head) -> None:
            value = Data.of(DataType.OCTET_STRING, bytes(range(250)))
            self.assertIs(head.set(1, "0.0.128.2.1.255", value), DataAccessResult.SUCCESS)
            self.assertEqual(head.get(1, "0.0.128.2.1.255"), bytes(range(250)))
            wrong = Data.of(DataType.UNSIGNED, 1)
            self.assertIs(head.set(1, "0.0.128.2.1.255", wrong), DataAccessResult.TYPE_UNMATCHED)
            self.assertIs(head.set(3, ENERGY, wrong), DataAccessResult.READ_WRITE_DENIED)
            long = Data.of(DataType.OCTET_STRING, bytes(400))
            self.assertIs(head.action(70, RELAY, 9, long).result, ActionResult.OBJECT_UNDEFINED)

        await self.with_head(write)
