"""A MAAC webhook receiver with nothing but Python's standard library (3.9 or later).

It verifies each request, stores the event in SQLite before it answers 200, and handles it afterwards in a thread of its
own, once, whatever is killed when:

    MAAC_SHARE_SECRET=… python3 receiver.py

LISTEN_ADDR (127.0.0.1:8080) and DATABASE (maac-events.db) say where. Put what ends TLS before it: MAAC wants https.
"""

import hashlib
import hmac
import http.server
import json
import os
import signal
import sqlite3
import sys
import threading

SECRET = os.environ["MAAC_SHARE_SECRET"].encode()
DATABASE = os.environ.get("DATABASE", "maac-events.db")
HOST, PORT = os.environ.get("LISTEN_ADDR", "127.0.0.1:8080").rsplit(":", 1)
PATH = "/webhooks/maac"
MAX_BODY = 1024 * 1024

# For tests alone: shows what was handled, and breaks what it is told to. Never set it in production.
PROBE = os.environ.get("MAAC_PROBE") == "1"


def handle(database, body):
    """Yours: what an event is to lead to. It commits together with "handled", so it happens once."""
    event = json.loads(body)
    if event.get("topic") == "prize.points_added":
        data = event["data"]
        database.execute("INSERT OR IGNORE INTO grants VALUES (?, ?)", (data["points_id"], data["points_count"]))


class Store:
    """Events from before they are answered until they are handled. The body is what identifies one: the key is not signed."""

    def __init__(self, path):
        self.lock = threading.Lock()
        self.work = threading.Event()
        self.is_down = False
        self.database = sqlite3.connect(path, isolation_level=None, check_same_thread=False)
        self.database.executescript(
            """
            PRAGMA journal_mode = WAL;
            -- A commit is on the disk before the 200 is on its way.
            PRAGMA synchronous = FULL;
            CREATE TABLE IF NOT EXISTS events (
                id INTEGER PRIMARY KEY, body_sha256 TEXT NOT NULL UNIQUE, idempotency_key TEXT, body BLOB NOT NULL,
                failures INTEGER NOT NULL DEFAULT 0, error TEXT
            );
            CREATE TABLE IF NOT EXISTS handled (event INTEGER NOT NULL REFERENCES events);
            CREATE TABLE IF NOT EXISTS grants (points_id TEXT PRIMARY KEY, points INTEGER);
            """
        )
        # What was not handled when it was last stopped.
        self.work.set()

    def add(self, body, key):
        """Makes an event durable, once however often it comes."""
        with self.lock:
            if self.is_down:
                raise sqlite3.OperationalError("the store is down")
            self.database.execute(
                "INSERT INTO events (body_sha256, idempotency_key, body) VALUES (?, ?, ?) ON CONFLICT DO NOTHING",
                (hashlib.sha256(body).hexdigest(), key, body),
            )
        self.work.set()

    def handle_all(self):
        while True:
            self.work.wait(timeout=10)
            self.work.clear()
            while self.handle_next():
                pass

    def handle_next(self):
        """Handles the oldest event that is not handled; after five failures it waits for a person."""
        with self.lock:
            try:
                self.database.execute("BEGIN IMMEDIATE")
                row = self.database.execute(
                    "SELECT id, body FROM events WHERE failures < 5 AND id NOT IN (SELECT event FROM handled) LIMIT 1"
                ).fetchone()
                if row is None:
                    self.database.execute("ROLLBACK")
                    return False
                number, body = row
                try:
                    handle(self.database, body)
                    self.database.execute("INSERT INTO handled VALUES (?)", (number,))
                except Exception as error:
                    self.database.execute("ROLLBACK")
                    self.database.execute(
                        "UPDATE events SET failures = failures + 1, error = ? WHERE id = ?", (repr(error), number)
                    )
                    return True
                self.database.execute("COMMIT")
                return True
            except sqlite3.Error as error:
                print(f"the store fails: {error}", file=sys.stderr)
                return False

    def handled(self):
        with self.lock:
            rows = self.database.execute(
                "SELECT body_sha256, count(*) FROM handled JOIN events ON id = event GROUP BY id"
            ).fetchall()
        return [{"body_sha256": digest, "count": count} for digest, count in rows]


class Receiver(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    # Of a read that brings nothing, in seconds.
    timeout = 10
    body_was_read = False

    def do_POST(self):
        self.body_was_read = False
        if PROBE and self.path == "/probe":
            return self.suffer()
        if self.path != PATH:
            # MAAC gives up at a 404: a slip in the console's URL must not cost an event.
            return self.answer(503)
        try:
            body = self.body()
        except ValueError:
            return self.answer(400)
        if body is None:
            return self.answer(413)
        self.body_was_read = True
        if not self.is_genuine(body):
            return self.answer(401)
        try:
            store.add(body, self.headers.get("CrescLab-Idempotency-Key"))
        except sqlite3.Error as error:
            # It comes back.
            print(f"the store fails: {error}", file=sys.stderr)
            return self.answer(503)
        self.answer(200, b"OK")

    def is_genuine(self, body):
        signatures = self.headers.get_all("CrescLab-Signature", [])
        expected = hmac.new(SECRET, body, hashlib.sha256).hexdigest()
        # As bytes: compare_digest takes no text outside ASCII.
        given = signatures[0].encode("latin-1", "replace") if len(signatures) == 1 else b""
        return hmac.compare_digest(expected.encode(), given)

    def body(self):
        """The bytes as they came; None where there are too many of them."""
        lengths = self.headers.get_all("Content-Length", [])
        encodings = [encoding.strip().lower() for encoding in self.headers.get_all("Transfer-Encoding", [])]
        if len(lengths) + len(encodings) != 1:
            raise ValueError("one length, or chunks")
        if encodings:
            if encodings != ["chunked"]:
                raise ValueError("an unknown encoding")
            return self.chunks()
        if not lengths[0].strip().isdecimal():
            raise ValueError("no length")
        length = int(lengths[0])
        return self.exactly(length) if length <= MAX_BODY else None

    def chunks(self):
        body = b""
        while True:
            length = int(self.rfile.readline(100).split(b";")[0], 16)
            if length < 0:
                raise ValueError("a negative length")
            if len(body) + length > MAX_BODY:
                return None
            body += self.exactly(length)
            end = self.rfile.readline(8192 if length == 0 else 2)
            while length == 0 and end.strip():
                end = self.rfile.readline(8192)
            if end.strip():
                raise ValueError("no end of a chunk")
            if length == 0:
                return body

    def exactly(self, length):
        body = self.rfile.read(length)
        if len(body) < length:
            raise ConnectionError("the body broke off")
        return body

    def answer(self, status, body=b"", content_type="text/plain"):
        # What was not read of a body must not be taken for the next request.
        self.close_connection = self.close_connection or not self.body_was_read
        self.send_response(status)
        self.send_header("Content-Type", content_type)
        self.send_header("Content-Length", str(len(body)))
        if self.close_connection:
            self.send_header("Connection", "close")
        self.end_headers()
        self.wfile.write(body)

    def do_GET(self):
        if not (PROBE and self.path == "/probe"):
            return self.answer(405)
        listing = {"handled": store.handled(), "faults": ["store_down", "store_up", "crash"]}
        self.answer(200, json.dumps(listing).encode(), "application/json")

    def suffer(self):
        fault = json.loads(self.body()).get("fault")
        if fault == "crash":
            os.kill(os.getpid(), signal.SIGKILL)
        if fault not in ("store_down", "store_up"):
            return self.answer(400)
        store.is_down = fault == "store_down"
        self.answer(204)

    def log_message(self, *_):
        pass


class Server(http.server.ThreadingHTTPServer):
    # How many connections may wait to be taken.
    request_queue_size = 128

    def handle_error(self, request, client_address):
        # A connection that broke off is nobody's fault.
        if not isinstance(sys.exc_info()[1], OSError):
            super().handle_error(request, client_address)


if __name__ == "__main__":
    store = Store(DATABASE)
    threading.Thread(target=store.handle_all, daemon=True).start()
    server = Server((HOST, int(PORT)), Receiver)
    print(f"listening on http://{HOST}:{server.server_port}{PATH}", file=sys.stderr, flush=True)
    server.serve_forever()
