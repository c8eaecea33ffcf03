-- Each table's key is an event's natural key, so an event that is handled twice has the effect of one.

CREATE TABLE IF NOT EXISTS receipts (
    natural_key TEXT PRIMARY KEY,
    line_uid TEXT NOT NULL,
    campaign TEXT,
    number TEXT NOT NULL,
    bought_at TEXT NOT NULL,
    -- In New Taiwan dollars, exactly as a decimal: of the items that match the campaign's conditions alone.
    matching_amount TEXT NOT NULL
) STRICT;

CREATE TABLE IF NOT EXISTS survey_answers (
    natural_key TEXT PRIMARY KEY,
    line_uid TEXT,
    name TEXT,
    birthday TEXT,
    aliases TEXT NOT NULL
) STRICT;

CREATE TABLE IF NOT EXISTS messages (
    natural_key TEXT PRIMARY KEY,
    phone_number TEXT,
    status TEXT,
    -- The event that the status is from: an older one that comes late must not take its place.
    event BLOB NOT NULL
) STRICT;

CREATE TABLE IF NOT EXISTS phone_numbers (
    natural_key TEXT PRIMARY KEY,
    phone_number TEXT NOT NULL,
    line_uid TEXT NOT NULL,
    customer_id TEXT
) STRICT;

CREATE TABLE IF NOT EXISTS grants (
    natural_key TEXT PRIMARY KEY,
    line_uid TEXT,
    points TEXT
) STRICT;

CREATE TABLE IF NOT EXISTS first_opens (
    natural_key TEXT PRIMARY KEY,
    line_uid TEXT NOT NULL,
    message_type TEXT NOT NULL,
    message_id TEXT NOT NULL
) STRICT;

-- Topics that are new, and events that drifted beyond reading: kept as they came, to be handled later.
CREATE TABLE IF NOT EXISTS other_events (
    natural_key TEXT PRIMARY KEY,
    topic TEXT,
    body BLOB NOT NULL
) STRICT;
