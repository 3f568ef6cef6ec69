"""Requests over HTTP, timed one by one. An answer without its marker ends the run: an error never counts as fast."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from http.client import HTTPConnection, HTTPResponse
from itertools import count
from statistics import median, quantiles
from threading import Lock
from time import perf_counter
from urllib.parse import urlencode

STATEMENTS, CPU = "X-Bench-Statements", "X-Bench-CPU"
"""The headers in which ``bench.wsgi`` says what a request took: statements, microseconds of its thread."""

FORM = "application/x-www-form-urlencoded"


class WrongAnswer(SystemExit):
    """What came back is not what was asked for."""


@dataclass(frozen=True, slots=True)
class Request:
    """``marker`` stands in the answer: in a page's body, or in the address that a form leads to."""

    path: str
    marker: str
    form: dict[str, str] | None = None


@dataclass(frozen=True, slots=True)
class Person:
    """A browser that is logged in: its cookies, and the token its forms carry."""

    cookies: str
    csrf: str = ""


@dataclass(frozen=True, slots=True)
class Timing:
    """Milliseconds, requests a second, and statements of the database for one request (the most that one took).

    ``cpu`` is the median of the processor's milliseconds, which other work on the machine hardly changes.
    """

    p50: float
    p95: float
    rate: float
    cpu: float
    statements: int


def measure(port: int, person: Person, requests: Sequence[Request], connections: int) -> Timing:
    """Send the requests, shared out over so many connections that stay open."""
    turn, lock = count(), Lock()
    seconds: list[float] = []
    cpu: list[int] = []
    most = [0]

    def connection() -> None:
        client = HTTPConnection("127.0.0.1", port, timeout=60)
        for request in _mine(requests, turn, lock):
            began = perf_counter()
            response, body = _send(client, person, request)
            seconds.append(perf_counter() - began)
            _check(request, response, body)
            cpu.append(int(response.headers[CPU]))
            most[0] = max(most[0], int(response.headers[STATEMENTS]))
        client.close()

    began = perf_counter()
    with ThreadPoolExecutor(connections) as pool:
        for done in [pool.submit(connection) for _ in range(connections)]:
            done.result()
    elapsed = perf_counter() - began
    cuts = quantiles(seconds, n=20)
    return Timing(1000 * cuts[9], 1000 * cuts[18], len(seconds) / elapsed, median(cpu) / 1000, most[0])


def fetch(port: int, person: Person, path: str) -> tuple[str, str]:
    """A page's body, and the cookie it set."""
    client = HTTPConnection("127.0.0.1", port, timeout=60)
    response, body = _send(client, person, Request(path, ""))
    client.close()
    return body, (response.headers.get("Set-Cookie") or "").partition(";")[0]


def _mine(requests: Sequence[Request], turn: Iterator[int], lock: Lock) -> Iterator[Request]:
    """Each request goes to the connection that is free first."""
    while True:
        with lock:
            place = next(turn)
        if place >= len(requests):
            return
        yield requests[place]


def _send(client: HTTPConnection, person: Person, request: Request) -> tuple[HTTPResponse, str]:
    headers = {"Cookie": person.cookies, "Accept": "text/html", "Accept-Language": "zh-CN"}
    if request.form is None:
        client.request("GET", request.path, headers=headers)
    else:
        body = urlencode({**request.form, "csrf_token": person.csrf})
        client.request("POST", request.path, body=body, headers={**headers, "Content-Type": FORM})
    response = client.getresponse()
    return response, response.read().decode()


def _check(request: Request, response: HTTPResponse, body: str) -> None:
    status, seen = (200, body) if request.form is None else (302, response.headers.get("Location", ""))
    if response.status != status or request.marker not in seen:
        raise WrongAnswer(f"{request.path}: {response.status}, no {request.marker!r} in:\n{body}")
