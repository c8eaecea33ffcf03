-- What was pushed, and who opened it. `following` is what follows of an SMS+ message by itself.

CREATE TABLE sandbox_pnp_messages (
    id INTEGER PRIMARY KEY,
    message TEXT NOT NULL,
    following TEXT
) STRICT;

CREATE TABLE sandbox_openapi_events (
    id INTEGER PRIMARY KEY,
    event TEXT NOT NULL
) STRICT;

-- One without a message is a broadcast.
CREATE TABLE sandbox_messages (
    id INTEGER PRIMARY KEY,
    message TEXT
) STRICT;

CREATE TABLE sandbox_opens (
    message INTEGER NOT NULL REFERENCES sandbox_messages (id) ON DELETE CASCADE,
    line_uid TEXT NOT NULL,
    PRIMARY KEY (message, line_uid)
) STRICT, WITHOUT ROWID;
