"""Events of meters over REST."""

from __future__ import annotations

from hesd.store import events
from tests.store.test_events import COVER, event
from tests.web.world import WebCase

NOON = "2026-06-01T12:00:0"


class EventTests(WebCase):
    async def test_an_event_with_all_there_is_of_it(self) -> None:
        whole = event(log=COVER, code=7, until_ms=event().at_ms + 5000, detail={"count": 3})
        await self.db.write(events.put, [whole])
        listed = await self.call("GET", "events", role="viewer")
        self.assertEqual(
            listed.json,
            {
                "items": [
                    {
                        "meter": "M1",
                        "log": "0.0.99.98.30.255",
                        "at": f"{NOON}0.000Z",
                        "until": f"{NOON}5.000Z",
                        "code": 7,
                        "name": "Power down",
                        "detail": {"count": 3},
                    }
                ],
                "next": None,
            },
        )

    async def test_filters(self) -> None:
        await self.db.write(events.put, [event(0), event(1, log=COVER), event(2, meter="M2"), event(3)])
        for query, expected in (
            ("", "3 2 1 0"),
            ("?meter=m1", "3 1 0"),
            ("?meter=M1&log=0-0:99.98.30", "1"),
            (f"?from={NOON}1Z&to={NOON}3Z", "2 1"),
            ("?meter=M9", ""),
        ):
            found = (await self.call("GET", f"events{query}")).json["items"]
            self.assertEqual(" ".join(each["at"][18] for each in found), expected, query)

    async def test_long_lists_come_in_pages(self) -> None:
        await self.db.write(events.put, [event(number // 2, code=number) for number in range(7)])
        codes: list[int] = []
        cursor = ""
        while cursor is not None:
            page = (await self.call("GET", f"events?limit=3{cursor and '&cursor='}{cursor}")).json
            self.assertLessEqual(len(page["items"]), 3)
            codes += [each["code"] for each in page["items"]]
            cursor = page["next"]
        self.assertEqual(codes, [6, 5, 4, 3, 2, 1, 0])

    async def test_what_is_wrong_is_named(self) -> None:
        for query, field in (
            ("log=x", "log"),
            ("from=yesterday", "from"),
            ("limit=0", "limit"),
            ("cursor=7", "cursor"),
            ("cursor=9999999999999999999.1", "cursor"),
            ("colour=red", "colour"),
        ):
            self.assert_problem(await self.call("GET", f"events?{query}"), 422, "invalid", field)
        self.assert_problem(await self.call("GET", "events", role=None), 401, "not-signed-in")
