"""Health, metrics, the page and the description of the API."""

from __future__ import annotations

import msgspec

from hesd.config import HTTP
from tests.web.world import WebCase


class OperationsTests(WebCase):
    async def test_it_lives_and_is_ready(self) -> None:
        self.assertEqual((await self.call("GET", "/healthz", role=None)).json["status"], "ok")
        self.assertEqual((await self.call("GET", "/readyz", role=None)).json["status"], "ready")

    async def test_metrics_are_open_to_this_machine(self) -> None:
        answer = await self.call("GET", "/metrics", role=None)
        self.assertEqual(answer.status, 200)
        self.assertIn(b"# TYPE hesd_readings_written_total counter", answer.body)
        self.assertIn(b"# TYPE hesd_feed_clients gauge", answer.body)

    async def test_the_root_is_the_dashboard(self) -> None:
        self.assertIn(b"make ui", (await self.call("GET", "/m", role=None)).body)
        (self.folder / "static").mkdir()
        (self.folder / "static" / "index.html").write_text("the page")
        answer = await self.call("GET", "/meters/M1", role=None)
        self.assertEqual((answer.status, answer.body), (200, b"the page"))
        head = await self.call("HEAD", "/meters/M1", role=None)
        self.assertEqual((head.status, head.header("content-length")), (200, "8"))


class TokenMetricsTests(WebCase):
    http = HTTP(metrics="token")

    async def test_metrics_ask_for_a_token(self) -> None:
        self.assert_problem(await self.call("GET", "/metrics", role=None), 401, "not-signed-in")
        self.assertEqual((await self.call("GET", "/metrics", role="viewer")).status, 200)


class DescriptionTests(WebCase):
    async def test_every_reference_leads_somewhere(self) -> None:
        text = (await self.call("GET", "openapi.json", role="viewer")).body
        document = msgspec.json.decode(text)
        self.assertEqual(document["openapi"], "3.1.0")

        def references(node: object) -> list[str]:
            if isinstance(node, dict):
                own = [node["$ref"]] if isinstance(node.get("$ref"), str) else []
                return own + [found for value in node.values() for found in references(value)]
            if isinstance(node, list):
                return [found for value in node for found in references(value)]
            return []

        found = references(document)
        self.assertGreater(len(found), 30)
        for reference in found:
            name = reference.removeprefix("#/components/schemas/")
            self.assertIn(name, document["components"]["schemas"])
        identifiers = [o["operationId"] for path in document["paths"].values() for o in path.values()]
        self.assertEqual(len(identifiers), len(set(identifiers)))

    async def test_commands_and_what_they_take_are_described(self) -> None:
        document = (await self.call("GET", "openapi.json")).json
        described = {
            (method, path.removeprefix("/api/v1/")): operation.get("x-roles")
            for path, operations in document["paths"].items()
            for method, operation in operations.items()
        }
        acting = ["operator", "admin"]
        for path in ("relay", "tokens", "clock", "profiles/{obis}/reads", "events/reads", "objects/reads"):
            self.assertEqual(described["post", f"meters/{{serial}}/{path}"], acting, path)
        self.assertEqual(described["post", "meters/{serial}/attributes/reads"], acting)
        self.assertEqual(described["get", "meters/{serial}/trace"], acting)
        for path in ("meters/{serial}/objects", "listeners", "listeners/{name}"):
            self.assertEqual(described["get", path], ["viewer", *acting], path)
        schemas = document["components"]["schemas"]
        self.assertEqual(schemas["RelayRequest"]["required"], ["action", "reason"])
        self.assertEqual(schemas["TokenRequest"]["required"], ["token"])
        self.assertIn("relay_status", schemas["MeterShown"]["properties"])

    async def test_it_says_what_validates(self) -> None:
        document = (await self.call("GET", "openapi.json")).json
        add = document["paths"]["/api/v1/meters"]["post"]
        self.assertEqual(add["x-roles"], ["operator", "admin"])
        schema = document["components"]["schemas"]["NewMeter"]
        self.assertEqual(schema["required"], ["serial"])
        self.assertFalse(schema["additionalProperties"])
        history = document["paths"]["/api/v1/meters/{serial}/readings"]["get"]
        self.assertEqual(
            [parameter["name"] for parameter in history["parameters"]],
            ["serial", "obis", "from", "to", "resolution", "limit", "cursor"],
        )
        self.assertEqual(
            list(history["responses"]["200"]["content"]),
            ["application/json", "text/csv", "application/x-ndjson"],
        )
        self.assertIn("204", document["paths"]["/api/v1/auth/logout"]["post"]["responses"])
