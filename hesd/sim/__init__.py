"""Simulated plants: meters on real byte streams, for the demo, the tests and the benchmarks."""
