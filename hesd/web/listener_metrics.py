"""What Prometheus is told of the listeners meters dial in to."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from operator import attrgetter

from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, Metric

from hesd.collect.line_status import ListenerStatus

_GAUGES = (
    ("connections", "Connections open now", attrgetter("connections")),
    ("connected_strangers", "Connections open now that are nobody's", attrgetter("strangers")),
    ("meters", "Meters that dial in here", attrgetter("meters")),
    ("meters_online", "Meters that dial in here and are online", attrgetter("online")),
)
_COUNTERS = (
    ("accepted", "Connections accepted", attrgetter("accepted")),
    ("strangers", "Connections that ended before they were anybody's", attrgetter("strangers")),
    ("heartbeats", "Heartbeats answered", attrgetter("heartbeats")),
    ("pushes", "What meters said unasked", attrgetter("pushes")),
    ("alarms", "Alarms raised", attrgetter("alarms")),
)
# Reasons and families are few and ours: what a stranger sends never becomes a label.
_BY_LABEL = (
    ("refused", "Connections refused", "reason", attrgetter("refused")),
    ("identified", "Connections that turned out to be a meter's", "family", attrgetter("identified")),
)


def listener_metrics(listeners: Sequence[ListenerStatus]) -> Iterator[Metric]:
    """A metric for each thing there is to count, with the listeners as label."""
    for name, text, value_of in _GAUGES:
        gauge = GaugeMetricFamily(f"hesd_listener_{name}", text, labels=["listener"])
        for listener in listeners:
            gauge.add_metric([listener.name], value_of(listener))
        yield gauge
    for name, text, value_of in _COUNTERS:
        counter = CounterMetricFamily(f"hesd_listener_{name}", text, labels=["listener"])
        for listener in listeners:
            counter.add_metric([listener.name], value_of(listener.counters))
        yield counter
    for name, text, label, counts_of in _BY_LABEL:
        counter = CounterMetricFamily(f"hesd_listener_{name}", text, labels=["listener", label])
        for listener in listeners:
            counts: Mapping[str, int] = counts_of(listener.counters)
            for which, count in counts.items():
                counter.add_metric([listener.name, which], count)
        yield counter
