"""A meter that holds what it is given, at the other end of a real association.

Two cores mouth to ear, with wrapper frames between them and neither link nor time: what a
driver's table is tried on.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Final

from hesd.dlms.access_result import ActionResult, DataAccessResult, DataResult
from hesd.dlms.acse import Mechanism
from hesd.dlms.action import ActionRequestNormal, ActionResponse, ActionResponseNormal
from hesd.dlms.apdu import APDU
from hesd.dlms.association import APDUReceived, AssociationEvent, Terms
from hesd.dlms.client_association import ClientAssociation
from hesd.dlms.data import Data
from hesd.dlms.descriptor import AttributeDescriptor, MethodDescriptor
from hesd.dlms.errors import AssociationError
from hesd.dlms.get import GetRequestNext, GetRequestNormal, GetRequestWithList
from hesd.dlms.invoke_id import invoke_octets
from hesd.dlms.served_transfer import ServedGet
from hesd.dlms.server_association import ServerAssociation
from hesd.dlms.set import SetRequestNormal, SetResponseNormal
from hesd.dlms.transfer import ActionTransfer, GetTransfer, SetTransfer
from hesd.dlms.wrapper import WPDU, WPDUReader
from hesd.driver.cosem import Authentication, DLMSDriver

_SECRET: Final = b"00000000"
_REFUSED: Final = DataAccessResult.OBJECT_UNDEFINED

Values = Mapping[AttributeDescriptor, DataResult]


class TableMeter:
    """Answers GET from `values`; keeps what was `written` and which methods were `called`.

    Its security is a password or none: higher levels are not the table's business.
    """

    def __init__(self, driver: DLMSDriver, values: Values) -> None:
        open_ = driver.authentication is Authentication.NONE
        mechanism = Mechanism.NONE if open_ else Mechanism.LLS
        terms = Terms(mechanism=mechanism, secret=_SECRET, max_pdu=driver.max_pdu)
        self.written: dict[AttributeDescriptor, Data] = {}
        self.called: dict[MethodDescriptor, Data | None] = {}
        self._values = values
        self._saps = driver.client_sap, driver.server_sap
        self._client, self._server = ClientAssociation(terms), ServerAssociation(terms)
        self._served = ServedGet(driver.max_pdu)
        self._invokes = invoke_octets()

    def associate(self) -> None:
        """Raises `AssociationError` where the meter does not agree."""
        self._client.associate()
        events = self._exchange()
        if self._client.agreed is None:
            raise AssociationError(f"not associated: {events}")

    def get(self, attributes: Sequence[AttributeDescriptor]) -> tuple[DataResult, ...]:
        """The attributes as one request brings them. Raises `DLMSError`."""
        transfer = GetTransfer(next(self._invokes), tuple((each, None) for each in attributes))
        self._run(transfer)
        return transfer.results

    def set(self, attribute: AttributeDescriptor, value: Data) -> DataAccessResult | None:
        transfer = SetTransfer(next(self._invokes), attribute, value)
        self._run(transfer)
        return transfer.result

    def action(self, method: MethodDescriptor, parameters: Data) -> ActionResponse | None:
        transfer = ActionTransfer(next(self._invokes), method, parameters)
        self._run(transfer)
        return transfer.response

    def _run(self, transfer: GetTransfer | SetTransfer | ActionTransfer) -> None:
        while transfer.request is not None:
            self._client.send(transfer.request)
            answers = [event.apdu for event in self._exchange() if isinstance(event, APDUReceived)]
            if len(answers) != 1 or not transfer.is_answered_by(answers[0]):
                raise AssociationError(f"{type(transfer.request).__name__} was answered by {answers}")
            transfer.receive(answers[0])

    def _exchange(self) -> list[AssociationEvent]:
        """Everything the client has to send, and what the meter says to that."""
        client, server = self._saps
        for pdu in _over_wrapper(client, server, self._client.pdus_to_send()):
            for event in self._server.receive(pdu):
                if isinstance(event, APDUReceived):
                    self._server.send(self._answer(event.apdu))
        answers = _over_wrapper(server, client, self._server.pdus_to_send())
        return [event for pdu in answers for event in self._client.receive(pdu)]

    def _answer(self, apdu: APDU) -> APDU:
        match apdu:
            case GetRequestNormal():
                return self._served.answer(apdu.invoke, (self._values.get(apdu.attribute, _REFUSED),))
            case GetRequestWithList():
                results = tuple(self._values.get(each, _REFUSED) for each, _ in apdu.attributes)
                return self._served.answer(apdu.invoke, results, as_list=True)
            case GetRequestNext():
                return self._served.next(apdu)
            case SetRequestNormal():
                self.written[apdu.attribute] = apdu.value
                return SetResponseNormal(apdu.invoke, DataAccessResult.SUCCESS)
            case ActionRequestNormal():
                self.called[apdu.method] = apdu.parameters
                return ActionResponseNormal(apdu.invoke, ActionResponse(ActionResult.SUCCESS))
        raise AssociationError(f"nobody asks a meter by {type(apdu).__name__}")


def _over_wrapper(source: int, destination: int, pdus: Sequence[bytes]) -> list[bytes]:
    stream = b"".join(WPDU(source, destination, pdu).encode() for pdu in pdus)
    return [each.apdu for each in WPDUReader().feed(stream) if isinstance(each, WPDU)]
