"""The COSEM objects of a meter: what it lists, and any attribute of any of them."""

from __future__ import annotations

from typing import Annotated

import msgspec
from msgspec import Meta, Struct

from hesd.collect.catalogue import Catalogue
from hesd.collect.object_list import ObjectLists
from hesd.driver.cosem import DLMSDriver
from hesd.model.obis import OBIS
from hesd.store import meters
from hesd.store.cosem_models import StoredModels
from hesd.web.app import App
from hesd.web.endpoint import Call, Page, endpoint
from hesd.web.job_requests import JobRequests
from hesd.web.permissions import Permission
from hesd.web.problems import Problem, ProblemType
from hesd.web.shown import JobShown


class AttributeShown(Struct):
    """An attribute and what the association may do with it."""

    number: int
    name: str
    readable: bool
    writable: bool


class MethodShown(Struct):
    number: int
    name: str
    callable: bool


class ListedObjectShown(Struct):
    """An object as the meter lists it; `name` is the driver's, the code's or the catalogue's."""

    class_id: int
    class_name: str
    version: int
    obis: str
    name: str
    attributes: list[AttributeShown]
    methods: list[MethodShown]


_Objects = list[ListedObjectShown]


class Nothing(Struct, forbid_unknown_fields=True):
    """There is nothing to say."""


class AttributeReadRequest(Struct, forbid_unknown_fields=True):
    """`attribute` is a number: 2 is the value of most, negative ones are the manufacturer's."""

    class_id: Annotated[int, Meta(ge=1, le=0xFFFF)]
    obis: OBIS
    attribute: Annotated[int, Meta(ge=-128, le=127)]


class Objects:
    def __init__(self, app: App, requests: JobRequests) -> None:
        self._app = app
        self._requests = requests
        self._lists = ObjectLists(StoredModels(app.db, app.reactor), Catalogue())

    @endpoint("GET", "/meters/<serial>/objects", Permission.SEE)
    async def list(self, serial: str) -> Page[ListedObjectShown]:
        """The objects of a meter as it listed them last; none where it was never asked."""
        meter = await self._app.db.read(meters.get, serial)
        loaded = self._app.drivers.get(meter.driver or "")
        if loaded is None or not isinstance(loaded.driver, DLMSDriver):
            raise Problem(ProblemType.CONFLICT, f"{meter.serial} is not a DLMS meter, and lists no objects")
        kept = await self._lists.shown(meter.serial, loaded.driver)
        return Page(msgspec.convert(kept or [], _Objects))

    @endpoint("POST", "/meters/<serial>/objects/reads", Permission.READ_METERS, status=202)
    async def read(self, call: Call, serial: str, body: Nothing) -> JobShown:  # noqa: ARG002
        """Have the meter list its objects; the list is kept for all meters of its model."""
        return await self._requests.answer(call, "objects", serial, {})

    @endpoint("POST", "/meters/<serial>/attributes/reads", Permission.READ_METERS, status=202)
    async def attribute(self, call: Call, serial: str, body: AttributeReadRequest) -> JobShown:
        """Read one attribute of one object, with its name and what its value means."""
        wanted = {"class_id": body.class_id, "obis": str(body.obis), "attribute": body.attribute}
        return await self._requests.answer(call, "attribute", serial, wanted)
