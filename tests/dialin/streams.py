"""What meters say on a connection, whole and in pieces."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from itertools import pairwise

from hypothesis import strategies as st

from hesd.dialin.dsmr4_alarm import DSMR4Alarm
from hesd.dialin.event import Event
from hesd.dialin.family_h import FamilyHFrame, heartbeat
from hesd.dialin.family_w import RESERVES, FamilyWFrame, Message
from hesd.dlms.hdlc_frame import HDLCFrame
from hesd.dlms.wrapper import WPDU
from hesd.model.obis import OBIS

EVERY_FAMILY = ("wrapper", "hexcell", "ascii", "push")

words = st.integers(0, 0xFFFF)
family_w_ids = st.from_regex(r"[0-9]{11,12}", fullmatch=True)
family_w_frames = st.builds(
    FamilyWFrame,
    st.sampled_from([Message.LOGIN, Message.HEARTBEAT]),
    family_w_ids,
    st.sampled_from(RESERVES),
    words,
    words,
)
heartbeats = st.builds(
    heartbeat,
    st.from_regex(r"[0-9]{1,12}", fullmatch=True),
    st.integers(0, 255),
    st.from_regex(r"[0-9]{12}", fullmatch=True),
)
family_h_frames = heartbeats | st.builds(
    FamilyHFrame,
    st.integers(0, 255).filter(lambda control: control != 0x31),
    st.binary(min_size=2, max_size=60),
)
alarms = st.builds(
    DSMR4Alarm, st.from_regex(r"[0-9A-Za-z]{16,17}", fullmatch=True), st.integers(0, (1 << 32) - 1)
) | st.builds(
    DSMR4Alarm,
    st.from_regex(r"[0-9A-Za-z]{16,17}", fullmatch=True),
    st.none(),
    st.binary(min_size=5, max_size=5).map(lambda groups: OBIS.from_octets(groups + b"\xff")),
)
# What is for a link: no notification, nothing to the push port.
answers = st.one_of(
    st.binary(max_size=300).map(lambda value: b"\xc4\x01\xc1\x00" + value),
    st.sampled_from([b"\xd8\x01\x01", b"\x61\x29\xa1\x09", b"\xc5\x01\xc1\x00", b"\x0c\x02\x00\x00"]),
)
wrapped = st.builds(WPDU, st.just(1), st.sampled_from([1, 16, 17]), answers)
hdlc_frames = st.builds(
    HDLCFrame,
    st.just(b"\x21"),
    st.sampled_from([b"\x03", b"\x02\x23"]),
    st.integers(0, 255),
    st.binary(max_size=200),
    st.booleans(),
)
cuts = st.lists(st.integers(0, 2000), max_size=8)


def pieces(stream: bytes, at: Sequence[int]) -> list[bytes]:
    """The stream cut at these places."""
    edges = [0, *sorted(min(place, len(stream)) for place in at), len(stream)]
    return [stream[start:end] for start, end in pairwise(edges)]


def fed(feed: Callable[[bytes], list[Event]], stream: bytes, at: Sequence[int] = ()) -> list[Event]:
    return [event for piece in pieces(stream, at) for event in feed(piece)]
