"""What a DLMS driver is put through: `hesctl drivers check NAME`, and a vendor's own tests.

Every value goes through the real cores: the head end associates with a meter that is made
of the driver's table, reads it by lists, and says what it means.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Sequence
from typing import Final

from hesd.collect.cosem_reading import reading_of
from hesd.collect.cosem_sample import sample
from hesd.collect.dlms_table import Asked
from hesd.collect.meter_scalers import of_table
from hesd.collect.table_meter import TableMeter
from hesd.dlms.access_result import DataAccessResult, DataResult
from hesd.dlms.cosem_class import cosem_class
from hesd.dlms.cosem_meaning import ScalerUnit, scaler_unit
from hesd.dlms.data import Data
from hesd.dlms.data_type import DataType
from hesd.dlms.descriptor import AttributeDescriptor, MethodDescriptor
from hesd.dlms.selective_access import CaptureObject
from hesd.dlms.sts_token import STSToken, TokenClass
from hesd.driver.check import Check, run_check
from hesd.driver.cosem import Column, DLMSDriver, EventLog, ProfileTable, TokenWay
from hesd.driver.cosem_check import check_cosem_table
from hesd.model.obis import OBIS
from hesd.model.reading import Quality, Reading, Source, Value, shift

_LISTED: Final = 16  # attributes a request asks for
_UNKNOWN_REFUSAL: Final = DataAccessResult(99)  # one that nobody has defined
_CLOSE: Final = 1e-9  # relative
_PROFILE: Final = 7
_BUFFER: Final = 2
_CAPTURE_OBJECTS: Final = 3
_RELAY: Final = 70
_TOKEN_GATEWAY: Final = 115
_TOKEN: Final = STSToken("12345678901234567890", TokenClass.CREDIT)

Answers = dict[AttributeDescriptor, DataResult]


def check_cosem_driver(driver: DLMSDriver) -> tuple[Check, ...]:
    """Every check there is; only the first where the table itself is not sound."""
    table = run_check("table", f"{len(driver.objects)} objects", check_cosem_table, driver)
    if not table.passed:
        return (table,)
    refusals = len(DataAccessResult) - 1
    saps = f"client {driver.client_sap}, server {driver.server_sap}"
    return (
        table,
        run_check("association", saps, _associate, driver),
        run_check("values", "each object, from meter to reading", _values, driver),
        run_check("vectors", f"{len(driver.vectors)} given", _vectors, driver),
        run_check("not available", "each object without a value", _not_available, driver),
        run_check("refusals", f"{refusals} reasons and one unknown", _refusals, driver),
        run_check("profiles", f"{len(driver.buffers)} profiles and logs", _profiles, driver),
        run_check("commands", "relay and token", _commands, driver),
    )


def _associate(driver: DLMSDriver) -> Iterator[str]:
    TableMeter(driver, {}).associate()
    yield from ()


def _values(driver: DLMSDriver) -> Iterator[str]:
    samples = {asked.attribute: sample(asked.object, i) for i, asked in enumerate(_asked(driver))}
    for asked, reading in _readings(driver, samples.__getitem__):
        problem = _wrong(asked, samples[asked.attribute], reading)
        if problem:
            yield f"{asked.object.obis}: {problem}"


def _wrong(asked: Asked, data: Data, reading: Reading) -> str | None:
    """What the reading got wrong of the value the meter gave."""
    each, raw = asked.object, data.value
    if each.secret:
        shown = f"{reading.raw!r} {reading.value!r}"
        return "is secret, and shown" if isinstance(raw, bytes) and raw.hex() in shown else None
    if isinstance(raw, bool | int | float):
        wanted: Value = shift(raw, each.scaler) if asked.scaler else raw
        if reading.value != wanted or reading.unit is not each.unit:
            return f"{raw!r} was read as {reading.value!r} {reading.unit.name}"
    elif isinstance(raw, bytes | str) and not reading.value:
        return f"{raw!r} was read as {reading.value!r}"
    return None


def _vectors(driver: DLMSDriver) -> Iterator[str]:
    for vector in driver.vectors:
        for _, reading in _readings(driver, _constantly(bytes.fromhex(vector.data)), vector.obis):
            if not _same(reading.value, vector.value):
                found = f"{vector.obis} is {reading.value!r}, expected {vector.value!r}"
                yield f"{found} ({vector.source})"


def _not_available(driver: DLMSDriver) -> Iterator[str]:
    for asked, reading in _readings(driver, _constantly(bytes((DataType.NULL_DATA,)))):
        if reading.value is not None or reading.quality is not Quality.BAD:
            yield f"{asked.object.obis}: not available became {reading.value!r}, {reading.quality.label}"


def _refusals(driver: DLMSDriver) -> Iterator[str]:
    attributes = [asked.attribute for asked in _asked(driver)]
    for refusal in (*DataAccessResult, _UNKNOWN_REFUSAL):
        if refusal is DataAccessResult.SUCCESS:
            continue
        answers = _read(driver, attributes, dict.fromkeys(attributes, refusal))
        for attribute, answer in answers.items():
            if answer != refusal:
                yield f"{attribute.instance}: {refusal.text} was understood as {answer!r}"


def _profiles(driver: DLMSDriver) -> Iterator[str]:
    named = {(each.class_id, each.obis) for each in driver.objects if each.name}
    for table in driver.buffers:
        for column in table.columns:
            if not column.name and (column.class_id, column.obis) not in named:
                yield f"{table.obis}: nothing says what the column {column.obis} is"
        if table.columns:
            yield from (f"{table.obis}: {problem}" for problem in _profile(driver, table))


def _profile(driver: DLMSDriver, table: ProfileTable | EventLog) -> Iterator[str]:
    """Columns and a row, as a meter tells them and as they are understood."""
    captured = tuple(map(_captured, table.columns))
    row = Data.structure(*(sample(column, index) for index, column in enumerate(table.columns)))
    columns = AttributeDescriptor(_PROFILE, table.obis, _CAPTURE_OBJECTS)
    buffer = AttributeDescriptor(_PROFILE, table.obis, _BUFFER)
    told: Answers = {columns: Data.array(*(each.data for each in captured)), buffer: Data.array(row)}
    answers = _read(driver, list(told), told)
    found = cosem_class(_PROFILE).meaning_of(_CAPTURE_OBJECTS, _value(answers[columns]))
    if found != captured:
        yield f"its columns were understood as {found!r}"
    if _value(answers[buffer]) != [row.value]:
        yield f"its row was understood as {answers[buffer]!r}"


def _captured(column: Column) -> CaptureObject:
    return CaptureObject(column.class_id, column.obis, column.attribute, column.data_index)


def _commands(driver: DLMSDriver) -> Iterator[str]:
    meter = TableMeter(driver, {})
    meter.associate()
    if driver.relay is not None:
        argument = Data.of(DataType.INTEGER, 0)
        for method in (1, 2):  # remote_disconnect, remote_reconnect
            meter.action(MethodDescriptor(_RELAY, driver.relay, method), argument)
        if [each.method for each in meter.called] != [1, 2]:
            yield f"the relay was asked for {list(meter.called)}"
    if driver.token is not None and not _takes_token(meter, driver.token.way, driver.token.obis):
        yield f"the token did not arrive: {driver.token}"


def _takes_token(meter: TableMeter, way: TokenWay, obis: OBIS) -> bool:
    if way is TokenWay.GATEWAY:
        method = MethodDescriptor(_TOKEN_GATEWAY, obis, 1)
        digits = Data.of(DataType.OCTET_STRING, _TOKEN.digits.encode())
        meter.action(method, digits)
        return meter.called.get(method) == digits
    attribute = AttributeDescriptor(1, obis, 2)
    octets = Data.of(DataType.OCTET_STRING, _TOKEN.bcd)
    meter.set(attribute, octets)
    return meter.written.get(attribute) == octets


def _asked(driver: DLMSDriver, *only: OBIS) -> list[Asked]:
    return [Asked.of(each) for each in driver.objects if not only or each.obis in only]


def _constantly(octets: bytes) -> Callable[[AttributeDescriptor], Data]:
    """Every attribute has this value, as A-XDR. Raises `DataError`."""
    data = Data.decode(octets)
    return lambda _: data


def _readings(
    driver: DLMSDriver, value: Callable[[AttributeDescriptor], Data], *only: OBIS
) -> Iterator[tuple[Asked, Reading]]:
    """The objects of the table (`only` these) as the head end reads them, where they hold `value`."""
    asked = _asked(driver, *only)
    told: Answers = {each.attribute: value(each.attribute) for each in asked}
    told |= {each.scaler: _scaler_unit(each) for each in asked if each.scaler}
    answers = _read(driver, list(told), told)
    for each in asked:
        data = answers[each.attribute]
        scaled = scaler_unit(_value(answers[each.scaler])) if each.scaler else of_table(each)
        assert isinstance(data, Data)
        yield each, _reading(driver, each, data, scaled)


def _reading(driver: DLMSDriver, asked: Asked, data: Data, scaled: ScalerUnit) -> Reading:
    return reading_of(asked.object, data, scaled, driver, meter="", at_ms=0, source=Source.READ)


def _scaler_unit(asked: Asked) -> Data:
    """Attribute 3 of a register, as the table has it."""
    scaler = Data.of(DataType.INTEGER, asked.object.scaler)
    return Data.structure(scaler, Data.of(DataType.ENUM, asked.object.unit))


def _read(driver: DLMSDriver, attributes: Sequence[AttributeDescriptor], told: Answers) -> Answers:
    """The attributes of a meter that holds what is `told`, read by lists."""
    meter = TableMeter(driver, told)
    meter.associate()
    answers: Answers = {}
    for start in range(0, len(attributes), _LISTED):
        listed = attributes[start : start + _LISTED]
        answers |= zip(listed, meter.get(listed), strict=True)
    return answers


def _value(result: DataResult) -> object:
    return result.value if isinstance(result, Data) else None


def _same(value: Value, expected: Value) -> bool:
    if isinstance(value, float) and isinstance(expected, int | float):
        return math.isclose(value, expected, rel_tol=_CLOSE)
    return value == expected
