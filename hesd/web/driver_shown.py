"""Drivers and what stands in their tables, as the outside sees them."""

from __future__ import annotations

from typing import Literal, Self

from msgspec import Struct

from hesd.driver.cosem import CosemObject, EventLog, ProfileTable
from hesd.driver.loading import LoadedDriver
from hesd.driver.modbus import ModbusDriver, Setting
from hesd.driver.register import Register
from hesd.web.shown import names


class DriverShown(Struct, kw_only=True):
    """`problem` says why a driver cannot be used; then what it describes is not known.

    A Modbus driver has registers and a limit for how many are read at once, a DLMS driver
    objects and the access it takes unless a meter's own entry says otherwise.
    """

    name: str
    origin: str
    problem: str | None
    protocol: Literal["modbus", "dlms"] | None = None
    vendor: str = ""
    models: tuple[str, ...] = ()
    source: str = ""
    note: str = ""
    read_limit: int | None = None
    registers: int = 0
    objects: int = 0
    from_object_list: bool = False
    client_sap: int | None = None
    server_sap: int | None = None
    authentication: str | None = None

    @classmethod
    def of(cls, loaded: LoadedDriver) -> Self:
        shown = cls(name=loaded.name, origin=loaded.origin, problem=loaded.problem)
        if (driver := loaded.driver) is None:
            return shown
        shown.vendor, shown.models = driver.vendor, driver.models
        shown.source, shown.note = driver.source, driver.note
        if isinstance(driver, ModbusDriver):
            shown.protocol = "modbus"
            shown.read_limit, shown.registers = driver.read_limit, len(driver.registers)
        else:
            shown.protocol = "dlms"
            shown.objects, shown.from_object_list = len(driver.objects), driver.from_object_list
            shown.client_sap, shown.server_sap = driver.client_sap, driver.server_sap
            shown.authentication = driver.authentication.value
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


class ObjectShown(Struct):
    """An attribute of a COSEM object; `tier` is null where it is read only when somebody asks.

    `secret` ones (tokens) are never shown in full.
    """

    obis: str
    class_id: int
    attribute: int
    name: str
    quantity: str
    label: str
    unit: str
    tier: str | None
    writable: bool
    secret: bool

    @classmethod
    def of(cls, each: CosemObject) -> Self:
        name, label = names(each.obis)
        return cls(
            str(each.obis),
            each.class_id,
            each.attribute,
            each.name,
            name,
            label,
            each.unit.sign,
            each.tier.value if each.tier else None,
            each.writable,
            each.secret,
        )


class ProfileShown(Struct):
    """A profile of measurements (`load`, `billing`) or a `log` of events.

    `columns` names what is captured, as far as the table says it; else the meter does.
    """

    obis: str
    name: str
    kind: Literal["load", "billing", "log"]
    columns: tuple[str, ...]

    @classmethod
    def of(cls, table: ProfileTable | EventLog) -> Self:
        kind: Literal["load", "billing", "log"] = "log"
        if isinstance(table, ProfileTable):
            kind = table.kind.value
        columns = tuple(column.name or column.obis for column in table.columns)
        return cls(str(table.obis), table.name, kind, columns)
