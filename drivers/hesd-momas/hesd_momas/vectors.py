"""Values of Momas meters as octets: a real answer, and others made after the object list."""

from __future__ import annotations

from hesd.driver import CosemVector
from hesd.model.obis import OBIS

_CAPTURED = "capture of a single-phase prepayment meter, quoted by memmcolapps/hes-backend-springboot"
_GENERATED = "made after the types and scalers of memmcolapps/hes-backend-springboot, obis_mapping"

VECTORS = (
    CosemVector(OBIS("0-0:1.0.0"), "090c07e90b130311103bffffc400", "2025-11-19T17:16:59+01:00", _CAPTURED),
    *(
        CosemVector(OBIS(obis), data, value, _GENERATED)
        for obis, data, value in (
            ("0-0:96.1.0", "0a0c303632313234303230343530", "062124020450"),
            ("1-0:32.7.0", "0600005a0a", 230.5),
            ("1-0:31.7.0", "06000001d6", 4.7),
            ("1-0:1.7.0", "0500002710", 1000),
            ("1-0:13.7.0", "050000005f", 0.95),
            ("1-0:1.8.0", "060001e240", 1234560),
            ("1-0:140.129.0", "05fffffff6", -100),
            ("0-0:96.3.10", "1600", 0),
        )
    ),
)
