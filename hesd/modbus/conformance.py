"""What a driver is put through: `hesctl drivers check NAME`, and a vendor's own tests.

Every value goes through the real core: a request is framed, a meter's side finds it in the
bytes and answers from a register image, the head end's side finds the reply, and the
driver's table says what it means.
"""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Iterator, Sequence
from typing import Any, Final

from hesd.driver.check import Check, run_check
from hesd.driver.codec import RegisterCodec
from hesd.driver.meaning import mismatch, prefix_scaler, reading_of, value_of
from hesd.driver.modbus import ModbusDriver, Vector
from hesd.driver.raw_value import can_be_absent
from hesd.driver.register import DataType, Register, Tier
from hesd.driver.table_check import check_table
from hesd.modbus.errors import MeterException
from hesd.modbus.pdu import Request, WriteCoil, WriteRegisters
from hesd.modbus.read_plan import BusTiming, ReadBlock, plan
from hesd.modbus.register_image import RegisterImage
from hesd.modbus.rtu import ReplyReader, ReplyReceived, RequestReader, encode_frame
from hesd.modbus.server import serve
from hesd.model.obis import OBIS
from hesd.model.reading import Quality, Raw, Reading, Value

BAUDS: Final = (9600, 19200, 38400)
EXCEPTIONS: Final = (1, 2, 3, 4, 5, 6, 7, 8, 10, 11, 99)  # 99 is one that nobody has defined
_UNIT: Final = 1
_CLOSE: Final = 1e-6  # relative: a float32 has seven digits


def check_driver(driver: ModbusDriver) -> tuple[Check, ...]:
    """Every check there is; only the first where the table itself is not sound."""
    table = run_check("table", f"{len(driver.registers)} registers", check_table, driver)
    if not table.passed:
        return (table,)
    return (
        table,
        run_check("plan", f"at {', '.join(map(str, BAUDS))} baud", _plans, driver),
        run_check("values", "each register, both ways", _values, driver),
        run_check("vectors", f"{len(driver.vectors)} given", _vectors, driver),
        run_check("not available", "each register that can say so", _not_available, driver),
        run_check("exceptions", f"{len(EXCEPTIONS)} codes", _exceptions, driver),
        run_check("identity", f"{len(driver.identity)} registers", _identity, driver),
        run_check("settings", f"{len(driver.settings)} that can be written", _settings, driver),
        run_check("prefix", f"{len(driver.prefix_scalers)} values", _prefix, driver),
    )


def _plans(driver: ModbusDriver) -> Iterator[str]:
    fast = [register for register in driver.registers if register.tier is Tier.FAST]
    for baud in BAUDS:
        for registers in (driver.registers, fast):
            blocks = plan(driver, registers, BusTiming(baud, turnaround=driver.turnaround))
            for problem in _plan(driver, registers, blocks):
                yield f"at {baud} baud: {problem}"


def _plan(driver: ModbusDriver, registers: Sequence[Register], blocks: Sequence[ReadBlock]) -> Iterator[str]:
    read = Counter(register for block in blocks for register in block.registers)
    if read != Counter(registers):
        yield "not every register is read once"
    for block in blocks:
        span = range(block.address, block.address + block.count)
        where = f"the block {span.start}..{span.stop - 1}"
        if any(r.address not in span or r.address + r.length > span.stop for r in block.registers):
            yield f"{where} does not hold all its registers"
        if block.count > driver.read_limit and block.function in (3, 4):
            yield f"{where} exceeds the read limit of {driver.read_limit}"
        if any(span.start < hole.stop and hole.start < span.stop for hole in driver.holes):
            yield f"{where} touches a hole"


def _values(driver: ModbusDriver) -> Iterator[str]:
    raws = {register: _sample(register, index) for index, register in enumerate(driver.registers)}
    image = _image_of(driver, raws)
    for register, reading in _read(driver, driver.registers, image).items():
        raw = raws[register]
        if reading.raw != raw or reading.value != value_of(register, raw):
            yield f"{_name(register)}: {raw!r} was written, {reading.raw!r} was read"


def _vectors(driver: ModbusDriver) -> Iterator[str]:
    for vector in driver.vectors:
        for problem in _vector(driver, vector):
            yield f"function {vector.function}, address {vector.address} ({vector.source}): {problem}"


def _vector(driver: ModbusDriver, vector: Vector) -> Iterator[str]:
    data = bytes.fromhex(vector.data)
    image = RegisterImage()
    image.load(vector.function, vector.address - driver.address_base, data)
    end = vector.address + (8 * len(data) if vector.function in (1, 2) else len(data) // 2)
    inside = {
        register.obis: register
        for register in driver.known_registers
        if register.function == vector.function
        and vector.address <= register.address
        and register.address + register.length <= end
    }
    readings = {r.obis: reading for r, reading in _read(driver, list(inside.values()), image).items()}
    expected = {OBIS(obis): value for obis, value in vector.values}
    for obis in expected.keys() - inside.keys():
        yield f"{obis} does not lie in it"
    for obis in inside.keys() - expected.keys():
        yield f"{obis} lies in it and no value is given"
    for obis in expected.keys() & inside.keys():
        if not _same(readings[obis].value, expected[obis]):
            yield f"{obis} is {readings[obis].value!r}, expected {expected[obis]!r}"


def _not_available(driver: ModbusDriver) -> Iterator[str]:
    registers = [register for register in driver.registers if can_be_absent(register)]
    image = _image_of(driver, dict.fromkeys(registers))
    for register, reading in _read(driver, registers, image).items():
        if reading.value is not None or reading.quality is not Quality.BAD:
            yield f"{_name(register)}: not available became {reading.value!r}, {reading.quality.label}"


def _exceptions(driver: ModbusDriver) -> Iterator[str]:
    image = RegisterImage()
    for image.refusal in EXCEPTIONS:
        for block in plan(driver, driver.registers, BusTiming(BAUDS[0])):
            try:
                reply = _ask(block.request(driver), image)
            except MeterException as refusal:
                if refusal.code != image.refusal:
                    yield f"exception {image.refusal} was understood as {refusal.code}"
            else:
                yield f"exception {image.refusal} was taken for {reply!r}"


def _identity(driver: ModbusDriver) -> Iterator[str]:
    for identity in driver.identity:
        for expected in identity.expected:
            image = _image_of(driver, {identity.register: expected})
            reading = _read(driver, [identity.register], image)[identity.register]
            if mismatch(identity, reading.raw):
                yield f"{_name(identity.register)}: {expected!r} is not recognised"


def _settings(driver: ModbusDriver) -> Iterator[str]:
    for setting in driver.settings:
        register = setting.register
        for number in [number for number, _ in setting.choices] or setting.limits or (1,):
            image = RegisterImage()
            data = RegisterCodec([register], register.address, driver.order).encode([number])
            address = driver.wire_address(register)
            coil = register.type is DataType.BIT
            _ask(WriteCoil(address, bool(number)) if coil else WriteRegisters(address, data), image)
            if _read(driver, [register], image)[register].raw != number:
                yield f"{setting.name}: {number} does not come back as it was written"


def _prefix(driver: ModbusDriver) -> Iterator[str]:
    for number, scaler in driver.prefix_scalers:
        assert driver.prefix is not None
        image = _image_of(driver, {driver.prefix: number})
        raw = _read(driver, [driver.prefix], image)[driver.prefix].raw
        if prefix_scaler(driver, raw) != scaler:
            yield f"{_name(driver.prefix)}: {number} does not stand for the scaler {scaler}"


def _image_of(driver: ModbusDriver, raws: dict[Register, Any]) -> RegisterImage:
    """A meter that holds these raw values."""
    image = RegisterImage()
    for block in plan(driver, list(raws), BusTiming(BAUDS[0])):
        codec = RegisterCodec(block.registers, block.address, driver.order)
        data = codec.encode([raws[register] for register in block.registers])
        image.load(block.function, block.address - driver.address_base, data)
    return image


def _read(
    driver: ModbusDriver, registers: Sequence[Register], image: RegisterImage
) -> dict[Register, Reading]:
    """The registers as the head end reads them from a meter with this image."""
    readings: dict[Register, Reading] = {}
    for block in plan(driver, registers, BusTiming(BAUDS[0])):
        codec = RegisterCodec(block.registers, block.address, driver.order)
        raws = codec.decode(_ask(block.request(driver), image))
        for register, raw in zip(block.registers, raws, strict=True):
            readings[register] = reading_of(register, raw, meter="", at_ms=0)
    return readings


def _ask(request: Request[Any], image: RegisterImage) -> Any:
    """One conversation on an RTU line. Raises `MeterException` where the meter refuses."""
    reader = ReplyReader()
    reader.expect(_UNIT, request)
    (asked,) = RequestReader().feed(encode_frame(_UNIT, request.encode()))
    (reply,) = reader.feed(encode_frame(asked.unit, serve(asked.pdu, image)))
    assert isinstance(reply, ReplyReceived)
    return request.decode_reply(reply.pdu)


def _sample(register: Register, index: int) -> Raw:
    """A raw value that this register can hold and the ones beside it do not."""
    match register.type:
        case DataType.BIT:
            return index % 2
        case DataType.STRING:
            return f"{index:02}"[: 2 * register.length]
        case DataType.FLOAT32 | DataType.FLOAT64:
            number: float = (index + 1) / 256  # exact, and within a power factor's range
        case DataType.BITS if register.mask:
            number = 1
        case _:
            number = index + 1
    return number + 1 if number in register.unavailable else number


def _same(value: Value, expected: Value) -> bool:
    if isinstance(value, float) and isinstance(expected, (int, float)):
        return math.isclose(value, expected, rel_tol=_CLOSE)
    return value == expected


def _name(register: Register) -> str:
    return f"register {register.address} ({register.obis})"
