"""A MAAC webhook receiver with nothing but Python's standard library (3.9 or later).

It verifies each request, stores the event in SQLite before it answers 200, and handles it afterwards in a thread of its
own, however long that takes. What it writes of an event is written once, whatever is killed when:

    MAAC_SHARE_SECRET=… python3 receiver.py

LISTEN_ADDR (127.0.0.1:8080) and DATABASE (maac-events.db) say where. Put what ends TLS before it: MAAC wants https.

The table of events grows with each. What may go, while it runs or not, are the bodies of those that were handled:

    UPDATE events SET body = '' WHERE handled > 0 AND received_at < datetime('now', '-30 days');

Keep their rows, of some 150 bytes each: by their digests an event is known that a stranger sends again years later.
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
import time

SECRET = os.environ.get("MAAC_SHARE_SECRET", "").encode()
DATABASE = os.environ.get("DATABASE", "maac-events.db")
HOST, PORT = os.environ.get("LISTEN_ADDR", "127.0.0.1:8080").rsplit(":", 1)
PATH = "/webhooks/maac"
MAX_BODY = 1024 * 1024

# For tests alone: shows what was handled, and breaks what it is told to. Never set it in production.
PROBE = os.environ.get("MAAC_PROBE") == "1"


def handle(event):
    """Yours: what an event is to lead to. It gives the statements to be carried out, which commit together with "handled",
    so that they happen once. Whatever else it does may happen twice, where it is killed in between."""
    if event.get("topic") == "prize.points_added":
        data = event["data"]
        return [("INSERT OR IGNORE INTO grants VALUES (?, ?)", (data["points_id"], data["points_count"]))]
    return []


class Store:
    """Events from before they are answered until they are handled. The body is what identifies one: the key is not signed."""

    def __init__(self, path):
        # Held for no longer than a statement or a commit takes: never while an event is handled.
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
                received_at TEXT NOT NULL DEFAULT CURRENT_TIMESTAMP, handled INTEGER NOT NULL DEFAULT 0,
                failures INTEGER NOT NULL DEFAULT 0, due REAL NOT NULL DEFAULT 0, error TEXT
            );
            CREATE INDEX IF NOT EXISTS waiting ON events (due, id) WHERE handled = 0;
            CREATE TABLE IF NOT EXISTS grants (points_id TEXT PRIMARY KEY, points INTEGER);
            """
        )

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
            try:
                while self.handle_next():
                    pass
            except sqlite3.Error as error:
                print(f"the store fails: {error}", file=sys.stderr)
            # What failed is due again by and by.
            self.work.wait(timeout=1)
            self.work.clear()

    def handle_next(self):
        """Handles the oldest event that is due, where there is one. One that fails is tried again after 1 s, then after
        twice as long each time, up to an hour."""
        with self.lock:
            row = self.database.execute(
                "SELECT id, body, failures FROM events WHERE handled = 0 AND due <= ? ORDER BY due, id LIMIT 1",
                (time.time(),),
            ).fetchone()
        if row is None:
            return False
        number, body, failures = row
        try:
            self.commit(handle(json.loads(body)), number)
        except Exception as error:
            print(f"event {number} was not handled: {error!r}", file=sys.stderr)
            due = time.time() + min(2**failures, 3600)
            again = "UPDATE events SET failures = failures + 1, due = ?, error = ? WHERE id = ?"
            with self.lock:
                self.database.execute(again, (due, repr(error), number))
        return True

    def commit(self, statements, number):
        with self.lock:
            self.database.execute("BEGIN IMMEDIATE")
            try:
                for statement, values in statements:
                    self.database.execute(statement, values)
                self.database.execute("UPDATE events SET handled = handled + 1 WHERE id = ?", (number,))
                self.database.execute("COMMIT")
            except BaseException:
                # A failed COMMIT may have ended the transaction.
                if self.database.in_transaction:
                    self.database.execute("ROLLBACK")
                raise

    def handled(self):
        with self.lock:
            rows = self.database.execute("SELECT body_sha256, handled FROM events WHERE handled > 0").fetchall()
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
    if not SECRET:
        sys.exit("MAAC_SHARE_SECRET is not set")
    store = Store(DATABASE)
    threading.Thread(target=store.handle_all, daemon=True).start()
    server = Server((HOST, int(PORT)), Receiver)
    print(f"listening on http://{HOST}:{server.server_port}{PATH}", file=sys.stderr, flush=True)
    try:
        server.serve_forever()
    except KeyboardInterrupt:
        pass
