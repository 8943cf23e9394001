"""A Unix socket that hands values of an execution plan to a tool's shim as the agent hands out inputs; all else is the agent's."""
import contextlib
import http.server
import json
import os
import shutil
import socketserver
import tempfile
import threading
from urllib.parse import unquote

import weft_client as client

#: The longest path of a Unix socket, with some room.
MAX_PATH = 100


class Server(socketserver.ThreadingMixIn, socketserver.UnixStreamServer):
    daemon_threads = True


@contextlib.contextmanager
def serve(values, folder):
    """Serves `values`, a function for each name, while the block runs; its value is the socket's path."""
    class Handler(http.server.BaseHTTPRequestHandler):
        def do_GET(self):
            *_, kind, name = self.path.split('/')
            ask = values.get(unquote(name)) if kind == 'inputs' else None
            if ask is None:
                return self.forward()
            try:
                self.answer(200, json.dumps(ask()), 'application/json')
            except client.AgentError as error:
                self.answer(410, str(error), 'text/plain')

        def do_PUT(self):
            self.forward()

        def forward(self):
            body = self.rfile.read(int(self.headers.get('Content-Length', 0)))
            headers = {name: self.headers[name] for name in ('Accept', 'Content-Type') if name in self.headers}
            try:
                status, text = client.request(self.command, self.path, body, headers)
            except client.AgentError as error:
                status, text = 503, str(error)
            self.answer(status, text, 'text/plain')

        def answer(self, status, text, content_type):
            body = text.encode()
            self.send_response(status)
            self.send_header('Content-Type', content_type)
            if status != 204:
                self.send_header('Content-Length', str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *args):
            pass

    path = os.path.join(folder, 'values.sock')
    short = None if len(path.encode()) <= MAX_PATH else tempfile.mkdtemp(prefix='weft-')
    path = path if short is None else os.path.join(short, 's')
    with contextlib.suppress(FileNotFoundError):
        os.remove(path)
    mask = os.umask(0o177)
    try:
        server = Server(path, Handler)
    finally:
        os.umask(mask)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    try:
        yield path
    finally:
        server.shutdown()
        server.server_close()
        if short is not None:
            shutil.rmtree(short)
