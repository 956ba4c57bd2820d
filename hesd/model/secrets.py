"""The secrets of a meter, in clear, for as long as a session needs them."""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import StrEnum
from typing import Final


class KeyName(StrEnum):
    """The secrets a meter can have, each a field of `Secrets`."""

    PASSWORD = "password"  # noqa: S105  # a name, not a password
    ENCRYPTION_KEY = "encryption_key"
    AUTHENTICATION_KEY = "authentication_key"
    BROADCAST_KEY = "broadcast_key"
    MASTER_KEY = "master_key"
    SIGNING_KEY = "signing_key"
    METER_PUBLIC_KEY = "meter_public_key"


# Which of them a meter can be given another of, by the id that they have then (IEC 62056-6-2, 4.4.7.3.2).
TRANSFERABLE: Final = {
    KeyName.ENCRYPTION_KEY: 0,
    KeyName.BROADCAST_KEY: 1,
    KeyName.AUTHENTICATION_KEY: 2,
    KeyName.MASTER_KEY: 3,
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Secrets:
    """The keys of one meter. Never shown.

    `password` is the LLS password or the HLS secret; the keys are those of IEC 62056-5-3,
    9.2.2.5. `signing_key` is the number of the private key that the head end signs with for this
    meter, `meter_public_key` x || y of what the meter's signatures are verified with.
    `own_title` is the head end's system title, `peer_title` the meter's where it is known, else
    empty.
    """

    password: bytes = field(default=b"", repr=False)
    encryption_key: bytes | None = field(default=None, repr=False)
    authentication_key: bytes | None = field(default=None, repr=False)
    broadcast_key: bytes | None = field(default=None, repr=False)
    master_key: bytes | None = field(default=None, repr=False)
    signing_key: bytes | None = field(default=None, repr=False)
    meter_public_key: bytes | None = field(default=None, repr=False)
    own_title: bytes = b""
    peer_title: bytes = b""
