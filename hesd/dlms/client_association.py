"""The head end's side of an association: see `association_states` for what may follow what."""

from __future__ import annotations

from hesd.dlms import action, initiate
from hesd.dlms.access_result import ActionResult
from hesd.dlms.acse import AARE, AARQ, RLRQ, AssociationResult, Context, Mechanism
from hesd.dlms.apdu import APDU, decode
from hesd.dlms.association import (
    HLS_REPLY,
    APDUDiscarded,
    APDUReceived,
    AssociationEvent,
    AssociationLost,
    AssociationRefused,
    NotificationReceived,
    Released,
    Terms,
    agreed_terms,
    kind_of,
)
from hesd.dlms.association_end import AssociationEnd
from hesd.dlms.association_states import CLIENT, Action, State
from hesd.dlms.data import Data
from hesd.dlms.data_type import DataType
from hesd.dlms.errors import AssociationError, DLMSError, SecurityError
from hesd.dlms.exception import ExceptionResponse, ServiceError, StateError
from hesd.dlms.hls import Proof
from hesd.dlms.initiate import InitiateRequest, InitiateResponse, decode_initiate_response
from hesd.dlms.invoke_id import CONFIRMED, HIGH_PRIORITY, answers
from hesd.dlms.security import Key

_NO_ASSOCIATION = ExceptionResponse(StateError.SERVICE_NOT_ALLOWED, ServiceError.OPERATION_NOT_POSSIBLE)
_SHORT_NAMES = (Context.SHORT_NAMES, Context.SHORT_NAMES_CIPHERED)
_PROOF_INVOKE = HIGH_PRIORITY | CONFIRMED | 1


class ClientAssociation(AssociationEnd):
    """Takes the link's PDUs and gives it PDUs to send; never raises for what a meter sent."""

    __slots__ = ()

    def __init__(self, terms: Terms) -> None:
        if terms.protection is None and terms.context.is_ciphered:
            raise AssociationError("a ciphered context without keys")
        if terms.mechanism.is_high and terms.context in _SHORT_NAMES:
            raise AssociationError("high level security with short names is not supported")
        super().__init__(terms)

    # -- requests ---------------------------------------------------------------------

    def associate(self) -> None:
        """Send AARQ. Raises `AssociationError` unless idle, `CounterError` without counters."""
        self._expect(State.IDLE)
        terms = self.terms
        proposal = InitiateRequest(terms.conformance, terms.max_pdu, terms.dedicated_key).encode()
        if self._ciphering is not None:
            self._ciphering.dedicated = None
            proposal = self._ciphering.protect(proposal)
        authentication = terms.challenge if terms.mechanism.is_high else terms.secret
        named = terms.context.is_ciphered or terms.mechanism >= Mechanism.HLS_GMAC
        request = AARQ(
            terms.context,
            proposal,
            terms.mechanism,
            None if terms.mechanism is Mechanism.NONE else authentication,
            terms.system_title if named else None,
        )
        self._out.append(request.encode())
        self.state = State.WAITING

    def send(self, apdu: APDU) -> None:
        """Send a request. Raises `AssociationError` unless associated."""
        self._expect(State.ASSOCIATED)
        self._send(apdu.encode())

    def release(self) -> None:
        """Send RLRQ. Raises `AssociationError` unless associated."""
        self._expect(State.ASSOCIATED)
        inside = None
        if self._ciphering is not None:
            # Only that proves that it is us who want to go (IEC 62056-5-3, 7.3.2).
            proposal = InitiateRequest(self.terms.conformance, self.terms.max_pdu)
            inside = self._ciphering.protect(proposal.encode())
        self._out.append(RLRQ(user_information=inside).encode())
        self.state = State.RELEASING

    # -- what arrives -----------------------------------------------------------------

    def receive(self, pdu: bytes) -> list[AssociationEvent]:
        """What a PDU from the meter means."""
        try:
            apdu = decode(self._opened(pdu))
        except DLMSError as error:
            return [APDUDiscarded(str(error), pdu, error)]
        match CLIENT.get((self.state, kind_of(apdu))):
            case Action.DELIVER:
                return [APDUReceived(apdu)]
            case Action.CONCLUDE if isinstance(apdu, AARE):
                return self._conclude(apdu)
            case Action.CHECK_PROOF if isinstance(apdu, action.ActionResponseNormal):
                return self._check_proof(apdu)
            case Action.JUDGE:
                return self._lost(apdu) if apdu == _NO_ASSOCIATION else [APDUReceived(apdu)]
            case Action.NOTIFY:
                return [NotificationReceived(apdu)]
            case Action.LOSE:
                return self._lost(apdu)
            case Action.RELEASED:
                self.reset()
                return [Released()]
        return [APDUDiscarded(f"{type(apdu).__name__} while {self.state.name}", pdu)]

    def _opened(self, pdu: bytes) -> bytes:
        """ACSE is never ciphered as a whole; everything else is, where ciphering was agreed."""
        ciphering = self._ciphering
        return pdu if ciphering is None or pdu[:1] in (b"\x61", b"\x63") else ciphering.open(pdu)

    def _conclude(self, aare: AARE) -> list[AssociationEvent]:
        terms = self.terms
        if aare.result != AssociationResult.ACCEPTED:
            return self._refused(f"refused: {aare.diagnostic.text}", aare)
        if aare.context != terms.context:
            return self._refused(f"application context {aare.context.text} was not asked for", aare)
        # A meter need not name the mechanism of LLS again, but a high one it must.
        if terms.mechanism.is_high and aare.mechanism != terms.mechanism:
            return self._refused(f"mechanism {aare.mechanism.text} was not asked for", aare)
        try:
            return self._agree(aare, self._initiate_response(aare))
        except DLMSError as error:
            return self._refused(str(error), aare)

    def _initiate_response(self, aare: AARE) -> InitiateResponse:
        octets, ciphering = aare.user_information or b"", self._ciphering
        if ciphering is not None:
            title = aare.responding_ap_title or ciphering.peer_title
            if ciphering.peer_title not in (b"", title):
                raise SecurityError(f"system title {title.hex()} is not this meter's")
            # Unknown so far, it is believed because the tag verifies with it.
            ciphering.peer_title = title
            octets = ciphering.open(octets)
        if octets[:1] != bytes((initiate.INITIATE_RESPONSE,)):
            raise AssociationError("accepted without an initiate-response")
        return decode_initiate_response(octets)

    def _agree(self, aare: AARE, response: InitiateResponse) -> list[AssociationEvent]:
        terms, protection = self.terms, self.terms.protection
        self.agreed = agreed_terms(terms, response)
        if protection is not None and terms.dedicated_key is not None:
            protection.dedicated = Key(
                terms.dedicated_key, protection.key.authentication, protection.key.suite
            )
        if not terms.mechanism.is_high:
            self.state = State.ASSOCIATED
            return [self.agreed]
        if protection is not None and not protection.peer_title:
            # Not known before, it is believed once the proof verifies with it.
            protection.peer_title = aare.responding_ap_title or b""
        peer_title = protection.peer_title if protection else aare.responding_ap_title or b""
        gmac_key = protection.key if protection else None
        self._proof = Proof(
            terms.mechanism, aare.authentication or b"", terms.challenge,
            terms.system_title, peer_title, terms.secret, gmac_key,
            terms.signing_key, terms.peer_public_key,
        )  # fmt: skip
        counter = protection.counters.take() if protection and terms.mechanism is Mechanism.HLS_GMAC else 0
        answer = Data.of(DataType.OCTET_STRING, self._proof.answer(counter))
        self._send(action.ActionRequestNormal(_PROOF_INVOKE, HLS_REPLY, answer).encode())
        self.state = State.PROVING
        return []

    def _check_proof(self, response: action.ActionResponseNormal) -> list[AssociationEvent]:
        answer = response.response
        if not answers(_PROOF_INVOKE, response.invoke):
            return [APDUDiscarded("another invoke id than that of pass 3", response.encode())]
        if answer.result != ActionResult.SUCCESS or not isinstance(answer.returned, Data):
            return self._refused(f"the meter does not take our proof: {answer.result.text}")
        value = answer.returned.value
        try:
            if self._proof is None or not isinstance(value, bytes):
                raise SecurityError("the meter's proof is no octet-string")
            counter = self._proof.check(value)
            if counter is not None and self.terms.protection is not None and self._ciphering is None:
                self.terms.protection.received.accept(counter)
        except SecurityError as error:
            return self._refused(f"the meter's proof is wrong: {error}")
        self.state = State.ASSOCIATED
        assert self.agreed is not None
        return [self.agreed]

    # -- helpers ----------------------------------------------------------------------

    def _expect(self, state: State) -> None:
        if self.state is not state:
            raise AssociationError(f"not possible while {self.state.name}")

    def _refused(self, reason: str, aare: AARE | None = None) -> list[AssociationEvent]:
        self.reset()
        return [AssociationRefused(reason, aare)]

    def _lost(self, apdu: APDU) -> list[AssociationEvent]:
        self.reset()
        exception = apdu if isinstance(apdu, ExceptionResponse) else None
        service = exception.service_error.text if exception else "no reason"
        return [AssociationLost(f"the meter has no association: {service}", exception)]
