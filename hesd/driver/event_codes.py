"""What the numbers in event logs mean, for drivers whose meters follow a common list.

The same number means different things in different lists, so a driver names its own for each
log (`EventLog.codes`); a number that its list has not is shown as it is.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

Codes = tuple[tuple[int, str], ...]

# IDIS Package 2, 5.4.1, as far as prepayment meters of several makers have been seen to log it, and
# what they log above 200. Of the pairs there the first is taken for the beginning.
IDIS: Final[Codes] = (
    (1, "power down"), (2, "power up"), (3, "daylight saving changed"),
    (4, "clock adjusted, old time"), (5, "clock adjusted, new time"), (6, "clock invalid"),
    (7, "replace battery"), (8, "battery voltage low"), (9, "tariff schedule activated"),
    (10, "error register cleared"), (11, "alarm register cleared"), (12, "program memory error"),
    (13, "RAM error"), (14, "non-volatile memory error"), (15, "watchdog error"),
    (16, "measurement system error"), (17, "firmware ready for activation"), (18, "firmware activated"),
    (19, "passive tariff schedule programmed"), (20, "external alert"),
    (40, "terminal cover removed"), (41, "terminal cover closed"), (42, "strong DC field"),
    (43, "strong DC field gone"), (44, "meter cover removed"), (45, "meter cover closed"),
    (46, "failed login"), (47, "parameters changed"), (48, "global key changed"),
    (51, "firmware verification failed"),
    (60, "manual disconnection"), (61, "manual connection"), (62, "remote disconnection"),
    (63, "remote connection"), (64, "local disconnection"), (65, "limiter threshold exceeded"),
    (66, "limiter threshold ok"), (67, "limiter threshold changed"),
    (68, "disconnection or reconnection failed"), (69, "local reconnection"),
    (70, "supervision 1 threshold exceeded"), (71, "supervision 1 threshold ok"),
    (72, "supervision 2 threshold exceeded"), (73, "supervision 2 threshold ok"),
    (74, "supervision 3 threshold exceeded"), (75, "supervision 3 threshold ok"),
    (76, "L1 undervoltage"), (77, "L2 undervoltage"), (78, "L3 undervoltage"),
    (79, "L1 overvoltage"), (80, "L2 overvoltage"), (81, "L3 overvoltage"),
    (82, "L1 phase failure"), (83, "L2 phase failure"), (84, "L3 phase failure"),
    (85, "L1 voltage normal"), (86, "L2 voltage normal"), (87, "L3 voltage normal"),
    (88, "phase sequence reversal"), (89, "missing neutral"), (90, "phase asymmetry"),
    (212, "phase asymmetry end"), (215, "frequency out of limits"), (216, "frequency within limits"),
    (218, "L1 current reversal"), (219, "L2 current reversal"), (220, "L3 current reversal"),
    (222, "energy reversal"), (223, "high temperature"), (224, "high temperature end"),
    (226, "energy reversal end"), (227, "L1 current reversal end"), (228, "L2 current reversal end"),
    (229, "L3 current reversal end"), (230, "low power factor"), (231, "low power factor end"),
    (232, "module cover removed"), (233, "module cover closed"), (236, "missing neutral end"),
    (237, "phase sequence reversal end"), (255, "event log cleared"),
)  # fmt: skip


def _ends(first: int, *events: str) -> Codes:
    """Pairs of codes from `first` on: something occurs, and is over."""
    names = [name for event in events for name in (event, f"{event} end")]
    return tuple(enumerate(names, first))


# Companion specification of India, IS 15959 part 1 (2011) tables 32 to 38, as head ends and meters
# in public repositories have them; the phases R, Y, B are L1, L2, L3. One log for each subject:
# 0-0:99.98.0 voltage, .1 current, .2 power, .3 transactions, .4 others, .5 what is kept for ever,
# .6 control.
IS15959: Final[Codes] = (
    *_ends(1, "L1 voltage missing", "L2 voltage missing", "L3 voltage missing", "overvoltage",
           "undervoltage", "voltage unbalance"),
    *_ends(51, "L1 current reversal", "L2 current reversal", "L3 current reversal",
           "L1 current transformer open", "L2 current transformer open", "L3 current transformer open",
           "current unbalance", "current bypass", "overcurrent", "earth loading"),
    *_ends(101, "power failure"),
    (151, "clock set"), (152, "demand period changed"), (153, "profile capture period changed"),
    (154, "billing dates changed"), (155, "tariff calendar changed"),
    *_ends(201, "strong magnetic field", "neutral disturbance", "very low power factor",
           "missing neutral"),
    (251, "meter cover removed"),
    (301, "disconnection"), (302, "connection"),
)  # fmt: skip

# By the name a table in TOML gives them.
CODES: Final[Mapping[str, Codes]] = {"idis": IDIS, "is-15959": IS15959}
