"""Real servers on this machine that also fail: HTTP that hangs, breaks off, limits; SMTP that refuses."""

from __future__ import annotations

import json
import socket
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from email import message_from_bytes, policy
from email.message import EmailMessage
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

from aiosmtpd.controller import Controller
from aiosmtpd.smtp import SMTP, Envelope, Session

Answer = Callable[[BaseHTTPRequestHandler], None]


def says(document: object, status: int = 200, **headers: str) -> Answer:
    """An answer with a JSON body."""

    def answer(request: BaseHTTPRequestHandler) -> None:
        body = document if isinstance(document, bytes) else json.dumps(document).encode()
        request.send_response(status)
        for name, value in headers.items():
            request.send_header(name.replace("_", "-"), value)
        request.send_header("Content-Length", str(len(body)))
        request.end_headers()
        request.wfile.write(body)

    return answer


def hangs(seconds: float) -> Answer:
    """Takes the request and says nothing for so long."""

    def answer(request: BaseHTTPRequestHandler) -> None:
        time.sleep(seconds)
        request.close_connection = True

    return answer


def breaks_off(request: BaseHTTPRequestHandler) -> None:
    """Promises a body and closes the connection within it."""
    request.send_response(200)
    request.send_header("Content-Length", "1000")
    request.end_headers()
    request.wfile.write(b'{"errc')
    request.close_connection = True


def trickles(seconds: float) -> Answer:
    """Sends a byte of its headers now and then, so that no single read takes too long."""

    def answer(request: BaseHTTPRequestHandler) -> None:
        request.wfile.write(b"HTTP/1.1 200 OK\r\nX-Slow: ")
        end = time.monotonic() + seconds
        while time.monotonic() < end:
            try:
                request.wfile.write(b"x")
                request.wfile.flush()
            except OSError:
                break
            time.sleep(0.05)
        request.close_connection = True

    return answer


@dataclass
class Web:
    """An HTTP server. ``answers`` are used up one by one, then ``usual`` is given."""

    usual: Answer = field(default_factory=lambda: says({"errcode": 0, "code": 0}))
    answers: list[Answer] = field(default_factory=list)
    asked: list[tuple[str, dict[str, str], Any]] = field(default_factory=list)
    port: int = 0

    def url(self, path: str = "/robot/send?access_token=t0ken") -> str:
        return f"http://127.0.0.1:{self.port}{path}"


@contextmanager
def web_server() -> Iterator[Web]:
    web = Web()

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers.get("Content-Length", "0")))
            headers = {name.lower(): value for name, value in self.headers.items()}
            web.asked.append((self.path, headers, json.loads(body)))
            (web.answers.pop(0) if web.answers else web.usual)(self)

        def log_message(self, *_args: object) -> None:
            """Silent."""

    class Server(ThreadingHTTPServer):
        daemon_threads = True

        def handle_error(self, *_args: object) -> None:
            """A client that went away is part of the test."""

    server = Server(("127.0.0.1", 0), Handler)
    web.port = server.server_address[1]
    thread = threading.Thread(target=server.serve_forever, args=(0.02,), daemon=True)
    thread.start()
    try:
        yield web
    finally:
        server.shutdown()
        server.server_close()
        thread.join()


@dataclass
class Post:
    """A mail server. ``refuse`` are answers, one a message; ``taken`` what it has accepted, even if it died then."""

    port: int
    taken: list[EmailMessage] = field(default_factory=list)
    to: list[str] = field(default_factory=list)
    refuse: list[str] = field(default_factory=list)
    refuse_mailboxes: dict[str, str] = field(default_factory=dict)
    hang_seconds: float = 0

    async def handle_RCPT(  # noqa: N802  the name that aiosmtpd calls
        self, _server: SMTP, _session: Session, envelope: Envelope, address: str, _options: list[str]
    ) -> str:
        if address in self.refuse_mailboxes:
            return self.refuse_mailboxes[address]
        envelope.rcpt_tos.append(address)
        return "250 OK"

    async def handle_DATA(self, _server: SMTP, _session: Session, envelope: Envelope) -> str:  # noqa: N802
        if self.refuse:
            return self.refuse.pop(0)
        content = envelope.content
        assert isinstance(content, bytes)
        self.taken.append(message_from_bytes(content, policy=policy.default))
        self.to += envelope.rcpt_tos
        return "250 OK"


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


@contextmanager
def mail_server(post: Post | None = None, **options: Any) -> Iterator[Post]:
    post = post or Post(free_port())
    controller = Controller(post, hostname="127.0.0.1", port=post.port, **options)
    controller.start()
    try:
        yield post
    finally:
        controller.stop()


@contextmanager
def silent_server() -> Iterator[int]:
    """Accepts connections and never says a word; yields its port."""
    with socket.socket() as listening:
        listening.bind(("127.0.0.1", 0))
        listening.listen(64)
        yield int(listening.getsockname()[1])


@contextmanager
def dribbling_server() -> Iterator[int]:
    """Greets with a letter now and then, so that no single read takes too long; yields its port."""

    def dribble() -> None:
        with suppress(OSError):
            caller, _address = listening.accept()
            with caller:
                caller.sendall(b"220 ")
                while True:
                    caller.sendall(b"x")
                    time.sleep(0.05)

    with socket.socket() as listening:
        listening.bind(("127.0.0.1", 0))
        listening.listen(1)
        thread = threading.Thread(target=dribble, daemon=True)
        thread.start()
        yield int(listening.getsockname()[1])
    thread.join(5)
