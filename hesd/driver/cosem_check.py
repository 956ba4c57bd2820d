"""Whether a DLMS driver's table can be true: what every one is checked for before it is used."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Iterator
from typing import Final

from hesd.driver.cosem import Column, CosemObject, DLMSDriver, EventLog, ProfileTable, TokenWay
from hesd.driver.expected_unit import expected_unit
from hesd.driver.table_check import MAX_SCALER
from hesd.model.obis import OBIS
from hesd.model.units import Unit

_DATA: Final = 1
_MEASURING: Final = (3, 4, 5)  # Register, Extended register, Demand register
_CLOCK: Final = 8
_RELAY: Final = 70
_TOKEN_CLASSES: Final = {TokenWay.GATEWAY: 115, TokenWay.DATA_BCD: _DATA}
_VALUE_ATTRIBUTES: Final = {3: (2,), 4: (2,), 5: (2, 3)}
_DAY_MINUTES: Final = 24 * 60
_FLAG: Final = re.compile(r"[A-Z]{3}")
_SHORTEST_PDU: Final = 12  # octets (IEC 62056-5-3, 7.3.2)


def check_cosem_table(driver: DLMSDriver) -> list[str]:
    """What is wrong with the table, one sentence each; empty for a sound one."""
    return [
        *_head(driver), *_objects(driver), *_twice(driver), *_profiles(driver), *_logs(driver),
        *_named(driver), *_vectors(driver),
    ]  # fmt: skip


def _head(driver: DLMSDriver) -> Iterator[str]:
    if not (driver.objects or driver.template or driver.from_object_list):
        yield "the table has no objects"
    if not driver.vendor or not driver.source:
        yield "vendor and source have to be named"
    for name, sap in (("client_sap", driver.client_sap), ("server_sap", driver.server_sap)):
        if not 1 <= sap <= 0xFFFF:
            yield f"{name} {sap} is outside 1..65535"
    for flag in driver.flags:
        if not _FLAG.fullmatch(flag):
            yield f"flags: {flag!r} is not three capital letters"
    if abs(driver.time_zone_minutes) >= _DAY_MINUTES:
        yield f"time_zone_minutes {driver.time_zone_minutes} is a day or more"
    if driver.inactivity <= 0:
        yield f"inactivity {driver.inactivity} s is not above 0"
    if not _SHORTEST_PDU <= driver.max_pdu <= 0xFFFF:
        yield f"max_pdu {driver.max_pdu} is outside {_SHORTEST_PDU}..65535"


def _objects(driver: DLMSDriver) -> Iterator[str]:
    for each in driver.objects:
        for problem in (*_attribute(each), *_object(each)):
            yield f"{each.obis} (class {each.class_id}): {problem}"


def _attribute(each: CosemObject | Column) -> Iterator[str]:
    if not 1 <= each.class_id <= 0xFFFF:
        yield f"class {each.class_id} is outside 1..65535"
    if not -128 <= each.attribute <= 127 or each.attribute == 0:
        yield f"attribute {each.attribute} is none: they count from 1, a manufacturer's from -1 down"
    if abs(each.scaler) > MAX_SCALER:
        yield f"scaler {each.scaler} is outside -{MAX_SCALER}..{MAX_SCALER}"
    if each.attribute not in _VALUE_ATTRIBUTES.get(each.class_id, ()) or _is_left_out(each):
        return
    if (unit := expected_unit(each.obis)) is not None and unit is not each.unit:
        yield f"is measured in {unit.name}, not in {each.unit.name}"


def _is_left_out(each: CosemObject | Column) -> bool:
    """Whether the table leaves the unit of a column to the object that is captured."""
    return isinstance(each, Column) and each.unit is Unit.NONE


def _object(each: CosemObject) -> Iterator[str]:
    if each.bounds and each.bounds[0] >= each.bounds[1]:
        yield f"bounds {each.bounds} hold nothing"
    if each.tier is not None and each.secret:
        yield "is secret, and what is polled is shown"
    if each.class_id in _MEASURING and not each.name:
        yield "has no name"


def _twice(driver: DLMSDriver) -> Iterator[str]:
    for kind, names in (
        ("attribute", [f"{each.attribute} of {each.obis}" for each in driver.objects]),
        ("polled OBIS code", [each.obis for each in driver.objects if each.tier is not None]),
        ("profile or log", [each.obis for each in driver.buffers]),
    ):
        for name, count in Counter(names).items():
            if count > 1:
                yield f"the {kind} {name} stands {count} times in the table"


def _profiles(driver: DLMSDriver) -> Iterator[str]:
    for profile in driver.profiles:
        for problem in (*_columns(profile), *_repeated(profile.columns)):
            yield f"profile {profile.obis}: {problem}"
        if profile.columns and not any(column.class_id == _CLOCK for column in profile.columns):
            yield f"profile {profile.obis}: no column is a clock"


def _logs(driver: DLMSDriver) -> Iterator[str]:
    known = {log.obis for log in driver.logs}
    for log in driver.logs:
        for problem in (*_columns(log), *_log(log)):
            yield f"log {log.obis}: {problem}"
        if log.times is not None and log.times not in known:
            yield f"log {log.obis}: the log {log.times} with its times is not in the table"


def _log(log: EventLog) -> Iterator[str]:
    if bool(log.event) == bool(log.codes):
        yield "is either one event by itself or a list of codes"
    clocks = [column for column in log.columns if column.class_id == _CLOCK]
    if len(clocks) > 2:
        yield f"{len(clocks)} clocks: an event has a start and an end"
    # Start and end are captured from the same clock.
    yield from _repeated(column for column in log.columns if column not in clocks)
    for code, count in Counter(code for code, _ in log.codes).items():
        if count > 1:
            yield f"the code {code} stands for {count} events"


def _columns(table: ProfileTable | EventLog) -> Iterator[str]:
    if not table.name:
        yield "has no name"
    for column in table.columns:
        for problem in _attribute(column):
            yield f"column {column.obis}: {problem}"
        if not 0 <= column.data_index <= 0xFFFF:
            yield f"column {column.obis}: data index {column.data_index} is outside 0..65535"


def _repeated(columns: Iterable[Column]) -> Iterator[str]:
    captured = Counter((each.class_id, each.obis, each.attribute, each.data_index) for each in columns)
    for (_, obis, attribute, _), count in captured.items():
        if count > 1:
            yield f"attribute {attribute} of {obis} is captured {count} times"


def _named(driver: DLMSDriver) -> Iterator[str]:
    """What the driver works with has to be an object of its table, of the right class."""
    if driver.template or driver.from_object_list:
        return
    wanted: list[tuple[str, OBIS | None, int | None]] = [
        ("clock", driver.clock, _CLOCK),
        ("relay", driver.relay, _RELAY),
        ("credit", driver.credit, None),
        *(("serial number", obis, None) for obis in driver.serial.obis),
    ]
    if driver.token is not None:
        wanted.append(("token entry", driver.token.obis, _TOKEN_CLASSES[driver.token.way]))
        wanted.append(("token result", driver.token.result, None))
    classes = {each.obis: each.class_id for each in driver.objects}
    for name, obis, class_id in wanted:
        if obis is not None and obis not in classes:
            yield f"the {name} {obis} is not in the table"
        elif obis is not None and class_id not in (None, classes[obis]):
            yield f"the {name} {obis} is of class {classes[obis]}, not {class_id}"


def _vectors(driver: DLMSDriver) -> Iterator[str]:
    codes = {each.obis for each in driver.objects}
    for vector in driver.vectors:
        if vector.obis not in codes:
            yield f"the vector for {vector.obis} is of no object of the table"
