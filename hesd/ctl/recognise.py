"""Which driver fits a meter that answers: by its identity, by its name, by what it measures.

A wrong table reads voltages from where the meter keeps something else: byte order, address
base and register numbers all show in values that cannot be. So every driver is tried, and
the one under which most of the table makes sense is named.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Final

from hesd.collect.plans import PlanBook
from hesd.collect.read_meter import Ask, read_blocks
from hesd.driver.meaning import mismatch, reading_of
from hesd.driver.modbus import ModbusDriver
from hesd.driver.register import Register, Tier
from hesd.modbus.identification import ReadIdentification
from hesd.modbus.read_plan import Timing
from hesd.model.errors import HesdError
from hesd.model.reading import Quality, Reading
from hesd.model.units import Unit

# What a meter that is in use shows, in V and Hz; zero is possible and says nothing.
_TELLING: Final = {Unit.V: (50, 50_000), Unit.HZ: (45, 65)}
_WEIGHTS: Final = {Unit.V: 3.0, Unit.HZ: 5.0}
_IMPLAUSIBLE: Final = -3.0
_REFUSED: Final = -1.0
_SAME_VENDOR: Final = 5.0
_SAME_MODEL: Final = 30.0
_IDENTIFIED: Final = 1000.0
_NAMES: Final = ("vendor", "product_code", "revision")


@dataclass(frozen=True, slots=True)
class Candidate:
    """How well a driver fits. `certain` if the meter's own identity register says so."""

    driver: str
    score: float
    certain: bool = False


@dataclass(frozen=True, slots=True)
class Recognition:
    """What is known of a meter: how it names itself, and the drivers that fit, best first."""

    identification: Mapping[str, str] = field(default_factory=dict)
    candidates: tuple[Candidate, ...] = ()

    @property
    def best(self) -> Candidate | None:
        return self.candidates[0] if self.candidates else None


async def recognise(ask: Ask, drivers: Mapping[str, ModbusDriver], timing: Timing) -> Recognition:
    """Try every driver on the meter behind `ask`."""
    names = await _identification(ask)
    candidates = []
    for name, driver in drivers.items():
        candidate = await _candidate(ask, name, driver, timing, names)
        if candidate.score > 0:
            candidates.append(candidate)
    return Recognition(names, tuple(sorted(candidates, key=lambda each: -each.score)))


async def _identification(ask: Ask) -> dict[str, str]:
    try:
        reply = await ask(ReadIdentification())
    except HesdError:
        return {}
    texts = {number: text.decode("latin-1").strip() for number, text in reply.objects.items()}
    return {name: texts[number] for number, name in enumerate(_NAMES) if texts.get(number)}


async def _candidate(
    ask: Ask, name: str, driver: ModbusDriver, timing: Timing, names: Mapping[str, str]
) -> Candidate:
    identified = await _identified(ask, driver, timing)
    if identified is False:
        return Candidate(name, 0)
    score = await _plausibility(ask, driver, timing)
    if identified:
        return Candidate(name, _IDENTIFIED + score, certain=True)
    return Candidate(name, score and score + _resemblance(driver, names))


async def _identified(ask: Ask, driver: ModbusDriver, timing: Timing) -> bool | None:
    """Whether the identity registers say so; None for a driver that has none."""
    if not driver.identity:
        return None
    read = await _read(ask, driver, [identity.register for identity in driver.identity], timing)
    return all(
        identity.register in read and mismatch(identity, read[identity.register].raw) is None
        for identity in driver.identity
    )


async def _plausibility(ask: Ask, driver: ModbusDriver, timing: Timing) -> float:
    """What speaks for the table, times how much of it does; 0 where nothing tells."""
    registers = [register for register in driver.registers if _tells(register)]
    read = await _read(ask, driver, registers, timing)
    points = [_points(reading) for reading in read.values()]
    points += [_REFUSED] * (len(registers) - len(read))
    speaking = [point for point in points if point > 0]
    if not any(point in _WEIGHTS.values() for point in speaking):
        return 0
    return max(0.0, sum(points) * len(speaking) / len(points))


def _tells(register: Register) -> bool:
    return register.tier is Tier.FAST or register.unit in _TELLING


async def _read(
    ask: Ask, driver: ModbusDriver, registers: list[Register], timing: Timing
) -> dict[Register, Reading]:
    """What the meter gives of these registers; what it refuses or leaves unanswered is missing."""
    blocks = PlanBook(timing, None).plan(driver, registers).blocks
    outcome = await read_blocks(ask, driver, blocks)
    return {
        register: reading_of(register, raw, meter="", at_ms=0)
        for block, data in outcome.answers
        for register, raw in zip(block.registers, block.codec.decode(data), strict=True)
    }


def _points(reading: Reading) -> float:
    value = reading.value
    if not isinstance(value, (int, float)) or value == 0:
        return 0.0
    if reading.unit in _TELLING:
        low, high = _TELLING[reading.unit]
        return _WEIGHTS[reading.unit] if low <= value <= high else _IMPLAUSIBLE
    return 1.0 if reading.quality is Quality.GOOD else _IMPLAUSIBLE


def _resemblance(driver: ModbusDriver, names: Mapping[str, str]) -> float:
    """Whether the meter calls itself what the driver is for."""
    said = " ".join(names.values()).casefold()
    if any(model.casefold() in said for model in driver.models):
        return _SAME_MODEL
    return _SAME_VENDOR if driver.vendor.casefold() in said else 0.0
