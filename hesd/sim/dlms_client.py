"""A client of a simulated meter: its association, and the services it is given in it."""

from __future__ import annotations

from random import Random
from typing import TYPE_CHECKING, Final

from hesd.dlms.access_result import ActionResult, DataAccessResult, DataResult
from hesd.dlms.acse import AARQ_TAG
from hesd.dlms.action import (
    ActionRequestNormal,
    ActionRequestWithFirstPblock,
    ActionRequestWithPblock,
    ActionResponse,
    ActionResponseNextPblock,
    ActionResponseNormal,
)
from hesd.dlms.apdu import APDU
from hesd.dlms.association import APDUReceived, Associated
from hesd.dlms.block_transfer import BlockAssembler
from hesd.dlms.ciphered import GENERAL_DED_CIPHERING, GENERAL_GLO_CIPHERING
from hesd.dlms.data import Data
from hesd.dlms.descriptor import AttributeDescriptor, MethodDescriptor
from hesd.dlms.errors import BlockError, DLMSError
from hesd.dlms.exception import ExceptionResponse, ServiceError, StateError
from hesd.dlms.get import GetRequestNext, GetRequestNormal, GetRequestWithList, GetResponseWithDatablock
from hesd.dlms.hls import challenge_length
from hesd.dlms.selective_access import SelectiveAccess
from hesd.dlms.served_transfer import ServedGet, ServedSet
from hesd.dlms.server_association import ServerAssociation
from hesd.dlms.set import (
    SetRequestNormal,
    SetRequestWithDatablock,
    SetRequestWithFirstDatablock,
    SetRequestWithList,
    SetResponseLastDatablock,
    SetResponseNormal,
    SetResponseWithList,
)
from hesd.dlms.short_name import WriteResponse
from hesd.driver.cosem import Referencing
from hesd.sim.dlms_object import Rights
from hesd.sim.dlms_security import sealed
from hesd.sim.dlms_short_names import ShortNameServices, base_names, is_block
from hesd.sim.faults import FaultKind

if TYPE_CHECKING:
    from hesd.sim.dlms_meter import SimulatedDLMSMeter

_LOST: Final = ExceptionResponse(StateError.SERVICE_NOT_ALLOWED, ServiceError.OPERATION_NOT_POSSIBLE)
_UNSUPPORTED: Final = ExceptionResponse(StateError.SERVICE_UNKNOWN, ServiceError.SERVICE_NOT_SUPPORTED)
_GENERAL: Final = (GENERAL_GLO_CIPHERING, GENERAL_DED_CIPHERING)
# What a ciphered APDU has around it: tag, length, security header, tag; and a title in general.
_CIPHERING_OVERHEAD: Final = 40
# Meters have little memory for an APDU, also those whose driver knows no limit.
_MAX_PDU: Final = 2048
_MAX_PARAMETERS: Final = 1 << 16
_COMMANDS: Final = (
    SetResponseNormal, SetResponseLastDatablock, SetResponseWithList, ActionResponseNormal, WriteResponse,
)  # fmt: skip


class ServedClient:
    """One client, by its SAP. From `random` come challenges, and which blocks are lost."""

    __slots__ = (
        "_action", "_association", "_blocks", "_by_name", "_get", "_heard", "_meter", "_random", "_rights",
        "_sap", "_set",
    )  # fmt: skip

    def __init__(self, meter: SimulatedDLMSMeter, sap: int, random: Random) -> None:
        self._meter = meter
        self._sap = sap
        self._random = random
        self._rights = Rights.PUBLIC
        self._association: ServerAssociation | None = None
        self._heard = 0.0
        self._get: ServedGet | None = None
        self._by_name: ShortNameServices | None = None
        self._set = ServedSet()
        self._blocks: BlockAssembler | None = None
        self._action: MethodDescriptor | None = None

    def receive(self, pdu: bytes) -> list[bytes]:
        """The PDUs that answer one of the client's; none for a client the meter does not know."""
        if pdu[:1] == bytes((AARQ_TAG,)) and not self._offer():
            return []
        association = self._association
        if association is None:
            return [_LOST.encode()]
        if self._is_stale():
            association.reset()
            return [_LOST.encode()]
        self._heard = self._meter.at()
        protection = association.terms.protection
        if protection is not None:
            protection.general = pdu[0] in _GENERAL
        answers: list[bytes] = []
        for event in association.receive(pdu):
            if isinstance(event, APDUReceived):
                answers += self._sent(association, self._served(event.apdu))
            elif isinstance(event, Associated):
                self._begin(association)
        return association.pdus_to_send() + answers

    def _offer(self) -> bool:
        """Make terms for a new association; False where this client gets none."""
        meter = self._meter
        longest = min(meter.driver.max_pdu, _MAX_PDU)
        challenge = self._random.randbytes(challenge_length(meter.security.access.mechanism))
        offer = meter.security.terms(self._sap, longest, challenge)
        if offer is None:
            return False
        terms, self._rights = offer
        self._association = ServerAssociation(terms)
        self._heard = 0.0  # how long the one before was idle does not count
        return True

    def _is_stale(self) -> bool:
        """Whether the association is forgotten: after long silence, or because a fault says so."""
        if self._heard and self._meter.at() - self._heard > self._meter.driver.inactivity:
            return True
        return self._meter.faults.pop(FaultKind.STALE, None) is not None

    def _begin(self, association: ServerAssociation) -> None:
        assert association.agreed is not None
        terms = association.terms
        room = min(terms.max_pdu, association.agreed.max_pdu)
        if terms.context.is_ciphered:
            room = max(1, room - _CIPHERING_OVERHEAD)
        if terms.protection is not None:
            self._meter.security.client_title = terms.protection.peer_title
        short = self._meter.security.access.referencing is Referencing.SHORT
        self._by_name = ShortNameServices(base_names(self._meter.model), self, room) if short else None
        self._get = ServedGet(room)
        self._set = ServedSet()
        self._blocks = self._action = None

    # -- services ---------------------------------------------------------------------

    @property
    def rights(self) -> Rights:
        """What this client may see."""
        return self._rights

    def _served(self, request: APDU) -> APDU | None:
        if self._by_name is not None:
            return self._by_name.served(request) or _UNSUPPORTED
        match request:
            case GetRequestNormal(invoke, attribute, access):
                return self._getting().answer(invoke, (self.read(attribute, access),))
            case GetRequestWithList(invoke, attributes):
                results = tuple(self.read(*each) for each in attributes)
                return self._getting().answer(invoke, results, as_list=True)
            case GetRequestNext():
                return self._getting().next(request)
            case SetRequestNormal(invoke, attribute, value):
                return SetResponseNormal(invoke, self.write(attribute, value))
            case SetRequestWithList(invoke, attributes, values):
                pairs = zip(attributes, values, strict=False)
                return SetResponseWithList(invoke, tuple(self.write(each[0], value) for each, value in pairs))
            case SetRequestWithFirstDatablock() | SetRequestWithDatablock():
                return self._write_block(request)
            case ActionRequestNormal(invoke, method, parameters):
                return ActionResponseNormal(invoke, self.call(method, parameters))
            case ActionRequestWithFirstPblock(invoke, method, _):
                self._action, self._blocks = method, BlockAssembler(_MAX_PARAMETERS)
                return self._parameter_block(request)
            case ActionRequestWithPblock():
                return self._parameter_block(request)
        return _UNSUPPORTED

    def _getting(self) -> ServedGet:
        assert self._get is not None
        return self._get

    def read(self, attribute: AttributeDescriptor, access: SelectiveAccess | None) -> DataResult:
        """The value of an attribute, or part of it, or why there is none."""
        if FaultKind.BUSY in self._meter.faults:
            return DataAccessResult.TEMPORARY_FAILURE
        return self._meter.model.get(self._meter, self._rights, attribute, access)

    def write(self, attribute: AttributeDescriptor, value: Data) -> DataAccessResult:
        """Write an attribute."""
        if FaultKind.BUSY in self._meter.faults:
            return DataAccessResult.TEMPORARY_FAILURE
        return self._meter.model.set(self._meter, self._rights, attribute, value)

    def call(self, method: MethodDescriptor, parameters: Data | None) -> ActionResponse:
        """Call a method."""
        if FaultKind.BUSY in self._meter.faults:
            return ActionResponse(ActionResult.TEMPORARY_FAILURE)
        return self._meter.model.call(self._meter, self._rights, method, parameters)

    def _write_block(self, request: SetRequestWithFirstDatablock | SetRequestWithDatablock) -> APDU:
        taken = self._set.take(request)
        if taken is not None:
            return taken
        assert self._set.first is not None
        assert self._set.value is not None
        result = self.write(self._set.first.attribute, self._set.value)
        return SetResponseLastDatablock(request.invoke, result, request.block.block_number)

    def _parameter_block(self, request: ActionRequestWithFirstPblock | ActionRequestWithPblock) -> APDU:
        block, method = request.block, self._action
        if self._blocks is None or method is None:
            return _refused(request.invoke, ActionResult.NO_LONG_ACTION_IN_PROGRESS)
        try:
            octets = self._blocks.add(block.last_block, block.block_number, block.raw)
            if octets is None:
                return ActionResponseNextPblock(request.invoke, block.block_number)
            parameters = Data.decode(octets)
        except BlockError:
            return _refused(request.invoke, ActionResult.LONG_ACTION_ABORTED)
        except DLMSError:
            return _refused(request.invoke, ActionResult.TYPE_UNMATCHED)
        self._blocks = self._action = None
        return ActionResponseNormal(request.invoke, self.call(method, parameters))

    # -- answers ----------------------------------------------------------------------

    def _sent(self, association: ServerAssociation, answer: APDU | None) -> list[bytes]:
        """The octets of an answer, with what is wrong with this meter's answers."""
        if answer is None or self._is_lost(answer):
            return []
        protection = association.terms.protection
        if protection is None or not association.terms.context.is_ciphered:
            return [answer.encode()]
        return [sealed(answer.encode(), protection, self._meter.faults)]

    def _is_lost(self, answer: APDU) -> bool:
        if isinstance(answer, GetResponseWithDatablock) or is_block(answer):
            return self._random.random() < self._meter.faults.get(FaultKind.LOST_BLOCK, 0.0)
        return isinstance(answer, _COMMANDS) and FaultKind.LOST_REPLY in self._meter.faults


def _refused(invoke: int, result: ActionResult) -> ActionResponseNormal:
    return ActionResponseNormal(invoke, ActionResponse(result))
