"""What a driver is made of. A vendor's package imports this room and `hesd.model`, nothing else."""

from hesd.driver.cosem import (
    Authentication,
    Ciphering,
    Column,
    CosemObject,
    CosemVector,
    DLMSDriver,
    EventLog,
    ProfileKind,
    ProfileTable,
    SerialNumber,
    TokenEntry,
    TokenWay,
)
from hesd.driver.cosem_type import CosemType
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
    "Authentication",
    "Ciphering",
    "Coding",
    "Coil",
    "Column",
    "CosemObject",
    "CosemType",
    "CosemVector",
    "DLMSDriver",
    "DataType",
    "DiscreteInput",
    "EventLog",
    "Holding",
    "Identity",
    "Input",
    "ModbusDriver",
    "Order",
    "ProfileKind",
    "ProfileTable",
    "Register",
    "SerialNumber",
    "Setting",
    "Tier",
    "TokenEntry",
    "TokenWay",
    "Unit",
    "Vector",
]
