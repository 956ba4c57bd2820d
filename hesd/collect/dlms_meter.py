"""One DLMS meter while we speak with it: what it says, as readings, and whether it is who it says.

The objects of a turn go as one list. What the meter refuses is not asked for again in this
association. Whoever answers is asked for its serial number first, in each association anew:
another number than the registered one means that nothing it says is taken for this meter's.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from functools import partial
from typing import Final

from hesd.collect.check import ValueCheck
from hesd.collect.cosem_models import ScalerBook, model_name
from hesd.collect.cosem_reading import reading_of, serial_of
from hesd.collect.dlms_spec import DLMSMeterSpec
from hesd.collect.dlms_table import SCALER_ATTRIBUTE, Asked
from hesd.collect.meter_scalers import NO_SCALER, MeterScalers, of_table
from hesd.collect.model_tables import ModelTables
from hesd.collect.ratio import with_ratio
from hesd.collect.session import Session
from hesd.dialin.identity import Claim, ClaimSource
from hesd.dlms.access_result import DataAccessResult, DataResult
from hesd.dlms.association import Associated
from hesd.dlms.cosem_meaning import ScalerUnit
from hesd.dlms.data import Data
from hesd.dlms.descriptor import AttributeDescriptor
from hesd.dlms.octet_text import octet_text
from hesd.driver.meaning import printable
from hesd.driver.register import Tier
from hesd.links.modbus_link import Priority
from hesd.model.errors import HesdError, NoReply
from hesd.model.meter_number import MeterNumberError
from hesd.model.obis import OBIS
from hesd.model.reading import Reading, Source

# Doubts that are told in full: a meter of another make may have one of each of its logs.
_SHOWN: Final = 3
_OBJECT_LIST: Final = AttributeDescriptor(15, OBIS("0.0.40.0.0.255"), 2)
# What a meter will say again when it is asked again; anything else may pass.
_LASTING: Final = frozenset(
    {
        DataAccessResult.READ_WRITE_DENIED,
        DataAccessResult.OBJECT_UNDEFINED,
        DataAccessResult.OBJECT_CLASS_INCONSISTENT,
        DataAccessResult.SCOPE_OF_ACCESS_VIOLATED,
    }
)


class NotProven(HesdError):
    """What answers is not shown to be the meter it should be: nothing was done."""


class DLMSMeter:
    """A meter and the session with it.

    `model` names its driver and firmware, "" until `meet`. `warning` is for an operator.
    """

    def __init__(
        self,
        spec: DLMSMeterSpec,
        session: Session,
        tables: ModelTables,
        book: ScalerBook,
        now_ms: Callable[[], int],
    ) -> None:
        self.spec = spec
        self.session = session
        self.table = tables.of_driver(spec.driver_name, spec.driver)
        self.check = ValueCheck(self.table.flows, spec.ratio)
        self.scalers = MeterScalers(book, "", self.table)
        self.model = ""
        self.warning = ""
        self._tables = tables
        self._book = book
        self._now_ms = now_ms
        self._met: Associated | None = None
        self._serial: str | None = None
        self._refused: dict[AttributeDescriptor, DataAccessResult] = {}

    # -- who it is --------------------------------------------------------------------

    async def meet(self, priority: Priority = Priority.POLL) -> None:
        """Associate, and have the meter say who it is; nothing where it has in this association.

        Raises what `Session.get` raises, and `NotProven` where it is another meter.
        """
        agreed = await self.session.associate(priority=priority)
        if agreed is not self._met:
            await self._introduce(priority)
        if self._serial is not None and not self._claim.names(self._serial):
            raise NotProven(f"the meter says that it is {self._serial}, not {self.spec.serial}")

    async def prove(self, priority: Priority = Priority.COMMAND) -> None:
        """Make sure, in the association that stands, that it is this meter. Raises `NotProven` too."""
        await self.meet(priority)
        if self._serial is None:
            raise NotProven("the meter does not say its serial number")

    async def _introduce(self, priority: Priority) -> None:
        self._serial = None
        self._refused.clear()
        driver = self.spec.driver
        asked = [AttributeDescriptor(1, obis, 2) for obis in (*driver.serial.obis, driver.firmware)]
        *serials, firmware = await self._get(priority, asked)
        # The session may have had to associate once more to get here.
        self._met = self.session.agreed
        self._serial = self._first_serial(serials)
        await self._become(model_name(self.spec.driver_name, _text(firmware)))
        self._warn()

    async def _become(self, model: str) -> None:
        """Take over what is known of a model."""
        if model == self.model:
            return
        if self.spec.driver.from_object_list:
            self.table = await self._tables.of_model(model, self.spec.driver, self._object_list)
        self.model, self.scalers = model, MeterScalers(self._book, model, self.table)

    async def _object_list(self) -> bytes:
        listed = await self.session.get_long(_OBJECT_LIST)
        if not listed.complete:
            raise listed.problem or NoReply("the object list broke off")
        return listed.octets

    def _first_serial(self, results: Iterable[DataResult]) -> str | None:
        for result in results:
            try:
                if isinstance(result, Data):
                    return serial_of(result, self.spec.driver)
            except MeterNumberError:
                continue
        return None

    @property
    def _claim(self) -> Claim:
        return Claim(self.spec.serial, ClaimSource.READ)

    # -- what it says -----------------------------------------------------------------

    async def read(
        self, codes: Sequence[OBIS], *, source: Source = Source.READ, priority: Priority = Priority.READ
    ) -> list[Reading]:
        """These quantities, all that is polled where none is named.

        Raises `NotMeasured` before anything is sent, and what `meet` raises.
        """
        await self.meet(priority)
        return await self.ask(self.table.named(codes), source, priority)

    async def poll(self, tiers: Iterable[Tier]) -> list[Reading]:
        """A turn: everything in these tiers that the meter has."""
        await self.meet()
        return await self.ask(self.table.due(tiers), Source.POLL, Priority.POLL)

    async def ask(self, wanted: Sequence[Asked], source: Source, priority: Priority) -> list[Reading]:
        """Readings of what the meter does not refuse, in that order."""
        there = [asked for asked in wanted if asked.attribute not in self._refused]
        if not there:
            return []
        get = partial(self._get, priority)
        scaled = await self.scalers.of(there, get)
        results = await get([asked.attribute for asked in there])
        at_ms = self._now_ms()
        readings = []
        for asked, result, scaler in zip(there, results, scaled, strict=True):
            if isinstance(result, Data) or result not in _LASTING:
                readings.append(self._reading(asked, result, scaler, at_ms, source))
            else:
                self._refused[asked.attribute] = result
        self._warn()
        return readings

    async def scaler_unit(
        self, class_id: int, obis: OBIS, *, priority: Priority = Priority.POLL
    ) -> ScalerUnit:
        """Scaler and unit of a register, from the meter, else from the table, else none."""
        await self.meet(priority)
        if class_id not in SCALER_ATTRIBUTE:
            asked = self.table.find(obis)
            return NO_SCALER if asked is None else of_table(asked)
        scaler = AttributeDescriptor(class_id, obis, SCALER_ATTRIBUTE[class_id])
        await self.scalers.learn([scaler], partial(self._get, priority))
        return await self.scalers.known(scaler)

    def doubt(self, obis: OBIS, doubt: str) -> None:
        """Warn of what the driver's table says of an object and is not true of this model; "" for nothing."""
        self._tables.doubt(self.model, obis, doubt)
        self._warn()

    def _reading(
        self, asked: Asked, result: DataResult, scaled: ScalerUnit, at_ms: int, source: Source
    ) -> Reading:
        data = result if isinstance(result, Data) else None
        reading = reading_of(
            asked.object,
            data,
            scaled,
            self.spec.driver,
            meter=self.spec.serial,
            at_ms=at_ms,
            source=source,
        )
        return with_ratio(reading, self.spec.ratio)

    async def _get(self, priority: Priority, attributes: Sequence[AttributeDescriptor]) -> list[DataResult]:
        return await self.session.get([(each, None) for each in attributes], priority=priority)

    def _warn(self) -> None:
        told = [f"refuses {each.instance}: {why.text}" for each, why in self._refused.items()]
        if self._serial is None:
            told.insert(0, "does not say its serial number")
        doubts = self._tables.doubts(self.model)
        told += doubts[:_SHOWN]
        if len(doubts) > _SHOWN:
            told.append(f"has {len(doubts) - _SHOWN} more objects that are not as its driver's table says")
        self.warning = "; ".join(told)


def _text(result: DataResult) -> str:
    """A firmware version; "" where there is none to be had."""
    value = result.value if isinstance(result, Data) else None
    return octet_text(value) if isinstance(value, bytes) else printable(str(value or ""))
