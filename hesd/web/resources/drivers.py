"""The drivers there are, those that cannot be used among them."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Self

from msgspec import Struct

from hesd.driver.loading import LoadedDriver
from hesd.driver.modbus import Setting
from hesd.driver.register import Register
from hesd.store.errors import Unknown
from hesd.web.app import App
from hesd.web.endpoint import Page, endpoint
from hesd.web.permissions import Permission
from hesd.web.shown import names


class DriverShown(Struct, kw_only=True):
    """`problem` says why a driver cannot be used; then what it describes is not known."""

    name: str
    origin: str
    problem: str | None
    vendor: str = ""
    models: tuple[str, ...] = ()
    source: str = ""
    note: str = ""
    read_limit: int | None = None
    registers: int = 0

    @classmethod
    def of(cls, loaded: LoadedDriver) -> Self:
        shown = cls(name=loaded.name, origin=loaded.origin, problem=loaded.problem)
        if loaded.driver is not None:
            driver = loaded.driver
            shown.vendor, shown.models = driver.vendor, driver.models
            shown.source, shown.note = driver.source, driver.note
            shown.read_limit, shown.registers = driver.read_limit, len(driver.registers)
        return shown


class RegisterShown(Struct):
    """`address` as the data sheet prints it."""

    obis: str
    quantity: str
    label: str
    unit: str
    function: int
    address: int
    type: str
    tier: str

    @classmethod
    def of(cls, register: Register) -> Self:
        name, label = names(register.obis)
        return cls(
            str(register.obis),
            name,
            label,
            register.unit.sign,
            register.function,
            register.address,
            register.type.name.lower(),
            register.tier.value,
        )


class SettingShown(Struct):
    """`choices` are the numbers that may be set and what they mean; else any within `limits`."""

    name: str
    choices: dict[str, float]
    limits: tuple[float, float] | None
    needs_restart: bool

    @classmethod
    def of(cls, setting: Setting) -> Self:
        choices = {meaning: number for number, meaning in setting.choices}
        return cls(setting.name, choices, setting.limits, setting.needs_restart)


class Drivers:
    def __init__(self, app: App) -> None:
        self._drivers: Mapping[str, LoadedDriver] = app.drivers

    @endpoint("GET", "/drivers", Permission.SEE)
    async def list(self) -> Page[DriverShown]:
        """All drivers by name."""
        return Page([DriverShown.of(loaded) for _, loaded in sorted(self._drivers.items())])

    @endpoint("GET", "/drivers/<name>", Permission.SEE)
    async def get(self, name: str) -> DriverShown:
        """One driver."""
        return DriverShown.of(self._find(name))

    @endpoint("GET", "/drivers/<name>/settings", Permission.SEE)
    async def settings(self, name: str) -> Page[SettingShown]:
        """What may be set in a meter of this driver, where its entry enables writing."""
        driver = self._find(name).driver
        return Page([SettingShown.of(setting) for setting in driver.settings] if driver else [])

    @endpoint("GET", "/drivers/<name>/registers", Permission.SEE)
    async def registers(self, name: str) -> Page[RegisterShown]:
        """What a driver reads."""
        driver = self._find(name).driver
        return Page([RegisterShown.of(register) for register in driver.registers] if driver else [])

    def _find(self, name: str) -> LoadedDriver:
        if name not in self._drivers:
            raise Unknown("driver", name)
        return self._drivers[name]
