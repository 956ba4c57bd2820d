"""How a line is doing, as its page and `/metrics` show it."""

from __future__ import annotations

from dataclasses import dataclass

from twisted.internet.interfaces import IReactorTime

from hesd.collect.bound import LineLoad
from hesd.collect.meter import MeterStatus
from hesd.collect.plans import PlanBook
from hesd.collect.roster import Roster
from hesd.collect.utilisation import Utilisation
from hesd.config import Line
from hesd.links.apdu_line import APDULine
from hesd.links.dial_in import ListenerCounters
from hesd.links.modbus_link import LinkCounters, ModbusLink
from hesd.modbus.read_plan import TCPTiming, Timing


@dataclass(frozen=True, slots=True, kw_only=True)
class LineStatus:
    """Times are in seconds. What nobody can tell of a line of DLMS meters is 0: bounds and demand.

    `bound_seconds` is the least time a cycle with everything can take, `fast_bound_seconds`
    one with the fast tier only; `last_cycle_seconds` is what the last one took, None
    before its end. `period` is the shortest interval any of its meters is asked at.
    `utilisation` (0..1) is the share of the last minute in which the line was taken,
    `demand` the share that the intervals ask for: above 1 they cannot be kept, and
    `advice` says what could be done.
    """

    name: str
    protocol: str
    up: bool
    meters: int
    online: int
    bound_seconds: float
    fast_bound_seconds: float
    period: float
    demand: float
    utilisation: float
    last_cycle_seconds: float | None
    advice: list[str]
    counters: LinkCounters


@dataclass(frozen=True, slots=True, kw_only=True)
class ListenerStatus:
    """How a listener is doing: its connections, of which `strangers` are nobody's, and its meters."""

    name: str
    endpoint: str
    connections: int
    strangers: int
    meters: int
    online: int
    counters: ListenerCounters


class LineGauge:
    """Measures one line, and holds it against what it could do."""

    def __init__(
        self, line: Line, link: ModbusLink, roster: Roster, book: PlanBook, clock: IReactorTime
    ) -> None:
        self._line = line
        self._link = link
        self._roster = roster
        self._book = book
        self._clock = clock
        self._utilisation = Utilisation(clock.seconds())
        self._advice: list[str] = []
        self.weigh()

    @property
    def cycle(self) -> float:
        """How long a cycle takes: the last one, else the shortest possible."""
        return self._roster.cycle.last or self._bound.cycle

    def weigh(self) -> list[str]:
        """Compute the bound for the meters as they are now; advice that is new."""
        self._timing, known = self._link.timing, self._advice
        book = self._book if self._timing == self._book.link_timing else self._book.at(self._timing)
        load = LineLoad(self._roster.specs, book, self._link.in_flight)
        self._bound, self._advice = load.bound(), load.advice()
        return [] if self._advice == known else self._advice

    def sample(self, now: float) -> None:
        """Take note of how much of its time the line has been taken."""
        self._utilisation.sample(self._link.counters.busy_seconds, now)

    def status(self) -> LineStatus:
        """All that can be said of the line now."""
        if _differ(self._timing, self._link.timing):
            self.weigh()
        states, counters, link = self._roster.states, self._link.counters, self._link
        used = self._utilisation.share(counters.busy_seconds, self._clock.seconds(), link.in_flight)
        return LineStatus(
            name=self._line.name,
            protocol=self._line.protocol,
            up=link.up,
            meters=len(states),
            online=sum(state.status is MeterStatus.ONLINE for state in states),
            bound_seconds=self._bound.cycle,
            fast_bound_seconds=self._bound.fast,
            period=self._bound.period,
            demand=self._bound.demand,
            utilisation=used,
            last_cycle_seconds=self._roster.cycle.last,
            advice=self._advice,
            counters=counters,
        )


def dlms_line_status(
    line: Line, link: APDULine, meters: tuple[int, int], utilisation: float, last_cycle: float | None
) -> LineStatus:
    """How a line of DLMS meters is doing; `meters` are all and those online.

    What a turn takes there is known only after the meter has been asked.
    """
    return LineStatus(
        name=line.name,
        protocol=line.protocol,
        up=link.up,
        meters=meters[0],
        online=meters[1],
        bound_seconds=0.0,
        fast_bound_seconds=0.0,
        period=0.0,
        demand=0.0,
        utilisation=utilisation,
        last_cycle_seconds=last_cycle,
        advice=[],
        counters=link.counters,
    )


def _differ(before: Timing, now: Timing) -> bool:
    """Whether round trips have become so different that the bound should be computed anew."""
    if not isinstance(before, TCPTiming) or not isinstance(now, TCPTiming):
        return False
    return not 0.8 < before.round_trip / now.round_trip < 1.25
