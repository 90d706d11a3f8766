"""An authority whose limit is reached, as Let's Encrypt would say it: before the real pebble.

`acme_proxy.py CERTIFICATE KEY SECONDS`: new orders are answered with 429, the rest is passed on.
"""

import http.client
import json
import ssl
import sys
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

CERTIFICATE, KEY, SECONDS = sys.argv[1:]


class Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def _pass(self) -> None:
        body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
        context = ssl.create_default_context(cafile=CERTIFICATE)
        behind = http.client.HTTPSConnection("127.0.0.1", 14000, context=context)
        headers = {name: value for name, value in self.headers.items() if name != "Connection"}
        behind.request(self.command, self.path, body, headers)
        answer = behind.getresponse()
        content, status = answer.read(), answer.status
        given = {name: answer.headers[name] for name in answer.headers if name != "Content-Length"}
        if self.path == "/order-plz":
            kind = "urn:ietf:params:acme:error:rateLimited"
            detail = "too many certificates already issued for this exact set of names"
            content = json.dumps({"type": kind, "detail": detail, "status": 429}).encode()
            status, given["Content-Type"] = 429, "application/problem+json"
            given["Retry-After"] = SECONDS
        self.send_response_only(status)
        for name, value in given.items():
            self.send_header(name, value)
        self.send_header("Content-Length", str(len(content)))
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(content)

    do_GET = do_POST = do_HEAD = _pass  # noqa: N815 - http.server's names


server = ThreadingHTTPServer(("127.0.0.1", 14001), Handler)
context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
context.load_cert_chain(CERTIFICATE, KEY)
server.socket = context.wrap_socket(server.socket, server_side=True)
server.serve_forever()
