"""Physical units by their COSEM code (Blue Book, enumeration `unit` of class Register)."""

from __future__ import annotations

from enum import IntEnum


class Unit(IntEnum):
    """A unit as attribute 3 of a COSEM register names it."""

    YEAR = 1
    MONTH = 2
    WEEK = 3
    DAY = 4
    HOUR = 5
    MINUTE = 6
    SECOND = 7
    DEGREE = 8
    CELSIUS = 9
    CURRENCY = 10
    METRE = 11
    M_PER_S = 12
    M3 = 13
    M3_CORRECTED = 14
    M3_PER_HOUR = 15
    M3_CORRECTED_PER_HOUR = 16
    M3_PER_DAY = 17
    M3_CORRECTED_PER_DAY = 18
    LITRE = 19
    KG = 20
    NEWTON = 21
    NM = 22
    PASCAL = 23
    BAR = 24
    JOULE = 25
    J_PER_HOUR = 26
    W = 27
    VA = 28
    VAR = 29
    WH = 30
    VAH = 31
    VARH = 32
    A = 33
    COULOMB = 34
    V = 35
    V_PER_M = 36
    FARAD = 37
    OHM = 38
    OHM_M2_PER_M = 39
    WEBER = 40
    TESLA = 41
    A_PER_M = 42
    HENRY = 43
    HZ = 44
    PER_WH = 45
    PER_VARH = 46
    PER_VAH = 47
    V2H = 48
    A2H = 49
    KG_PER_S = 50
    SIEMENS = 51
    KELVIN = 52
    PER_V2H = 53
    PER_A2H = 54
    PER_M3 = 55
    PERCENT = 56
    AH = 57
    WH_PER_M3 = 60
    J_PER_M3 = 61
    MOL_PERCENT = 62
    G_PER_M3 = 63
    PASCAL_SECOND = 64
    J_PER_KG = 65
    G_PER_CM2 = 66
    ATMOSPHERE = 67
    DBM = 70
    DBUV = 71
    DB = 72
    OTHER = 254
    NONE = 255

    @classmethod
    def of(cls, code: int) -> Unit:
        """The unit of a code a meter sent; codes nobody has defined become `OTHER`."""
        return cls._value2member_map_.get(code, cls.OTHER)  # type: ignore[return-value]

    @property
    def sign(self) -> str:
        """How the unit is written, in the multiple people use it in: ``kWh``, ``V``."""
        return _SIGNS.get(self, "")

    @property
    def exponent(self) -> int:
        """The power of ten between the base unit and `sign`: 3 for kWh, 0 for V."""
        return 3 if self in _IN_THOUSANDS else 0


_IN_THOUSANDS = frozenset({Unit.W, Unit.VA, Unit.VAR, Unit.WH, Unit.VAH, Unit.VARH})

_SIGNS = {
    Unit.YEAR: "a", Unit.MONTH: "mo", Unit.WEEK: "wk", Unit.DAY: "d", Unit.HOUR: "h",
    Unit.MINUTE: "min", Unit.SECOND: "s", Unit.DEGREE: "°", Unit.CELSIUS: "°C", Unit.METRE: "m",
    Unit.M_PER_S: "m/s", Unit.M3: "m³", Unit.M3_CORRECTED: "m³", Unit.M3_PER_HOUR: "m³/h",
    Unit.M3_CORRECTED_PER_HOUR: "m³/h", Unit.M3_PER_DAY: "m³/d", Unit.M3_CORRECTED_PER_DAY: "m³/d",
    Unit.LITRE: "l", Unit.KG: "kg", Unit.NEWTON: "N", Unit.NM: "Nm", Unit.PASCAL: "Pa",
    Unit.BAR: "bar", Unit.JOULE: "J", Unit.J_PER_HOUR: "J/h", Unit.W: "kW", Unit.VA: "kVA",
    Unit.VAR: "kvar", Unit.WH: "kWh", Unit.VAH: "kVAh", Unit.VARH: "kvarh", Unit.A: "A",
    Unit.COULOMB: "C", Unit.V: "V", Unit.V_PER_M: "V/m", Unit.FARAD: "F", Unit.OHM: "Ω",
    Unit.OHM_M2_PER_M: "Ωm²/m", Unit.WEBER: "Wb", Unit.TESLA: "T", Unit.A_PER_M: "A/m",
    Unit.HENRY: "H", Unit.HZ: "Hz", Unit.PER_WH: "1/Wh", Unit.PER_VARH: "1/varh",
    Unit.PER_VAH: "1/VAh", Unit.V2H: "V²h", Unit.A2H: "A²h", Unit.KG_PER_S: "kg/s",
    Unit.SIEMENS: "S", Unit.KELVIN: "K", Unit.PER_V2H: "1/V²h", Unit.PER_A2H: "1/A²h",
    Unit.PER_M3: "1/m³", Unit.PERCENT: "%", Unit.AH: "Ah", Unit.WH_PER_M3: "Wh/m³",
    Unit.J_PER_M3: "J/m³", Unit.MOL_PERCENT: "mol%", Unit.G_PER_M3: "g/m³",
    Unit.PASCAL_SECOND: "Pa·s", Unit.J_PER_KG: "J/kg", Unit.G_PER_CM2: "g/cm²",
    Unit.ATMOSPHERE: "atm", Unit.DBM: "dBm", Unit.DBUV: "dBµV", Unit.DB: "dB",
}  # fmt: skip
