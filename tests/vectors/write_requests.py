"""Writes requests.json beside it: requests as a receiver may get them, and what becomes of each.

The rule is MAAC's (OpenAPI reference, Webhook): lower-case hex of HMAC-SHA256(share secret, raw body). The
signatures are made by Python's hmac, so that no code of ours vouches for itself; all values are our own.

A text stands for its bytes: `body` in UTF-8, a header's value in Latin-1 (one character, one byte); a body
that is not UTF-8 is `body_hex`. `rejection` is null where the request is accepted. Run it with Python 3;
with --check it writes nothing and fails where the file is not what it would write.
"""

import hashlib
import hmac
import json
import pathlib
import sys

OUT = pathlib.Path(__file__).with_name("requests.json")
SECRET = "9f2c-share-secret-current"
OLD = "71ab-share-secret-before"
KEY = "4f0c1d2e3b5a69788796a5b4c3d2e1fg"
DATA = {"prize_name": "週年慶 🎉", "points_id": "6b1f4b2e", "points_count": 65.0, "note": "a/b \"c\"\n\u007f"}
EVENT = {"timestamp": "2025-11-28T10:00:00.123456+08:00", "topic": "prize.points_added", "data": DATA}
PYTHON = json.dumps(EVENT).encode()

vectors = []


def sign(secret, body):
    return hmac.new(secret.encode(), body, hashlib.sha256).hexdigest()


def add(name, body=PYTHON, signatures=None, keys=(KEY,), rejection=None, current=SECRET, previous=None,
        key=None, topic=None, body_limit=None):
    if signatures is None:
        signatures = [sign(current, body)]
    accepted = rejection is None
    vector = {
        "name": name,
        "secrets": {"current": current, "previous": previous},
        "body_limit": body_limit,
        "signatures": list(signatures),
        "idempotency_keys": list(keys),
    }
    try:
        vector["body"] = body.decode()
    except UnicodeDecodeError:
        vector["body_hex"] = body.hex()
    vector["rejection"] = rejection
    if accepted:
        vector["idempotency_key"] = key
        vector["topic"] = topic
    vectors.append(vector)


def accepted(name, body=PYTHON, topic="prize.points_added", key=KEY, **more):
    add(name, body, topic=topic, key=key, **more)


def rejected(kind, name, **more):
    add(name, rejection=kind, **more)


accepted("as json.dumps writes it")
accepted("raw UTF-8", json.dumps(EVENT, ensure_ascii=False).encode())
accepted("compact separators", json.dumps(EVENT, separators=(",", ":")).encode())
accepted("compact raw UTF-8", json.dumps(EVENT, separators=(",", ":"), ensure_ascii=False).encode())
accepted("indented", json.dumps(EVENT, indent=2).encode())
accepted("a newline at the end, signed with the rest", PYTHON + b"\n")
accepted("the members in another order", json.dumps(dict(reversed(EVENT.items()))).encode())
accepted("an unknown topic", json.dumps(EVENT | {"topic": "new.topic"}).encode(), topic="new.topic")
accepted("drifted data", json.dumps(EVENT | {"data": {"points_id": []}}).encode())
accepted("an empty body", b"", topic=None)
accepted("not JSON", b"OK", topic=None)
accepted("not UTF-8", b"\xff\x00\xfe", topic=None)
accepted("a body of 64 KiB", json.dumps(EVENT | {"more": "x" * 65536}).encode())
accepted("a body as large as the limit", body_limit=len(PYTHON))
accepted("a secret that is not ASCII", current="密碼-🔑")
accepted("a secret longer than the hash's block", current="k" * 100)
accepted("the secret before, within its overlap", previous=OLD, signatures=[sign(OLD, PYTHON)])
accepted("the current secret, within the overlap", previous=OLD)

accepted("no idempotency key", keys=[], key=None)
accepted("an empty idempotency key", keys=[""], key=None)
accepted("two idempotency keys", keys=[KEY, KEY], key=None)
accepted("an idempotency key of 255 characters", keys=["k" * 255], key="k" * 255)
accepted("an idempotency key of 256 characters", keys=["k" * 256], key=None)
accepted("an idempotency key with a space", keys=["a b"], key=None)
accepted("an idempotency key that is not ASCII", keys=["caf\u00e9"], key=None)
accepted("an idempotency key of punctuation", keys=["~!@#$%^&*()_+|"], key="~!@#$%^&*()_+|")

GOOD = sign(SECRET, PYTHON)
rejected("missing_signature", "no signature", signatures=[])
rejected("repeated_signature", "the signature twice", signatures=[GOOD, GOOD])
rejected("repeated_signature", "a wrong signature before the good one", signatures=[sign(OLD, PYTHON), GOOD])
rejected("repeated_signature", "the good signature before an empty one", signatures=[GOOD, ""])
for name, value in [
    ("an empty signature", ""),
    ("upper case", GOOD.upper()),
    ("one character in upper case", GOOD.replace("a", "A", 1)),
    ("63 characters", GOOD[:63]),
    ("65 characters", GOOD + "0"),
    ("128 characters", GOOD + GOOD),
    ("a character that is not hexadecimal", "g" + GOOD[1:]),
    ("a character that is not ASCII", "\u00e9" + GOOD[1:]),
    ("64 characters that are not ASCII", "\u00ff" * 64),
    ("a space inside", GOOD[:32] + " " + GOOD[33:]),
    ("two signatures in one header", GOOD + "," + GOOD),
    ("the algorithm before it", "sha256=" + GOOD),
    ("0x before it", "0x" + GOOD[2:]),
    ("base64", "W9zBRr9gdU5qBCZCCJV1x1oAPwidJzmDnexYuWTsOEM="),
]:
    assert value != GOOD
    rejected("malformed_signature", "a signature with " + name if name[0].isdigit() else name, signatures=[value])
for name, value in [
    ("another secret's signature", sign("another", PYTHON)),
    ("the old secret's signature after its end", sign(OLD, PYTHON)),
    ("the secret with a newline", sign(SECRET + "\n", PYTHON)),
    ("an unkeyed hash", hashlib.sha256(PYTHON).hexdigest()),
    ("the signature of the compact form", sign(SECRET, json.dumps(EVENT, separators=(",", ":")).encode())),
    ("the signature of the raw UTF-8 form", sign(SECRET, json.dumps(EVENT, ensure_ascii=False).encode())),
    ("the signature of the data alone", sign(SECRET, json.dumps(DATA).encode())),
    ("the signature of key and body", sign(SECRET, KEY.encode() + PYTHON)),
    ("the signature of the empty body", sign(SECRET, b"")),
    ("the first bit flipped", f"{int(GOOD[0], 16) ^ 8:x}" + GOOD[1:]),
    ("the last bit flipped", GOOD[:-1] + f"{int(GOOD[-1], 16) ^ 1:x}"),
    ("all zeros", "0" * 64),
]:
    rejected("signature_mismatch", name, signatures=[value])
rejected("signature_mismatch", "a forgery without an idempotency key", signatures=[sign(OLD, PYTHON)], keys=[])
rejected("signature_mismatch", "one byte of the body changed", body=PYTHON.replace(b"65.0", b"66.0"), signatures=[GOOD])
rejected("signature_mismatch", "one byte more", body=PYTHON + b" ", signatures=[GOOD])
rejected("signature_mismatch", "one byte less", body=PYTHON[:-1], signatures=[GOOD])
rejected("signature_mismatch", "a third secret within an overlap", previous=OLD, signatures=[sign("third", PYTHON)])
rejected("body_too_large", "a body over the limit", body_limit=len(PYTHON) - 1)
rejected("no_secret", "no secret loaded", current=None, signatures=[GOOD])
rejected("missing_signature", "no signature and no secret loaded", current=None, signatures=[])

names = [vector["name"] for vector in vectors]
assert len(names) == len(set(names)), "two vectors of one name"
text = json.dumps(vectors, indent=1) + "\n"
if "--check" in sys.argv[1:]:
    sys.exit(0 if OUT.read_text() == text else f"{OUT} is not what this script writes")
OUT.write_text(text)
