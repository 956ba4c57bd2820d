"""From the DLMS tables of a plant file to its lines, with the simulated meters on them."""

from __future__ import annotations

from collections.abc import Mapping
from functools import partial
from pathlib import Path
from random import Random
from typing import Any, Final, Protocol
from zlib import crc32

from hesd.dlms.selective_access import BY_ENTRY, BY_RANGE
from hesd.driver.cosem import DLMSDriver
from hesd.sim.dlms_clock import MeterClock
from hesd.sim.dlms_dial import DialInLine
from hesd.sim.dlms_line import DLMSBusLine, DLMSPortLine
from hesd.sim.dlms_meter import SimulatedDLMSMeter
from hesd.sim.dlms_model import ModelForm, cosem_model
from hesd.sim.dlms_object import CosemModel
from hesd.sim.dlms_plant import DialIn, DLMSBus, DLMSMeter, DLMSPlace
from hesd.sim.dlms_profile import BufferForm
from hesd.sim.dlms_security import Access
from hesd.sim.dlms_stream import Meters
from hesd.sim.faults import FaultBoard
from hesd.sim.line import SimulatedLine
from hesd.sim.load import Load, LoadCurve, noise
from hesd.sim.plant import Plant
from hesd.sim.point import MeteringPoint, Supply

_HOUR: Final = 3600.0
# Of a meter whose entry does not say: shortest and longest, in seconds.
_TURNAROUND: Final = (0.02, 0.06)
_SELECTORS: Final = {"range": BY_RANGE, "entry": BY_ENTRY}


class DLMSLine(SimulatedLine, Protocol):
    """A line of DLMS meters, whose connections can die unnoticed."""

    def cut(self, serial: str) -> None: ...

    def mend(self, serial: str) -> None: ...


class DLMSSite:
    """All DLMS meters of a plant; those of one type share their objects."""

    def __init__(
        self,
        plant: Plant,
        drivers: Mapping[str, DLMSDriver],
        supply: Supply,
        board: FaultBoard,
        reactor: Any,
        directory: Path,
    ) -> None:
        self._plant = plant
        self._drivers = drivers
        self._supply = supply
        self._board = board
        self._reactor = reactor
        self._directory = directory
        self._models: dict[tuple[str, ModelForm], CosemModel] = {}
        self._accesses: dict[Access, Access] = {}

    def line(self, place: DLMSPlace) -> DLMSLine:
        """A place with its meters."""
        random = Random(f"{self._plant.seed}/{place.name}")  # noqa: S311
        meters = {each.serial: self.meter(place, each) for each in place.meters}
        if isinstance(place, DialIn):
            return DialInLine(place, meters, self._reactor, random)
        if isinstance(place, DLMSBus):
            on_bus = {each.address: meters[each.serial] for each in place.meters}
            return DLMSBusLine(place, on_bus, self._reactor, self._directory, random)
        wrapped = place.framing == "wrapper"
        behind: Meters = {
            meters[each.serial].server_sap if wrapped else each.address: meters[each.serial]
            for each in place.meters
        }
        return DLMSPortLine(place, behind, self._reactor, random)

    def meter(self, place: DLMSPlace, entry: DLMSMeter) -> SimulatedDLMSMeter:
        """One meter as its entry has it."""
        driver, faults = self._drivers[entry.driver], self._board.of_meter(entry.serial)
        hours = self._plant.utc_offset if place.utc_offset is None else place.utc_offset
        access = self._access(driver, entry)
        seed = crc32(entry.serial.encode()) + self._plant.seed
        clock = MeterClock(
            self._reactor,
            faults,
            hours * _HOUR,
            offset=entry.clock_offset,
            drift=entry.clock_drift,
            reversed_deviation=driver.reversed_deviation,
        )
        least, most = _TURNAROUND
        usual = least + (most - least) * noise(seed, 0)
        return SimulatedDLMSMeter(
            entry.serial,
            driver,
            self._model(place, entry, driver, has_keys=access.has_keys),
            clock,
            access,
            faults,
            self._reactor,
            load=partial(self._load, entry, seed, hours),
            point=partial(self._point, entry, seed),
            since=self._plant.since_seconds,
            server_sap=_server_sap(place, entry, driver),
            purchase=entry.credit * 1000,
            relay_mode=entry.relay_mode,
            turnaround=usual if entry.turnaround is None else entry.turnaround,
        )

    def _model(self, place: DLMSPlace, entry: DLMSMeter, driver: DLMSDriver, *, has_keys: bool) -> CosemModel:
        selectors = frozenset(_SELECTORS[each] for each in entry.selective_access)
        buffers = BufferForm(entry.newest_first, entry.null_data, selectors)
        form = ModelForm(entry.phases, has_keys, int(place.load_period), buffers)
        model = self._models.get((entry.driver, form))
        if model is None:
            model = self._models[entry.driver, form] = cosem_model(driver, form)
        return model

    def _access(self, driver: DLMSDriver, entry: DLMSMeter) -> Access:
        access = Access(
            client_sap=entry.client or driver.client_sap,
            authentication=entry.authentication or driver.authentication,
            referencing=entry.referencing,
            ciphering=entry.ciphering,
            suite=entry.suite,
            password=entry.password.encode(),
            encryption_key=entry.key("encryption_key"),
            authentication_key=entry.key("authentication_key"),
            master_key=entry.key("master_key"),
            meter_signing_key=entry.signing_key("meter_signing_key"),
            client_public_key=entry.signing_key("client_public_key"),
        )
        return self._accesses.setdefault(access, access)

    def _load(self, entry: DLMSMeter, seed: int, utc_offset: float) -> Load:
        return LoadCurve(
            entry.load,
            entry.rated * 1000,
            entry.pv * 1000,
            seed=seed,
            since=self._plant.since_seconds,
            utc_offset_s=utc_offset * _HOUR,
        )

    def _point(self, entry: DLMSMeter, seed: int, load: Load) -> MeteringPoint:
        return MeteringPoint(load, self._supply, seed, entry.phases, entry.energy * 1000)


def _server_sap(place: DLMSPlace, entry: DLMSMeter, driver: DLMSDriver) -> int:
    """Through the wrapper, a meter's own address is its port."""
    wrapped = not isinstance(place, DLMSBus) and place.framing == "wrapper"
    return entry.address if wrapped and entry.address is not None else driver.server_sap
