"""Whose push it is, where its connection is nobody's yet: the meter whose system title it carries.

A meter that pushes and hangs up at once has no time to be asked. General ciphering says the
sender's system title in clear (IEC 62056-5-3, 9.2.7), which is a claim like a number in
clear; but the tag verifies with the keys of that meter only, and its counter grows.
"""

from __future__ import annotations

from typing import Final

from hesd.collect.dlms_roster import DLMSRoster
from hesd.collect.dlms_spec import DLMSMeterSpec, Keyring
from hesd.collect.push_errors import SharedTitle, UnknownTitle
from hesd.dlms.apdu import decode
from hesd.dlms.ciphered import GeneralCiphered
from hesd.dlms.errors import SecurityError
from hesd.driver.cosem import Ciphering

# What has a tag. Octets that are encrypted only open to something, whoever made them up.
_TAGGED: Final = (Ciphering.AUTHENTICATION, Ciphering.BOTH)


async def titled_sender(pdu: bytes, keyring: Keyring, roster: DLMSRoster) -> DLMSMeterSpec | None:
    """The meter that a push claims to be of, None where it has no system title.

    Raises `UnknownTitle`, `SharedTitle`, `SecurityError` for a meter whose pushes have no tag that
    could verify, and `APDUError`.
    """
    apdu = decode(pdu)
    if not isinstance(apdu, GeneralCiphered):
        return None
    title = apdu.system_title
    serials = await keyring.titled(title)
    if len(serials) > 1:
        raise SharedTitle(f"{' and '.join(serials[:2])} are both registered with system title {title.hex()}")
    placed = roster.get(serials[0]) if serials else None
    if placed is None:
        raise UnknownTitle(f"no meter here has system title {title[:8].hex()}")
    if placed.spec.ciphering not in _TAGGED:
        raise SecurityError("nothing shows whose it is: the pushes of this meter have no tag")
    return placed.spec
