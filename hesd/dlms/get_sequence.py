"""Attributes one after the other, for meters that take no lists: each answer is followed by the next GET."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator

from hesd.dlms.access_result import DataResult
from hesd.dlms.apdu import APDU
from hesd.dlms.get import AttributeAccess
from hesd.dlms.transfer import GetTransfer, Transfer


class GetSequence(Transfer):
    """Reads at least one attribute; each value goes to `found` when it has come, in order.

    Invoke ids are taken from `invokes`, one for each attribute.
    """

    __slots__ = ("_found", "_get", "_invokes", "_left")

    def __init__(
        self,
        invokes: Iterator[int],
        attributes: Iterable[AttributeAccess],
        found: Callable[[DataResult], object],
    ) -> None:
        self._invokes = invokes
        self._left = iter(attributes)
        self._found = found
        self._get = GetTransfer(next(invokes), (next(self._left),))
        super().__init__(self._get.invoke, self._get.request)

    def receive(self, apdu: APDU) -> None:
        """Take an answer with our invoke id. Raises `BlockError`, `APDUError`, `DataError`."""
        self._get.receive(apdu)
        self.request = self._get.request
        if self.request is None:
            self._found(self._get.results[0])
            for attribute in self._left:
                self._get = GetTransfer(next(self._invokes), (attribute,))
                self.invoke, self.request = self._get.invoke, self._get.request
                break
