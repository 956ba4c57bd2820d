"""What everybody who speaks with DLMS meters needs: keys, models, and who is told what."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field, replace
from typing import ClassVar, Final

from twisted.internet.interfaces import IReactorTime
from twisted.logger import Logger

from hesd.collect.association_tally import AssociationTally
from hesd.collect.cosem_models import Models, ModelsInMemory, ScalerBook
from hesd.collect.dlms_meter import DLMSMeter
from hesd.collect.dlms_spec import DLMSMeterSpec, Keyring
from hesd.collect.meter import MeterState
from hesd.collect.model_tables import ModelTables
from hesd.collect.session import Session
from hesd.collect.session_terms import needs_keys
from hesd.driver.register import Tier
from hesd.links.apdu_line import APDULine, Conversation
from hesd.model.event import MeterEvent
from hesd.model.reading import Reading
from hesd.model.stranger import Stranger

_PUBLIC_CLIENT: Final = 16
_BOTH: Final = frozenset({Tier.FAST, Tier.SLOW})


def _nothing_known(_serial: str) -> Iterable[Reading]:
    return ()


def _unheard(_events: Sequence[MeterEvent]) -> None:
    """Where nobody takes events."""


def _unseen(_stranger: Stranger) -> None:
    """Where there is no quarantine."""


@dataclass(frozen=True)
class DLMSDesk:
    """One for the whole head end. `known` gives a meter's newest readings, `models` what was
    learned of meters of its model before. `pushes_refused` counts since the start, by reason."""

    log: ClassVar = Logger()

    clock: IReactorTime
    keyring: Keyring
    on_readings: Callable[[Sequence[Reading]], None]
    on_state: Callable[[MeterState], None]
    known: Callable[[str], Iterable[Reading]] = _nothing_known
    on_events: Callable[[Sequence[MeterEvent]], None] = _unheard
    on_stranger: Callable[[Stranger], None] = _unseen
    models: Models = field(default_factory=ModelsInMemory)
    associations: AssociationTally = field(default_factory=AssociationTally)
    pushes_refused: Counter[str] = field(default_factory=Counter)
    book: ScalerBook = field(init=False)
    tables: ModelTables = field(init=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "book", ScalerBook(self.models))
        object.__setattr__(self, "tables", ModelTables(self.models))

    def meter(self, spec: DLMSMeterSpec, line: APDULine, *, timeout: float, retries: int) -> DLMSMeter:
        """A meter to speak with on this line; nothing is sent yet."""
        session = Session(
            spec,
            line.conversation(spec.address),
            self.keyring,
            self.clock,
            timeout=timeout,
            retries=retries,
            public=_public(spec, line),
        )
        session.tally = self.associations
        meter = DLMSMeter(spec, session, self.tables, self.book, self.now_ms)
        meter.check.remember(self.known(spec.serial))
        return meter

    def tiers_of(self, spec: DLMSMeterSpec) -> frozenset[Tier]:
        """The tiers a meter has; one that lists its objects itself may have both."""
        if spec.driver.from_object_list:
            return _BOTH
        return self.tables.of_driver(spec.driver_name, spec.driver).tiers

    def tell(self, state: MeterState) -> None:
        """Tell of a meter's state; one who does not want to know must not stop the others."""
        try:
            self.on_state(state)
        except Exception:
            self.log.failure(
                "nobody learned that meter {serial} is {status}", serial=state.serial, status=state.status
            )

    def now_ms(self) -> int:
        """UTC in milliseconds since 1970."""
        return int(self.clock.seconds() * 1000)


def _public(spec: DLMSMeterSpec, line: APDULine) -> Conversation | None:
    """The public client's conversation, where it could tell a counter that we need."""
    if not needs_keys(spec) or spec.address.client == _PUBLIC_CLIENT:
        return None
    return line.conversation(replace(spec.address, client=_PUBLIC_CLIENT))
