"""One line of a Modbus register table: where a quantity lies and how it is written there."""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum, StrEnum
from typing import ClassVar

from hesd.model.obis import OBIS
from hesd.model.units import Unit


class DataType(Enum):
    """How a value is laid out; the value is (struct code, registers), 0 where `length` says."""

    UINT16 = ("H", 1)
    INT16 = ("h", 1)
    UINT32 = ("I", 2)
    INT32 = ("i", 2)
    UINT64 = ("Q", 4)
    INT64 = ("q", 4)
    FLOAT32 = ("f", 2)
    FLOAT64 = ("d", 4)
    BCD = ("bcd", 0)  # two decimal digits a byte
    STRING = ("str", 0)  # two ASCII characters a register, padded with blanks or NUL
    BITS = ("bits", 0)  # an unsigned number of which single bits mean something
    BIT = ("bit", 1)  # a coil or discrete input

    @property
    def registers(self) -> int:
        return self.value[1]


class Order(StrEnum):
    """Order of the bytes of a 32-bit value ABCD on the wire; longer types follow the same rule."""

    ABCD = "ABCD"  # big-endian, high word first: the Modbus custom
    CDAB = "CDAB"  # low word first
    BADC = "BADC"  # bytes swapped in each word
    DCBA = "DCBA"  # little-endian


class Tier(StrEnum):
    """How often a quantity is worth asking for."""

    FAST = "fast"  # what a screen shows moving: V, A, kW
    SLOW = "slow"  # everything else that is measured: energy, demand, power factor
    ONCE = "once"  # on connect and on demand: identity, settings


class Coding(StrEnum):
    """How a number becomes a value where "times ten to the scaler" is not the whole story."""

    PLAIN = "plain"
    FOUR_QUADRANT_PF = "four-quadrant power factor"  # Schneider: above 1 is 2-x leading
    SCALED_BY_PREFIX = "scaled by the meter's prefix register"  # Eastron: k or M


@dataclass(frozen=True, slots=True, init=False)
class Register:
    """A quantity in a meter's register table.

    `address` is the number the data sheet prints; the driver's `address_base` says from
    where it counts. `scaler` is the power of ten that turns the raw number into `unit`
    (a meter that counts kWh has `Unit.WH` and scaler 3). `length` is in registers, for
    `BCD`, `STRING` and `BITS`. `order` overrides the driver's. `bounds` are in `unit`,
    both ends included; None leaves the quantity's own bounds in force.
    `unavailable` are raw values that mean "not available" beside those the type has of
    itself (NaN, 0xFFC00000, 0x8000...; unsigned types have none, see `driver.raw_value`).
    `mask` names the bits of a `BITS` register that belong to this quantity: its raw value
    is what they hold, shifted down. Several quantities may share one register this way;
    what is `unavailable` is then the register as a whole.
    """

    function: ClassVar[int]
    default_type: ClassVar[DataType] = DataType.FLOAT32

    address: int
    obis: OBIS
    unit: Unit
    type: DataType
    scaler: int
    length: int
    order: Order | None
    tier: Tier
    coding: Coding
    bounds: tuple[float, float] | None
    unavailable: tuple[float, ...]
    mask: int

    def __init__(
        self,
        address: int,
        obis: str,
        unit: Unit = Unit.NONE,
        type: DataType | None = None,
        *,
        scaler: int = 0,
        length: int = 0,
        order: Order | None = None,
        tier: Tier | None = None,
        coding: Coding = Coding.PLAIN,
        bounds: tuple[float, float] | None = None,
        unavailable: tuple[float, ...] = (),
        mask: int = 0,
    ) -> None:
        type = type or self.default_type
        put = object.__setattr__
        put(self, "address", address)
        put(self, "obis", OBIS(obis))
        put(self, "unit", unit)
        put(self, "type", type)
        put(self, "scaler", scaler)
        put(self, "length", type.registers or length)
        put(self, "order", order)
        put(self, "tier", tier or (Tier.FAST if unit in _SHOWN_MOVING else Tier.SLOW))
        put(self, "coding", coding)
        put(self, "bounds", bounds)
        put(self, "unavailable", unavailable)
        put(self, "mask", mask)


_SHOWN_MOVING = frozenset({Unit.V, Unit.A, Unit.W})


class Input(Register):
    """An input register, read with function 4."""

    __slots__ = ()
    function = 4


class Holding(Register):
    """A holding register, read with function 3."""

    __slots__ = ()
    function = 3


class Coil(Register):
    """A coil, read with function 1."""

    __slots__ = ()
    function = 1
    default_type = DataType.BIT


class DiscreteInput(Register):
    """A discrete input, read with function 2."""

    __slots__ = ()
    function = 2
    default_type = DataType.BIT
