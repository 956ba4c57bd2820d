"""What a driver is made of. A vendor's package imports this room and `hesd.model`, nothing else."""

from hesd.driver.modbus import Identity, ModbusDriver, Setting, Vector
from hesd.driver.register import (
    Coding,
    Coil,
    DataType,
    DiscreteInput,
    Holding,
    Input,
    Order,
    Register,
    Tier,
)
from hesd.model.units import Unit

__all__ = [
    "Coding",
    "Coil",
    "DataType",
    "DiscreteInput",
    "Holding",
    "Identity",
    "Input",
    "ModbusDriver",
    "Order",
    "Register",
    "Setting",
    "Tier",
    "Unit",
    "Vector",
]
