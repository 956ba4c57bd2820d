"""The kit passes what is sound and finds what is not."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

from twisted.trial.unittest import SynchronousTestCase

import hesd
from hesd.collect.cosem_conformance import check_cosem_driver
from hesd.collect.cosem_sample import sample
from hesd.dlms.data_type import DataType
from hesd.driver import (
    Column,
    CosemObject,
    CosemType,
    CosemVector,
    DLMSDriver,
    EventLog,
    ProfileTable,
    TokenEntry,
    TokenWay,
    Unit,
)
from hesd.driver.loading import load_drivers, of_kind, usable
from hesd.model.obis import OBIS

CLOCK, RELAY, TOKEN = OBIS("0-0:1.0.0"), OBIS("0-0:96.3.10"), OBIS("0-0:19.40.0")
ENERGY, VOLTAGE, SERIAL = OBIS("1-0:1.8.0"), OBIS("1-0:32.7.0"), OBIS("0-0:96.1.0")
SOUND = DLMSDriver(
    vendor="V",
    models=("M",),
    source="S",
    objects=(
        CosemObject(SERIAL, 1, "serial", type=CosemType.VISIBLE_STRING, size=12),
        CosemObject(CLOCK, 8, "clock"),
        CosemObject(ENERGY, 3, "energy", Unit.WH, scaler=1, type=CosemType.DOUBLE_LONG_UNSIGNED),
        CosemObject(VOLTAGE, 3, "voltage", Unit.V, scaler=-1, type=CosemType.LONG_UNSIGNED),
        CosemObject("0-0:96.5.0", 1, "tamper", type=CosemType.BIT_STRING, size=8),
        CosemObject(RELAY, 70, "relay", attribute=3, type=CosemType.ENUM),
        CosemObject(TOKEN, 115, "token", secret=True, type=CosemType.OCTET_STRING, size=20),
    ),
    profiles=(ProfileTable(OBIS("1-0:99.1.0"), "load", columns=(Column(CLOCK, 8), Column(ENERGY))),),
    logs=(EventLog(OBIS("1-0:99.98.4"), "log", "event", columns=(Column(CLOCK, 8), Column(CLOCK, 8))),),
    relay=RELAY,
    token=TokenEntry(TokenWay.GATEWAY, TOKEN),
    vectors=(
        CosemVector(ENERGY, "060001e240", 1234560, "made up"),
        CosemVector(VOLTAGE, "1208fd", 230.1, "made up"),
        CosemVector(CLOCK, "090c07e90b130311103bffffc400", "2025-11-19T17:16:59+01:00", "a capture"),
    ),
)


class Conformance(SynchronousTestCase):
    def problems(self, **changes: Any) -> dict[str, str]:
        checks = check_cosem_driver(replace(SOUND, **changes))
        return {check.name: "; ".join(check.problems) for check in checks if not check.passed}

    def test_a_sound_driver_passes_every_check(self) -> None:
        self.assertEqual(self.problems(), {})
        self.assertEqual(
            [check.name for check in check_cosem_driver(SOUND)],
            [
                "table",
                "association",
                "values",
                "vectors",
                "not available",
                "refusals",
                "profiles",
                "commands",
            ],
        )

    def test_every_driver_that_can_be_loaded_here_passes(self) -> None:
        directory = Path(hesd.__file__).parent.parent / "etc" / "drivers.d.example"
        drivers = of_kind(usable(load_drivers(directory)), DLMSDriver)
        self.assertGreaterEqual(
            set(drivers), {"generic-dlms", "hexcell-ddsy1088", "hexcell-dtsy1088", "momas", "dlms"}
        )
        for name, driver in drivers.items():
            for check in check_cosem_driver(driver):
                self.assertEqual(check.problems, (), f"{name}: {check.name}")

    def test_an_unsound_table_ends_it(self) -> None:
        self.assertEqual(list(self.problems(client_sap=0)), ["table"])

    def test_small_apdus_are_enough(self) -> None:
        self.assertEqual(self.problems(max_pdu=64), {})

    def test_vectors_that_are_not_decoded_so(self) -> None:
        for data, value, problem in (
            ("060001e240", 123456, "is 1234560, expected 123456 (s)"),
            ("060001e240", "1234560", "expected '1234560'"),
            ("00", 1, "is None"),
            ("0600", 1, "DataError: the octets end inside a value"),
            ("06 0x", 1, "ValueError: non-hexadecimal"),
        ):
            vector = CosemVector(ENERGY, data, value, "s")
            self.assertIn(problem, self.problems(vectors=(vector,))["vectors"])

    def test_a_column_that_nothing_names(self) -> None:
        table = replace(SOUND.profiles[0], columns=(Column(CLOCK, 8), Column(OBIS("0-0:96.67.0"))))
        self.assertEqual(
            self.problems(profiles=(table,)),
            {"profiles": "1.0.99.1.0.255: nothing says what the column 0.0.96.67.0.255 is"},
        )

    def test_either_way_of_a_token(self) -> None:
        data = CosemObject("1-0:129.129.2", 1, "token", writable=True, secret=True)
        entry = TokenEntry(TokenWay.DATA_BCD, data.obis)
        self.assertEqual(self.problems(objects=(*SOUND.objects, data), token=entry), {})


class Samples(SynchronousTestCase):
    def test_every_type_has_one_of_its_own_kind(self) -> None:
        for kind in CosemType:
            each = CosemObject("0-0:96.1.1", 1, "x", type=kind)
            self.assertIs(sample(each, 1).type, DataType[kind.name])

    def test_the_types_of_tables_are_those_of_the_standard(self) -> None:
        names = {kind.name for kind in DataType} - {"DONT_CARE"}
        self.assertEqual(
            {kind.name for kind in CosemType}, {name for name in names if not name.startswith("DELTA")}
        )

    def test_sizes_are_kept(self) -> None:
        for kind, size, octets in (
            (CosemType.OCTET_STRING, 10, 12),
            (CosemType.VISIBLE_STRING, 12, 14),
            (CosemType.BIT_STRING, 32, 6),
        ):
            each = CosemObject("0-0:96.1.1", 1, "x", type=kind, size=size)
            self.assertEqual(len(sample(each, 700).octets), octets)
