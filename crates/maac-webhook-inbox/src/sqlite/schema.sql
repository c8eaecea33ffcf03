-- Version 1. Times are microseconds since 1970. No text of a payload is in a typed column.

CREATE TABLE maac_inbox_identities (
    identity BLOB PRIMARY KEY,
    endpoint TEXT NOT NULL,
    -- The key that the body came with.
    idempotency_key TEXT,
    content BLOB,
    first_seen INTEGER NOT NULL
) STRICT, WITHOUT ROWID;

CREATE INDEX maac_inbox_identities_by_age ON maac_inbox_identities (first_seen);

CREATE INDEX maac_inbox_identities_by_key ON maac_inbox_identities (endpoint, idempotency_key)
    WHERE idempotency_key IS NOT NULL;

CREATE TABLE maac_inbox_events (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    state TEXT NOT NULL CHECK (state IN ('waiting', 'leased', 'done', 'dead', 'held')),
    -- When it is due where it waits, when its lease ends where it is leased, else when it was settled.
    at INTEGER NOT NULL,
    attempts INTEGER NOT NULL DEFAULT 0,
    claims INTEGER NOT NULL DEFAULT 0,
    key_reused INTEGER NOT NULL,
    received_at INTEGER NOT NULL,
    endpoint TEXT NOT NULL,
    idempotency_key TEXT,
    matched TEXT NOT NULL,
    signature BLOB NOT NULL,
    body BLOB NOT NULL
) STRICT;

-- One for each thing that is looked for, each no larger than what it is looked for in.
CREATE INDEX maac_inbox_events_waiting ON maac_inbox_events (at, id) WHERE state = 'waiting';
CREATE INDEX maac_inbox_events_leased ON maac_inbox_events (at) WHERE state = 'leased';
CREATE INDEX maac_inbox_events_done ON maac_inbox_events (at) WHERE state = 'done';
CREATE INDEX maac_inbox_events_dead ON maac_inbox_events (id) WHERE state = 'dead';
CREATE INDEX maac_inbox_events_held ON maac_inbox_events (id) WHERE state = 'held';

CREATE TABLE maac_inbox_failures (
    event INTEGER NOT NULL REFERENCES maac_inbox_events (id) ON DELETE CASCADE,
    claim INTEGER NOT NULL,
    attempt INTEGER NOT NULL,
    ended_at INTEGER NOT NULL,
    error TEXT NOT NULL,
    PRIMARY KEY (event, claim)
) STRICT, WITHOUT ROWID;
