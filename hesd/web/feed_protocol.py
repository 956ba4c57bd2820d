"""One client of the live feed."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterable
from typing import TYPE_CHECKING, Any

from autobahn.twisted.websocket import WebSocketServerProtocol
from twisted.internet.defer import Deferred
from twisted.internet.interfaces import IDelayedCall
from twisted.logger import Logger

from hesd.web.api import problem_of
from hesd.web.feed_messages import Auth, Command, Id, Message, Numbered, Subscribe, Unsubscribe, check_topic
from hesd.web.outbox import Outbox
from hesd.web.problems import Problem, ProblemType
from hesd.web.session import Session
from hesd.web.websocket_frame import text_frame
from hesd.web.wire import BodyDecoder, encode

if TYPE_CHECKING:
    from hesd.web.feed import FeedFactory

AUTH_DEADLINE = 10.0
MAX_TOPICS = 5_000
MAX_PENDING = 64
"""Messages of one client that wait for the one before them; then he is not read any more."""

_GOING_AWAY = 1001
_POLICY = 1008
_TRY_AGAIN_LATER = 1013

_decode = BodyDecoder(Message)
_decode_number = BodyDecoder(Numbered)


class FeedProtocol(WebSocketServerProtocol):  # type: ignore[misc]
    """One client. It says who it is first, and then what it wants to hear of."""

    _log = Logger()
    factory: FeedFactory

    def onOpen(self) -> None:
        self._session: Session | None = None
        self._topics: set[str] = set()
        self._pending: deque[tuple[bytes, bool]] = deque()
        self._working = False
        clock = self.factory.clock
        self._outbox = Outbox(clock, self._send, self._give_up)
        self._deadline: IDelayedCall | None = clock.callLater(
            AUTH_DEADLINE, self.end, f"no auth within {AUTH_DEADLINE:g} s"
        )
        # Without this nobody tells us that the client does not read, and what we write piles up.
        self.unregisterProducer()
        self.registerProducer(self, True)
        self.factory.clients.add(self)

    def onMessage(self, payload: bytes, isBinary: bool) -> None:
        self._pending.append((payload, isBinary))
        if not self._working:
            Deferred.fromCoroutine(self._work()).addErrback(self._broken)
        self._regulate()

    def onClose(self, *_: object) -> None:
        if self not in self.factory.clients:
            return  # it never came to onOpen
        self.factory.clients.discard(self)
        self._stop_deadline()
        self._leave(self._topics)
        self._outbox.close()

    def pauseProducing(self) -> None:
        self._outbox.pause()
        self._regulate()

    def resumeProducing(self) -> None:
        self._outbox.resume()
        self._regulate()

    def stopProducing(self) -> None:
        """The connection is gone; `onClose` follows."""

    @property
    def session(self) -> Session | None:
        return self._session

    def end(self, reason: str) -> None:
        """Close for good: this client has no right to listen any longer."""
        self._hang_up(_POLICY, reason)

    def go_away(self) -> None:
        """hesd stops; the client may come back."""
        self._hang_up(_GOING_AWAY, "hesd stops")

    def _regulate(self) -> None:
        """Who does not listen is not listened to: his questions would have answers too."""
        if self._outbox.paused or len(self._pending) >= MAX_PENDING:
            self.transport.pauseProducing()
        else:
            self.transport.resumeProducing()

    async def _work(self) -> None:
        """Answer what came, in its order."""
        self._working = True
        try:
            while self._pending and self.state == self.STATE_OPEN:
                await self._receive(*self._pending.popleft())
        finally:
            self._working = False
        self._regulate()

    async def _receive(self, payload: bytes, binary: bool) -> None:
        try:
            if binary:
                raise Problem(ProblemType.MALFORMED, "the feed speaks JSON text")
            await self._follow(_decode(payload))
        except Exception as error:
            problem = problem_of(error)
            if problem is None:
                raise
            document = {"type": problem.document.type, "detail": problem.detail, "field": problem.field}
            self._reply({"id": _id_of(payload), "type": "error", "error": document})
            if self._session is None:
                self._hang_up(_POLICY, problem.type.title)

    async def _follow(self, message: Message) -> None:
        if isinstance(message, Auth):
            await self._sign_in(message)
        elif self._session is None:
            raise Problem(ProblemType.NOT_SIGNED_IN, "the first message has to be auth")
        elif isinstance(message, Subscribe):
            self._subscribe(message)
        elif isinstance(message, Unsubscribe):
            self._leave(message.topics)
            self._reply({"id": message.id, "type": "result", "ok": True})
        else:
            await self._call(self._session, message)

    async def _sign_in(self, message: Auth) -> None:
        authentication = self.factory.authentication
        if message.ticket is not None:
            session = authentication.redeem(message.ticket)
        else:
            session = await authentication.session(message.token)
        self._stop_deadline()
        self._session = session
        left = max(0.0, session.expires_ms / 1000 - self.factory.clock.seconds())
        self._deadline = self.factory.clock.callLater(left, self.end, "the session is over")
        ready: dict[str, Any] = {"type": "ready", "seq": self.factory.hub.seq, "user": session.user}
        self._reply(ready if message.id is None else {"id": message.id, **ready})

    def _subscribe(self, message: Subscribe) -> None:
        for topic in message.topics:
            check_topic(topic)
        hub = self.factory.hub
        missed = b"" if message.since is None else hub.since(message.since, message.topics)
        self._listen(message.topics)
        self._reply({"id": message.id, "type": "result", "ok": True})
        if missed is None:
            self._reply({"type": "resync", "seq": hub.seq})
        elif missed:
            self._outbox.reply(missed)

    async def _call(self, session: Session, message: Command) -> None:
        job = await self.factory.call(session, message.name, message.data)
        self._listen([f"jobs/{job.id}"])
        self._reply({"id": message.id, "type": "result", "ok": True, "job": job})

    def _listen(self, topics: Iterable[str]) -> None:
        wanted = self._topics.union(topics)
        if len(wanted) > MAX_TOPICS:
            raise Problem(ProblemType.TOO_LARGE, f"a client may have {MAX_TOPICS} topics", field="topics")
        self._topics = wanted
        self.factory.hub.subscribe(self._outbox, topics)

    def _leave(self, topics: Iterable[str]) -> None:
        self.factory.hub.unsubscribe(self._outbox, topics)
        self._topics = self._topics.difference(topics)

    def _reply(self, message: dict[str, Any]) -> None:
        self._outbox.reply(text_frame(encode(message)))

    def _send(self, frames: bytes) -> None:
        # Frames that are ready go past Autobahn: it would build them again for each client.
        if self.state == self.STATE_OPEN:
            self.transport.write(frames)

    def _hang_up(self, code: int, reason: str) -> None:
        # Autobahn's sendClose leaves us only the codes that mean nothing to anybody.
        self.sendCloseFrame(code=code, reasonUtf8=reason.encode(), isReply=False)

    def _stop_deadline(self) -> None:
        if self._deadline is not None and self._deadline.active():
            self._deadline.cancel()
        self._deadline = None

    def _give_up(self) -> None:
        self._leave(self._topics)
        self._hang_up(_TRY_AGAIN_LATER, "you do not keep up; come back with since")

    def _broken(self, failure: Any) -> None:
        self._log.failure("a message of {peer}", failure, peer=self.peer)
        self._reply(
            {"type": "error", "error": {"type": ProblemType.INTERNAL.reference, "detail": "see the log"}}
        )


def _id_of(payload: bytes) -> Id:
    """What the answer to a message is told by, as far as that can be read."""
    try:
        id: Id = _decode_number(payload).id
    except Problem:
        return None
    return id
