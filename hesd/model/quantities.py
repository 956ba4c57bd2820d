"""The friendly name of an OBIS code: `1.0.32.7.0.255` is `voltage_l1`, "Voltage L1".

Names follow the structure of the code (IEC 62056-6-1, electricity): group C says what
is measured and in which phase, group D how it is processed, group E the tariff. So
every code of that structure has a name, and only the exceptions are listed.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache

from hesd.model.obis import OBIS


@dataclass(frozen=True, slots=True)
class Quantity:
    """A stable snake_case `name` for programs and a `label` for people."""

    name: str
    label: str


# Group C below 20 is the total of all phases; +20, +40, +60 are L1, L2, L3.
_MEASURED = {
    1: "active import", 2: "active export", 3: "reactive import", 4: "reactive export",
    5: "reactive QI", 6: "reactive QII", 7: "reactive QIII", 8: "reactive QIV",
    9: "apparent import", 10: "apparent export", 11: "current", 12: "voltage",
    13: "power factor", 14: "frequency", 15: "active absolute", 16: "active net",
}  # fmt: skip
_POWERS = frozenset((*range(1, 11), 15, 16))
_PHASES = ("", " L1", " L2", " L3")
# D: kind of processing. Instantaneous values carry no suffix: they are the plain name.
_PROCESSING = {
    2: "cumulative maximum", 4: "demand", 5: "last average", 6: "maximum demand", 7: "",
    8: "", 9: "since billing", 24: "average", 25: "last average", 27: "average demand",
    29: "interval",
}  # fmt: skip
_ENERGY = frozenset((8, 9, 29))

# Settings of a Modbus meter are named by their register: 0-0:199.1.2 is register 0x0102.
_PARAMETER = 199

# What group C has no standard place for: hesd's own use of the manufacturer range
# (128..199) and the few standard codes that do not follow the pattern above.
_NAMED = {
    "1.0.91.7.0.255": "current neutral",
    "1.0.92.7.0.255": "voltage neutral",
    "1.0.131.7.0.255": "voltage L1-L2",
    "1.0.132.7.0.255": "voltage L2-L3",
    "1.0.133.7.0.255": "voltage L3-L1",
    "1.0.134.7.0.255": "voltage line to line",
    "1.0.135.7.0.255": "current total",
    "1.0.136.7.0.255": "phase angle",
    "1.0.141.7.0.255": "current ground",
    "1.0.137.8.0.255": "reactive energy absolute",
    "1.0.138.8.0.255": "reactive energy absolute L1",
    "1.0.139.8.0.255": "reactive energy absolute L2",
    "1.0.140.8.0.255": "reactive energy absolute L3",
    "1.0.11.8.0.255": "charge",
    "1.0.91.4.0.255": "current neutral demand",
    "1.0.91.6.0.255": "current neutral maximum demand",
    "1.0.81.7.4.255": "phase angle L1",
    "1.0.81.7.15.255": "phase angle L2",
    "1.0.81.7.26.255": "phase angle L3",
    "1.0.11.7.124.255": "current THD", "1.0.12.7.124.255": "voltage THD",
    "1.0.31.7.124.255": "current THD L1", "1.0.51.7.124.255": "current THD L2",
    "1.0.71.7.124.255": "current THD L3", "1.0.32.7.124.255": "voltage THD L1",
    "1.0.52.7.124.255": "voltage THD L2", "1.0.72.7.124.255": "voltage THD L3",
    "1.0.131.7.124.255": "voltage THD L1-L2", "1.0.132.7.124.255": "voltage THD L2-L3",
    "1.0.133.7.124.255": "voltage THD L3-L1", "1.0.134.7.124.255": "voltage THD line to line",
    "0.0.1.0.0.255": "clock", "0.0.42.0.0.255": "logical device name",
    "0.0.96.1.0.255": "serial number", "0.0.96.1.1.255": "product id",
    "0.0.96.1.2.255": "model", "0.0.96.3.10.255": "relay",
    "0.0.19.40.0.255": "token gateway", "1.0.0.2.0.255": "firmware version",
}  # fmt: skip


@lru_cache(maxsize=4096)
def quantity(obis: OBIS) -> Quantity:
    """The quantity an OBIS code stands for; the code itself where it has no name."""
    phrase = _NAMED.get(obis) or _structured(obis)
    if not phrase:
        return Quantity(obis, obis)
    name = phrase.lower().replace(" ", "_").replace("-", "_")
    return Quantity(name, phrase[0].upper() + phrase[1:])


def _structured(obis: OBIS) -> str:
    a, _, c, d, e, f = obis.groups
    if a == 0 and c == _PARAMETER:
        return f"parameter {d << 8 | e:#06x}"
    measured = _MEASURED.get(c % 20)
    if a != 1 or measured is None or c > 80 or d not in _PROCESSING:
        return ""
    if c % 20 in _POWERS:
        direction = measured.split()
        kind = "energy" if d in _ENERGY else "power"
        measured = f"{direction[0]} {kind} {direction[1]}"
    words = measured + _PHASES[c // 20]
    if _PROCESSING[d]:
        words += f" {_PROCESSING[d]}"
    if e:
        words += f" T{e}"
    if f != 255:
        words += f" history {f}"
    return words
