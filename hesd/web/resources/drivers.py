"""The drivers there are, those that cannot be used among them."""

from __future__ import annotations

from collections.abc import Mapping

from hesd.driver.cosem import DLMSDriver
from hesd.driver.loading import LoadedDriver
from hesd.driver.modbus import ModbusDriver
from hesd.store.errors import Unknown
from hesd.web.app import App
from hesd.web.driver_shown import DriverShown, ObjectShown, ProfileShown, RegisterShown, SettingShown
from hesd.web.endpoint import Page, endpoint
from hesd.web.permissions import Permission


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
        """What may be set in a Modbus meter of this driver, where its entry enables writing."""
        driver = self._find(name).driver
        settings = driver.settings if isinstance(driver, ModbusDriver) else ()
        return Page([SettingShown.of(setting) for setting in settings])

    @endpoint("GET", "/drivers/<name>/registers", Permission.SEE)
    async def registers(self, name: str) -> Page[RegisterShown]:
        """The registers a driver of Modbus meters reads."""
        driver = self._find(name).driver
        registers = driver.registers if isinstance(driver, ModbusDriver) else ()
        return Page([RegisterShown.of(register) for register in registers])

    @endpoint("GET", "/drivers/<name>/objects", Permission.SEE)
    async def objects(self, name: str) -> Page[ObjectShown]:
        """The COSEM objects in the table of a driver of DLMS meters."""
        driver = self._find(name).driver
        objects = driver.objects if isinstance(driver, DLMSDriver) else ()
        return Page([ObjectShown.of(each) for each in objects])

    @endpoint("GET", "/drivers/<name>/profiles", Permission.SEE)
    async def profiles(self, name: str) -> Page[ProfileShown]:
        """The profiles and logs in the table of a driver of DLMS meters."""
        driver = self._find(name).driver
        buffers = driver.buffers if isinstance(driver, DLMSDriver) else ()
        return Page([ProfileShown.of(each) for each in buffers])

    def _find(self, name: str) -> LoadedDriver:
        if name not in self._drivers:
            raise Unknown("driver", name)
        return self._drivers[name]
