"""What cannot be in a plant file, with its key, for the person who wrote it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING

from hesd.driver import DLMSDriver, ModbusDriver
from hesd.driver.loading import Driver
from hesd.sim.dlms_plant import DLMSPlace, dlms_problems
from hesd.sim.faults import RULES, Scope

if TYPE_CHECKING:
    from hesd.sim.plant import TCP, Bus, Plant


def problems(plant: Plant, drivers: Mapping[str, Driver] | None) -> Iterator[str]:
    """What cannot be in this plant, one sentence each; without `drivers` any name of one is taken."""
    yield from _problems(plant)
    for places, kind in ((plant.lines(), ModbusDriver), (plant.dlms_places(), DLMSDriver)):
        for key, place in places:
            for index, meter in enumerate(place.meters):
                yield from _stranger(f"{key}.meters[{index}].driver", meter.driver, kind, drivers)


def _stranger(
    where: str, name: str, kind: type[Driver], drivers: Mapping[str, Driver] | None
) -> Iterator[str]:
    if drivers is not None and name not in drivers:
        yield f"{where}: expected one of {', '.join(sorted(drivers))}, got {name!r}"
    elif drivers is not None and not isinstance(drivers[name], kind):
        yield f"{where}: expected a {kind.__name__} on this line, got {name!r}"


def _problems(plant: Plant) -> Iterator[str]:
    codes = [area.code for area in plant.area]
    for index, code in enumerate(codes):
        if code in codes[:index]:
            yield f"area[{index}].code: expected a code used once, got {code!r} again"
    names = [place.name for _, place in plant.places()]
    for index, (key, place) in enumerate(plant.places()):
        if place.name in names[:index]:
            yield f"{key}.name: expected a name used once, got {place.name!r} again"
        yield from _areas_unknown(key, place, codes)
    for key, line in plant.lines():
        yield from _repeated_units(key, line)
    for key, reached in plant.dlms_places():
        yield from dlms_problems(key, reached)
    for key, serial in _repeated_serials(plant):
        yield f"{key}.serial: expected a serial used once, got {serial!r} again"
    yield from _faults(plant)


def _faults(plant: Plant) -> Iterator[str]:
    modbus = [meter.serial for _, meter in plant.meters()]
    dlms = [meter.serial for _, meter in plant.dlms_meters()]
    targets = {
        Scope.METER: modbus + dlms,
        Scope.MODBUS: modbus,
        Scope.DLMS: dlms,
        Scope.LINE: [place.name for _, place in plant.places()],
        Scope.BUS: [bus.name for bus in plant.bus],
    }
    for index, fault in enumerate(plant.fault):
        rule = RULES[fault.kind]
        if fault.target not in targets[rule.scope]:
            yield f"fault[{index}].target: expected {rule.scope} for {fault.kind}, got {fault.target!r}"
        if fault.value is not None and not rule.takes(fault.value):
            yield f"fault[{index}].value: expected {rule.usual} for {fault.kind}, got {fault.value:g}"


def _repeated_serials(plant: Plant) -> Iterator[tuple[str, str]]:
    seen: set[str] = set()
    for key, place in plant.places():
        for index, meter in enumerate(place.meters):
            if meter.serial in seen:
                yield f"{key}.meters[{index}]", meter.serial
            seen.add(meter.serial)


def _areas_unknown(key: str, place: Bus | TCP | DLMSPlace, codes: list[str]) -> Iterator[str]:
    for index, meter in enumerate(place.meters):
        if meter.area not in codes:
            yield f"{key}.meters[{index}].area: expected the code of an area, got {meter.area!r}"


def _repeated_units(key: str, line: Bus | TCP) -> Iterator[str]:
    unit_ids = [meter.unit_id for meter in line.meters]
    for index, meter in enumerate(line.meters):
        if meter.unit_id in unit_ids[:index]:
            yield f"{key}.meters[{index}].unit_id: expected one used once, got {meter.unit_id} again"
