"""One cycle of the measured line by another library. Runs as a process of its own.

Usage: python -m benchmarks.bus_peers minimalmodbus|pymodbus PATH BAUD
"""

from __future__ import annotations

import json
import struct
import sys
import termios
import time
from collections.abc import Callable
from typing import Any

from benchmarks.meter_line import METERS, table
from hesd.modbus.read_plan import BusTiming, ReadBlock, plan

_set_attributes = termios.tcsetattr


def _without_parity(port: int, when: int, attributes: list[Any]) -> None:
    """A pty refuses parity; the libraries still reckon with eleven bits a character."""
    changed = list(attributes)
    changed[2] &= ~(termios.PARENB | termios.PARODD)
    _set_attributes(port, when, changed)


def minimalmodbus_by_value(path: str, baud: int) -> Callable[[], int]:
    """Every value a read of its own, as its users do."""
    import minimalmodbus

    addresses = [register.address for register in table().registers]
    instruments = []
    for unit in range(1, METERS + 1):
        instrument = minimalmodbus.Instrument(path, unit)
        instrument.serial.baudrate = baud
        instrument.serial.parity = "E"
        instrument.serial.timeout = 1.0
        instruments.append(instrument)
    return lambda: sum(
        isinstance(instrument.read_float(address), float)
        for instrument in instruments
        for address in addresses
    )


def pymodbus_by_block(path: str, baud: int) -> Callable[[], int]:
    """The blocks of hesd's plan, each read with one request."""
    from pymodbus.client import ModbusSerialClient

    client = ModbusSerialClient(path, baudrate=baud, parity="E", timeout=1, retries=0)
    if not client.connect():
        raise RuntimeError("pymodbus could not open the line")
    driver = table()
    blocks = plan(driver, driver.registers, BusTiming(baud))

    def values(unit: int, block: ReadBlock) -> int:
        reply = client.read_holding_registers(block.address, count=block.count, device_id=unit)
        data = struct.pack(f">{block.count}H", *reply.registers)
        return sum(
            isinstance(struct.unpack_from(">f", data, 2 * (register.address - block.address))[0], float)
            for register in block.registers
        )

    return lambda: sum(values(unit, block) for unit in range(1, METERS + 1) for block in blocks)


_PEERS = {"minimalmodbus": minimalmodbus_by_value, "pymodbus": pymodbus_by_block}


def main(name: str, path: str, baud: int) -> None:
    termios.tcsetattr = _without_parity  # type: ignore[assignment]
    cycle = _PEERS[name](path, baud)
    began, cpu = time.perf_counter(), time.process_time()
    values = cycle()
    took, cpu = time.perf_counter() - began, time.process_time() - cpu
    if values != METERS * len(table().registers):
        raise RuntimeError(f"{name} read {values} values")
    print(json.dumps({"cycles": [took], "cpu": cpu}))


if __name__ == "__main__":
    main(sys.argv[1], sys.argv[2], int(sys.argv[3]))
