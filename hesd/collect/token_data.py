"""Tokens written to a Data object, as ten octets BCD: what Hexcell's and Momas' meters take.

The answer to SET is the meter's verdict, where it keeps no result. Where it does (Momas),
SET says only that the token came, and the result is a structure: a code, the credit in
hundredths, and a text of the meter's.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from twisted.internet.interfaces import IReactorTime

from hesd.collect.command import CommandedMeter, Sent, announce, ask
from hesd.collect.token_verdict import TokenVerdict
from hesd.dlms.access_result import DataAccessResult, DataResult
from hesd.dlms.data import Data
from hesd.dlms.data_type import DataType
from hesd.dlms.descriptor import AttributeDescriptor
from hesd.dlms.sts_token import STSToken
from hesd.driver.cosem import TokenEntry
from hesd.model.errors import HesdError, NoReply
from hesd.model.job import JobState

_CLASS: Final = 1
_VALUE: Final = 2
_CODES: Final[Mapping[int, TokenVerdict]] = {
    0: TokenVerdict(JobState.CONFIRMED, "the meter accepted the token"),
    1: TokenVerdict(JobState.REJECTED, "the meter rejected the token"),
    2: TokenVerdict(JobState.REJECTED, "the token was used before"),
    3: TokenVerdict(JobState.REJECTED, "the token has expired"),
}


async def load_by_data(
    meter: CommandedMeter,
    entry: TokenEntry,
    token: STSToken,
    sent: Sent,
    clock: IReactorTime,  # noqa: ARG001  # nothing has to be waited for
) -> TokenVerdict:
    """See `load_token`."""
    within = await announce(meter, sent, f"token {token}")
    attribute = AttributeDescriptor(_CLASS, entry.obis, _VALUE)
    try:
        result = await meter.session.set(attribute, Data.of(DataType.OCTET_STRING, token.bcd), within=within)
    except NoReply as failure:
        return TokenVerdict(JobState.UNKNOWN, f"{failure}; the meter may have taken the token")
    if result != DataAccessResult.SUCCESS:
        return TokenVerdict(JobState.REJECTED, f"the meter refuses the token: {result.text}")
    if entry.result is None:
        return _CODES[0]
    try:
        (told,) = await ask(meter, [AttributeDescriptor(_CLASS, entry.result, _VALUE)])
    except HesdError as problem:
        detail = f"the meter took the token, but did not say what became of it: {problem}"
        return TokenVerdict(JobState.UNKNOWN, detail)
    return _verdict(told)


def _verdict(told: DataResult) -> TokenVerdict:
    code = _code(told.value if isinstance(told, Data) else None)
    if code is None:
        return TokenVerdict(JobState.UNKNOWN, "the meter took the token and does not tell its result")
    unheard_of = TokenVerdict(JobState.UNKNOWN, f"the meter took the token and answers with code {code}")
    return _CODES.get(code, unheard_of)


def _code(value: Any) -> int | None:
    match value:
        case bool():
            return None
        case int(code) | (int(code), *_):
            return code
    return None
