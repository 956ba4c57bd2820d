"""A proven meter in memory to be commanded, with a relay, a clock, credit and a key to be changed."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Coroutine
from typing import Any

from twisted.internet.defer import Deferred
from twisted.internet.task import Clock
from twisted.trial.unittest import SynchronousTestCase

from hesd.collect.cosem_models import ModelsInMemory, ScalerBook
from hesd.collect.dlms_meter import DLMSMeter
from hesd.collect.model_tables import ModelTables
from hesd.collect.session import Session
from hesd.dlms.data import Data
from hesd.dlms.data_type import DataType
from hesd.dlms.descriptor import AttributeDescriptor
from hesd.driver.cosem import CosemObject, DLMSDriver, TokenEntry, TokenWay
from hesd.model.obis import OBIS
from hesd.model.units import Unit
from tests.collect.memory_meter import (
    SERIAL,
    Fault,
    MemoryConversation,
    MemoryKeyring,
    MemoryMeter,
    number,
    outcome_of,
    spec_of,
)

RELAY, TOKEN, CREDIT = OBIS("0.0.96.3.10.255"), OBIS("1.0.129.129.2.255"), OBIS("1.0.96.66.0.255")
DRIVER = DLMSDriver(
    vendor="v",
    models=("m",),
    source="s",
    objects=(CosemObject(RELAY, 70, "relay"), CosemObject(CREDIT, 3, "credit", Unit.WH)),
    relay=RELAY,
    token=TokenEntry(TokenWay.DATA_BCD, TOKEN),
    credit=CREDIT,
    time_zone_minutes=60,
)
SCALER = Data.structure(Data.of(DataType.INTEGER, 1), Data.of(DataType.ENUM, Unit.WH.value))


class CommandCase(SynchronousTestCase):
    driver = DRIVER

    def setUp(self) -> None:
        self.clock = Clock()
        self.clock.advance(1_780_000_000)
        self.keyring = MemoryKeyring()
        self.told: list[str] = []
        self.meter = MemoryMeter()
        self.furnish()
        self.meet()

    def furnish(self) -> None:
        """What the meter has."""
        self.credit = 500
        self.meter.values[SERIAL] = Data.of(DataType.OCTET_STRING, b"46000755036")
        self.meter.values[AttributeDescriptor(3, CREDIT, 2)] = lambda: number(self.credit)
        self.meter.values[AttributeDescriptor(3, CREDIT, 3)] = SCALER

    def meet(self, driver: DLMSDriver | None = None, **more: Any) -> None:
        self.talk = MemoryConversation(self.meter, self.clock)
        spec = spec_of(driver or self.driver, **more)
        session = Session(spec, self.talk, self.keyring, self.clock)
        models = ModelsInMemory()
        now_ms = lambda: int(self.clock.seconds() * 1000)  # noqa: E731
        self.commanded = DLMSMeter(spec, session, ModelTables(models), ScalerBook(models), now_ms)

    async def sent(self, detail: str) -> None:
        self.told.append(detail)

    def then(self, *faults: Fault | None) -> Callable[[str], Awaitable[None]]:
        """What is told of a command that is about to be sent: from then on this goes wrong in turn."""

        async def sent(detail: str) -> None:
            await self.sent(detail)
            self.talk.faults.extend(faults)

        return sent

    def result(self, work: Coroutine[Any, Any, Any]) -> Any:
        return outcome_of(self.clock, work)

    # -- as the head end's `with_meter` -----------------------------------------------------

    def with_meter(
        self, serial: str, work: Callable[[DLMSMeter], Awaitable[Any]], *, command: bool = False
    ) -> Deferred[Any]:
        async def errand() -> Any:
            if command:
                await self.commanded.prove()
            return await work(self.commanded)

        return Deferred.fromCoroutine(errand())
