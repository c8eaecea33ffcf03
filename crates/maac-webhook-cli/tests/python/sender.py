"""A sender in Python's standard library: python3 sender.py URL

It reads a line of JSON per event ({"topic", "data"}) and posts each in four styles of JSON. It fails where
one is not answered 200.
"""

import datetime
import hashlib
import hmac
import json
import os
import sys
import urllib.request
import uuid

SECRET = os.environ["MAAC_SHARE_SECRET"].encode()
STYLES = [
    {},
    {"ensure_ascii": False},
    {"separators": (",", ":")},
    {"ensure_ascii": False, "separators": (",", ":")},
]
TAIWAN = datetime.timezone(datetime.timedelta(hours=8))


def post(url, body):
    request = urllib.request.Request(url, data=body, headers={
        "Content-Type": "application/json; charset=utf-8",
        "CrescLab-Signature": hmac.new(SECRET, body, hashlib.sha256).hexdigest(),
        "CrescLab-Idempotency-Key": uuid.uuid4().hex,
    })
    with urllib.request.urlopen(request, timeout=60) as response:
        if response.status != 200:
            sys.exit(f"answered {response.status}")


for line in sys.stdin:
    for style in STYLES:
        now = datetime.datetime.now(TAIWAN).isoformat(timespec="microseconds")
        post(sys.argv[1], json.dumps({"timestamp": now, **json.loads(line)}, **style).encode())
