"""Takes what is posted: `webhook.py PORT FILE` appends each body to the file, a line each."""

import sys
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path

PORT, FILE = int(sys.argv[1]), Path(sys.argv[2])


class Handler(BaseHTTPRequestHandler):
    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers["Content-Length"]))
        with FILE.open("ab") as file:
            file.write(body + b"\n")
        self.send_response(204)
        self.end_headers()


HTTPServer(("127.0.0.1", PORT), Handler).serve_forever()
