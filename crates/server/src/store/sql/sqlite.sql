-- The tables that do not depend on schemas, in SQLite.

CREATE TABLE IF NOT EXISTS ktel_records (
  _sequence INTEGER PRIMARY KEY,
  _day INTEGER NOT NULL,
  id TEXT NOT NULL,
  received INTEGER NOT NULL,
  product TEXT,
  source TEXT NOT NULL,
  authenticated INTEGER NOT NULL,
  UNIQUE (_day, id)
) STRICT;

CREATE TABLE IF NOT EXISTS ktel_items (
  _day INTEGER NOT NULL,
  _sequence INTEGER NOT NULL,
  _position INTEGER NOT NULL,
  field TEXT NOT NULL,
  word TEXT NOT NULL,
  number INTEGER,
  bucket TEXT,
  PRIMARY KEY (_day, _sequence, _position, field, word)
) STRICT, WITHOUT ROWID;

CREATE TABLE IF NOT EXISTS ktel_tokens (
  hash TEXT PRIMARY KEY,
  role TEXT NOT NULL,
  product TEXT
) STRICT, WITHOUT ROWID;

CREATE TABLE IF NOT EXISTS ktel_keys (
  id INTEGER PRIMARY KEY,
  secret TEXT NOT NULL,
  made INTEGER NOT NULL
) STRICT;

CREATE TABLE IF NOT EXISTS ktel_probe (
  id INTEGER PRIMARY KEY,
  value INTEGER NOT NULL
) STRICT;

CREATE TABLE IF NOT EXISTS ktel_tables (
  name TEXT PRIMARY KEY,
  keep_days INTEGER NOT NULL,
  ids TEXT NOT NULL
) STRICT, WITHOUT ROWID;

CREATE TABLE IF NOT EXISTS ktel_counts (
  product TEXT NOT NULL,
  _week INTEGER NOT NULL,
  version TEXT NOT NULL,
  schema TEXT NOT NULL,
  field TEXT NOT NULL,
  word TEXT NOT NULL,
  authenticated INTEGER NOT NULL,
  token_group INTEGER NOT NULL,
  number INTEGER NOT NULL,
  senders INTEGER NOT NULL,
  PRIMARY KEY (product, _week, version, schema, field, word, authenticated, token_group)
) STRICT, WITHOUT ROWID;

CREATE INDEX IF NOT EXISTS ktel_counts_week ON ktel_counts (_week);

CREATE INDEX IF NOT EXISTS ktel_counts_totals ON ktel_counts (_week) WHERE field = '';

-- What readers see. Rows that are not shown wait for the next step of their table.
CREATE TABLE IF NOT EXISTS ktel_published (
  product TEXT NOT NULL,
  _week INTEGER NOT NULL,
  schema TEXT NOT NULL,
  authenticated INTEGER NOT NULL,
  is_shown INTEGER NOT NULL,
  field TEXT NOT NULL,
  word TEXT NOT NULL,
  is_other INTEGER NOT NULL,
  number INTEGER NOT NULL,
  senders INTEGER NOT NULL,
  PRIMARY KEY (product, _week, schema, authenticated, is_shown, field, word, is_other)
) STRICT, WITHOUT ROWID;

CREATE INDEX IF NOT EXISTS ktel_published_week ON ktel_published (_week);

-- The senders of each table by token group, as they were at its last step.
CREATE TABLE IF NOT EXISTS ktel_steps (
  product TEXT NOT NULL,
  _week INTEGER NOT NULL,
  schema TEXT NOT NULL,
  authenticated INTEGER NOT NULL,
  token_group INTEGER NOT NULL,
  senders INTEGER NOT NULL,
  PRIMARY KEY (product, _week, schema, authenticated, token_group)
) STRICT, WITHOUT ROWID;

CREATE TABLE IF NOT EXISTS ktel_count_retention (
  schema TEXT PRIMARY KEY,
  keep_days INTEGER NOT NULL
) STRICT, WITHOUT ROWID;

CREATE TABLE IF NOT EXISTS ktel_last (
  schema TEXT NOT NULL,
  installation TEXT NOT NULL,
  _week INTEGER NOT NULL,
  product TEXT NOT NULL,
  version TEXT NOT NULL,
  authenticated INTEGER NOT NULL,
  token_group INTEGER NOT NULL,
  words TEXT NOT NULL,
  PRIMARY KEY (installation, schema, _week)
) STRICT, WITHOUT ROWID;

CREATE TABLE IF NOT EXISTS ktel_audit (
  _sequence INTEGER PRIMARY KEY,
  _minute INTEGER NOT NULL,
  actor TEXT NOT NULL,
  role TEXT NOT NULL,
  action TEXT NOT NULL,
  request TEXT NOT NULL,
  purpose TEXT NOT NULL,
  rows INTEGER NOT NULL
) STRICT;

CREATE TABLE IF NOT EXISTS ktel_schema (
  id INTEGER PRIMARY KEY,
  version INTEGER NOT NULL
) STRICT;
