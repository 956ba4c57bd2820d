"""The secrets of a meter, in clear, for as long as a session needs them."""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import StrEnum


class KeyName(StrEnum):
    """The secrets a meter can have, each a field of `Secrets`."""

    PASSWORD = "password"  # noqa: S105  # a name, not a password
    ENCRYPTION_KEY = "encryption_key"
    AUTHENTICATION_KEY = "authentication_key"
    BROADCAST_KEY = "broadcast_key"
    MASTER_KEY = "master_key"


@dataclass(frozen=True, slots=True, kw_only=True)
class Secrets:
    """The keys of one meter. Never shown.

    `password` is the LLS password or the HLS secret; the keys are those of IEC 62056-5-3,
    9.2.2.5. `own_title` is the head end's system title, `peer_title` the meter's where it is
    known, else empty.
    """

    password: bytes = field(default=b"", repr=False)
    encryption_key: bytes | None = field(default=None, repr=False)
    authentication_key: bytes | None = field(default=None, repr=False)
    broadcast_key: bytes | None = field(default=None, repr=False)
    master_key: bytes | None = field(default=None, repr=False)
    own_title: bytes = b""
    peer_title: bytes = b""
