"""A driver's objects made ready to be asked for: one table serves all meters of a model."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Final

from hesd.collect.check import highest_flows
from hesd.collect.polled_meter import NotMeasured
from hesd.dlms.cosem_meaning import ObjectListElement
from hesd.dlms.descriptor import AttributeDescriptor
from hesd.driver.cosem import CosemObject, DLMSDriver
from hesd.driver.register import Tier
from hesd.model.obis import OBIS

# Where a class keeps its scaler and unit, and which attributes they are of (IEC 62056-6-2, 4.3).
SCALER_ATTRIBUTE: Final = {3: 3, 4: 3, 5: 4}
_SCALED: Final = {3: (2,), 4: (2,), 5: (2, 3)}
_ELECTRICITY: Final = 1  # value group A
_INSTANTANEOUS: Final = 7  # value group D
_TIME_INTEGRAL: Final = 8
_PHASES: Final = 80  # value group C: up to here the totals and the three phases
_MOST_LISTED: Final = 64


@dataclass(frozen=True, slots=True)
class Asked:
    """One attribute that can be asked for; `scaler` is where its scaler is, None where it has none."""

    object: CosemObject
    attribute: AttributeDescriptor
    scaler: AttributeDescriptor | None

    @classmethod
    def of(cls, object_: CosemObject) -> Asked:
        class_id, obis = object_.class_id, object_.obis
        is_scaled = object_.attribute in _SCALED.get(class_id, ())
        return cls(
            object_,
            AttributeDescriptor(class_id, obis, object_.attribute),
            AttributeDescriptor(class_id, obis, SCALER_ATTRIBUTE[class_id]) if is_scaled else None,
        )


class DLMSTable:
    """The objects of `driver`, and those `listed` by the meters of a model beside them."""

    __slots__ = ("_by_obis", "_by_tier", "driver", "flows")

    def __init__(self, driver: DLMSDriver, listed: Iterable[CosemObject] = ()) -> None:
        self.driver = driver
        self._by_obis: dict[OBIS, Asked] = {}
        for object_ in (*driver.objects, *listed):
            self._by_obis.setdefault(object_.obis, Asked.of(object_))
        known = self._by_obis.values()
        self.flows = highest_flows(each.object for each in known)
        self._by_tier = {tier: tuple(each for each in known if each.object.tier is tier) for tier in Tier}

    @property
    def tiers(self) -> frozenset[Tier]:
        """The tiers there is anything in."""
        return frozenset(tier for tier, asked in self._by_tier.items() if asked)

    def due(self, tiers: Iterable[Tier]) -> list[Asked]:
        """What a turn with these tiers asks for."""
        return [asked for tier in Tier if tier in tiers for asked in self._by_tier[tier]]

    def named(self, codes: Sequence[OBIS]) -> list[Asked]:
        """What brings these quantities, all that is polled where none is named. Raises `NotMeasured`."""
        if not codes:
            return self.due((Tier.FAST, Tier.SLOW))
        if missing := [code for code in codes if code not in self._by_obis]:
            raise NotMeasured(f"no object is known for {', '.join(missing)}")
        return [self._by_obis[code] for code in codes]

    def find(self, code: OBIS) -> Asked | None:
        """What is known of a logical name."""
        return self._by_obis.get(code)


def measured_objects(listed: Iterable[ObjectListElement]) -> tuple[CosemObject, ...]:
    """What is worth polling of an association's object list: readable electrical quantities.

    Instantaneous values (group D 7) are the fast tier, energies and demands the slow one;
    of historical values (group F below 255) none is polled.
    """
    found = [
        CosemObject(each.instance, each.class_id, tier=tier)
        for each in listed
        if each.class_id in SCALER_ATTRIBUTE and each.is_readable(2) and (tier := _tier_of(each.instance))
    ]
    return tuple(found[:_MOST_LISTED])


def _tier_of(obis: OBIS) -> Tier | None:
    a, _, c, d, _, f = obis.groups
    if a != _ELECTRICITY or f != 255 or not 1 <= c <= _PHASES:
        return None
    if d == _INSTANTANEOUS:
        return Tier.FAST
    return Tier.SLOW if d == _TIME_INTEGRAL else None
