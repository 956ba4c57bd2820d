"""Any COSEM data and any APDU, for hypothesis."""

from __future__ import annotations

from typing import Any

from hypothesis import strategies as st

from hesd.dlms import (
    acse,
    action,
    block_transfer,
    ciphered,
    exception,
    get,
    initiate,
    notification,
    short_name,
)
from hesd.dlms import set as set_service
from hesd.dlms.access_result import ActionResult, DataAccessResult
from hesd.dlms.conformance import Conformance
from hesd.dlms.data import Data
from hesd.dlms.data_type import MOMENTS, DataType
from hesd.dlms.descriptor import AttributeDescriptor, MethodDescriptor
from hesd.dlms.selective_access import CaptureObject, EntryDescriptor, RangeDescriptor, SelectiveAccess
from hesd.dlms.value import BitString
from hesd.model.obis import OBIS

_INTEGERS = {
    DataType.DOUBLE_LONG: (-(1 << 31), (1 << 31) - 1),
    DataType.DOUBLE_LONG_UNSIGNED: (0, (1 << 32) - 1),
    DataType.BCD: (0, 255),
    DataType.INTEGER: (-128, 127),
    DataType.LONG: (-(1 << 15), (1 << 15) - 1),
    DataType.UNSIGNED: (0, 255),
    DataType.LONG_UNSIGNED: (0, 65535),
    DataType.LONG64: (-(1 << 63), (1 << 63) - 1),
    DataType.LONG64_UNSIGNED: (0, (1 << 64) - 1),
    DataType.ENUM: (0, 255),
    DataType.DELTA_INTEGER: (-128, 127),
    DataType.DELTA_LONG: (-(1 << 15), (1 << 15) - 1),
    DataType.DELTA_DOUBLE_LONG: (-(1 << 31), (1 << 31) - 1),
    DataType.DELTA_UNSIGNED: (0, 255),
    DataType.DELTA_LONG_UNSIGNED: (0, 65535),
    DataType.DELTA_DOUBLE_LONG_UNSIGNED: (0, (1 << 32) - 1),
}

# The values each simple type holds.
SIMPLE: dict[DataType, st.SearchStrategy[Any]] = {
    **{type_: st.integers(*limits) for type_, limits in _INTEGERS.items()},
    **{type_: st.binary(min_size=size, max_size=size) for type_, size in MOMENTS.items()},
    DataType.NULL_DATA: st.none(),
    DataType.BOOLEAN: st.booleans(),
    DataType.BIT_STRING: st.text("01", max_size=40).map(BitString),
    DataType.OCTET_STRING: st.binary(max_size=200),
    DataType.VISIBLE_STRING: st.text(st.characters(max_codepoint=255), max_size=40),
    DataType.UTF8_STRING: st.text(st.characters(exclude_categories=("Cs",)), max_size=40),
    DataType.FLOAT32: st.floats(width=32, allow_nan=False),
    DataType.FLOAT64: st.floats(allow_nan=False),
}


def simple(type_: DataType) -> st.SearchStrategy[Data]:
    return SIMPLE[type_].map(lambda value: Data.of(type_, value))


simples = st.one_of([simple(type_) for type_ in SIMPLE])
datas = st.recursive(
    simples,
    lambda inner: st.one_of(
        st.lists(inner, max_size=5).map(lambda parts: Data.structure(*parts)),
        st.lists(inner, max_size=5).map(lambda parts: Data.array(*parts)),
    ),
    max_leaves=12,
)
short_datas = st.one_of(
    simple(DataType.DOUBLE_LONG_UNSIGNED), simple(DataType.OCTET_STRING), simple(DataType.NULL_DATA), datas
)

obis = st.binary(min_size=6, max_size=6).map(OBIS.from_octets)
classes = st.integers(0, 65535)
invokes = st.integers(0, 255)
numbers = st.integers(0, (1 << 32) - 1)
raws = st.binary(max_size=300)
attributes = st.builds(AttributeDescriptor, classes, obis, st.integers(-128, 127))
methods = st.builds(MethodDescriptor, classes, obis, st.integers(-128, 127))
capture_objects = st.builds(CaptureObject, classes, obis, st.integers(-128, 127), st.integers(0, 65535))
ranges = st.builds(
    RangeDescriptor,
    short_datas,
    short_datas,
    capture_objects,
    st.lists(capture_objects, max_size=3).map(tuple),
)
entries = st.builds(EntryDescriptor, numbers, numbers, st.integers(0, 65535), st.integers(0, 65535))
accesses = st.one_of(
    st.none(),
    ranges.map(lambda descriptor: descriptor.access),
    entries.map(lambda descriptor: descriptor.access),
    st.builds(SelectiveAccess, st.integers(0, 255), short_datas),
)
attribute_lists = st.lists(st.tuples(attributes, accesses), max_size=4).map(tuple)
data_results = st.one_of(short_datas, st.integers(0, 255).map(DataAccessResult))
access_results = st.integers(0, 255).map(DataAccessResult)
blocks = st.builds(block_transfer.DataBlock, st.booleans(), numbers, raws)
titles = st.binary(min_size=8, max_size=8)
times = st.none() | st.binary(min_size=12, max_size=12)
action_responses = st.builds(
    action.ActionResponse, st.integers(0, 255).map(ActionResult), st.none() | data_results
)


def tuples(items: st.SearchStrategy[Any]) -> st.SearchStrategy[tuple[Any, ...]]:
    return st.lists(items, max_size=4).map(tuple)


get_requests = st.one_of(
    st.builds(get.GetRequestNormal, invokes, attributes, accesses),
    st.builds(get.GetRequestNext, invokes, numbers),
    st.builds(get.GetRequestWithList, invokes, attribute_lists),
)
get_responses = st.one_of(
    st.builds(get.GetResponseNormal, invokes, data_results),
    st.builds(get.GetResponseWithDatablock, invokes, st.booleans(), numbers, raws | access_results),
    st.builds(get.GetResponseWithList, invokes, tuples(data_results)),
)
set_requests = st.one_of(
    st.builds(set_service.SetRequestNormal, invokes, attributes, short_datas, accesses),
    st.builds(set_service.SetRequestWithFirstDatablock, invokes, attributes, blocks, accesses),
    st.builds(set_service.SetRequestWithDatablock, invokes, blocks),
    st.builds(set_service.SetRequestWithList, invokes, attribute_lists, tuples(short_datas)),
    st.builds(set_service.SetRequestWithListAndFirstDatablock, invokes, attribute_lists, blocks),
)
set_responses = st.one_of(
    st.builds(set_service.SetResponseNormal, invokes, access_results),
    st.builds(set_service.SetResponseDatablock, invokes, numbers),
    st.builds(set_service.SetResponseLastDatablock, invokes, access_results, numbers),
    st.builds(set_service.SetResponseLastDatablockWithList, invokes, tuples(access_results), numbers),
    st.builds(set_service.SetResponseWithList, invokes, tuples(access_results)),
)
action_requests = st.one_of(
    st.builds(action.ActionRequestNormal, invokes, methods, st.none() | short_datas),
    st.builds(action.ActionRequestNextPblock, invokes, numbers),
    st.builds(action.ActionRequestWithList, invokes, tuples(methods), tuples(short_datas)),
    st.builds(action.ActionRequestWithFirstPblock, invokes, methods, blocks),
    st.builds(action.ActionRequestWithListAndFirstPblock, invokes, tuples(methods), blocks),
    st.builds(action.ActionRequestWithPblock, invokes, blocks),
)
action_response_apdus = st.one_of(
    st.builds(action.ActionResponseNormal, invokes, action_responses),
    st.builds(action.ActionResponseWithPblock, invokes, blocks),
    st.builds(action.ActionResponseWithList, invokes, tuples(action_responses)),
    st.builds(action.ActionResponseNextPblock, invokes, numbers),
)
# A flag for the tag before a time that is not there could not come back.
notifications = st.one_of(
    st.builds(notification.DataNotification, numbers, times, short_datas),
    st.builds(notification.EventNotification, times, attributes, short_datas),
    st.builds(
        notification.DataNotification, numbers, times.filter(bool), short_datas, tagged_time=st.just(True)
    ),
    st.builds(
        notification.EventNotification, times.filter(bool), attributes, short_datas, tagged_time=st.just(True)
    ),
)
general_blocks = st.builds(
    block_transfer.GeneralBlockTransfer,
    st.booleans(),
    st.booleans(),
    st.integers(0, 63),
    st.integers(0, 65535),
    st.integers(0, 65535),
    raws,
)
exceptions = st.one_of(
    st.builds(
        exception.ExceptionResponse,
        st.integers(0, 255).map(exception.StateError),
        st.integers(0, 255).filter(lambda code: code != 6).map(exception.ServiceError),
    ),
    st.builds(
        exception.ExceptionResponse,
        st.integers(0, 255).map(exception.StateError),
        st.just(exception.ServiceError.INVOCATION_COUNTER_ERROR),
        numbers,
    ),
    st.builds(
        exception.ConfirmedServiceError,
        st.integers(0, 255).map(exception.ErroneousService),
        st.integers(0, 255).map(exception.ErrorClass),
        st.integers(0, 255),
    ),
)
words = st.integers(0, 65535)
variables = st.one_of(
    st.builds(short_name.VariableName, words),
    st.builds(
        short_name.ParameterisedAccess, words, st.builds(SelectiveAccess, st.integers(0, 255), short_datas)
    ),
    st.builds(short_name.BlockNumberAccess, words),
    st.builds(short_name.ReadDataBlockAccess, st.booleans(), words, raws),
    st.builds(short_name.WriteDataBlockAccess, st.booleans(), words),
)
block_numbers = st.builds(short_name.BlockNumber, words)
short_named = st.one_of(
    st.builds(short_name.ReadRequest, tuples(variables)),
    st.builds(
        short_name.ReadResponse,
        tuples(
            data_results | block_numbers | st.builds(short_name.DataBlockResult, st.booleans(), words, raws)
        ),
    ),
    st.builds(short_name.WriteRequest, tuples(variables), tuples(short_datas)),
    st.builds(short_name.UnconfirmedWriteRequest, tuples(variables), tuples(short_datas)),
    st.builds(short_name.WriteResponse, tuples(access_results | block_numbers)),
    st.builds(short_name.InformationReport, times, tuples(variables), tuples(short_datas)),
)
conformances = st.integers(0, 0xFFFFFF).map(Conformance)
pdu_sizes = st.integers(12, 65535) | st.just(0)
qualities = st.none() | st.integers(0, 255)
initiates = st.one_of(
    st.builds(
        initiate.InitiateRequest,
        conformances,
        pdu_sizes,
        st.none() | st.binary(min_size=16, max_size=32),
        st.booleans(),
        st.none() | st.integers(0, 255),
        st.integers(0, 255),
    ),
    st.builds(
        initiate.InitiateResponse,
        conformances,
        pdu_sizes,
        words,
        st.none() | st.integers(0, 255),
        st.integers(0, 255),
    ),
)
contexts = st.integers(0, 255).map(acse.Context)
secure_mechanisms = st.integers(1, 255).map(acse.Mechanism)
authentications = st.none() | st.binary(max_size=64)
reasons = st.none() | st.integers(0, 255).map(acse.ReleaseReason)
aarqs = st.one_of(
    st.builds(acse.AARQ, contexts, raws),
    st.builds(
        acse.AARQ,
        contexts,
        raws,
        secure_mechanisms,
        authentications,
        st.none() | titles,
        st.none() | titles,
        st.none() | raws,
        st.none() | st.integers(0, 255),
    ),
)
aares = st.one_of(
    st.builds(
        acse.AARE,
        contexts,
        st.integers(0, 2).map(acse.AssociationResult),
        st.integers(0, 14).map(acse.Diagnostic),
        st.none() | raws,
        secure_mechanisms,
        authentications,
        st.none() | titles,
        st.none() | raws,
        st.sampled_from(acse.DiagnosticSource),
    ),
    st.builds(
        acse.AARE,
        contexts,
        st.integers(0, 127).map(acse.AssociationResult),
        st.integers(0, 127).map(acse.Diagnostic),
        st.none() | raws,
    ),
)
acses = st.one_of(
    aarqs,
    aares,
    st.builds(acse.RLRQ, reasons, st.none() | raws),
    st.builds(acse.RLRE, reasons, st.none() | raws),
)
key_infos = st.one_of(
    st.none(),
    st.integers(0, 255).map(lambda key: bytes((0, key))),
    st.binary(max_size=60).map(lambda key: bytes((1, 0, len(key))) + key),
    st.binary(max_size=60).map(lambda key: bytes((2, len(key))) + key + b"\x01\xff"),
)
strings = st.binary(max_size=40)
ciphereds = st.one_of(
    st.builds(
        ciphered.ServiceCiphered,
        st.sampled_from([*ciphered.GLOBAL_TAGS, *ciphered.DEDICATED_TAGS]),
        raws,
    ),
    st.builds(ciphered.GeneralCiphered, st.sampled_from([0xDB, 0xDC]), titles, raws),
    st.builds(
        ciphered.GeneralCiphering, st.just(0xDD), strings, strings, strings, strings, strings, key_infos, raws
    ),
    st.builds(
        ciphered.GeneralSigning, st.just(0xDF), strings, strings, strings, strings, strings, raws, strings
    ),
)
xdlms = st.one_of(
    get_requests,
    get_responses,
    set_requests,
    set_responses,
    action_requests,
    action_response_apdus,
    notifications,
    general_blocks,
    exceptions,
    short_named,
    initiates,
    ciphereds,
)
apdus = xdlms | acses
