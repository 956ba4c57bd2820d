"""What leaves this core when bytes or requests break a rule."""

from __future__ import annotations

from hesd.model.errors import ProtocolError

# The application protocol, section 7; 7 is of older editions and still met in the field.
_NAMES = {
    1: "illegal function",
    2: "illegal data address",
    3: "illegal data value",
    4: "server device failure",
    5: "acknowledge",
    6: "busy",
    7: "negative acknowledge",
    8: "memory parity error",
    10: "gateway path unavailable",
    11: "gateway target failed to respond",
}

ILLEGAL_FUNCTION = 1
ILLEGAL_ADDRESS = 2
ILLEGAL_VALUE = 3


class ModbusError(ProtocolError):
    """Base of everything this core raises."""


class MeterException(ModbusError):
    """The meter answered with an exception; `name` says what `code` means, where anybody knows."""

    def __init__(self, code: int, function: int = 0) -> None:
        self.code = code
        self.function = function
        self.name = _NAMES.get(code, "unknown exception")
        asked = f" to function {function}" if function else ""
        super().__init__(f"exception {code}{asked}: {self.name}")


class BadReply(ModbusError):
    """Bytes that cannot be the answer to what was asked."""


class BadRequest(ModbusError, ValueError):
    """A request that Modbus cannot express; `code` is the exception a meter answers it with."""

    def __init__(self, message: str, code: int = ILLEGAL_VALUE) -> None:
        self.code = code
        super().__init__(message)
