"""The services of xDLMS in words: which object is meant, and what is said of it.

Field names are those of IEC 62056-5-3, 9.5, in snake case.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from hesd.dlms import action, exception, get, notification, set
from hesd.dlms.access_result import ActionResult, DataAccessResult, DataResult
from hesd.dlms.apdu import APDU
from hesd.dlms.block_transfer import DataBlock
from hesd.dlms.cosem_class import cosem_class
from hesd.dlms.data import Data
from hesd.dlms.descriptor import AttributeDescriptor
from hesd.dlms.explain_data import (
    data_name,
    explain_meaning,
    explain_result,
    explain_time,
    pushed_registers,
    scaler_unit,
)
from hesd.dlms.explain_descriptor import explain_descriptor
from hesd.dlms.explain_request import explain_block, explain_request
from hesd.dlms.explain_short_name import ShortNamed, explain_short_named
from hesd.dlms.said import Said


def explain_service(apdu: APDU, *, reveal: bool = True) -> Said:
    """A request, response, notification or refusal; of anything else nothing."""
    said = _explain(apdu, reveal)
    invoke = getattr(apdu, "invoke", None)
    if invoke is not None:
        said.fields = {"invoke_id_and_priority": f"{invoke:02x}", **said.fields}
    return said


def _explain(apdu: APDU, reveal: bool) -> Said:
    match apdu:
        case get.GetResponseNormal(result=result):
            return explain_results([result], None, reveal=reveal)
        case get.GetResponseWithList(results=results):
            return explain_results(results, None, reveal=reveal)
        case get.GetResponseWithDatablock(last_block=last, block_number=number, result=bytes() as raw):
            return Said(explain_block(DataBlock(last, number, raw), reveal=reveal))
        case get.GetResponseWithDatablock(
            last_block=last, block_number=number, result=DataAccessResult() as error
        ):
            said = explain_results([error], None)
            return Said({"last_block": last, "block_number": number, **said.fields}, values=said.values)
        case set.SetResponseNormal(result=result) | set.SetResponseLastDatablock(result=result):
            return Said({**_result(result), **_number(apdu)})
        case set.SetResponseWithList(results=results) | set.SetResponseLastDatablockWithList(results=results):
            return Said({"results": [_result(result) for result in results], **_number(apdu)})
        case action.ActionResponseNormal(response=response):
            return explain_returned([response], reveal=reveal)
        case action.ActionResponseWithList(responses=responses):
            return explain_returned(responses, reveal=reveal)
        case action.ActionResponseWithPblock(block=block):
            return Said(explain_block(block, reveal=reveal))
        case notification.DataNotification():
            return _data_notification(apdu, reveal)
        case notification.EventNotification():
            return _event_notification(apdu, reveal)
        case exception.ExceptionResponse() | exception.ConfirmedServiceError():
            return Said(_refusal(apdu))
    return _explain_request(apdu, reveal)


def _explain_request(apdu: APDU, reveal: bool) -> Said:
    if isinstance(apdu, ShortNamed):
        return explain_short_named(apdu, reveal=reveal)
    return explain_request(apdu, reveal=reveal) or Said(_number(apdu))


def _number(apdu: APDU) -> dict[str, Any]:
    number = getattr(apdu, "block_number", None)
    return {} if number is None else {"block_number": number}


def _data_notification(apdu: notification.DataNotification, reveal: bool) -> Said:
    said = explain_results([apdu.body], None, reveal=reveal)
    registers = pushed_registers(apdu.body)
    fields = {
        "long_invoke_id_and_priority": f"{apdu.long_invoke:08x}",
        "date_time": explain_time(apdu.date_time),
        **said.fields,
        **({"objects": registers} if registers else {}),
    }
    return Said(fields, values=said.values)


def _event_notification(apdu: notification.EventNotification, reveal: bool) -> Said:
    said = explain_results([apdu.value], apdu.attribute, reveal=reveal)
    time = {"date_time": explain_time(apdu.date_time)}
    return Said(time | explain_descriptor(apdu.attribute) | said.fields, (apdu.attribute,), said.values)


def _refusal(apdu: exception.ExceptionResponse | exception.ConfirmedServiceError) -> dict[str, Any]:
    if isinstance(apdu, exception.ConfirmedServiceError):
        return {"service": apdu.service.text, "error_class": apdu.error_class.text, "code": apdu.code}
    counter = apdu.invocation_counter
    return {
        "state_error": int(apdu.state_error),
        "service_error": int(apdu.service_error),
        "meaning": f"{apdu.state_error.text}, {apdu.service_error.text}",
        **({} if counter is None else {"invocation_counter": counter}),
    }


def _result(result: DataAccessResult | ActionResult) -> dict[str, Any]:
    return {"result": int(result), "result_name": result.text}


def explain_results(
    results: Iterable[DataResult], asked: AttributeDescriptor | None, *, reveal: bool = True
) -> Said:
    """What a GET brought; with `asked` also what its value means."""
    results = list(results)
    values = [explain_result(result, reveal=reveal) for result in results]
    if len(results) != 1:
        return Said({"results": values}, values=values)
    (result,) = results
    if isinstance(result, DataAccessResult):
        return Said({"data_access_result": int(result), "meaning": result.text}, values=values)
    fields = {"data_type": data_name(result), "data": values[0], **(scaler_unit(result) or {})}
    if asked is not None and reveal:
        fields |= _meaning(asked, result)
    return Said(fields, values=values)


def _meaning(asked: AttributeDescriptor, result: Data) -> dict[str, Any]:
    meaning = cosem_class(asked.class_id).meaning_of(asked.attribute, result.value)
    return {} if meaning is result.value else {"meaning": explain_meaning(meaning)}


def explain_returned(responses: Iterable[action.ActionResponse], *, reveal: bool = True) -> Said:
    """What ACTION came to, and what it returned."""
    fields: list[dict[str, Any]] = []
    values: list[Any] = []
    for response in responses:
        shown = _result(response.result)
        if response.returned is not None:
            said = explain_results([response.returned], None, reveal=reveal)
            values += said.values
            # Success, and a reason why nothing is returned: both are said.
            shown = {**said.fields, **shown}
        fields.append(shown)
    return Said(fields[0] if len(fields) == 1 else {"responses": fields}, values=values)
