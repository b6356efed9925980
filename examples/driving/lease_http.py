"""The lease behind HTTP: a server in the process, and a driver that performs the model through requests.

A refusal is the status 409; each answer has the state of the server. Any service with an interface for tests is driven
like this, in whatever language it is written.

    check cover -p examples/lease.py:fixed --on examples/driving/lease_http.py:Driver -s leases=1
"""

from __future__ import annotations

import json
import threading
from http.client import HTTPConnection
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

from planrace import Refused


# The code under test -----------------------------------------------------------------------------------------------
class LeaseServer(ThreadingHTTPServer):
    """Gives one lease at a time, and stores writes under tokens that are not too old."""

    daemon_threads = True

    def __init__(self, most: int) -> None:
        super().__init__(("127.0.0.1", 0), LeaseHandler)
        self.most = most
        self.start_again()

    def start_again(self) -> bool:
        self.state: dict[str, Any] = {"holder": None, "given": 0, "written": 0}
        return True

    def acquire(self, worker: int) -> bool:
        if self.state["holder"] is not None or self.state["given"] == self.most:
            return False
        self.state |= {"holder": worker, "given": self.state["given"] + 1}
        return True

    def expire(self) -> bool:
        if self.state["holder"] is None:
            return False
        self.state["holder"] = None
        return True

    def write(self, token: int) -> bool:
        if token < self.state["written"]:
            return False
        self.state["written"] = token
        return True


class LeaseHandler(BaseHTTPRequestHandler):
    """``POST /acquire`` with the arguments as JSON: 200 and the state, or 409."""

    protocol_version = "HTTP/1.1"
    wbufsize = -1  # head and body in one packet: two of them would wait for an acknowledgement
    server: LeaseServer

    def do_POST(self) -> None:
        arguments = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
        done = getattr(self.server, self.path.strip("/"))(*arguments)
        body = json.dumps(self.server.state).encode()
        self.send_response(200 if done else 409)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_: object) -> None:
        """Say nothing of each request."""


# The driver --------------------------------------------------------------------------------------------------------
class Driver:
    """Performs the actions of the model; what workers remember is on this side."""

    refuses = ("acquire", "expire")

    def __init__(self, workers: int, leases: int) -> None:
        self._workers = range(1, workers + 1)
        self._server = LeaseServer(leases)
        threading.Thread(target=self._server.serve_forever, args=(0.01,), daemon=True).start()
        self._connection = HTTPConnection("127.0.0.1", self._server.server_port, timeout=5)

    def close(self) -> None:
        self._connection.close()
        self._server.shutdown()
        self._server.server_close()

    def reset(self) -> None:
        self._post("start_again")
        self._token, self._coming = dict.fromkeys(self._workers, 0), dict.fromkeys(self._workers, 0)

    def acquire(self, w: int) -> None:
        if not self._post("acquire", w):
            raise Refused("status 409")
        self._token[w] = self._state["given"]

    def expire(self) -> None:
        if not self._post("expire"):
            raise Refused("status 409")

    def notice(self, w: int) -> None:
        self._token[w] = 0

    def send(self, w: int) -> None:
        self._coming[w] = self._token[w]

    def store(self, w: int) -> str:
        token, self._coming[w] = self._coming[w], 0
        return "stored" if self._post("write", token) else "refused"

    def observe(self) -> dict[str, Any]:
        leads = {w: token > 0 for w, token in self._token.items()}
        return {**self._state, "token": self._token, "leads": leads, "coming": self._coming}

    def _post(self, path: str, *arguments: int) -> bool:
        self._connection.request("POST", f"/{path}", json.dumps(arguments))
        response = self._connection.getresponse()
        self._state = json.loads(response.read())
        return response.status == 200
