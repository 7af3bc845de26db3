"""A local server of one file, which is now and then at fault."""

from __future__ import annotations

import hashlib
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

from gradus.training.data.download import RemoteFile

CONTENT = bytes(range(256)) * 8000
NAME = "set.tar.gz"


class Server:
    """Serves ``content``.

    Attributes:
        ranges: whether it sends a part of the content when it is asked for one.
        lengths: whether it tells the length of what it sends.
        cut_at: up to which position of the content the next answers go.
        status: the error that it answers with instead, if not 0.
        asked: the ranges that it was asked for.
    """

    def __init__(self, content: bytes = CONTENT) -> None:
        self.content = content
        self.ranges = True
        self.lengths = True
        self.cut_at: list[int] = []
        self.status = 0
        self.asked: list[str | None] = []
        self.address = ""

    def remote(self, content: bytes = CONTENT) -> RemoteFile:
        return RemoteFile(f"{self.address}/{NAME}", len(content), hashlib.md5(content).hexdigest())


@contextmanager
def serving(server: Server) -> Iterator[None]:
    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            asked = self.headers.get("Range")
            server.asked.append(asked)
            if server.status:
                self.send_error(server.status)
                return
            start = int(asked.removeprefix("bytes=").removesuffix("-")) if asked and server.ranges else 0
            size = len(server.content)
            if start >= size:
                self.send_error(416)
                return
            self.send_response(206 if start else 200)
            if start:
                self.send_header("Content-Range", f"bytes {start}-{size - 1}/{size}")
            if server.lengths:
                self.send_header("Content-Length", str(size - start))
            self.end_headers()
            stop = server.cut_at.pop(0) if server.cut_at else size
            self.wfile.write(server.content[start:stop])

        def log_message(self, format: str, *args: object) -> None:
            pass

    class Quiet(ThreadingHTTPServer):
        def handle_error(self, request: object, client_address: object) -> None:
            pass  # a client that hangs up

    with Quiet(("127.0.0.1", 0), Handler) as http:
        thread = threading.Thread(target=http.serve_forever, kwargs={"poll_interval": 0.01})
        thread.start()
        server.address = f"http://127.0.0.1:{http.server_port}"
        try:
            yield
        finally:
            http.shutdown()
            thread.join()
