"""Generated APDUs and data, ours read by gurux-dlms and its own read by us.

A disagreement is counted and its first cases are listed. What gurux is known to get wrong, or
not to know, is left out by name in `EXCLUDED`.
"""

from __future__ import annotations

import datetime as dt
import time
from collections.abc import Callable, Iterator
from functools import partial
from typing import Any

from gurux_dlms import GXByteBuffer, GXDLMSClient, GXDLMSTranslator
from gurux_dlms.enums import Authentication, InterfaceType, ObjectType
from gurux_dlms.internal._GXCommon import _GXCommon
from gurux_dlms.objects import GXDLMSData, GXDLMSProfileGeneric, GXDLMSRegister
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

from hesd.dlms import action, get, short_name
from hesd.dlms import set as set_service
from hesd.dlms.access_result import DataAccessResult
from hesd.dlms.apdu import APDU, decode
from hesd.dlms.base_name import ShortNamedObject
from hesd.dlms.cosem_time import DateTime
from hesd.dlms.data import Data
from hesd.dlms.data_type import DataType
from hesd.dlms.descriptor import AttributeDescriptor, MethodDescriptor
from hesd.dlms.selective_access import CLOCK, EntryDescriptor, RangeDescriptor
from hesd.dlms.short_name import VariableName
from hesd.model.obis import OBIS
from tests.dlms import strategies as any_
from tests.dlms.gurux_peer import TYPES, client, heard, lists, plain, quietly, some_datas, thing
from tests.drills.result import Result

APDUS = 100_000
EXCLUDED = {
    "data of types gurux does not know": "delta types and BCD: Invalid data type",
    "text beyond ASCII": "gurux shows it as hex",
    "invoke ids other than C1": "its client always asks with C1, its XML forgets the id",
    "classes it has no object for": "ObjectType is an enumeration that refuses all others",
    "result codes beyond the standard's": "ErrorCode and ExceptionServiceError are such enumerations",
    "bit-strings and nested data through XML": "the length is forgotten; containers crash it",
    "requests with lists and blocks through XML": "SET lists are malformed, ACTION blocks come back empty",
    "responses to ACTION through XML": "a result without data comes back without its last octet",
    "general block transfer through XML": "Invalid Command",
    "notifications and reports with times through XML": "GXDLMSXmlSettings has no setTime",
    "ACSE and initiate through XML": "it needs to have associated; sizes and names are replaced by its own",
}
_LISTED = 10
_INVOKE = 0xC1
_CLASSES = (ObjectType.DATA, ObjectType.REGISTER, ObjectType.CLOCK, ObjectType.PROFILE_GENERIC)
_CODES = tuple(DataAccessResult(code) for code in (1, 2, 3, 4, 9, 11, 12, 13, 14, 15, 16, 17, 18, 19, 250))
_ascii = st.text(st.characters(min_codepoint=32, max_codepoint=126), max_size=60)
_values: dict[DataType, st.SearchStrategy[Any]] = {
    **{type_: any_.SIMPLE[type_] for type_ in TYPES},
    DataType.VISIBLE_STRING: _ascii,
    DataType.UTF8_STRING: _ascii,
}
_typed = st.sampled_from(sorted(TYPES)).flatmap(lambda type_: st.tuples(st.just(type_), _values[type_]))
_written = _typed.filter(lambda typed: typed[0] not in (DataType.BIT_STRING, DataType.NULL_DATA))
_numbers = st.sampled_from((1, 3, 7, 8, 70))
_attributes = st.builds(AttributeDescriptor, _numbers, any_.obis, st.integers(1, 15))
_methods = st.builds(MethodDescriptor, _numbers, any_.obis, st.integers(1, 9))
_shown = st.sampled_from(
    [DataType.UNSIGNED, DataType.LONG_UNSIGNED, DataType.DOUBLE_LONG_UNSIGNED, DataType.OCTET_STRING]
).flatmap(any_.simple)
_moments = st.datetimes(dt.datetime(2000, 1, 1), dt.datetime(2090, 1, 1)).map(
    lambda moment: moment.replace(microsecond=0, tzinfo=dt.UTC)
)
_one = st.just(_INVOKE)
_through_xml = st.one_of(
    st.builds(get.GetRequestNormal, _one, _attributes),
    st.builds(get.GetRequestNext, _one, any_.numbers),
    st.builds(get.GetResponseNormal, _one, _shown),
    st.builds(set_service.SetRequestNormal, _one, _attributes, _shown),
    st.builds(set_service.SetResponseNormal, _one, st.sampled_from(_CODES)),
    st.builds(set_service.SetResponseDatablock, _one, any_.numbers),
    st.builds(action.ActionRequestNormal, _one, _methods, _shown),
    st.builds(short_name.ReadRequest, st.tuples(st.builds(VariableName, any_.words))),
)


class Disagreement(Exception):
    """The two do not mean the same."""


def _same(found: Any, expected: Any, octets: bytes) -> None:
    if found != expected:
        raise Disagreement(f"{octets.hex()}: {found!r} for {expected!r}")


def _of_theirs(theirs: Any, expected: APDU | None = None) -> Any:
    """What we read in gurux's octets; from it, and from what is expected, we make the same octets."""
    octets = bytes(theirs)
    found = decode(octets)
    _same(found.encode(), octets, octets)
    if expected is not None:
        _same(found, expected, octets)
        _same(expected.encode(), octets, octets)
    return found


def _short_names() -> GXDLMSClient:
    return GXDLMSClient(False, 16, 1, Authentication.NONE, None, InterfaceType.PDU)


def _our_data(data: Data) -> None:
    ours = get.GetResponseNormal(_INVOKE, data).encode()
    _same(plain(heard(client(), ours).value), lists(data.value), ours)


def _our_data_by_short_name(data: Data) -> None:
    ours = short_name.ReadResponse((data,)).encode()
    _same(plain(heard(_short_names(), ours).value), lists(data.value), ours)


def _our_apdu(apdu: APDU) -> None:
    octets = apdu.encode()
    translator = GXDLMSTranslator()
    with quietly:
        back = bytes(translator.xmlToPdu(translator.pduToXml(GXByteBuffer(bytearray(octets)))).array())
    _same(back, octets, octets)


def _our_error(code: DataAccessResult) -> None:
    ours = get.GetResponseNormal(_INVOKE, code).encode()
    _same(heard(client(), ours).error, int(code), ours)


def _its_data(typed: tuple[DataType, Any]) -> None:
    buffer = GXByteBuffer()
    _GXCommon.setData(client().settings, buffer, TYPES[typed[0]], typed[1])
    octets = bytes(buffer.array())
    _same(Data.decode(octets).value, typed[1], octets)
    _same(Data.of(*typed).octets, octets, octets)


def _its_get(asked: tuple[ObjectType, OBIS, int]) -> None:
    (theirs,) = client().read(thing(*asked[:2]), asked[2])
    _of_theirs(theirs, get.GetRequestNormal(_INVOKE, AttributeDescriptor(int(asked[0]), *asked[1:])))


def _its_list(asked: list[tuple[OBIS, int]]) -> None:
    ((theirs,),) = client().readList([(GXDLMSRegister(str(obis)), number) for obis, number in asked])
    wanted = tuple((AttributeDescriptor(3, obis, number), None) for obis, number in asked)
    _of_theirs(theirs, get.GetRequestWithList(_INVOKE, wanted))


def _its_commands(asked: tuple[OBIS, tuple[DataType, Any]]) -> None:
    obis, (type_, value) = asked
    object_ = GXDLMSData(str(obis))
    object_.value = value
    object_.setDataType(2, TYPES[type_])
    data = Data.of(type_, value)
    (theirs,) = client().write(object_, 2)
    _of_theirs(theirs, set_service.SetRequestNormal(_INVOKE, AttributeDescriptor(1, obis, 2), data))
    (theirs,) = client().method(object_, 1, value, TYPES[type_])
    _of_theirs(theirs, action.ActionRequestNormal(_INVOKE, MethodDescriptor(1, obis, 1), data))


def _its_entries(asked: tuple[int, int]) -> None:
    first, count = asked
    (theirs,) = client().readRowsByEntry(GXDLMSProfileGeneric("1.0.99.1.0.255"), first, count)
    found = EntryDescriptor.of(_of_theirs(theirs).access)
    _same(found, EntryDescriptor(first, first + count - 1), bytes(theirs))


def _its_range(asked: tuple[dt.datetime, dt.datetime]) -> None:
    (theirs,) = client().readRowsByRange(GXDLMSProfileGeneric("1.0.99.1.0.255"), *asked)
    found = RangeDescriptor.of(_of_theirs(theirs).access)
    moments = tuple(DateTime.from_octets(each.value).moment() for each in (found.start, found.end))
    _same((found.restricting, *moments), (CLOCK, *asked), bytes(theirs))


def _its_short_names(asked: tuple[int, int, tuple[DataType, Any]]) -> None:
    base, attribute, (type_, value) = asked
    object_ = GXDLMSData("0.0.96.1.0.255", base)
    named = ShortNamedObject(base, 1, 0, OBIS("0.0.96.1.0.255"))
    (theirs,) = _short_names().read(object_, attribute)
    _of_theirs(theirs, short_name.ReadRequest((VariableName(named.attribute(attribute)),)))
    object_.value = value
    object_.setDataType(2, TYPES[type_])
    (theirs,) = _short_names().write(object_, 2)
    written = short_name.WriteRequest((VariableName(named.attribute(2)),), (Data.of(type_, value),))
    _of_theirs(theirs, written)


_CHECKS: dict[str, tuple[Callable[[Any], None], st.SearchStrategy[Any]]] = {
    "our errors": (_our_error, st.sampled_from(_CODES)),  # of which there are few
    "our APDUs through its XML": (_our_apdu, _through_xml),
    "its data": (_its_data, _typed),
    "its GET": (_its_get, st.tuples(st.sampled_from(_CLASSES), any_.obis, st.integers(1, 15))),
    "its GET with list": (
        _its_list, st.lists(st.tuples(any_.obis, st.integers(1, 3)), min_size=1, max_size=9)
    ),
    "its SET and ACTION": (_its_commands, st.tuples(any_.obis, _written)),
    "its rows by entry": (_its_entries, st.tuples(st.integers(1, 1 << 20), st.integers(1, 1000))),
    "its rows by range": (_its_range, st.tuples(_moments, _moments)),
    "its Read and Write": (
        _its_short_names, st.tuples(st.integers(8, 0xFF00), st.integers(1, 9), _written)
    ),
}  # fmt: skip


class Tally:
    """What was compared so far; its first disagreements."""

    def __init__(self) -> None:
        self.compared: dict[str, int] = {}
        self.disagreed = 0
        self.cases: list[str] = []

    def compare(self, kind: str, check: Callable[[Any], None], example: Any) -> None:
        self.compared[kind] = self.compared.get(kind, 0) + 1
        try:
            check(example)
        except Exception as error:  # whatever gurux raises is no agreement either
            self.disagreed += 1
            if len(self.cases) < _LISTED:
                self.cases.append(f"{kind}: {type(error).__name__}: {error}"[:400])


def agreement(count: int) -> Iterator[Result]:
    """`count` APDUs and data, as many of ours as of gurux's."""
    began = time.perf_counter()
    tally = Tally()
    for kind, check in (("our data", _our_data), ("our data by short name", _our_data_by_short_name)):
        for data in some_datas(count // 5, seed=count):
            tally.compare(kind, check, data)
    for index, (kind, (check, strategy)) in enumerate(_CHECKS.items()):
        left = count - sum(tally.compared.values())
        _each(strategy, -(-left // (len(_CHECKS) - index)), partial(tally.compare, kind, check))
    compared = sum(tally.compared.values())
    yield Result(
        "gurux-agrees",
        "generated APDUs and data, ours read by gurux-dlms and its own by us",
        compared,
        time.perf_counter() - began,
        {"disagreements": tally.disagreed, **tally.compared},
        "no disagreement",
        not tally.disagreed,
        [*tally.cases, *(f"left out: {what}: {why}" for what, why in EXCLUDED.items())],
    )


def _each(strategy: st.SearchStrategy[Any], count: int, compare: Callable[[Any], None]) -> None:
    """Compare so many examples; the same ones at every run."""

    @settings(
        max_examples=count, database=None, derandomize=True, deadline=None, phases=[Phase.generate],
        suppress_health_check=list(HealthCheck),
    )  # fmt: skip
    @given(strategy)
    def compared(example: Any) -> None:
        compare(example)

    compared()
