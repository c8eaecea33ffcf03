-- Version 2. What no live secret verified, apart from the events; and the rotation window.

CREATE TABLE maac_inbox_quarantine (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    identity BLOB NOT NULL,
    signature BLOB NOT NULL,
    -- What it counts as of all that is kept.
    counts INTEGER NOT NULL,
    peer TEXT NOT NULL,
    -- Whether the peer had brought a genuine event.
    proven INTEGER NOT NULL,
    received_at INTEGER NOT NULL,
    endpoint TEXT NOT NULL,
    idempotency_key TEXT,
    body BLOB NOT NULL,
    -- Whoever forges must not take the place of a genuine one: its body or its signature is another.
    UNIQUE (identity, signature)
) STRICT;

CREATE INDEX maac_inbox_quarantine_by_peer ON maac_inbox_quarantine (peer, id, counts, proven);
CREATE INDEX maac_inbox_quarantine_by_endpoint ON maac_inbox_quarantine (endpoint, id);
CREATE INDEX maac_inbox_quarantine_by_age ON maac_inbox_quarantine (received_at);

CREATE TABLE maac_inbox_rotation (
    -- There is one window.
    number INTEGER PRIMARY KEY CHECK (number = 1),
    until INTEGER NOT NULL
) STRICT;
