"""The page on which a person accepts or rejects candidates, one key each, served to this machine alone."""

import json
import re
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

from jinja2 import Environment, FileSystemLoader, StrictUndefined

from recompose.errors import RecomposeError
from recompose.papers.weighted_composition.rooms.collection.files import (
    ROOMS,
    candidate_file,
    candidate_numbers,
    number_of,
)
from recompose.papers.weighted_composition.rooms.collection.labels import KINDS, labels, read_table, write_table
from recompose.papers.weighted_composition.rooms.collection.prompts import plain, prompt
from recompose.papers.weighted_composition.rooms.collection.settings import RoomsCollection

HOST = "127.0.0.1"
LONGEST = 1000
"""Bytes of a request: a label is short."""


class Labelling:
    """The labels of one class while they are given. They stand in the table alone, and are there once a key is done.

    name: the class. wanted: how many labels are asked for; fewer candidates are all asked about.
    """

    def __init__(self, name: str, wanted: int) -> None:
        self.name, self.wanted, self.lock = name, wanted, threading.Lock()
        if not candidate_numbers(name):
            raise RecomposeError(
                f"{ROOMS / 'candidates' / name}: no candidates; recompose rooms candidates --class {name} makes them"
            )
        labels(name)  # refuses those that contradict each other before anybody adds to them

    def state(self) -> dict[str, Any]:
        """How far it is: the image to label next (none in the end), the one after it, and the counts."""
        found = labels(self.name)
        unlabelled = [number for number in candidate_numbers(self.name) if number not in found]
        files = [candidate_file(self.name, each).name for each in unlabelled[: max(0, self.wanted - len(found))]]
        return {
            "image": files[0] if files else None,
            "following": files[1] if len(files) > 1 else None,
            "done": len(found),
            "accepted": sum(found.values()),
            "wanted": len(found) + len(files),
            "undo": bool(read_table(self.name)),
        }

    def label(self, image: str, kind: str) -> bool:
        """Label the image that is next; not done, and False, if it is another one: a key was pressed twice."""
        with self.lock:
            number = number_of(image)
            if number is None or kind not in KINDS or image != self.state()["image"]:
                return False
            write_table(self.name, read_table(self.name) | {number: KINDS[kind]})
            return True

    def undo(self) -> bool:
        """Take back the label that was given last on this page, if there is one."""
        with self.lock:
            table = read_table(self.name)
            if table:
                table.popitem()
                write_table(self.name, table)
                return True
            return False

    def page(self) -> str:
        """The page, which asks for everything else."""
        environment = Environment(
            loader=FileSystemLoader(Path(__file__).parent), autoescape=True, undefined=StrictUndefined
        )
        return environment.get_template("labelling.html.j2").render(name=self.name, prompt=plain(prompt(self.name)))


class _Handler(BaseHTTPRequestHandler):
    """Answers for one Labelling, `labelling`, and to this machine's browser alone."""

    labelling: Labelling

    def do_GET(self) -> None:
        """The page, how far it is, or an image."""
        if not self._is_for_us():
            return self._answer(403, b"")
        if self.path == "/":
            return self._answer(200, self.labelling.page().encode(), "text/html; charset=utf-8")
        if self.path == "/state":
            return self._told()
        asked = re.fullmatch(r"/images/(\d{5}\.png)", self.path)
        number = number_of(asked[1]) if asked else None
        path = candidate_file(self.labelling.name, number) if number is not None else None
        if path is None or not path.is_file():
            return self._answer(404, b"")
        return self._answer(200, path.read_bytes(), "image/png")

    def do_POST(self) -> None:
        """A label, or undo; JSON, which another site's page cannot send here without having asked."""
        length = self.headers.get("Content-Length", "")
        if not self._is_for_us() or self.headers.get("Content-Type") != "application/json":
            return self._answer(403, b"")
        if not length.isdecimal() or int(length) > LONGEST:
            return self._answer(400, b"")
        try:
            said = json.loads(self.rfile.read(int(length)))
            done = {"/label": lambda: self.labelling.label(said["image"], said["label"]), "/undo": self.labelling.undo}
            act = done[self.path]
        except (KeyError, ValueError):
            return self._answer(400, b"")
        try:
            return self._told(200 if act() else 409)
        except (KeyError, TypeError):
            return self._answer(400, b"")
        except RecomposeError as error:  # a full disk, a table that was edited meanwhile
            return self._answer(500, json.dumps({"error": str(error)}).encode(), "application/json")

    def _told(self, status: int = 200) -> None:
        try:
            state = self.labelling.state()
        except RecomposeError as error:
            status, state = 500, {"error": str(error)}
        self._answer(status, json.dumps(state).encode(), "application/json")

    def _is_for_us(self) -> bool:
        """Whether the browser asked for this machine by name: another site may have its own name lead here."""
        _, port = self.connection.getsockname()
        return self.headers.get("Host") in (f"{HOST}:{port}", f"localhost:{port}")

    def _answer(self, status: int, body: bytes, kind: str = "text/plain") -> None:
        self.send_response(status)
        for header, value in {
            "Content-Type": kind,
            "Content-Length": str(len(body)),
            "Cache-Control": "no-store",
            "X-Content-Type-Options": "nosniff",
            "Content-Security-Policy": "default-src 'none'; img-src 'self'; connect-src 'self';"
            " style-src 'unsafe-inline'; script-src 'unsafe-inline'",
        }.items():
            self.send_header(header, value)
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, format: str, *arguments: Any) -> None:
        """Nothing: the page shows what is done."""


@contextmanager
def served(labelling: Labelling, port: int = 0) -> Iterator[tuple[str, ThreadingHTTPServer]]:
    """A server of the page and its address; port 0 takes a free one. It answers while `serve_forever` runs."""
    handler = type("Handler", (_Handler,), {"labelling": labelling})
    try:
        server = ThreadingHTTPServer((HOST, port), handler)
    except OSError as error:
        raise RecomposeError(f"--port {port}: {error.strerror}; name another one, or 0 for a free one") from None
    with server:
        yield f"http://{HOST}:{server.server_address[1]}/", server


def serve(name: str, rooms_collection: RoomsCollection, port: int) -> None:
    """Serve the page of a class until Ctrl-C."""
    with served(Labelling(name, rooms_collection.labels), port) as (address, server):
        print(f"{name}: {address} is open on this machine; Ctrl-C ends it, and nothing is lost", flush=True)
        try:
            server.serve_forever(poll_interval=0.2)
        except KeyboardInterrupt:
            print(f"{name}: {len(labels(name))} labels so far", flush=True)
