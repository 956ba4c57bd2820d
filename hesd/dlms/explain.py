"""APDUs in words, one after the other: whoever reads along a conversation sees what its ends see.

An `APDUReader` remembers what later APDUs refer to: which attribute a response answers,
the blocks so far, the system titles and the dedicated key of an association. Ciphered
APDUs are opened with the keys it is given, their tags verified; without keys
the security header is all there is. Without `reveal`, what was blanked in a record is told
as hidden.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any, Final

from hesd.dlms import acse, ciphered, get, initiate
from hesd.dlms.apdu import APDU, decode
from hesd.dlms.block_transfer import GeneralBlockReceiver, GeneralBlockTransfer
from hesd.dlms.descriptor import AttributeDescriptor
from hesd.dlms.errors import APDUError, DLMSError
from hesd.dlms.explain_acse import explain_acse, explain_initiate
from hesd.dlms.explain_blocks import BlockReader
from hesd.dlms.explain_ciphered import Closed, GivenKeys, explain_header, opened_by, variant_name
from hesd.dlms.explain_data import leaves
from hesd.dlms.explain_redacted import explain_redacted
from hesd.dlms.explain_service import explain_results, explain_service
from hesd.dlms.invoke_id import answers
from hesd.dlms.notification import EventNotification
from hesd.dlms.said import Descriptor, Said

_MAX_NESTING: Final = 4


@dataclass(slots=True)
class Findings:
    """What the APDUs of a conversation said together.

    `apdu` is the name of the last; `objects` is what the last request was about, `values` what
    was read, written or told, in order, and `selection` what selected the rows of a request
    that nobody has answered yet.
    """

    apdu: str | None = None
    objects: tuple[Descriptor, ...] = ()
    told: list[str] = field(default_factory=list)
    values: list[Any] = field(default_factory=list)
    selection: list[Any] = field(default_factory=list)


class APDUReader:
    """Explains the APDUs of one conversation in their order."""

    def __init__(self, keys: GivenKeys | None = None, *, reveal: bool = True) -> None:
        self.findings = Findings()
        self._keys = keys
        self._reveal = reveal
        self._request: APDU | None = None
        self._asked: tuple[Descriptor, ...] = ()
        self._blocks = BlockReader(reveal)
        self._general = GeneralBlockReceiver()
        self._general_begun = False
        self._titles: dict[bool, bytes] = {}  # by whether it is the client's
        self._dedicated: bytes | None = None

    def read(self, octets: bytes, fields: dict[str, Any]) -> None:
        """Add the fields of an APDU; `apdu` is its name. Raises `DLMSError`.

        Of one that is refused the fields are there that stand in front of the reason.
        """
        self._read(octets, fields, _MAX_NESTING)

    def _read(self, octets: bytes, fields: dict[str, Any], depth: int) -> None:
        if depth == 0:
            raise APDUError("an APDU in an APDU, and so on")
        try:
            apdu = decode(octets)
        except DLMSError:
            blanked = None if self._reveal else explain_redacted(octets)
            if blanked is None:
                raise
            fields.update(blanked)
            return
        fields["apdu"] = self.findings.apdu = variant_name(apdu)
        match apdu:
            case acse.AARQ() | acse.AARE() | acse.RLRQ() | acse.RLRE():
                self._association(apdu, fields, depth)
            case initiate.InitiateRequest() | initiate.InitiateResponse():
                self._initiate(apdu, fields)
            case GeneralBlockTransfer():
                self._general_block(apdu, fields, depth)
            case ciphered.ServiceCiphered() | ciphered.GeneralCiphered() | ciphered.GeneralCiphering():
                self._ciphered(apdu, fields, depth)
            case ciphered.GeneralSigning():
                fields.update(explain_header(apdu))
                self._within(apdu.content, fields, depth)
            case _:
                self._service(apdu, fields)

    def _association(
        self, apdu: acse.AARQ | acse.AARE | acse.RLRQ | acse.RLRE, fields: dict[str, Any], depth: int
    ) -> None:
        fields.update(explain_acse(apdu, reveal=self._reveal))
        if isinstance(apdu, acse.AARQ):
            self._titles, self._dedicated = {}, None
            self._learn_title(True, apdu.calling_ap_title)
        elif isinstance(apdu, acse.AARE):
            self._learn_title(False, apdu.responding_ap_title)
        if apdu.user_information:
            fields["user_information"] = {}
            self._read(apdu.user_information, fields["user_information"], depth - 1)
            self.findings.apdu = fields["apdu"]

    def _learn_title(self, of_client: bool, title: bytes | None) -> None:
        if title:
            self._titles[of_client] = title

    def _initiate(
        self, apdu: initiate.InitiateRequest | initiate.InitiateResponse, fields: dict[str, Any]
    ) -> None:
        if isinstance(apdu, initiate.InitiateRequest):
            self._dedicated = apdu.dedicated_key
        fields.update(explain_initiate(apdu, reveal=self._reveal))

    def _general_block(self, apdu: GeneralBlockTransfer, fields: dict[str, Any], depth: int) -> None:
        fields.update(
            block_control=f"{apdu.encode()[1]:02x}",
            last_block=apdu.last_block,
            streaming=apdu.streaming,
            window=apdu.window,
            block_number=apdu.block_number,
            block_number_ack=apdu.acknowledged,
            block_data_length=len(apdu.block),
        )
        self._general_begun |= apdu.block_number == 1
        if not apdu.block or not self._general_begun:
            return
        whole = self._general.add(apdu)
        if whole is None:
            return
        self._general_begun = False
        if self._reveal:
            fields["reassembled_apdu"] = whole.hex()
        fields["content"] = {}
        self._read(whole, fields["content"], depth - 1)

    def _ciphered(self, apdu: Closed, fields: dict[str, Any], depth: int) -> None:
        fields.update(explain_header(apdu))
        if self._keys is None or isinstance(apdu, ciphered.GeneralCiphering):
            return
        self._within(opened_by(self._keys, apdu, self._titles, self._dedicated), fields, depth)

    def _within(self, plaintext: bytes, fields: dict[str, Any], depth: int) -> None:
        """The APDU in a ciphered or signed one, whose name stays that of what was sent."""
        if self._reveal:
            fields["plaintext"] = plaintext.hex()
        fields["content"] = {}
        self._read(plaintext, fields["content"], depth - 1)
        self.findings.apdu = fields["apdu"]

    def _service(self, apdu: APDU, fields: dict[str, Any]) -> None:
        said = explain_service(apdu, reveal=self._reveal)
        if said.objects:
            self.findings.objects, self.findings.selection = said.objects, said.selection
            if not isinstance(apdu, EventNotification):
                self._request, self._asked = apdu, said.objects
        elif self._is_answer(apdu):
            self._add_meaning(apdu, said)
            self.findings.selection = []
        joined = self._blocks.join(apdu, self._request, self._asked)
        if joined is not None:
            said.fields["joined"], said.values = joined.fields, joined.values
        self.findings.told += [each["obis"] for each in said.fields.get("objects", ())]
        self.findings.values += leaves(said.values)
        fields.update(said.fields)

    def _is_answer(self, apdu: APDU) -> bool:
        asked, answered = getattr(self._request, "invoke", None), getattr(apdu, "invoke", None)
        return asked is not None and answered is not None and answers(asked, answered)

    def _add_meaning(self, apdu: APDU, said: Said) -> None:
        if not isinstance(apdu, get.GetResponseNormal) or len(self._asked) != 1:
            return
        (asked,) = self._asked
        if isinstance(asked, AttributeDescriptor):
            said.fields |= explain_results([apdu.result], asked, reveal=self._reveal).fields
