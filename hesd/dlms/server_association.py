"""The meter's side of an association: what simulated meters are built on."""

from __future__ import annotations

import hmac

from hesd.dlms import acse, action, initiate
from hesd.dlms.access_result import ActionResult
from hesd.dlms.acse import AARE, AARQ, RLRE, AssociationResult, Diagnostic, Mechanism
from hesd.dlms.apdu import APDU, decode
from hesd.dlms.association import (
    APDUDiscarded,
    APDUReceived,
    Associated,
    AssociationEvent,
    AssociationRefused,
    NotificationReceived,
    Released,
    kind_of,
)
from hesd.dlms.association_end import AssociationEnd
from hesd.dlms.association_states import SERVER, Action, State
from hesd.dlms.data import Data
from hesd.dlms.data_type import DataType
from hesd.dlms.errors import CounterError, DLMSError, SecurityError
from hesd.dlms.exception import ExceptionResponse, ServiceError, StateError
from hesd.dlms.hls import Proof
from hesd.dlms.initiate import InitiateRequest, InitiateResponse, decode_initiate_request
from hesd.dlms.security import MAX_COUNTER, Key

_NOT_ALLOWED = ExceptionResponse(StateError.SERVICE_NOT_ALLOWED, ServiceError.OPERATION_NOT_POSSIBLE)
_NOT_DECIPHERED = ExceptionResponse(StateError.SERVICE_UNKNOWN, ServiceError.DECIPHERING_ERROR)


class _Refusal(Exception):
    """Control flow: AARE says no, and why."""

    def __init__(self, diagnostic: Diagnostic) -> None:
        self.diagnostic = diagnostic


class ServerAssociation(AssociationEnd):
    """One client's association with a meter; `terms` are what this meter offers that client."""

    __slots__ = ()

    def send(self, apdu: APDU) -> None:
        """Send a response or a notification, ciphered where that was agreed."""
        self._send(apdu.encode())

    def receive(self, pdu: bytes) -> list[AssociationEvent]:
        """What a PDU from the client means."""
        try:
            apdu = decode(self._opened(pdu))
        except SecurityError as error:
            self._out.append(self._not_deciphered(error).encode())
            return [APDUDiscarded(str(error), pdu)]
        except DLMSError as error:
            return [APDUDiscarded(str(error), pdu)]
        match SERVER.get((self.state, kind_of(apdu))):
            case Action.CONSIDER if isinstance(apdu, AARQ):
                return self._consider(apdu)
            case Action.CHECK_AND_PROVE if isinstance(apdu, action.ActionRequestNormal):
                return self._check_and_prove(apdu)
            case Action.DELIVER:
                return [APDUReceived(apdu)]
            case Action.NOTIFY:
                return [NotificationReceived(apdu)]
            case Action.RELEASE:
                self.reset()
                self._out.append(RLRE().encode())
                return [Released()]
            case Action.DENY:
                self._out.append(_NOT_ALLOWED.encode())
        return [APDUDiscarded(f"{type(apdu).__name__} while {self.state.name}", pdu)]

    def _opened(self, pdu: bytes) -> bytes:
        ciphering = self._ciphering
        return pdu if ciphering is None or pdu[:1] in (b"\x60", b"\x62") else ciphering.open(pdu)

    def _not_deciphered(self, error: SecurityError) -> ExceptionResponse:
        """Why; to a client whose counter was used before, with the one to go on from."""
        protection = self.terms.protection
        if not isinstance(error, CounterError) or protection is None:
            return _NOT_DECIPHERED
        counter = min(protection.received.last + 1, MAX_COUNTER)
        return ExceptionResponse(StateError.SERVICE_UNKNOWN, ServiceError.INVOCATION_COUNTER_ERROR, counter)

    def _consider(self, aarq: AARQ) -> list[AssociationEvent]:
        self.reset()
        try:
            request = self._proposal(aarq)
            self._admit(aarq)
        except CounterError as error:
            self._out.append(self._not_deciphered(error).encode())
            return [AssociationRefused(str(error))]
        except _Refusal as refusal:
            self._answer(AssociationResult.REJECTED_PERMANENT, refusal.diagnostic, None)
            return [AssociationRefused(refusal.diagnostic.text)]
        conformance = self.terms.conformance & request.conformance
        self.agreed = Associated(conformance, request.max_pdu or 0xFFFF)
        response = InitiateResponse(conformance, self.terms.max_pdu, vaa_name(self.terms.context)).encode()
        if self._ciphering is not None:
            response = self._ciphering.protect(response, use_dedicated=False)
        if self._proof is None:
            self._answer(AssociationResult.ACCEPTED, Diagnostic.NULL, response)
            self.state = State.ASSOCIATED
            return [self.agreed]
        self._answer(AssociationResult.ACCEPTED, Diagnostic.AUTHENTICATION_REQUIRED, response)
        self.state = State.PROVING
        return []

    def _proposal(self, aarq: AARQ) -> InitiateRequest:
        """The xDLMS part of AARQ, deciphered. Raises `_Refusal`."""
        protection, octets = self.terms.protection, aarq.user_information
        if aarq.context != self.terms.context:
            raise _Refusal(Diagnostic.APPLICATION_CONTEXT_NAME_NOT_SUPPORTED)
        try:
            ciphering = self._ciphering
            if ciphering is not None:
                ciphering.peer_title = aarq.calling_ap_title or ciphering.peer_title
                ciphering.dedicated = None
                octets = ciphering.open(octets)
            if octets[:1] != bytes((initiate.INITIATE_REQUEST,)):
                raise _Refusal(Diagnostic.NO_REASON_GIVEN)
            request = decode_initiate_request(octets)
            if request.dedicated_key is not None and protection is not None:
                key = protection.key
                protection.dedicated = Key(request.dedicated_key, key.authentication, key.suite)
        except CounterError:
            raise
        except DLMSError:
            raise _Refusal(Diagnostic.AUTHENTICATION_FAILURE) from None
        return request

    def _admit(self, aarq: AARQ) -> None:
        """Check the password, or remember the challenge. Raises `_Refusal`."""
        terms, protection = self.terms, self.terms.protection
        if aarq.mechanism != terms.mechanism:
            required = terms.mechanism is not Mechanism.NONE and aarq.mechanism is Mechanism.NONE
            raise _Refusal(
                Diagnostic.AUTHENTICATION_MECHANISM_NAME_REQUIRED
                if required
                else Diagnostic.AUTHENTICATION_MECHANISM_NAME_NOT_RECOGNISED
            )
        given = aarq.authentication or b""
        if terms.mechanism is Mechanism.LLS and not hmac.compare_digest(given, terms.secret):
            raise _Refusal(Diagnostic.AUTHENTICATION_FAILURE)
        if terms.mechanism.is_high:
            peer_title = aarq.calling_ap_title or (protection.peer_title if protection else b"")
            if protection is not None:
                protection.peer_title = peer_title
            try:
                self._proof = Proof(
                    terms.mechanism, given, terms.challenge, terms.system_title, peer_title,
                    terms.secret, protection.key if protection else None,
                    terms.signing_key, terms.peer_public_key,
                )  # fmt: skip
            except SecurityError:
                raise _Refusal(Diagnostic.AUTHENTICATION_FAILURE) from None

    def _answer(self, result: AssociationResult, diagnostic: Diagnostic, inside: bytes | None) -> None:
        terms = self.terms
        named = terms.context.is_ciphered or terms.mechanism >= Mechanism.HLS_GMAC
        aare = AARE(
            terms.context,
            result,
            diagnostic,
            inside,
            terms.mechanism if self._proof is not None else Mechanism.NONE,
            terms.challenge if self._proof is not None else None,
            terms.system_title if named else None,
        )
        self._out.append(aare.encode())

    def _check_and_prove(self, request: action.ActionRequestNormal) -> list[AssociationEvent]:
        given = request.parameters.value if request.parameters is not None else None
        protection = self.terms.protection
        assert self._proof is not None
        assert self.agreed is not None
        try:
            if not isinstance(given, bytes):
                raise SecurityError("the client's proof is no octet-string")
            counter = self._proof.check(given)
            if counter is not None and protection is not None and self._ciphering is None:
                protection.received.accept(counter)
        except SecurityError as error:
            refused = action.ActionResponse(ActionResult.READ_WRITE_DENIED)
            self._send(action.ActionResponseNormal(request.invoke, refused).encode())
            self.state = State.IDLE
            return [AssociationRefused(str(error))]
        gmac = self.terms.mechanism is Mechanism.HLS_GMAC and protection is not None
        own = protection.counters.take() if gmac and protection is not None else 0
        proof = Data.of(DataType.OCTET_STRING, self._proof.answer(own))
        answer = action.ActionResponse(ActionResult.SUCCESS, proof)
        self._send(action.ActionResponseNormal(request.invoke, answer).encode())
        self.state = State.ASSOCIATED
        return [self.agreed]


def vaa_name(context: acse.Context) -> int:
    """The VAA name of InitiateResponse: how objects are named in an association."""
    short = context in (acse.Context.SHORT_NAMES, acse.Context.SHORT_NAMES_CIPHERED)
    return initiate.VAA_SHORT_NAMES if short else initiate.VAA_LOGICAL_NAMES
