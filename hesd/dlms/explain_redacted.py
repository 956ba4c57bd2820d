"""APDUs whose secrets were blanked before they were kept: what is left of them in words.

A recorder of frames writes `BLANK` over what must not be kept, to the end of the APDU, so
that lengths stay. What stands before is as it was.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Final

from hesd.dlms import action, set
from hesd.dlms.access_result import ActionResult
from hesd.dlms.descriptor import SIZE, attribute_descriptor, method_descriptor
from hesd.dlms.errors import DLMSError
from hesd.dlms.explain_ciphered import service_name
from hesd.dlms.explain_data import HIDDEN
from hesd.dlms.explain_descriptor import explain_descriptor
from hesd.dlms.said import Descriptor

BLANK: Final = b"\x2a"
_HEAD: Final = 3  # tag, kind, invoke id
_DESCRIBED: Final = _HEAD + SIZE
_NORMAL: Final = 1
_FIRST_BLOCKS: Final = {set.REQUEST: 2, action.REQUEST: 4}
_DESCRIPTORS: Final[dict[int, Callable[[bytes], Descriptor]]] = {
    set.REQUEST: attribute_descriptor,
    action.REQUEST: method_descriptor,
}


def explain_redacted(octets: bytes) -> dict[str, Any] | None:
    """What an APDU was, and of which object, where its end was blanked; None where it was not."""
    name = service_name(octets[0]) if octets.endswith(BLANK) else None
    if name is None:
        return None
    fields: dict[str, Any] = {"apdu": name}
    kind = octets[1] if len(octets) > _HEAD else None
    if octets[0] in _DESCRIPTORS and kind in (_NORMAL, _FIRST_BLOCKS[octets[0]]):
        fields |= _described(octets)
    elif octets[0] == action.RESPONSE and kind == _NORMAL:
        result = ActionResult(octets[_HEAD])
        fields |= {"result": int(result), "result_name": result.text}
    return {**fields, "data": HIDDEN}


def _described(octets: bytes) -> dict[str, Any]:
    invoke = {"invoke_id_and_priority": octets[_HEAD - 1 : _HEAD].hex()}
    try:
        return invoke | explain_descriptor(_DESCRIPTORS[octets[0]](octets[_HEAD:_DESCRIBED]))
    except DLMSError:
        return invoke
