"""A simulated DLMS meter in memory, as the collecting side speaks with it."""

from __future__ import annotations

from collections.abc import Callable, Coroutine
from pathlib import Path
from random import Random
from typing import Any

from twisted.internet.task import Clock

from hesd.collect.cosem_models import ModelsInMemory, ScalerBook, model_name
from hesd.collect.dlms_meter import DLMSMeter
from hesd.collect.dlms_spec import DLMSMeterSpec
from hesd.collect.model_tables import ModelTables
from hesd.collect.session import Session
from hesd.dlms.access_result import DataAccessResult, DataResult
from hesd.dlms.descriptor import AttributeDescriptor
from hesd.dlms.selective_access import SelectiveAccess
from hesd.driver.cosem import DLMSDriver
from hesd.links.apdu_line import MeterAddress
from hesd.sim.dlms_client import ServedClient
from hesd.sim.dlms_meter import SimulatedDLMSMeter
from hesd.sim.dlms_plant import DLMSMeter as Entry
from hesd.sim.dlms_plant import DLMSPort
from hesd.sim.dlms_site import DLMSSite
from hesd.sim.faults import FaultBoard
from hesd.sim.point import Supply
from tests.collect.memory_meter import MemoryConversation, MemoryKeyring, outcome_of
from tests.sim.dlms_case import SMALL, entry, plant_of

NOW = 1_795_107_700.0  # 2026-11-19T17:01:40Z
Answer = Callable[[AttributeDescriptor, SelectiveAccess | None], DataResult | None]


class _Served(ServedClient):
    """Answers what it is told to instead of what the meter has."""

    def __init__(self, meter: SimulatedDLMSMeter, sap: int, instead: list[Answer]) -> None:
        super().__init__(meter, sap, Random(1))
        self.instead = instead
        self.asked: list[tuple[AttributeDescriptor, SelectiveAccess | None]] = []

    def read(self, attribute: AttributeDescriptor, access: SelectiveAccess | None) -> DataResult:
        self.asked.append((attribute, access))
        for answer in self.instead:
            if (found := answer(attribute, access)) is not None:
                return found
        return super().read(attribute, access)


class SimulatedWorld:
    """One simulated meter and the head end's end of it; `served.asked` is what was read of it."""

    def __init__(
        self, driver: DLMSDriver = SMALL, *, now: float = NOW, ratio: float = 1, **fields: Any
    ) -> None:
        self.clock = Clock()
        self.clock.advance(now)
        self.instead: list[Answer] = []
        plant = plant_of(dlms=[{"name": "p", "meters": [entry("46000755036", **fields)]}])
        (place,) = plant.dlms
        assert isinstance(place, DLMSPort)
        (self.entry,) = place.meters
        assert isinstance(self.entry, Entry)
        board = FaultBoard(self.clock, (), (), (), [self.entry.serial])
        site = DLMSSite(plant, {self.entry.driver: driver}, Supply(1), board, self.clock, Path())
        self.simulated = site.meter(place, self.entry)
        self.served = _Served(self.simulated, driver.client_sap, self.instead)
        address = MeterAddress(client=driver.client_sap)
        self.talk = MemoryConversation(self.served, self.clock, address)  # type: ignore[arg-type]
        self.models = ModelsInMemory()
        self.driver = driver
        self.spec = DLMSMeterSpec(
            serial="46000755036",
            line="l",
            driver_name=self.entry.driver,
            driver=driver,
            address=address,
            authentication=driver.authentication,
            interval=60,
            slow_interval=900,
            ratio=ratio,
        )
        self.meter = self.meet_anew()

    def meet_anew(self) -> DLMSMeter:
        session = Session(self.spec, self.talk, MemoryKeyring(), self.clock)
        return DLMSMeter(
            self.spec, session, ModelTables(self.models), ScalerBook(self.models), lambda: self.now_ms
        )

    @property
    def now_ms(self) -> int:
        return int(self.clock.seconds() * 1000)

    @property
    def model(self) -> str:
        return model_name(self.entry.driver, "")

    def result(self, work: Coroutine[Any, Any, Any]) -> Any:
        return outcome_of(self.clock, work, steps=5000)


def refusing(
    wanted: Callable[[AttributeDescriptor, SelectiveAccess | None], bool], result: DataAccessResult
) -> Answer:
    """An answer that refuses what is `wanted` of it."""
    return lambda attribute, access: result if wanted(attribute, access) else None
