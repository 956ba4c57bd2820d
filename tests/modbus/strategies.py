"""Requests, replies and other bytes of a Modbus line, for the property tests."""

from __future__ import annotations

from itertools import pairwise
from typing import Any

from hypothesis import settings
from hypothesis import strategies as st

from hesd.modbus.identification import IdentificationReply, ReadIdentification
from hesd.modbus.pdu import (
    AnyRequest,
    ReadBits,
    ReadRegisters,
    WriteCoil,
    WriteCoils,
    WriteRegister,
    WriteRegisters,
)
from hesd.modbus.rtu import encode_frame

# Framing meets the worst input, so it gets more examples; the nightly profile still wins.
FRAMING_EXAMPLES = max(2_000, settings.get_profile(settings.get_current_profile_name()).max_examples)

units = st.integers(1, 247)
bits = st.lists(st.booleans(), min_size=1, max_size=60).map(tuple)


def spans(limit: int) -> st.SearchStrategy[tuple[int, int]]:
    """(address, count) inside the address space."""
    return st.integers(1, limit).flatmap(
        lambda count: st.tuples(st.integers(0, 0x10000 - count), st.just(count))
    )


def register_bytes(limit: int) -> st.SearchStrategy[bytes]:
    return st.integers(1, limit).flatmap(lambda n: st.binary(min_size=2 * n, max_size=2 * n))


register_reads = st.builds(
    lambda function, span: ReadRegisters(function, *span), st.sampled_from((3, 4)), spans(125)
)
bit_reads = st.builds(lambda function, span: ReadBits(function, *span), st.sampled_from((1, 2)), spans(2000))
writes = st.one_of(
    st.builds(WriteCoil, st.integers(0, 0xFFFF), st.booleans()),
    st.builds(WriteRegister, st.integers(0, 0xFFFF), st.integers(0, 0xFFFF)),
    st.builds(WriteCoils, st.integers(0, 0xF000), bits),
    st.builds(WriteRegisters, st.integers(0, 0xF000), register_bytes(123)),
)
identifications = st.builds(ReadIdentification, st.integers(1, 4), st.integers(0, 255))
requests = st.one_of(register_reads, bit_reads, writes, identifications)

objects = st.dictionaries(st.integers(0, 255), st.binary(max_size=20), max_size=8)
identities = st.builds(IdentificationReply, objects, st.booleans(), st.integers(0, 255))


@st.composite
def conversations(
    draw: st.DrawFn, asked: st.SearchStrategy[AnyRequest] = requests
) -> tuple[AnyRequest, Any, bytes]:
    """A request, what the meter means to say, and the PDU that says it."""
    request = draw(asked)
    match request:
        case ReadRegisters():
            data = draw(st.binary(min_size=2 * request.count, max_size=2 * request.count))
            return request, data, request.encode_reply(data)
        case ReadBits():
            seed = draw(st.integers(0, 2**request.count - 1))
            values = tuple(bool(seed >> n & 1) for n in range(request.count))
            return request, values, request.encode_reply(values)
        case ReadIdentification():
            identity = draw(identities)
            return request, identity, request.encode_reply(identity)
    return request, None, request.encode_reply()


frames = st.builds(lambda unit, talk: encode_frame(unit, talk[2]), units, conversations())


def cut(data: bytes, places: list[int]) -> list[bytes]:
    """The bytes in the pieces that these places make; each place is taken modulo the length."""
    borders = sorted({0, len(data), *(place % (len(data) + 1) for place in places)})
    return [data[a:b] for a, b in pairwise(borders)]


places = st.lists(st.integers(0, 2_000), max_size=12)
