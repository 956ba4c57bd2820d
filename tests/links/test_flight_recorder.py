from __future__ import annotations

import sys

from hypothesis import given
from hypothesis import strategies as st
from twisted.trial.unittest import SynchronousTestCase

from hesd.links.flight_recorder import FlightRecorder, RecordedFrame

frames = st.builds(
    RecordedFrame, st.integers(0, 1 << 48), st.booleans(), st.binary(max_size=60).map(lambda o: b"\xc4" + o)
)


class FlightRecorderTests(SynchronousTestCase):
    @given(st.lists(frames, max_size=40), st.integers(1, 20), st.integers(1, 500))
    def test_the_newest_frames_that_fit_are_kept(
        self, given: list[RecordedFrame], max_frames: int, max_octets: int
    ) -> None:
        recorder = FlightRecorder(max_frames, max_octets)
        for frame in given:
            recorder.record(frame.at_ms, frame.sent, frame.octets)
        expected: list[RecordedFrame] = []
        for frame in reversed(given):
            cut = RecordedFrame(frame.at_ms, frame.sent, frame.octets[:max_octets])
            size = sum(len(each.octets) for each in expected) + len(cut.octets)
            if size > max_octets or len(expected) == max_frames:
                break
            expected.insert(0, cut)
        self.assertEqual(list(recorder), expected)
        self.assertEqual(len(recorder), len(expected))

    def test_a_recorder_without_frames_costs_nearly_nothing(self) -> None:
        recorder = FlightRecorder()
        self.assertLess(sys.getsizeof(recorder), 100)
        self.assertEqual([getattr(recorder, name) for name in ("_kept", "_count")], [None, 0])
        self.assertEqual(list(recorder), [])
