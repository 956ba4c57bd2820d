"""Puts what happens in the head end on the feed."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from functools import partial
from typing import Any

from twisted.application.service import Service
from twisted.internet.interfaces import IDelayedCall, IReactorTime
from twisted.logger import Logger

from hesd.collect.head_end import HeadEnd
from hesd.collect.meter import MeterState
from hesd.model.event import MeterEvent
from hesd.model.job import Job
from hesd.model.reading import Reading
from hesd.model.stranger import Stranger
from hesd.web.hub import Hub
from hesd.web.line_shown import LineShown
from hesd.web.listener_shown import ListenerShown
from hesd.web.meter_shown import StateShown
from hesd.web.resources.events import EventShown
from hesd.web.resources.quarantine import StrangerShown
from hesd.web.shown import JobShown, by_meter

LINE_PERIOD = 2.0


class Announcer(Service):
    """To be given what is collected. While it runs it tells of each line and listener every two
    seconds, as long as somebody listens."""

    log = Logger()

    def __init__(self, hub: Hub, head_end: HeadEnd, clock: IReactorTime) -> None:
        self._hub = hub
        self._head_end = head_end
        self._clock = clock
        self._next: IDelayedCall | None = None

    def readings(self, readings: Iterable[Reading]) -> None:
        for shown in by_meter(readings):
            self._hub.publish(f"readings/{shown.meter}", shown)

    def state(self, state: MeterState) -> None:
        self._hub.publish(f"meters/{state.serial}", StateShown.of(state))

    def job(self, job: Job) -> None:
        self._hub.publish(f"jobs/{job.id}", JobShown.of(job))

    def event(self, event: MeterEvent) -> None:
        self._hub.publish(f"events/{event.meter}", EventShown.of(event))

    def events(self, events: Iterable[MeterEvent]) -> None:
        for event in events:
            self.event(event)

    def quarantine(self, stranger: Stranger) -> None:
        self._hub.publish("quarantine", StrangerShown.of(stranger))

    def startService(self) -> None:
        super().startService()
        self._next = self._clock.callLater(LINE_PERIOD, self._places)

    def stopService(self) -> None:
        super().stopService()
        if self._next is not None and self._next.active():
            self._next.cancel()

    def _places(self) -> None:
        self._next = self._clock.callLater(LINE_PERIOD, self._places)
        try:
            for line in self._head_end.lines():
                self._tell(f"lines/{line.name}", partial(LineShown.of, line))
            for listener in self._head_end.listeners():
                self._tell(f"listeners/{listener.name}", partial(ListenerShown.of, listener))
        except Exception:
            self.log.failure("telling of the lines")

    def _tell(self, topic: str, shown: Callable[[], Any]) -> None:
        if self._hub.is_wanted(topic):
            self._hub.publish(topic, shown())
