"""The table of a simulated meter whose driver has none: a plain DLMS meter with prepayment."""

from __future__ import annotations

from dataclasses import replace
from typing import Final

from hesd.driver.cosem import (
    Column,
    CosemObject,
    DLMSDriver,
    EventLog,
    ProfileKind,
    ProfileTable,
    TokenEntry,
    TokenWay,
)
from hesd.driver.cosem_type import CosemType
from hesd.model.obis import OBIS
from hesd.model.units import Unit

_RELAY: Final = OBIS("0.0.96.3.10.255")
_GATEWAY: Final = OBIS("0.0.19.40.0.255")
_LIMITER: Final = "0.0.17.0.0.255"
_CODES: Final = (
    (1, "power down"), (2, "power up"), (4, "clock before it was set"), (5, "clock after it was set"),
    (9, "tariffs activated"), (47, "parameters changed"),
)  # fmt: skip
_FRAUD: Final = (
    (40, "terminal cover removed"), (41, "terminal cover closed"), (42, "strong DC field"),
    (43, "no strong DC field any more"), (44, "meter cover removed"), (45, "meter cover closed"),
)  # fmt: skip
_RELAY_CODES: Final = ((62, "remote disconnection"), (63, "remote connection"))


def standard_table(driver: DLMSDriver, phases: int) -> DLMSDriver:
    """`driver` with a table of what such a meter usually has."""
    objects = (*_objects(phases), *driver.objects)
    profiles = {each.obis: each for each in (*driver.profiles, *_profiles(objects))}
    return replace(
        driver,
        objects=objects,
        profiles=tuple(profiles.values()),
        logs=driver.logs or _logs(),
        relay=driver.relay or _RELAY,
        token=driver.token or TokenEntry(TokenWay.GATEWAY, _GATEWAY),
    )


def _objects(phases: int) -> tuple[CosemObject, ...]:
    return (
        CosemObject("1.0.0.2.0.255", 1, "Firmware", type=CosemType.OCTET_STRING, size=12),
        CosemObject("0.0.96.5.0.255", 1, "Status", type=CosemType.BIT_STRING, size=8),
        *_energies(),
        CosemObject("1.0.1.6.0.255", 4, "Maximum import", Unit.W),
        CosemObject("1.0.1.4.0.255", 5, "Demand", Unit.W),
        CosemObject("1.0.1.7.0.255", 3, "Import", Unit.W),
        CosemObject("1.0.2.7.0.255", 3, "Export", Unit.W),
        CosemObject("1.0.3.7.0.255", 3, "Reactive import", Unit.VAR),
        CosemObject("1.0.13.7.0.255", 3, "Power factor", Unit.NONE, scaler=-3),
        CosemObject("1.0.14.7.0.255", 3, "Frequency", Unit.HZ, scaler=-2),
        *(each for phase in range(phases) for each in _phase(phase)),
        CosemObject(_LIMITER, 71, "Limiter", attribute=3),
    )


def _energies() -> tuple[CosemObject, ...]:
    tariffs = tuple(CosemObject(f"1.0.1.8.{n}.255", 3, f"Import, tariff {n}", Unit.WH) for n in range(1, 5))
    return (
        CosemObject("1.0.1.8.0.255", 3, "Import", Unit.WH),
        *tariffs,
        CosemObject("1.0.2.8.0.255", 3, "Export", Unit.WH),
        CosemObject("1.0.3.8.0.255", 3, "Reactive import", Unit.VARH),
        CosemObject("1.0.4.8.0.255", 3, "Reactive export", Unit.VARH),
    )


def _phase(phase: int) -> tuple[CosemObject, ...]:
    base = 20 * (phase + 1)
    return (
        CosemObject(f"1.0.{base + 12}.7.0.255", 3, f"Voltage L{phase + 1}", Unit.V, scaler=-1),
        CosemObject(f"1.0.{base + 11}.7.0.255", 3, f"Current L{phase + 1}", Unit.A, scaler=-3),
    )


def _profiles(objects: tuple[CosemObject, ...]) -> tuple[ProfileTable, ...]:
    clock = Column(OBIS("0.0.1.0.0.255"), 8, name="Clock")
    status = Column(OBIS("0.0.96.10.1.255"), 1, name="Status", type=CosemType.UNSIGNED)
    captured = {each.obis: each for each in objects}

    def columns(*codes: str) -> tuple[Column, ...]:
        chosen = (captured[OBIS(code)] for code in codes)
        return tuple(
            Column(each.obis, each.class_id, name=each.name, unit=each.unit, scaler=each.scaler)
            for each in chosen
        )

    load = columns("1.0.1.8.0.255", "1.0.2.8.0.255", "1.0.32.7.0.255", "1.0.31.7.0.255", "1.0.1.7.0.255")
    bill = columns("1.0.1.8.0.255", "1.0.1.8.1.255", "1.0.1.8.2.255", "1.0.2.8.0.255", "1.0.1.6.0.255")
    return (
        ProfileTable(OBIS("1.0.99.1.0.255"), "Load profile", columns=(clock, status, *load)),
        ProfileTable(OBIS("1.0.98.2.0.255"), "Daily bill", ProfileKind.BILLING, (clock, *bill)),
        ProfileTable(OBIS("1.0.98.1.0.255"), "Monthly bill", ProfileKind.BILLING, (clock, *bill)),
    )


def _logs() -> tuple[EventLog, ...]:
    return (
        EventLog(OBIS("0.0.99.98.0.255"), "Standard events", codes=_CODES),
        EventLog(OBIS("0.0.99.98.1.255"), "Fraud", codes=_FRAUD),
        EventLog(OBIS("0.0.99.98.2.255"), "Relay", codes=_RELAY_CODES),
    )
