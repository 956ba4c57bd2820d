"""Signing in, staying signed in, and what is closed without it."""

from __future__ import annotations

from datetime import datetime

from hesd.config import HTTP
from hesd.store import users
from hesd.web.authentication import SESSION_SECONDS
from tests.web.world import HASH, PASSWORD, WebCase

V1 = "/api/v1/"


class SignInTests(WebCase):
    async def test_a_user_gets_a_token_that_opens_what_is_closed(self) -> None:
        await self.db.write(users.create, "anna", HASH, "viewer", 0)
        signed_in = await self.call(
            "POST", "auth/login", {"username": "Anna", "password": PASSWORD}, role=None
        )
        self.assertEqual(signed_in.status, 200)
        self.assertEqual(signed_in.json["user"], {"username": "anna", "role": "viewer"})
        ends = datetime.fromisoformat(signed_in.json["expires_at"]).timestamp()
        self.assertApproximates(ends, self.reactor.seconds() + SESSION_SECONDS, 1)
        token = signed_in.json["token"]
        me = await self.call("GET", "auth/me", token=token)
        self.assertEqual((me.json["username"], me.json["role"]), ("anna", "viewer"))
        self.assertNotIn(token.encode(), (self.folder / "hesd.db").read_bytes(), "tokens are kept as hashes")

    async def test_name_password_and_disabled_user_are_refused_alike(self) -> None:
        await self.db.write(users.create, "anna", HASH, "admin", 0)
        await self.db.write(users.create, "gone", HASH, "viewer", 0)
        await self.db.write(users.change, "gone", 0, disabled=True)
        answers = [
            await self.call("POST", "auth/login", {"username": name, "password": password}, role=None)
            for name, password in (("anna", "wrong password"), ("nobody", PASSWORD), ("gone", PASSWORD))
        ]
        for answer in answers:
            self.assert_problem(answer, 401, "bad-credentials")
        self.assertEqual(len({answer.body for answer in answers}), 1)

    async def test_guesses_are_slowed_down_even_when_the_last_is_right(self) -> None:
        await self.db.write(users.create, "anna", HASH, "admin", 0)
        for _ in range(5):
            wrong = await self.call(
                "POST", "auth/login", {"username": "anna", "password": "guess"}, role=None
            )
            self.assertEqual(wrong.status, 401)
        right = {"username": "anna", "password": PASSWORD}
        refused = await self.call("POST", "auth/login", right, role=None)
        self.assert_problem(refused, 429, "too-many-attempts")
        self.reactor.advance(float(refused.header("retry-after") or 0))
        self.assertEqual((await self.call("POST", "auth/login", right, role=None)).status, 200)

    async def test_a_token_is_worth_nothing_after_signing_out(self) -> None:
        token = await self.user("viewer")
        self.assertEqual((await self.call("POST", "auth/logout", {}, token=token)).status, 204)
        self.assert_problem(await self.call("GET", "auth/me", token=token), 401, "not-signed-in")

    async def test_a_session_ends_by_itself(self) -> None:
        token = await self.user("viewer")
        self.reactor.advance(SESSION_SECONDS)
        self.assert_problem(await self.call("GET", "auth/me", token=token), 401, "not-signed-in")

    async def test_sessions_survive_a_restart(self) -> None:
        token = await self.user("viewer")
        self.app.authentication._known.clear()
        self.assertEqual((await self.call("GET", "auth/me", token=token)).json["username"], "viewer")

    async def test_another_password_ends_all_sessions_and_begins_one(self) -> None:
        old = await self.user("viewer")
        body = {"current": PASSWORD, "new": "battery staple"}
        changed = await self.call("POST", "auth/password", body, token=old)
        self.assertEqual(changed.status, 200)
        self.assertEqual((await self.call("GET", "auth/me", token=old)).status, 401)
        self.assertEqual((await self.call("GET", "auth/me", token=changed.json["token"])).status, 200)
        again = await self.call("POST", "auth/password", body, token=changed.json["token"])
        self.assert_problem(again, 401, "bad-credentials")

    async def test_what_is_no_token_is_refused(self) -> None:
        for header in ("", "Bearer", "Bearer ", "Basic YTpi", "Bearer " + "x" * 5000, "Bearer \xff"):
            answer = await self.call("GET", "auth/me", role=None, headers={"Authorization": header})
            self.assert_problem(answer, 401, "not-signed-in")
            self.assertEqual(answer.header("www-authenticate"), "Bearer")

    async def test_bad_bodies_are_explained(self) -> None:
        cases = (
            (b"{", 400, "malformed", None),
            (b"[]", 422, "invalid", None),
            (b'{"username": "a"}', 422, "invalid", "password"),
            (b'{"username": "a", "password": 5}', 422, "invalid", "password"),
            (b'{"username": "a", "password": "b", "otp": "c"}', 422, "invalid", "otp"),
            (b'{"username": "\xff", "password": "b"}', 400, "malformed", None),
        )
        for body, status, kind, field in cases:
            headers = {"Content-Type": "application/json"}
            answer = await self.call("POST", "auth/login", body, role=None, headers=headers)
            self.assert_problem(answer, status, kind, field)

    async def test_a_body_of_another_kind_is_refused(self) -> None:
        headers = {"Content-Type": "application/x-www-form-urlencoded"}
        answer = await self.call("POST", "auth/login", b"username=a&password=b", role=None, headers=headers)
        self.assert_problem(answer, 415, "unsupported-media-type")


ADMINS_ONLY = {
    "get /api/v1/users",
    "post /api/v1/users",
    "get /api/v1/users/{username}",
    "patch /api/v1/users/{username}",
    "delete /api/v1/users/{username}",
    "post /api/v1/jobs/{id}/settle",
    "post /api/v1/meters/{serial}/settings",
    "put /api/v1/meters/{serial}/keys",
    "delete /api/v1/meters/{serial}/keys/{name}",
    "post /api/v1/meters/{serial}/keys/check",
    "post /api/v1/meters/{serial}/keys/{name}/change",
}


class ClosedTests(WebCase):
    async def test_everything_is_closed_but_what_has_to_be_open(self) -> None:
        document = (await self.call("GET", "openapi.json")).json
        opened = set()
        for path, operations in document["paths"].items():
            for method in operations:
                answer = await self.call(
                    method.upper(), path.replace("{", "").replace("}", ""), b"", role=None
                )
                if answer.status != 401:
                    opened.add(f"{method} {path}")
        expected = {
            "post /api/v1/auth/login",
            "post /api/auth/login",
            "get /healthz",
            "get /readyz",
            "get /metrics",
        }
        self.assertEqual(opened, expected)

    async def test_roles_may_what_they_are_for(self) -> None:
        document = (await self.call("GET", "openapi.json")).json
        for path, operations in document["paths"].items():
            for method, operation in operations.items():
                for role in ("viewer", "operator"):
                    allowed = role in operation.get("x-roles", (role,))
                    if allowed or "logout" in path:
                        continue
                    answer = await self.call(
                        method.upper(), path.replace("{", "").replace("}", ""), b"", role=role
                    )
                    self.assert_problem(answer, 403, "forbidden")
        forbidden = {
            role: {
                f"{method} {path}"
                for path, operations in document["paths"].items()
                for method, operation in operations.items()
                if role not in operation.get("x-roles", (role,))
            }
            for role in ("viewer", "operator", "admin")
        }
        self.assertEqual(forbidden["operator"], ADMINS_ONLY)
        self.assertGreater(forbidden["viewer"], forbidden["operator"])
        self.assertEqual(forbidden["admin"], set())

    async def test_unknown_addresses_and_methods_are_problems_too(self) -> None:
        self.assert_problem(await self.call("GET", "nothing"), 404, "not-found")
        answer = await self.call("PUT", "meters")
        self.assert_problem(answer, 405, "method-not-allowed")
        self.assertEqual(answer.header("allow"), "GET, HEAD, POST")

    async def test_unknown_parameters_are_refused(self) -> None:
        self.assert_problem(await self.call("GET", "meters?colour=red"), 422, "invalid", "colour")
        self.assert_problem(await self.call("GET", "meters?limit=0"), 422, "invalid", "limit")
        self.assert_problem(await self.call("GET", "meters?limit=1&limit=2"), 422, "invalid", "limit")
        self.assert_problem(await self.call("GET", "auth/me?x=1"), 422, "invalid", "x")

    async def test_answers_tell_browsers_to_keep_to_themselves(self) -> None:
        for answer in (await self.call("GET", "auth/me"), await self.call("GET", "auth/me", role=None)):
            self.assertEqual(answer.header("cache-control"), "no-store")
            self.assertEqual(answer.header("x-content-type-options"), "nosniff")
            self.assertIn("default-src 'none'", answer.header("content-security-policy") or "")

    async def test_a_failing_store_is_a_problem_that_may_pass(self) -> None:
        token = await self.user("admin")
        await self.db.close()
        answer = await self.call("GET", "meters", token=token)
        self.assert_problem(answer, 503, "busy")
        self.assertEqual((await self.call("GET", "/healthz", role=None)).status, 200)
        self.assertEqual((await self.call("GET", "/readyz", role=None)).status, 503)

    async def test_a_bug_is_told_to_the_log_and_not_to_the_client(self) -> None:
        async def broken(*_: object) -> None:
            raise ZeroDivisionError("a secret of ours")

        token = await self.user("admin")
        self.patch(self.app.db, "read", broken)
        answer = await self.call("GET", "meters", token=token)
        self.assert_problem(answer, 500, "internal")
        self.assertNotIn(b"secret", answer.body)
        self.assertEqual(len(self.flushLoggedErrors(ZeroDivisionError)), 1)


class ProxyTests(WebCase):
    http = HTTP(behind_proxy=True)

    async def test_behind_a_proxy_guesses_are_counted_by_the_address_it_names(self) -> None:
        await self.db.write(users.create, "anna", HASH, "admin", 0)
        body = {"username": "anna", "password": "guess"}
        for _ in range(6):
            last = await self.call(
                "POST", "auth/login", body, role=None, headers={"X-Forwarded-For": "6.6.6.6, 198.51.100.7"}
            )
        self.assertEqual(last.status, 429)
        elsewhere = await self.call(
            "POST", "auth/login", body, role=None, headers={"X-Forwarded-For": "198.51.100.7, 198.51.100.8"}
        )
        self.assertEqual(elsewhere.status, 401)

    async def test_metrics_are_not_loopback_for_a_client_behind_the_proxy(self) -> None:
        answer = await self.call("GET", "/metrics", role=None, headers={"X-Forwarded-For": "198.51.100.7"})
        self.assertEqual(answer.status, 401)
