"""Prepayment: the credit of a simulated meter, and the tokens it takes, once each.

No simulated meter has the keys to decipher a token. So it takes any that is in form and
derives from the digits, always alike, what it would have found inside:

* digits that end in 000 are of a token that is too old;
* a credit token carries 5 to 54.9 kWh, by its remainder modulo 500;
* the same digits a second time are used.

In between, from `since` on, somebody has bought the same amount whenever the credit went
down by so much; the log of purchases is computed from the load, like everything else.
"""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from enum import IntEnum
from typing import TYPE_CHECKING, Final

from hesd.dlms.access_result import ActionResult, DataAccessResult
from hesd.dlms.action import ActionResponse
from hesd.dlms.cosem_meaning import DeliveryMethod, TokenStatus
from hesd.dlms.data import Data
from hesd.dlms.data_type import DataType
from hesd.dlms.errors import TokenError
from hesd.dlms.sts_token import STSToken, TokenClass, parse_token
from hesd.dlms.value import BitString
from hesd.driver.cosem import TokenEntry
from hesd.model.obis import OBIS
from hesd.sim.dlms_object import Attribute, ServedObject, constant, done
from hesd.sim.load import DAY, noise

if TYPE_CHECKING:
    from hesd.sim.dlms_meter import SimulatedDLMSMeter

_DATA: Final = 1
_BCD_OCTETS: Final = 10
_TOO_OLD: Final = "000"
_LEAST_WH, _STEPS, _STEP_WH = 5_000, 500, 100
_PURCHASES_SHOWN: Final = 10
# How long a gateway works on a token before it says what became of it, in seconds.
_WORKS: Final = 0.5
_NO_TIME: Final = bytes.fromhex("ffffffffffffffffff800000")


class Verdict(IntEnum):
    """What became of a token; the numbers are those of Momas' result object."""

    ACCEPTED = 0
    REJECTED = 1
    USED = 2
    OLD = 3


@dataclass(frozen=True, slots=True)
class Entry:
    """A token that was entered, or bought before this run; `wh` is what it brought."""

    digits: str
    at: float
    verdict: Verdict
    wh: float


def credit_of(token: STSToken) -> float:
    """The Wh in a token, as these meters see it."""
    if token.token_class is not TokenClass.CREDIT:
        return 0.0
    return float(_LEAST_WH + int(token.digits) % _STEPS * _STEP_WH)


class Ledger:
    """Tokens and credit of one meter; `consumed` gives the Wh it has counted at an instant.

    `purchase` is the Wh somebody buys each time; with 0 nobody ever did.
    """

    __slots__ = ("_consumed", "_purchase", "_seed", "_since", "entries")

    def __init__(self, consumed: Callable[[float], float], purchase: float, since: float, seed: int) -> None:
        self._consumed = consumed
        self._purchase = purchase
        self._since = since
        self._seed = seed
        self.entries: tuple[Entry, ...] = ()

    def enter(self, digits: str, at: float) -> Entry:
        """Take a token, or refuse it."""
        verdict, wh = Verdict.ACCEPTED, 0.0
        try:
            token = parse_token(digits)
        except TokenError:
            verdict = Verdict.REJECTED
        else:
            used = any(each.digits == digits and each.verdict is Verdict.ACCEPTED for each in self.entries)
            old = digits.endswith(_TOO_OLD)
            verdict = Verdict.USED if used else Verdict.OLD if old else Verdict.ACCEPTED
            wh = 0.0 if verdict else credit_of(token)
        entry = Entry(digits, at, verdict, wh)
        self.entries = (*self.entries, entry)
        return entry

    def credit(self, at: float) -> float:
        """The Wh that are left; negative where more was used than bought."""
        entered = sum(each.wh for each in self.entries)
        consumed = self._consumed(at)
        if not self._purchase:
            return entered - consumed
        return entered + self._purchase - consumed % self._purchase

    def accepted(self, at: float) -> int:
        """How many credit tokens the meter has taken so far."""
        bought = int(self._consumed(at) // self._purchase) if self._purchase else 0
        return bought + sum(1 for each in self.entries if each.wh)

    def purchases(self, at: float) -> list[Entry]:
        """The newest credit tokens, oldest first, those of this run included."""
        count = int(self._consumed(at) // self._purchase) if self._purchase else 0
        numbers = range(max(1, count - _PURCHASES_SHOWN + 1), count + 1)
        bought = [self._bought(number, at) for number in numbers]
        return [*bought, *(each for each in self.entries if each.wh)][-_PURCHASES_SHOWN:]

    def _bought(self, number: int, at: float) -> Entry:
        """The purchase when the meter had counted so many times the amount."""
        day = bisect_left(
            range(int((at - self._since) / DAY) + 2),
            number * self._purchase,
            key=lambda day: self._consumed(self._since + day * DAY),
        )
        minutes = bisect_left(
            range(1440),
            number * self._purchase,
            key=lambda minute: self._consumed(self._since + (day - 1) * DAY + minute * 60),
        )
        parts = (int(noise(self._seed + part, number) * 10**10) for part in range(2))
        # Below 2 to the power of 66 with any digits behind it.
        digits = "0" + "".join(f"{part:010d}" for part in parts)[1:]
        return Entry(digits, self._since + (day - 1) * DAY + minutes * 60, Verdict.ACCEPTED, self._purchase)


def bcd_entry(entry: TokenEntry) -> Iterator[ServedObject]:
    """The Data object that takes ten octets BCD, and the one with the result.

    A meter that keeps a result says with SET only that the token came.
    """

    def write(meter: SimulatedDLMSMeter, value: Data) -> DataAccessResult:
        octets = value.value
        if not isinstance(octets, bytes) or len(octets) != _BCD_OCTETS:
            return DataAccessResult.TYPE_UNMATCHED
        verdict = meter.ledger.enter(octets.hex(), meter.at()).verdict
        return DataAccessResult.SUCCESS if entry.result is not None else _REFUSALS[verdict]

    same = entry.result == entry.obis
    yield ServedObject(_DATA, entry.obis, {2: Attribute(_result if same else None, write)})
    if entry.result is not None and not same:
        yield ServedObject(_DATA, entry.result, {2: Attribute(_result)})


_REFUSALS: Final = {
    Verdict.ACCEPTED: DataAccessResult.SUCCESS,
    Verdict.REJECTED: DataAccessResult.TYPE_UNMATCHED,
    Verdict.USED: DataAccessResult.READ_WRITE_DENIED,
    Verdict.OLD: DataAccessResult.SCOPE_OF_ACCESS_VIOLATED,
}


def _result(meter: SimulatedDLMSMeter) -> Data:
    """Momas' answer to the last token: code, credit in hundredths (low octet first), text."""
    last = _last(meter)
    code = last.verdict if last else Verdict.ACCEPTED
    hundredths = round((last.wh if last else 0.0) / 10).to_bytes(4, "little")
    return Data.structure(
        Data.of(DataType.UNSIGNED, code),
        Data.of(DataType.OCTET_STRING, hundredths),
        Data.of(DataType.OCTET_STRING, code.name.lower().encode()),
    )


def gateway_object(obis: OBIS) -> ServedObject:
    """Class 115."""
    return ServedObject(
        115,
        obis,
        {
            2: Attribute(_last_token),
            3: Attribute(_token_time),
            4: Attribute(lambda _: Data.array()),
            5: constant(DataType.ENUM, DeliveryMethod.REMOTE),
            6: Attribute(_token_status),
        },
        {1: _enter},
    )


def _enter(meter: SimulatedDLMSMeter, parameters: Data | None) -> ActionResponse:
    given = None if parameters is None else parameters.value
    if not isinstance(given, bytes):
        return done(ActionResult.TYPE_UNMATCHED)
    digits = given.hex() if len(given) == _BCD_OCTETS else given.decode("latin-1")
    meter.ledger.enter(digits, meter.at())
    return done()


def _last(meter: SimulatedDLMSMeter) -> Entry | None:
    return meter.ledger.entries[-1] if meter.ledger.entries else None


def _last_token(meter: SimulatedDLMSMeter) -> Data:
    last = _last(meter)
    return Data.of(DataType.OCTET_STRING, last.digits.encode("latin-1") if last else b"")


def _token_time(meter: SimulatedDLMSMeter) -> Data:
    last = _last(meter)
    stamp = meter.clock.stamp(last.at + meter.clock.error(last.at)) if last else _NO_TIME
    return Data.of(DataType.OCTET_STRING, stamp)


def _token_status(meter: SimulatedDLMSMeter) -> Data:
    last = _last(meter)
    status = TokenStatus.EXECUTION_OK if last is None else _STATUS[last.verdict]
    if last is not None and meter.at() < last.at + _WORKS:
        status = TokenStatus.RECEIVED_NOT_PROCESSED
    return Data.structure(Data.of(DataType.ENUM, status), Data.of(DataType.BIT_STRING, BitString("00000000")))


_STATUS: Final = {
    Verdict.ACCEPTED: TokenStatus.EXECUTION_OK,
    Verdict.REJECTED: TokenStatus.FORMAT_FAILURE,
    Verdict.USED: TokenStatus.VALIDATION_FAILURE,
    Verdict.OLD: TokenStatus.AUTHENTICATION_FAILURE,
}
