"""A Modbus meter as a table: what a vendor's distribution exports as `DRIVER`."""

from __future__ import annotations

from dataclasses import dataclass

from hesd.driver.register import Order, Register
from hesd.model.reading import Value


@dataclass(frozen=True, slots=True)
class Identity:
    """A register that says which model answers, and the values this driver is written for."""

    register: Register
    expected: tuple[Value, ...]


@dataclass(frozen=True, slots=True)
class Setting:
    """A holding register that may be written, one parameter a message.

    Everything a meter lets us write can cut it off or falsify it, so nothing is written
    unless the meter's own entry enables it. `choices` maps the numbers of the data sheet
    to their meaning; empty means any number within `limits`.
    """

    name: str
    register: Register
    choices: tuple[tuple[float, str], ...] = ()
    limits: tuple[float, float] | None = None
    needs_restart: bool = False


@dataclass(frozen=True, slots=True)
class Vector:
    """A frame and what it must mean, for the conformance kit.

    `address` is a data-sheet address, `data` the register bytes as hex, `values` one
    entry a register of the table that lies wholly inside; None for "not available".
    """

    function: int
    address: int
    data: str
    values: tuple[tuple[str, Value], ...]
    source: str


@dataclass(frozen=True, slots=True, kw_only=True)
class ModbusDriver:
    """The register table of one family of meters, and how it likes to be read.

    `read_limit` is the most registers a request may ask for; `holes` are address ranges
    (data-sheet numbers) that a request must not touch, not even in passing. Addresses are
    sent as printed when `address_base` is 0, less one when it is 1. `in_flight` is how
    many transactions a Modbus TCP meter takes at once. `turnaround` is its usual time
    from the end of a request to the start of the answer, in seconds.
    `prefix` is the register that says which multiple energy is counted in
    (`prefix_scalers`: its value -> extra scaler), for registers coded `SCALED_BY_PREFIX`.
    `password` is the register that has to be written before a setting is.
    `template` marks a driver that is nothing without a table of the user's own.
    """

    vendor: str
    models: tuple[str, ...]
    source: str
    registers: tuple[Register, ...]
    read_limit: int = 125
    holes: tuple[range, ...] = ()
    address_base: int = 0
    order: Order = Order.ABCD
    in_flight: int = 1
    turnaround: float = 0.0125
    identity: tuple[Identity, ...] = ()
    settings: tuple[Setting, ...] = ()
    password: Register | None = None
    prefix: Register | None = None
    prefix_scalers: tuple[tuple[float, int], ...] = ()
    note: str = ""
    template: bool = False
    vectors: tuple[Vector, ...] = ()

    @property
    def known_registers(self) -> tuple[Register, ...]:
        """Every register of the driver: what is measured, identity, settings, prefix, password."""
        others = [*(each.register for each in self.identity), *(each.register for each in self.settings)]
        others += [register for register in (self.prefix, self.password) if register is not None]
        return (*self.registers, *others)

    def wire_address(self, register: Register) -> int:
        """The address that stands in the request for this register."""
        return register.address - self.address_base
