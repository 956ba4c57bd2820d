"""Payment metering of a simulated meter: account, credit and charge (classes 111, 112, 113)."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from hesd.dlms.cosem_meaning import ChargeType, CreditStatus, CreditType
from hesd.dlms.data import Data
from hesd.dlms.data_type import DataType
from hesd.model.obis import OBIS
from hesd.sim.dlms_object import Attribute, ServedObject, constant, fixed, setting

if TYPE_CHECKING:
    from hesd.sim.dlms_meter import SimulatedDLMSMeter

ACCOUNT: Final = OBIS("0.0.19.0.0.255")
CREDIT: Final = OBIS("0.0.19.10.0.255")
CHARGE: Final = OBIS("0.0.19.20.0.255")
_ACTIVE, _PREPAYMENT = 2, 2
_NEVER: Final = bytes.fromhex("ffffffffffffffffff800000")
_WARNING_WH: Final = 5_000


def payment_objects() -> tuple[ServedObject, ...]:
    """One account with one credit, in Wh, and one charge for what is consumed."""
    return _account(), _credit(), _charge()


def _left(meter: SimulatedDLMSMeter) -> Data:
    return Data.of(DataType.DOUBLE_LONG, round(meter.ledger.credit(meter.at())))


def _names(*codes: OBIS) -> Attribute:
    return fixed(Data.array(*(Data.of(DataType.OCTET_STRING, code.octets) for code in codes)))


def _account() -> ServedObject:
    status = Data.structure(Data.of(DataType.ENUM, _PREPAYMENT), Data.of(DataType.ENUM, _ACTIVE))
    unit = Data.structure(
        Data.of(DataType.UTF8_STRING, "Wh"), Data.of(DataType.INTEGER, 0), Data.of(DataType.ENUM, 0)
    )
    empty = fixed(Data.array())
    return ServedObject(
        111,
        ACCOUNT,
        {
            2: fixed(status),
            3: constant(DataType.UNSIGNED, 0),
            4: constant(DataType.BIT_STRING, "00000001"),
            5: Attribute(_left),
            6: constant(DataType.DOUBLE_LONG, 0),
            7: constant(DataType.DOUBLE_LONG, 0),
            8: constant(DataType.DOUBLE_LONG, 0),
            9: _names(CREDIT),
            10: _names(CHARGE),
            11: empty,
            12: empty,
            13: constant(DataType.OCTET_STRING, _NEVER),
            14: constant(DataType.OCTET_STRING, _NEVER),
            15: fixed(unit),
            16: setting(111, ACCOUNT, 16, lambda _: Data.of(DataType.DOUBLE_LONG, _WARNING_WH)),
        },
    )


def _credit() -> ServedObject:
    return ServedObject(
        112,
        CREDIT,
        {
            2: Attribute(_left),
            3: constant(DataType.ENUM, CreditType.TOKEN),
            4: constant(DataType.UNSIGNED, 1),
            5: setting(112, CREDIT, 5, lambda _: Data.of(DataType.DOUBLE_LONG, _WARNING_WH)),
            6: constant(DataType.DOUBLE_LONG, 0),
            7: constant(DataType.BIT_STRING, "00000"),
            8: Attribute(_credit_status),
            9: constant(DataType.DOUBLE_LONG, 0),
            10: constant(DataType.DOUBLE_LONG, 0),
            11: constant(DataType.OCTET_STRING, _NEVER),
        },
    )


def _credit_status(meter: SimulatedDLMSMeter) -> Data:
    left = meter.ledger.credit(meter.at()) > 0
    return Data.of(DataType.ENUM, CreditStatus.IN_USE if left else CreditStatus.EXHAUSTED)


def _charge() -> ServedObject:
    per_unit = Data.structure(
        Data.structure(Data.of(DataType.INTEGER, 0), Data.of(DataType.INTEGER, 0)),
        Data.structure(
            Data.of(DataType.LONG_UNSIGNED, 3),
            Data.of(DataType.OCTET_STRING, OBIS("1.0.1.8.0.255").octets),
            Data.of(DataType.INTEGER, 2),
        ),
        Data.array(),
    )
    return ServedObject(
        113,
        CHARGE,
        {
            2: Attribute(_paid),
            3: constant(DataType.ENUM, ChargeType.CONSUMPTION_BASED),
            4: constant(DataType.UNSIGNED, 1),
            5: fixed(per_unit),
            6: fixed(per_unit),
            7: constant(DataType.OCTET_STRING, _NEVER),
            8: constant(DataType.DOUBLE_LONG_UNSIGNED, 0),
            9: constant(DataType.BIT_STRING, "00"),
            10: constant(DataType.OCTET_STRING, _NEVER),
            11: constant(DataType.DOUBLE_LONG, 0),
            12: constant(DataType.DOUBLE_LONG, 0),
            13: constant(DataType.LONG_UNSIGNED, 0),
        },
    )


def _paid(meter: SimulatedDLMSMeter) -> Data:
    return Data.of(DataType.DOUBLE_LONG, round(meter.consumed(meter.at())))
