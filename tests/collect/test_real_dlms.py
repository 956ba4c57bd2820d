"""The head end on real sockets: simulated DLMS meters that it dials, and that dial in."""

from __future__ import annotations

from hesd.collect.dlms_meter import DLMSMeter
from hesd.collect.dlms_spec import MeterAddress
from hesd.config import Line
from hesd.driver.cosem import Authentication, Ciphering
from hesd.sim.dlms_plant import DialIn
from hesd.sim.faults import FaultKind
from hesd.sim.plant import Plant
from hesd.toml_file import Duration
from tests.collect.memory_meter import AK, EK
from tests.collect.real_dlms_case import AREAS, MOMAS, SERIALS, RealDLMSCase, simulated, spec


class RealDLMSTests(RealDLMSCase):
    async def test_a_meter_that_is_dialled(self) -> None:
        await self.dialled("wrapper", simulated(SERIALS[0]), specs=[spec(SERIALS[0], "line")])
        self.assertEqual(self.head_end.lines()[0].online, 1)
        self.assertNotEqual(self.head_end.trace(SERIALS[0]), [])

    async def test_two_meters_of_two_makes_on_one_hdlc_line(self) -> None:
        await self.dialled(
            "hdlc",
            simulated(SERIALS[0], address=16),
            simulated("54170000011", MOMAS, address=17),
            specs=[
                spec(SERIALS[0], "line", address=MeterAddress(17, 1, 16)),
                spec("54170000011", "line", MOMAS, address=MeterAddress(1, 1, 17)),
            ],
        )

    async def test_one_that_is_ciphered(self) -> None:
        keys = {"encryption_key": EK.hex(), "authentication_key": AK.hex()}
        ways = {"authentication": Authentication.HLS_GMAC, "ciphering": Ciphering.BOTH}
        await self.dialled(
            "wrapper", simulated(SERIALS[0], **keys, **ways), specs=[spec(SERIALS[0], "line", **ways)]
        )
        self.simulator.board.switch(SERIALS[0], FaultKind.FORGED)
        await self.until(lambda: "tag" in getattr(self.head_end.state(SERIALS[0]), "reason", ""))

    async def test_meters_that_dial_in_are_read_and_answer_commands(self) -> None:
        endpoint = await self.listen(*(spec(serial, "gprs") for serial in SERIALS))
        self.simulate(
            Plant(
                title="Ikorodu", area=AREAS,
                dialin=(
                    DialIn(
                        name="gprs", endpoint=endpoint, heartbeat=Duration(0.5),
                        meters=(simulated(SERIALS[0]), simulated(SERIALS[1], family="hexcell")),
                    ),
                ),
            )
        )  # fmt: skip
        await self.check(*SERIALS)
        (status,) = self.head_end.listeners()
        self.assertEqual((status.connections, status.strangers, status.online), (2, 0, 2))
        self.assertEqual(status.counters.identified, {"wrapper": 1, "hexcell": 1})

        async def proved(meter: DLMSMeter) -> str:
            return meter.spec.serial

        self.assertEqual(await self.head_end.with_meter(SERIALS[0], proved, command=True), SERIALS[0])
        self.assertNotEqual(self.head_end.trace(SERIALS[1]), [])

    async def test_a_stranger_is_quarantined_and_read_once_it_is_adopted(self) -> None:
        endpoint = await self.listen()
        place = DialIn(name="gprs", endpoint=endpoint, meters=(simulated(SERIALS[0]),))
        self.simulate(Plant(title="Ikorodu", area=AREAS, dialin=(place,)))
        await self.until(lambda: bool(self.strangers))
        self.assertEqual(self.strangers[0].serial.lstrip("0"), SERIALS[0])
        self.assertEqual(self.readings, [])
        self.head_end.place([spec(SERIALS[0], "gprs")])
        await self.check(SERIALS[0])

    async def test_several_behind_one_concentrator(self) -> None:
        dcu = "700000000001"
        endpoint = await self.listen(
            *(
                spec(serial, "gprs", via=dcu, address=MeterAddress(17, port))
                for port, serial in enumerate(SERIALS, 1)
            )
        )
        meters = tuple(simulated(serial, via=dcu, address=port) for port, serial in enumerate(SERIALS, 1))
        place = DialIn(name="gprs", endpoint=endpoint, meters=meters)
        self.simulate(Plant(title="Ikorodu", area=AREAS, dialin=(place,)))
        await self.check(*SERIALS)
        self.assertEqual(self.head_end.listeners()[0].connections, 1)

    async def test_a_name_is_given_to_one_line_or_listener_only(self) -> None:
        await self.listen()
        taken = Line(name="gprs", endpoint="tcp:127.0.0.1:1", protocol="modbus-tcp")
        self.assertRaises(ValueError, self.head_end.add_line, taken)
