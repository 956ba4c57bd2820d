"""Events reach those who asked for them, once encoded, in one write a period."""

from __future__ import annotations

import json

from hypothesis import given
from hypothesis import strategies as st
from twisted.internet.task import Clock
from twisted.trial.unittest import SynchronousTestCase

from hesd.web.event import patterns_of
from hesd.web.hub import PERIOD, Hub
from hesd.web.outbox import MAX_WAITING_BYTES, MAX_WAITING_TOPICS, PATIENCE, Outbox
from tests.web.frames import messages_in


class Client:
    """The connection an outbox writes to."""

    def __init__(self, clock: Clock) -> None:
        self.writes: list[bytes] = []
        self.given_up = 0
        self.outbox = Outbox(clock, self.writes.append, self._give_up)

    def _give_up(self) -> None:
        self.given_up += 1

    @property
    def messages(self) -> list[dict]:
        return messages_in(b"".join(self.writes))


class HubTests(SynchronousTestCase):
    def setUp(self) -> None:
        self.clock = Clock()
        self.clock.advance(1_700_000_000)
        self.hub = Hub(self.clock)
        self.client = Client(self.clock)

    def test_only_subscribed_topics_arrive_and_wildcards_stand_for_one_segment(self) -> None:
        self.hub.subscribe(self.client.outbox, ["readings/+", "jobs/7"])
        for topic in ("readings/A", "readings/A/x", "readings", "jobs/7", "jobs/8", "alarms"):
            self.hub.publish(topic, {"n": topic})
        self.clock.advance(PERIOD)
        self.assertEqual([m["topic"] for m in self.client.messages], ["readings/A", "jobs/7"])

    def test_an_event_matching_two_patterns_arrives_once(self) -> None:
        self.hub.subscribe(self.client.outbox, ["readings/+", "readings/A", "+/A"])
        self.hub.publish("readings/A", 1)
        self.clock.advance(PERIOD)
        self.assertEqual(len(self.client.messages), 1)

    def test_everything_of_a_period_leaves_in_one_write(self) -> None:
        self.hub.subscribe(self.client.outbox, ["+"])
        for number in range(10):
            self.hub.publish("alarms", number)
        self.assertEqual(self.client.writes, [])
        self.clock.advance(PERIOD)
        self.assertEqual(len(self.client.writes), 1)
        self.assertEqual([m["data"] for m in self.client.messages], list(range(10)))

    def test_an_event_is_encoded_once_for_all_clients(self) -> None:
        other = Client(self.clock)
        for client in (self.client, other):
            self.hub.subscribe(client.outbox, ["alarms"])
        event = self.hub.publish("alarms", [1])
        self.assertIs(event.frame, event.frame)
        self.clock.advance(PERIOD)
        self.assertEqual(self.client.writes, other.writes)

    def test_the_message_has_type_seq_topic_time_and_data(self) -> None:
        self.hub.subscribe(self.client.outbox, ["alarms"])
        event = self.hub.publish("alarms", {"a": 1}, at_ms=1_700_000_000_123)
        self.clock.advance(PERIOD)
        self.assertEqual(
            self.client.messages,
            [
                {
                    "type": "event",
                    "seq": event.seq,
                    "topic": "alarms",
                    "at": "2023-11-14T22:13:20.123Z",
                    "data": {"a": 1},
                }
            ],
        )

    def test_unsubscribed_topics_stay_away(self) -> None:
        self.hub.subscribe(self.client.outbox, ["alarms", "jobs/+"])
        self.hub.unsubscribe(self.client.outbox, ["alarms", "never/asked"])
        self.hub.publish("alarms", 1)
        self.hub.publish("jobs/1", 2)
        self.clock.advance(PERIOD)
        self.assertEqual([m["topic"] for m in self.client.messages], ["jobs/1"])

    def test_seq_goes_on_over_a_restart(self) -> None:
        last = self.hub.publish("alarms", 1).seq
        self.clock.advance(1)
        later = Hub(self.clock)
        self.assertGreater(later.seq, last)
        self.assertIsNone(later.since(last, ["alarms"]))

    def test_since_replays_what_matches_and_nothing_else(self) -> None:
        first = self.hub.publish("alarms", 1).seq
        self.hub.publish("jobs/1", 2)
        self.hub.publish("alarms", 3)
        missed = self.hub.since(first, ["alarms"])
        self.assertEqual([m["data"] for m in messages_in(missed or b"")], [3])
        self.assertEqual(self.hub.since(self.hub.seq, ["alarms"]), b"")

    def test_since_the_beginning_of_this_run_is_known(self) -> None:
        start = self.hub.seq
        self.hub.publish("alarms", 1)
        self.assertEqual([m["data"] for m in messages_in(self.hub.since(start, ["+"]) or b"")], [1])

    def test_what_the_ring_forgot_or_never_knew_is_not_replayed(self) -> None:
        hub = Hub(self.clock, ring_events=3)
        numbers = [hub.publish("alarms", n).seq for n in range(5)]
        self.assertIsNone(hub.since(numbers[0], ["alarms"]))
        self.assertEqual(
            [m["data"] for m in messages_in(hub.since(numbers[1], ["alarms"]) or b"")], [2, 3, 4]
        )
        self.assertIsNone(hub.since(numbers[-1] + 1, ["alarms"]), "a seq of the future is another run's")

    def test_the_ring_is_bounded_in_bytes(self) -> None:
        hub = Hub(self.clock, ring_bytes=5_000)
        numbers = [hub.publish("alarms", "x" * 1_000).seq for _ in range(20)]
        self.assertIsNone(hub.since(numbers[10], ["alarms"]))
        self.assertEqual(len(messages_in(hub.since(numbers[-4], ["alarms"]) or b"")), 3)

    def test_a_replay_that_is_too_long_for_one_client_is_refused(self) -> None:
        hub = Hub(self.clock)
        start = hub.seq
        for _ in range(3):
            hub.publish("alarms", "x" * (MAX_WAITING_BYTES // 2))
        self.assertIsNone(hub.since(start, ["alarms"]))


class OutboxTests(SynchronousTestCase):
    def setUp(self) -> None:
        self.clock = Clock()
        self.hub = Hub(self.clock)
        self.client = Client(self.clock)
        self.outbox = self.client.outbox
        self.hub.subscribe(self.outbox, ["+", "readings/+"])

    def test_a_client_that_does_not_read_gets_the_newest_of_each_topic(self) -> None:
        self.outbox.pause()
        for number in range(100):
            self.hub.publish("alarms", number)
            self.hub.publish("lines", -number)
            self.clock.advance(PERIOD)
        self.assertEqual(self.client.writes, [])
        self.assertEqual(self.outbox.waiting, 2)
        self.outbox.resume()
        self.assertEqual([m["data"] for m in self.client.messages], [99, -99])
        self.assertLess(*[m["seq"] for m in self.client.messages])

    def test_after_it_caught_up_it_gets_every_event_again(self) -> None:
        self.outbox.pause()
        self.hub.publish("alarms", 1)
        self.hub.publish("alarms", 2)
        self.outbox.resume()
        self.hub.publish("alarms", 3)
        self.hub.publish("alarms", 4)
        self.clock.advance(PERIOD)
        self.assertEqual([m["data"] for m in self.client.messages], [2, 3, 4])

    def test_a_burst_in_one_period_does_not_grow_beyond_its_bound(self) -> None:
        for number in range(64):
            self.hub.publish(f"readings/{number % 4}", "x" * (MAX_WAITING_BYTES // 16))
        self.assertLessEqual(self.outbox.waiting, MAX_WAITING_BYTES // (MAX_WAITING_BYTES // 16) + 1)
        self.clock.advance(PERIOD)
        self.assertLess(sum(map(len, self.client.writes)), 2 * MAX_WAITING_BYTES)
        self.assertEqual(self.client.messages[-1]["seq"], self.hub.seq, "the newest is among them")

    def test_replies_keep_their_place_before_later_events(self) -> None:
        self.hub.publish("alarms", 1)
        self.outbox.reply(b"[reply]")
        self.hub.publish("alarms", 2)
        self.clock.advance(PERIOD)
        self.assertEqual(len(self.client.writes), 3)
        self.assertEqual(self.client.writes[1], b"[reply]")

    def test_a_reply_waits_while_the_client_does_not_read(self) -> None:
        self.outbox.pause()
        self.outbox.reply(b"[reply]")
        self.assertEqual(self.client.writes, [])
        self.outbox.resume()
        self.assertEqual(self.client.writes, [b"[reply]"])

    def test_patience_ends(self) -> None:
        self.outbox.pause()
        self.clock.advance(PATIENCE - 1)
        self.assertEqual(self.client.given_up, 0)
        self.clock.advance(1)
        self.assertEqual(self.client.given_up, 1)

    def test_a_client_that_reads_again_in_time_is_kept(self) -> None:
        self.outbox.pause()
        self.clock.advance(PATIENCE - 1)
        self.outbox.resume()
        self.clock.advance(PATIENCE)
        self.assertEqual(self.client.given_up, 0)

    def test_more_topics_than_anybody_needs_end_a_slow_client(self) -> None:
        self.outbox.pause()
        for number in range(MAX_WAITING_TOPICS + 1):
            self.hub.publish(f"readings/{number}", 0)
        self.assertEqual(self.client.given_up, 1)
        self.assertLessEqual(self.outbox.waiting, MAX_WAITING_TOPICS)

    @given(
        st.lists(
            st.one_of(
                st.sampled_from(["pause", "resume", "tick"]),
                st.tuples(st.sampled_from(["a", "b", "c"]), st.integers(0, 9)),
            )
        )
    )
    def test_whatever_happens_the_last_state_of_each_topic_arrives_in_order(self, steps: list) -> None:
        clock = Clock()
        hub, client = Hub(clock), Client(clock)
        hub.subscribe(client.outbox, ["+"])
        newest: dict[str, int] = {}
        for step in steps:
            if step == "pause":
                client.outbox.pause()
            elif step == "resume":
                client.outbox.resume()
            elif step == "tick":
                clock.advance(PERIOD)
            else:
                topic, newest[topic] = step[0], step[1]
                hub.publish(*step)
        client.outbox.resume()
        clock.advance(PERIOD)
        got = client.messages
        self.assertEqual({m["topic"]: m["data"] for m in got}, newest)
        self.assertEqual([m["seq"] for m in got], sorted({m["seq"] for m in got}))


class TopicTests(SynchronousTestCase):
    def test_patterns_of_a_topic(self) -> None:
        self.assertEqual(sorted(patterns_of("readings/A")), ["+/+", "+/A", "readings/+", "readings/A"])
        self.assertEqual(sorted(patterns_of("alarms")), ["+", "alarms"])

    def test_a_frame_is_what_a_client_decodes(self) -> None:
        hub = Hub(Clock())
        for size in (0, 10, 125, 126, 65_535, 65_536, 200_000):
            frame = hub.publish("t", "y" * size).frame
            self.assertEqual(json.dumps(messages_in(frame)[0]["data"]), json.dumps("y" * size))
