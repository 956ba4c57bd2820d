"""Any APDU by its tag, the first octet (IEC 62056-5-3, 9.5).

APDUs, and the events around them, are immutable like frozen dataclasses and compared by what
they hold. They are msgspec's structs, because there is at least one of each for every answer of
every meter, and a struct is made in an eighth of the time.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Final

from hesd.dlms import (
    acse,
    action,
    block_transfer,
    ciphered,
    exception,
    get,
    initiate,
    notification,
    set,
    short_name,
)
from hesd.dlms.errors import APDUError

APDU = (
    get.GetRequest
    | get.GetResponse
    | set.SetRequest
    | set.SetResponse
    | action.ActionRequestAPDU
    | action.ActionResponseAPDU
    | notification.DataNotification
    | notification.EventNotification
    | block_transfer.GeneralBlockTransfer
    | exception.ExceptionResponse
    | exception.ConfirmedServiceError
    | short_name.ReadRequest
    | short_name.ReadResponse
    | short_name.WriteRequest
    | short_name.WriteResponse
    | short_name.UnconfirmedWriteRequest
    | short_name.InformationReport
    | initiate.InitiateRequest
    | initiate.InitiateResponse
    | acse.AARQ
    | acse.AARE
    | acse.RLRQ
    | acse.RLRE
    | ciphered.ServiceCiphered
    | ciphered.GeneralCiphered
    | ciphered.GeneralCiphering
    | ciphered.GeneralSigning
)

_DECODERS: Final[dict[int, Callable[[bytes], APDU]]] = {
    get.REQUEST: get.decode_get_request,
    get.RESPONSE: get.decode_get_response,
    set.REQUEST: set.decode_set_request,
    set.RESPONSE: set.decode_set_response,
    action.REQUEST: action.decode_action_request,
    action.RESPONSE: action.decode_action_response,
    notification.DATA_NOTIFICATION: notification.decode_data_notification,
    notification.EVENT_NOTIFICATION: notification.decode_event_notification,
    block_transfer.GENERAL_BLOCK_TRANSFER: block_transfer.decode_general_block_transfer,
    exception.EXCEPTION_RESPONSE: exception.decode_exception_response,
    exception.CONFIRMED_SERVICE_ERROR: exception.decode_confirmed_service_error,
    short_name.READ_REQUEST: short_name.decode_read_request,
    short_name.READ_RESPONSE: short_name.decode_read_response,
    short_name.WRITE_REQUEST: short_name.decode_write_request,
    short_name.WRITE_RESPONSE: short_name.decode_write_response,
    short_name.UNCONFIRMED_WRITE_REQUEST: short_name.decode_unconfirmed_write_request,
    short_name.INFORMATION_REPORT: short_name.decode_information_report,
    initiate.INITIATE_REQUEST: initiate.decode_initiate_request,
    initiate.INITIATE_RESPONSE: initiate.decode_initiate_response,
    acse.AARQ_TAG: acse.decode_aarq,
    acse.AARE_TAG: acse.decode_aare,
    acse.RLRQ_TAG: acse.decode_rlrq,
    acse.RLRE_TAG: acse.decode_rlre,
    ciphered.GENERAL_GLO_CIPHERING: ciphered.decode_general_ciphered,
    ciphered.GENERAL_DED_CIPHERING: ciphered.decode_general_ciphered,
    ciphered.GENERAL_CIPHERING: ciphered.decode_general_ciphering,
    ciphered.GENERAL_SIGNING: ciphered.decode_general_signing,
    **dict.fromkeys(ciphered.GLOBAL_TAGS, ciphered.decode_service_ciphered),
    **dict.fromkeys(ciphered.DEDICATED_TAGS, ciphered.decode_service_ciphered),
}

TAGS: Final = frozenset(_DECODERS)


def decode(octets: bytes) -> APDU:
    """The APDU these octets are. Raises `APDUError`, `ACSEError` or `DataError`."""
    try:
        decoder = _DECODERS[octets[0]]
    except (IndexError, KeyError):
        raise APDUError(f"no APDU has the tag {octets[:1].hex() or 'of nothing'}") from None
    return decoder(octets)
