"""Values of Hexcell meters as octets, in V, A, W, Hz, Wh."""

from __future__ import annotations

from hesd.driver import CosemVector
from hesd.model.obis import OBIS

_GENERATED = "made after the types and scalers of the Hexcell AMI System Unified OBIS List"

VECTORS = tuple(
    CosemVector(OBIS(obis), data, value, _GENERATED)
    for obis, data, value in (
        ("0-0:96.1.0", "0906046000755036", "46000755036"),
        ("1-0:32.7.0", "120901", 230.5),
        ("1-0:31.7.0", "060000125c", 4.7),
        ("1-0:1.7.0", "05ffffd8f0", -1000),
        ("1-0:13.7.0", "1003b6", 0.95),
        ("1-0:14.7.0", "121392", 50.1),
        ("1-0:1.8.0", "060001e240", 1234560),
        ("1-0:1.8.0.1", "0600000000", 0),
        ("1-0:96.66.0", "0600000d05", 33330),
        ("0-0:96.3.10", "1601", 1),
    )
)
