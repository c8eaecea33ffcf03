-- Times are microseconds since 1970; ids are UUIDs as text.

CREATE TABLE sandbox_saved (
    name TEXT PRIMARY KEY,
    value TEXT NOT NULL
) STRICT, WITHOUT ROWID;

CREATE TABLE sandbox_deliveries (
    seq INTEGER PRIMARY KEY AUTOINCREMENT,
    id TEXT NOT NULL UNIQUE,
    endpoint TEXT NOT NULL,
    endpoint_name TEXT NOT NULL,
    origin TEXT NOT NULL,
    replay_of TEXT,
    topic TEXT NOT NULL,
    idempotency_key TEXT NOT NULL,
    body BLOB NOT NULL,
    accepted_at INTEGER NOT NULL,
    url TEXT,
    headers TEXT,
    attempts INTEGER NOT NULL DEFAULT 0,
    status INTEGER,
    error TEXT,
    attempt_began_at INTEGER,
    next_attempt_at INTEGER,
    outcome TEXT,
    because TEXT,
    ended_at INTEGER
) STRICT;

CREATE INDEX sandbox_deliveries_of_endpoint ON sandbox_deliveries (endpoint, seq);
CREATE INDEX sandbox_deliveries_under_way ON sandbox_deliveries (seq) WHERE outcome IS NULL;

CREATE TABLE sandbox_attempts (
    delivery INTEGER NOT NULL REFERENCES sandbox_deliveries (seq) ON DELETE CASCADE,
    number INTEGER NOT NULL,
    started_at INTEGER NOT NULL,
    duration INTEGER NOT NULL,
    status INTEGER,
    headers TEXT,
    body BLOB,
    truncated INTEGER NOT NULL DEFAULT FALSE,
    error TEXT,
    error_message TEXT,
    retry_after INTEGER,
    PRIMARY KEY (delivery, number)
) STRICT, WITHOUT ROWID;

CREATE TABLE sandbox_events (
    seq INTEGER PRIMARY KEY AUTOINCREMENT,
    id TEXT NOT NULL UNIQUE,
    topic TEXT NOT NULL,
    happened_at INTEGER NOT NULL
) STRICT;

CREATE TABLE sandbox_verdicts (
    event INTEGER NOT NULL REFERENCES sandbox_events (seq) ON DELETE CASCADE,
    position INTEGER NOT NULL,
    endpoint TEXT NOT NULL,
    endpoint_name TEXT NOT NULL,
    delivery TEXT,
    because TEXT,
    PRIMARY KEY (event, position)
) STRICT, WITHOUT ROWID;
