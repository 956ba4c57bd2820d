"""The dashboard's files, and nothing but them."""

from __future__ import annotations

from pathlib import Path

from twisted.trial.unittest import SynchronousTestCase
from twisted.web.server import NOT_DONE_YET
from twisted.web.test.requesthelper import DummyRequest

from hesd.web.static import Dashboard


class DashboardTests(SynchronousTestCase):
    def setUp(self) -> None:
        self.folder = Path(self.mktemp())
        self.root = self.folder / "static"
        (self.root / "assets").mkdir(parents=True)
        (self.root / "index.html").write_text("<!doctype html>the page")
        (self.root / "assets" / "app-1a2b3c.js").write_text("run()")
        (self.root / ".hidden").write_text("hidden")
        (self.folder / "secret.txt").write_text("secret")
        (self.root / "link.txt").symlink_to(self.folder.resolve() / "secret.txt")
        self.dashboard = Dashboard(self.root)

    def get(self, path: str) -> DummyRequest:
        request = DummyRequest([segment.encode() for segment in path.lstrip("/").split("/")])
        answer = self.dashboard.render_GET(request)
        if answer is not NOT_DONE_YET:
            request.write(answer)
            request.finish()
        return request

    def header(self, request: DummyRequest, name: str) -> str:
        return request.responseHeaders.getRawHeaders(name, [""])[0]

    def test_the_page_is_asked_for_anew_each_time(self) -> None:
        request = self.get("/")
        self.assertEqual(b"".join(request.written), b"<!doctype html>the page")
        self.assertEqual(self.header(request, "cache-control"), "no-cache")
        self.assertEqual(self.header(request, "content-type"), "text/html; charset=utf-8")

    def test_addresses_of_pages_are_the_pages_own_matter(self) -> None:
        self.assertIn(b"the page", b"".join(self.get("/meters/46000755036").written))

    def test_what_has_its_hash_in_its_name_is_kept_for_ever(self) -> None:
        request = self.get("/assets/app-1a2b3c.js")
        self.assertEqual(b"".join(request.written), b"run()")
        self.assertIn("immutable", self.header(request, "cache-control"))
        self.assertEqual(self.header(request, "content-type"), "text/javascript; charset=utf-8")

    def test_a_file_that_is_not_there_is_not_the_page(self) -> None:
        request = self.get("/assets/app-old.js")
        self.assertEqual(request.responseCode, 404)
        self.assertNotIn(b"the page", b"".join(request.written))

    def test_nothing_outside_or_hidden_is_served(self) -> None:
        for path in (
            "/../secret.txt",
            "/..%2fsecret.txt",
            "/assets/../../secret.txt",
            "/.hidden",
            "/link.txt",
        ):
            written = b"".join(self.get(path).written)
            self.assertNotIn(b"secret", written, path)
            self.assertNotIn(b"hidden", written, path)

    def test_the_browser_is_told_to_trust_nothing_else(self) -> None:
        request = self.get("/")
        policy = self.header(request, "content-security-policy")
        self.assertIn("default-src 'none'", policy)
        self.assertIn("script-src 'self';", policy)
        self.assertNotIn("unsafe", policy)
        self.assertEqual(self.header(request, "x-content-type-options"), "nosniff")
        self.assertEqual(self.header(request, "x-frame-options"), "DENY")

    def test_without_a_build_it_says_how_to_make_one(self) -> None:
        self.dashboard = Dashboard(self.folder / "nothing")
        request = self.get("/")
        self.assertEqual(request.responseCode, 503)
        self.assertIn(b"make ui", b"".join(request.written))
