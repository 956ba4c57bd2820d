"""Read and Write with short names in words (IEC 62056-5-3, 6.14): numbers stay numbers.

Which object a number names stands in the object list of the association alone.
"""

from __future__ import annotations

from typing import Any

from hesd.dlms.access_result import DataAccessResult
from hesd.dlms.data import Data
from hesd.dlms.explain_data import HIDDEN, explain_data, explain_result, explain_time
from hesd.dlms.said import Said
from hesd.dlms.short_name import (
    BlockNumber,
    BlockNumberAccess,
    InformationReport,
    ParameterisedAccess,
    ReadDataBlockAccess,
    ReadRequest,
    ReadResponse,
    ReadResult,
    UnconfirmedWriteRequest,
    VariableAccess,
    VariableName,
    WriteDataBlockAccess,
    WriteRequest,
    WriteResponse,
)

ShortNamed = (
    ReadRequest | ReadResponse | WriteRequest | WriteResponse | UnconfirmedWriteRequest | InformationReport
)


def explain_short_named(apdu: ShortNamed, *, reveal: bool = True) -> Said:
    """Its fields and the values in it.

    Without `reveal` what is written is hidden: nobody knows where to.
    """
    match apdu:
        case ReadRequest():
            return Said({"variables": [_variable(each, reveal) for each in apdu.variables]})
        case ReadResponse():
            return _read(apdu.results, reveal)
        case WriteResponse():
            return Said({"results": [_written(each) for each in apdu.results]})
    told = isinstance(apdu, InformationReport)
    values = [explain_data(value, reveal=reveal) if reveal or told else HIDDEN for value in apdu.values]
    time = {"date_time": explain_time(apdu.date_time)} if isinstance(apdu, InformationReport) else {}
    variables = [_variable(each, reveal) for each in apdu.variables]
    return Said({**time, "variables": variables, "data": values}, values=values)


def _read(results: tuple[ReadResult, ...], reveal: bool) -> Said:
    shown: list[Any] = []
    values: list[Any] = []
    for result in results:
        match result:
            case Data() | DataAccessResult():
                values.append(explain_result(result, reveal=reveal))
                shown.append(values[-1])
            case BlockNumber(block_number=number):
                shown.append({"block_number": number})
            case _:
                shown.append(_block(result.last_block, result.block_number, result.raw, reveal))
    return Said({"results": shown}, values=values)


def _written(result: DataAccessResult | BlockNumber) -> dict[str, Any]:
    if isinstance(result, BlockNumber):
        return {"block_number": result.block_number}
    return {"result": int(result), "result_name": result.text}


def _variable(variable: VariableAccess, reveal: bool) -> dict[str, Any]:
    match variable:
        case VariableName(name=name):
            return {"variable_name": f"{name:04x}"}
        case ParameterisedAccess(name=name, access=access):
            parameter = explain_data(access.parameters) if reveal else HIDDEN
            return {"variable_name": f"{name:04x}", "selector": access.selector, "parameter": parameter}
        case BlockNumberAccess(block_number=number):
            return {"block_number": number}
        case WriteDataBlockAccess(last_block=last, block_number=number):
            return {"last_block": last, "block_number": number}
        case ReadDataBlockAccess(last_block=last, block_number=number, raw=raw):
            return _block(last, number, raw, reveal)


def _block(last: bool, number: int, raw: bytes, reveal: bool) -> dict[str, Any]:
    fields: dict[str, Any] = {"last_block": last, "block_number": number, "raw_data_length": len(raw)}
    return {**fields, "raw_data": raw.hex()} if reveal else fields
