"""Puts everything the web serves on one port."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from twisted.web.resource import IResource, Resource

from hesd.web.api import API
from hesd.web.app import App
from hesd.web.commands import Commands
from hesd.web.endpoint import Endpoint, endpoints_of
from hesd.web.feed import FeedFactory, FeedResource
from hesd.web.job_requests import JobRequests
from hesd.web.limits import LimitedRequest, LimitedSite
from hesd.web.metrics import Metrics
from hesd.web.openapi import Description, document
from hesd.web.operations import Operations
from hesd.web.resources.areas import Areas
from hesd.web.resources.auth import Auth
from hesd.web.resources.clock import Clock
from hesd.web.resources.drivers import Drivers
from hesd.web.resources.events import Events
from hesd.web.resources.jobs import Jobs
from hesd.web.resources.key_change import KeyChange
from hesd.web.resources.keys import Keys
from hesd.web.resources.latest import Latest
from hesd.web.resources.legacy import Legacy
from hesd.web.resources.lines import Lines
from hesd.web.resources.listeners import Listeners
from hesd.web.resources.meters import Meters
from hesd.web.resources.objects import Objects
from hesd.web.resources.profiles import Profiles
from hesd.web.resources.quarantine import Quarantine
from hesd.web.resources.readings import Readings
from hesd.web.resources.reads import Reads
from hesd.web.resources.relay import Relay
from hesd.web.resources.tokens import Tokens
from hesd.web.resources.trace import Trace
from hesd.web.resources.users import Users
from hesd.web.static import BUILT, Dashboard
from hesd.web.wire import encode

V1 = "/api/v1"
FEED = b"/api/v1/feed"


class WebSite(LimitedSite):
    """The site, and its feed: connections that have to be told when hesd stops."""

    noisy = False

    def __init__(self, resource: IResource, app: App, metrics: Metrics, feed: FeedFactory) -> None:
        super().__init__(resource, app.reactor, metrics.count)
        self.feed = feed

    def drain(self) -> None:
        """Tell the clients of the feed that hesd stops."""
        self.feed.go_away()


class _Root(Resource):
    """The feed, the API and the machines' addresses; everything else is the dashboard's."""

    def __init__(self, api: IResource, feed: IResource, dashboard: IResource) -> None:
        super().__init__()
        self._api = api
        self._feed = feed
        self._dashboard = dashboard

    def getChildWithDefault(self, name: bytes, request: LimitedRequest) -> IResource:
        # Klein and the dashboard read the whole path, so the part that was taken goes back.
        path = (name, *(request.postpath or ()))
        request.prepath, request.postpath = [], list(path)
        if request.path == FEED:
            return self._feed
        return self._api if name in (b"api", b"healthz", b"readyz", b"metrics") else self._dashboard


def build_site(app: App, dashboard: Path = BUILT) -> WebSite:
    """Everything under one roof; `dashboard` is the directory of the built page."""
    requests = JobRequests(app)
    reads, relay, tokens = Reads(requests), Relay(requests), Tokens(app, requests)
    meters = Meters(app)
    resources = (
        (V1, Auth(app.authentication)),
        (V1, meters),
        (V1, Keys(app)),
        (V1, KeyChange(app, requests)),
        (V1, Quarantine(app, meters)),
        (V1, Latest(app)),
        (V1, Readings(app)),
        (V1, Profiles(app)),
        (V1, Events(app)),
        (V1, reads),
        (V1, relay),
        (V1, tokens),
        (V1, Clock(requests)),
        (V1, Objects(app, requests)),
        (V1, Trace(app)),
        (V1, Areas(app)),
        (V1, Lines(app)),
        (V1, Listeners(app)),
        (V1, Drivers(app)),
        (V1, Jobs(app)),
        (V1, Users(app)),
        ("/api", Legacy(app)),
        ("", Operations(app)),
    )
    endpoints = [(prefix + each.path, each) for prefix, one in resources for each in endpoints_of(one)]
    api = API(app.authentication, app.reactor, behind_proxy=app.config.http.behind_proxy)
    for path, each in (*endpoints, *_description(endpoints)):
        api.mount(path, each)
    feed = FeedFactory(app.hub, app.authentication, Commands(reads, relay, tokens).call, app.reactor)
    metrics = Metrics(app.registry, app.head_end, app.writer, app.hub, lambda: len(feed.clients))
    return WebSite(_Root(api.resource, FeedResource(feed), Dashboard(dashboard)), app, metrics, feed)


def _description(endpoints: list[tuple[str, Endpoint]]) -> Iterator[tuple[str, Endpoint]]:
    for each in endpoints_of(Description(encode(document(endpoints)))):
        yield V1 + each.path, each
