"""A receiver in Python's standard library, by the rule as MAAC documents it.

It prints its URL, then a line of JSON per accepted event. With a file of a certificate and one of its key as
arguments, it speaks TLS.
"""

import hashlib
import hmac
import http.server
import json
import os
import ssl
import sys

SECRET = os.environ["MAAC_SHARE_SECRET"].encode()
# In the order in which the test sends them.
STYLES = [
    {},
    {"ensure_ascii": False},
    {"separators": (",", ":")},
    {"ensure_ascii": False, "separators": (",", ":")},
]


class Receiver(http.server.BaseHTTPRequestHandler):
    def do_POST(self):
        body = self.rfile.read(int(self.headers["Content-Length"]))
        expected = hmac.new(SECRET, body, hashlib.sha256).hexdigest()
        if not hmac.compare_digest(expected, self.headers.get("CrescLab-Signature", "")):
            self.answer(401, b"")
            return
        event = json.loads(body)
        received = {
            "topic": event["topic"],
            "key": self.headers["CrescLab-Idempotency-Key"],
            "content_type": self.headers["Content-Type"],
            "as_json_dumps": [json.dumps(event, **style).encode() == body for style in STYLES],
        }
        print(json.dumps(received))
        self.answer(200, b"OK")

    def answer(self, status, body):
        self.send_response(status)
        self.send_header("Content-Type", "text/plain")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_):
        pass


server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Receiver)
scheme = "http"
if sys.argv[1:]:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(*sys.argv[1:])
    server.socket = context.wrap_socket(server.socket, server_side=True)
    scheme = "https"
print(f"{scheme}://localhost:{server.server_port}/hooks")
sys.stdout.flush()
server.serve_forever()
