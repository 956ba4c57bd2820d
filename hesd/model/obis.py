"""OBIS codes: the names of everything a meter measures (IEC 62056-6-1)."""

from __future__ import annotations

import re

from hesd.model.errors import HesdError

_SPELLINGS = re.compile(
    r"""\s*(?:
        (?P<a>\d{1,3}) [-.] (?P<b>\d{1,3}) [:.] (?P<c>\d{1,3}) \. (?P<d>\d{1,3}) \. (?P<e>\d{1,3})
        (?: [.*&] (?P<f>\d{1,3}) )?
      | \{ (?P<braced>[0-9a-fA-F]{12}) \}
      | (?P<hex>[0-9a-fA-F]{12})
    )\s*""",
    re.VERBOSE | re.ASCII,
)


class InvalidOBIS(HesdError, ValueError):
    """A text or octet string that is not an OBIS code."""


class OBIS(str):
    """An OBIS code, kept and printed in one form: six decimal groups joined by dots.

    Accepts the spellings found in the field: ``1.0.1.8.0.255``, ``1-0:1.8.0``,
    ``1-0:1.8.0*255``, ``1-0:1.8.0.255``, ``0100010800FF`` and ``{0100010800FF}``.
    Group F is 255 where it is not given; historical values (F = 1..99) are kept.
    It is a `str`, so it goes into JSON, SQL and dictionaries as it is.

    Raises `InvalidOBIS` for anything else.
    """

    __slots__ = ()

    def __new__(cls, text: str) -> OBIS:
        if type(text) is cls:
            return text
        match = _SPELLINGS.fullmatch(text)
        if match is None:
            raise InvalidOBIS(f"not an OBIS code: {text[:40]!r}")
        octets = match["hex"] or match["braced"]
        if octets:
            return cls.from_octets(bytes.fromhex(octets))
        groups = [int(group) for group in match.group("a", "b", "c", "d", "e")]
        groups.append(255 if match["f"] is None else int(match["f"]))
        if max(groups) > 255:
            raise InvalidOBIS(f"an OBIS group is above 255: {text[:40]!r}")
        return cls._of(groups)

    @classmethod
    def from_octets(cls, octets: bytes) -> OBIS:
        """The code of a COSEM logical name, an octet string of length 6."""
        if len(octets) != 6:
            raise InvalidOBIS(f"a logical name has 6 octets, not {len(octets)}")
        return cls._of(octets)

    @classmethod
    def _of(cls, groups: bytes | list[int]) -> OBIS:
        return super().__new__(cls, ".".join(map(str, groups)))

    @property
    def groups(self) -> tuple[int, int, int, int, int, int]:
        """Value groups A to F."""
        a, b, c, d, e, f = map(int, self.split("."))
        return a, b, c, d, e, f

    @property
    def octets(self) -> bytes:
        """The COSEM logical name."""
        return bytes(self.groups)
