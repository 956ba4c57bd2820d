"""Simulated meters that take the client's part when they dial, and a head end that lets them or does not."""

from __future__ import annotations

from typing import Any

from hesd.dialin.event import Layer
from hesd.dlms.acse import AARE_TAG, AARQ_TAG
from hesd.dlms.hdlc_frame import FrameKind, decode_frame
from hesd.links.flight_recorder import RecordedFrame
from hesd.sim.dlms_plant import DialIn
from hesd.sim.plant import Plant
from hesd.toml_file import Duration
from tests.collect.real_dlms_case import AREAS, SERIALS, RealDLMSCase, simulated, spec

SERIAL = SERIALS[0]


class RealInvertedTests(RealDLMSCase):
    async def dial(self, framing: Any, *registered: str, **listener: Any) -> None:
        """Have one such meter dial; the head end knows the `registered` ones."""
        endpoint = await self.listen(*(spec(serial, "gprs") for serial in registered), **listener)
        place = DialIn(
            name="gprs", endpoint=endpoint, family="inverted", framing=framing, heartbeat=Duration(0.2),
            meters=(simulated(SERIAL),),
        )  # fmt: skip
        self.simulate(Plant(title="Ikorodu", area=AREAS, dialin=(place,)))

    async def test_one_that_is_known_is_read_on_its_connection(self) -> None:
        for framing in Layer.HDLC, Layer.WRAPPER:
            await self.dial(framing.value, SERIAL, meter_initiated="answer")
            await self.check(SERIAL)
            (connection,) = self.listener.connections
            self.assertEqual((connection.framing, self.listener.counters.accepted), (framing, 1))
            self.assertEqual(self.listener.counters.identified, {"meter initiated": 1})
            self.check_roles(framing, list(connection.recorder))
            await self.head_end.remove_listener("gprs")
            await self.simulator.stopService()
            self.readings.clear()

    def check_roles(self, framing: Layer, frames: list[RecordedFrame]) -> None:
        """First the meter asked and we answered, then the other way round."""
        if framing is Layer.HDLC:
            said = [(each.sent, decode_frame(each.octets[1:-1]).kind) for each in frames]
            for kind, first in ((FrameKind.SNRM, False), (FrameKind.UA, True)):
                self.assertEqual([sent for sent, each in said if each is kind][:2], [first, not first])
            return
        tags = [(each.sent, each.octets[8]) for each in frames]
        for tag, first in ((AARQ_TAG, False), (AARE_TAG, True)):
            self.assertEqual([sent for sent, each in tags if each == tag][:2], [first, not first])

    async def test_one_that_nobody_knows_is_quarantined_by_its_number(self) -> None:
        await self.dial("hdlc", meter_initiated="answer")
        await self.until(lambda: bool(self.strangers))
        self.assertEqual(self.strangers[0].serial.lstrip("0"), SERIAL)
        self.assertEqual(self.readings, [])
        self.head_end.place([spec(SERIAL, "gprs")])
        await self.check(SERIAL)

    async def test_it_is_refused_where_it_is_not_let(self) -> None:
        for framing in ("hdlc", "wrapper"):
            await self.dial(framing, SERIAL)
            await self.passing(lambda: self.listener.counters.refused.get("meter initiated", 0) > 1)
            self.assertEqual((self.readings, self.strangers), ([], []))
            self.assertFalse(self.is_online(SERIAL))
            await self.head_end.remove_listener("gprs")
            await self.simulator.stopService()
