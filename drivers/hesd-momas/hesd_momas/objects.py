"""The objects of Momas meters. Energy is counted in 10 Wh, power in 0.1 W, V and A in hundredths."""

from __future__ import annotations

from typing import Final

from hesd.driver import CosemObject, CosemType, Tier, Unit

_SIGNED, _COUNT = CosemType.DOUBLE_LONG, CosemType.DOUBLE_LONG_UNSIGNED
_TARIFFS: Final = range(1, 5)


def _text(obis: str, name: str, size: int = 0) -> CosemObject:
    return CosemObject(obis, 1, name, type=CosemType.VISIBLE_STRING, size=size)


def _energy(c: int, name: str, unit: Unit, tier: Tier | None = None) -> tuple[CosemObject, ...]:
    """A total and its four tariffs."""
    total = CosemObject(f"1-0:{c}.8.0", 3, f"Total {name} energy", unit, scaler=1, tier=tier, type=_COUNT)
    return total, *(
        CosemObject(f"1-0:{c}.8.{e}", 3, f"T{e} {name} energy", unit, scaler=1, type=_COUNT) for e in _TARIFFS
    )


def _power(c: int, name: str, unit: Unit, tier: Tier | None = None) -> CosemObject:
    return CosemObject(f"1-0:{c}.7.0", 3, name, unit, scaler=-1, tier=tier, type=_SIGNED)


def _phase(number: int) -> tuple[CosemObject, ...]:
    c, name = 20 * number, f"L{number}"
    fast = Tier.FAST
    return (
        CosemObject(f"1-0:{c + 12}.7.0", 3, f"{name} voltage", Unit.V, scaler=-2, tier=fast, type=_COUNT),
        CosemObject(f"1-0:{c + 11}.7.0", 3, f"{name} current", Unit.A, scaler=-2, tier=fast, type=_COUNT),
        CosemObject(f"1-0:{c + 13}.7.0", 3, f"{name} power factor", scaler=-2, type=_SIGNED),
        _power(c + 1, f"{name} import active power", Unit.W),
        _power(c + 3, f"{name} import reactive power", Unit.VAR),
        _power(c + 9, f"{name} import apparent power", Unit.VA),
    )


OBJECTS: Final = (
    _text("0-0:42.0.0", "Logical device name", 16),
    _text("0-0:96.1.0", "Meter serial number", 12),
    _text("0-0:96.1.1", "Equipment identifier"),
    _text("0-0:96.1.4", "Hardware version"),
    _text("0-0:0.2.1", "Firmware version"),
    CosemObject("0-0:1.0.0", 8, "Clock", writable=True, type=CosemType.OCTET_STRING, size=12),
    *_energy(1, "import active", Unit.WH, Tier.SLOW),
    *_energy(2, "export active", Unit.WH, Tier.SLOW),
    *_energy(15, "absolute active", Unit.WH, Tier.SLOW),
    *_energy(3, "import reactive", Unit.VARH, Tier.SLOW),
    *_energy(4, "export reactive", Unit.VARH),
    *_energy(9, "import apparent", Unit.VAH),
    CosemObject("1-0:1.6.0", 4, "Maximum demand, active", Unit.W, scaler=-1, type=_COUNT),
    CosemObject("1-0:3.6.0", 4, "Maximum demand, reactive", Unit.VAR, scaler=-1, type=_COUNT),
    CosemObject("1-0:9.6.0", 4, "Maximum demand, apparent", Unit.VA, scaler=-1, type=_COUNT),
    _power(1, "Import active power", Unit.W, Tier.FAST),
    _power(2, "Export active power", Unit.W),
    _power(3, "Import reactive power", Unit.VAR),
    _power(9, "Import apparent power", Unit.VA),
    CosemObject("1-0:13.7.0", 3, "Power factor", scaler=-2, tier=Tier.SLOW, type=_SIGNED),
    CosemObject("1-0:14.7.0", 3, "Frequency", Unit.HZ, scaler=-2, tier=Tier.SLOW, type=_COUNT),
    *_phase(1),
    *_phase(2),
    *_phase(3),
    CosemObject("1-0:91.7.0", 3, "Neutral current", Unit.A, scaler=-2, type=_COUNT),
    CosemObject("0-0:96.3.10", 70, "Relay", attribute=3, tier=Tier.SLOW, type=CosemType.ENUM),
    CosemObject("0-0:96.50.0", 1, "Reason of the relay's last move", type=CosemType.UNSIGNED),
    CosemObject("1-0:129.129.2", 1, "Token", writable=True, secret=True,
                type=CosemType.OCTET_STRING, size=10),
    CosemObject("1-0:140.129.0", 3, "Balance", Unit.WH, scaler=1, tier=Tier.SLOW, type=_SIGNED),
    CosemObject("0-0:96.60.1", 3, "Total recharged", Unit.WH, scaler=1, type=_SIGNED),
)  # fmt: skip
