"""One meter on its line: its plans, what has been learned about it, and how it is doing."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import replace
from itertools import chain
from typing import Any, Final

from hesd.collect.check import ValueCheck, highest_flows
from hesd.collect.meter import MeterSpec, MeterState
from hesd.collect.plans import Block, Plan, PlanBook
from hesd.collect.ratio import with_ratio
from hesd.collect.read_meter import Ask, Learned, Outcome, read_blocks
from hesd.driver.meaning import mismatch, prefix_scaler, reading_of
from hesd.driver.register import Coding, Register, Tier
from hesd.modbus.errors import MeterException
from hesd.model.errors import HesdError
from hesd.model.obis import OBIS
from hesd.model.reading import Quality, Raw, Reading, Source

# Turnarounds closer to each other than this call for the same reads (seconds).
_NOTABLE: Final = 0.002


class NotMeasured(HesdError):
    """A meter was asked for a quantity that its driver has no register for."""


class PolledMeter:
    """A meter of one line.

    `introduced` is False until the registers that are read once per connection have been
    read: identity, prefix, and the tier `ONCE`.
    """

    def __init__(self, spec: MeterSpec, book: PlanBook, now_ms: int) -> None:
        self.spec = spec
        self.state = MeterState(serial=spec.serial, since_ms=now_ms)
        self.check = ValueCheck(highest_flows(spec.driver.registers), spec.ratio)
        self._book = book
        self._measured = frozenset(register.obis for register in spec.driver.registers)
        self._tiers = {tier: tuple(r for r in spec.driver.registers if r.tier is tier) for tier in Tier}
        self.forget()

    def forget(self) -> None:
        """Take nothing for granted that was found out in this connection."""
        self._learned = Learned()
        self._plans: dict[frozenset[Tier], Plan] = {}
        self._turnaround: float | None = None  # what the plans were made for, None for the driver's
        self._prefix_scaler: int | None = None
        self._doubts: list[str] = []
        self.warning = ""
        self.introduced = False

    def intervals(self) -> dict[Tier, float]:
        """How often each tier that this meter has is asked, in seconds."""
        wanted = {Tier.FAST: self.spec.interval, Tier.SLOW: self.spec.slow_interval}
        return {tier: wanted[tier] for tier in wanted if self._tiers[tier]} or {
            Tier.ONCE: self.spec.slow_interval
        }

    def plan(self, tiers: frozenset[Tier]) -> Plan:
        """The reads of a turn with these tiers."""
        plan = self._plans.get(tiers)
        if plan is None:
            registers = [r for tier in Tier if tier in tiers for r in self._tiers[tier]]
            plan = self._plans[tiers] = self._planned(registers)
        return plan

    def keep_pace(self, turnaround: float | None) -> None:
        """Plan for the time the meter is seen to think (seconds), once that makes a difference."""
        planned = self.spec.driver.turnaround if self._turnaround is None else self._turnaround
        if turnaround is not None and abs(turnaround - planned) > _NOTABLE:
            self._turnaround = round(turnaround / _NOTABLE) * _NOTABLE
            self._plans.clear()

    def plan_of(self, codes: Iterable[OBIS]) -> Plan:
        """The reads that bring these quantities; all that is polled where none is named.

        Raises `NotMeasured`.
        """
        wanted = set(codes)
        if not wanted:
            return self.plan(frozenset({Tier.FAST, Tier.SLOW}))
        registers = [r for r in self.spec.driver.registers if r.obis in wanted]
        if missing := wanted - {register.obis for register in registers}:
            raise NotMeasured(f"{self.spec.driver_name} does not measure {', '.join(sorted(missing))}")
        return self._planned(registers)

    def probe(self) -> Block | None:
        """The shortest read there is, which says whether the meter lives."""
        registers = sorted(self.spec.driver.registers, key=lambda r: (r.length, r.tier is not Tier.FAST))
        there = [register for register in registers if register not in self._learned.missing]
        return self._planned(there[:1]).blocks[0] if there else None

    async def read(self, wanted: Callable[[], Plan], ask: Ask) -> Outcome:
        """Ask for the plan, after getting to know the meter where that has not been done."""
        opening = Outcome()
        if not self.introduced:
            opening = await self._ask(self._introduction(), ask)
            if opening.failure is not None:
                return Outcome(failure=opening.failure)
            self._introduce(opening)
        outcome = await self._ask(wanted(), ask)
        outcome.opening = opening.answers
        self._warn(opening.refused + outcome.refused)
        return outcome

    async def _ask(self, plan: Plan, ask: Ask) -> Outcome:
        outcome = await read_blocks(ask, self.spec.driver, plan.blocks, self._learned)
        if outcome.answers and outcome.learned != self._learned:
            self._learned = outcome.learned
            self._plans.clear()
        return outcome

    def _introduction(self) -> Plan:
        driver = self.spec.driver
        registers = [each.register for each in driver.identity]
        if driver.prefix is not None:
            registers.append(driver.prefix)
        once = self._tiers[Tier.ONCE] if Tier.ONCE not in self.intervals() else ()
        return self._planned(dict.fromkeys((*registers, *once)))

    def _introduce(self, opening: Outcome) -> None:
        driver, raws = self.spec.driver, dict(_raws(opening.answers))
        self._doubts = [
            doubt
            for identity in driver.identity
            if (doubt := mismatch(identity, raws.get(identity.register)))
        ]
        if driver.prefix in opening.learned.missing:
            self._prefix_scaler = 0  # a model without the register has nothing to set either
        elif driver.prefix is not None:
            self._prefix_scaler = prefix_scaler(driver, raws.get(driver.prefix))
            if self._prefix_scaler is None:
                self._doubts.append(
                    f"register {driver.prefix.address} does not say what energy is counted in"
                )
        self.introduced = True

    def _warn(self, refused: list[tuple[Block, MeterException]]) -> None:
        known = self._learned.missing - {self.spec.driver.prefix}
        addresses = ", ".join(str(address) for address in sorted(register.address for register in known))
        told = [f"refuses registers {addresses}"] if known else []
        told += [
            f"register {block.registers[0].address}: {reason}"
            for block, reason in refused
            if not known.union({self.spec.driver.prefix}).issuperset(block.registers)
        ]
        self.warning = "; ".join((*self._doubts, *told))

    def readings(self, outcome: Outcome, at_ms: int, source: Source) -> list[Reading]:
        """Every quantity of the driver's table that the answers hold, judged by itself."""
        return [
            self._reading(register, raw, at_ms, source)
            for register, raw in _raws(chain(outcome.opening, outcome.answers))
            if register.obis in self._measured
        ]

    def _reading(self, register: Register, raw: Raw, at_ms: int, source: Source) -> Reading:
        reading = reading_of(
            register,
            raw,
            meter=self.spec.serial,
            at_ms=at_ms,
            prefix_scaler=self._prefix_scaler or 0,
            source=source,
        )
        reading = with_ratio(reading, self.spec.ratio)
        if register.coding is Coding.SCALED_BY_PREFIX and self._prefix_scaler is None:
            reading = replace(reading, quality=max(reading.quality, Quality.SUSPECT))
        return reading

    def _planned(self, registers: Iterable[Register]) -> Plan:
        there = [register for register in registers if register not in self._learned.missing]
        return self._book.plan(self._learned.fit(self.spec.driver, there), there, self._turnaround)


def _raws(answers: Iterable[tuple[Block, Any]]) -> Iterable[tuple[Register, Raw]]:
    for block, data in answers:
        yield from zip(block.registers, block.codec.decode(data), strict=True)
