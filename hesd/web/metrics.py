"""What Prometheus is told. Everything but the request count is read when it asks."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from operator import attrgetter

from prometheus_client import CollectorRegistry, Counter
from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, InfoMetricFamily, Metric
from prometheus_client.registry import Collector

from hesd import __version__
from hesd.collect.head_end import HeadEnd
from hesd.store.reading_writer import ReadingWriter
from hesd.web.event import Event
from hesd.web.hub import Hub
from hesd.web.listener_metrics import listener_metrics

_LINE_GAUGES = (
    ("up", "Whether the line is connected", attrgetter("up")),
    ("meters", "Meters on the line", attrgetter("meters")),
    ("meters_online", "Meters on the line that answer", attrgetter("online")),
    ("bound_seconds", "Least time a cycle with everything can take", attrgetter("bound_seconds")),
    ("cycle_seconds", "What the last cycle took", attrgetter("last_cycle_seconds")),
    ("utilisation_ratio", "Share of the time the line is taken", attrgetter("utilisation")),
    ("demand_ratio", "Share of the time that the intervals ask for", attrgetter("demand")),
)
_LINE_COUNTERS = (
    ("requests", "Requests sent", attrgetter("requests")),
    ("replies", "Replies that fitted their request", attrgetter("replies")),
    ("timeouts", "Requests without a usable reply in time", attrgetter("timeouts")),
    ("exceptions", "Replies in which a meter refused", attrgetter("exceptions")),
    ("reconnects", "Connections made after the first", attrgetter("reconnects")),
    ("received_bytes", "Bytes received", attrgetter("bytes_in")),
    ("sent_bytes", "Bytes sent", attrgetter("bytes_out")),
    ("busy_seconds", "Time the line was taken", attrgetter("busy_seconds")),
)


class Metrics(Collector):
    """Registers itself, and hears of jobs; `count` is to be called for each request."""

    def __init__(
        self,
        registry: CollectorRegistry,
        head_end: HeadEnd,
        writer: ReadingWriter,
        hub: Hub,
        feed_clients: Callable[[], int],
    ) -> None:
        self._head_end = head_end
        self._writer = writer
        self._hub = hub
        self._feed_clients = feed_clients
        self._requests = Counter(
            "hesd_http_requests", "Requests answered", ["route", "code"], registry=registry
        )
        self._job_steps = Counter(
            "hesd_job_steps", "States that jobs reached", ["kind", "state"], registry=registry
        )
        hub.subscribe(self, ["jobs/+"])
        registry.register(self)

    def count(self, route: str, code: int) -> None:
        self._requests.labels(route, code).inc()

    def put(self, event: Event) -> None:
        self._job_steps.labels(event.data.kind, event.data.state).inc()

    def flush(self) -> None:
        """Nothing is kept back."""

    def describe(self) -> Iterable[Metric]:
        # Nothing is asked at registration: the head end may not have started.
        return ()

    def collect(self) -> Iterator[Metric]:
        yield InfoMetricFamily("hesd", "This head end", value={"version": __version__})
        yield from self._lines()
        yield from listener_metrics(self._head_end.listeners())
        yield from self._associations()
        yield from self._pushes()
        yield from self._meters()
        yield from self._store()
        yield GaugeMetricFamily("hesd_feed_clients", "Clients of the feed", value=self._feed_clients())
        yield CounterMetricFamily("hesd_feed_events", "Events published", value=self._hub.events)

    def _lines(self) -> Iterator[Metric]:
        lines = self._head_end.lines()
        for name, text, value_of in _LINE_GAUGES:
            gauge = GaugeMetricFamily(f"hesd_line_{name}", text, labels=["line"])
            for line in lines:
                if (value := value_of(line)) is not None:
                    gauge.add_metric([line.name], value)
            yield gauge
        for name, text, value_of in _LINE_COUNTERS:
            counter = CounterMetricFamily(f"hesd_line_{name}", text, labels=["line"])
            for line in lines:
                counter.add_metric([line.name], value_of(line.counters))
            yield counter
        discarded = CounterMetricFamily(
            "hesd_line_discarded", "Received and thrown away", labels=["line", "reason"]
        )
        for line in lines:
            for reason, count in line.counters.discarded.items():
                discarded.add_metric([line.name, str(reason)], count)
        yield discarded

    def _associations(self) -> Iterator[Metric]:
        tally = self._head_end.associations
        yield CounterMetricFamily("hesd_associations", "DLMS associations made", value=tally.opened)
        failed = CounterMetricFamily(
            "hesd_association_failures", "Attempts to associate that failed", labels=["reason"]
        )
        for reason, count in tally.failed.items():
            failed.add_metric([reason], count)
        yield failed

    def _pushes(self) -> Iterator[Metric]:
        refused = CounterMetricFamily("hesd_pushes_refused", "Pushes that are not taken", labels=["reason"])
        for reason, count in self._head_end.pushes_refused.items():
            refused.add_metric([reason], count)
        yield refused

    def _meters(self) -> Iterator[Metric]:
        counted: dict[str, int] = {"online": 0, "offline": 0, "unknown": 0}
        for state in self._head_end.states():
            counted[state.status.value] += 1
        metric = GaugeMetricFamily("hesd_meters", "Meters in service", labels=["status"])
        for status, number in counted.items():
            metric.add_metric([status], number)
        yield metric

    def _store(self) -> Iterator[Metric]:
        counters = self._writer.counters
        yield CounterMetricFamily("hesd_readings_written", "Readings on disk", value=counters.written)
        yield CounterMetricFamily(
            "hesd_readings_refused", "Readings there was no room for", value=counters.refused
        )
        yield CounterMetricFamily(
            "hesd_readings_unstorable", "Readings no table can hold", value=counters.unstorable
        )
        yield CounterMetricFamily(
            "hesd_write_failures", "Commits that had to be tried again", value=counters.failures
        )
        yield CounterMetricFamily("hesd_write_seconds", "Time spent on commits", value=counters.seconds)
        yield GaugeMetricFamily(
            "hesd_readings_waiting", "Readings in memory only", value=self._writer.waiting
        )
