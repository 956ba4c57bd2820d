"""What the two ends of an association do alike: states, ciphering where it was agreed, PDUs to send."""

from __future__ import annotations

from hesd.dlms.association import Associated, Terms
from hesd.dlms.association_states import State
from hesd.dlms.hls import Proof


class AssociationEnd:
    """One end; it wants to associate on its `terms`, and `agreed` is what holds once both have spoken."""

    __slots__ = ("_out", "_proof", "agreed", "state", "terms")

    def __init__(self, terms: Terms) -> None:
        self.terms = terms
        self.state = State.IDLE
        self.agreed: Associated | None = None
        self._proof: Proof | None = None
        self._out: list[bytes] = []

    def reset(self) -> None:
        """The link is gone: idle again, with nothing to send."""
        self.state = State.IDLE
        self._out.clear()
        self._proof = self.agreed = None

    def pdus_to_send(self) -> list[bytes]:
        """What the link has to send now; each is given once."""
        pdus, self._out = self._out, []
        return pdus

    @property
    def _is_ciphered(self) -> bool:
        return self.terms.context.is_ciphered

    def _protected(self, apdu: bytes) -> bytes:
        protection = self.terms.protection
        return apdu if protection is None or not self._is_ciphered else protection.protect(apdu)

    def _send(self, apdu: bytes) -> None:
        self._out.append(self._protected(apdu))
