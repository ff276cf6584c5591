-- The tables that do not depend on schemas, in PostgreSQL.

CREATE SEQUENCE IF NOT EXISTS ktel_sequence;

CREATE TABLE IF NOT EXISTS ktel_records (
  _day integer NOT NULL,
  _sequence bigint NOT NULL,
  id text NOT NULL,
  received integer NOT NULL,
  product text,
  source text NOT NULL,
  authenticated smallint NOT NULL,
  PRIMARY KEY (_day, _sequence),
  UNIQUE (_day, id)
) PARTITION BY RANGE (_day);

CREATE TABLE IF NOT EXISTS ktel_items (
  _day integer NOT NULL,
  _sequence bigint NOT NULL,
  _position integer NOT NULL,
  field text NOT NULL,
  word text NOT NULL,
  number bigint,
  bucket text,
  PRIMARY KEY (_day, _sequence, _position, field, word)
) PARTITION BY RANGE (_day);

CREATE TABLE IF NOT EXISTS ktel_tokens (
  hash text PRIMARY KEY,
  role text NOT NULL,
  product text
);

CREATE TABLE IF NOT EXISTS ktel_keys (
  id integer PRIMARY KEY,
  secret text NOT NULL,
  made integer NOT NULL
);

CREATE TABLE IF NOT EXISTS ktel_probe (
  id integer PRIMARY KEY,
  value integer NOT NULL
);

CREATE TABLE IF NOT EXISTS ktel_tables (
  name text PRIMARY KEY,
  keep_days integer NOT NULL,
  ids text NOT NULL
);

CREATE TABLE IF NOT EXISTS ktel_counts (
  product text NOT NULL,
  _week integer NOT NULL,
  version text NOT NULL,
  schema text NOT NULL,
  field text NOT NULL,
  word text NOT NULL,
  authenticated smallint NOT NULL,
  token_group smallint NOT NULL,
  number bigint NOT NULL,
  senders bigint NOT NULL,
  PRIMARY KEY (product, _week, version, schema, field, word, authenticated, token_group)
);

CREATE INDEX IF NOT EXISTS ktel_counts_week ON ktel_counts (_week);

CREATE INDEX IF NOT EXISTS ktel_counts_totals ON ktel_counts (_week) WHERE field = '';

-- What readers see. Rows that are not shown wait for the next step of their table.
CREATE TABLE IF NOT EXISTS ktel_published (
  product text NOT NULL,
  _week integer NOT NULL,
  schema text NOT NULL,
  authenticated smallint NOT NULL,
  is_shown smallint NOT NULL,
  field text NOT NULL,
  word text NOT NULL,
  is_other smallint NOT NULL,
  number bigint NOT NULL,
  senders bigint NOT NULL,
  PRIMARY KEY (product, _week, schema, authenticated, is_shown, field, word, is_other)
);

CREATE INDEX IF NOT EXISTS ktel_published_week ON ktel_published (_week);

-- The senders of each table by token group, as they were at its last step.
CREATE TABLE IF NOT EXISTS ktel_steps (
  product text NOT NULL,
  _week integer NOT NULL,
  schema text NOT NULL,
  authenticated smallint NOT NULL,
  token_group smallint NOT NULL,
  senders bigint NOT NULL,
  PRIMARY KEY (product, _week, schema, authenticated, token_group)
);

CREATE TABLE IF NOT EXISTS ktel_count_retention (
  schema text PRIMARY KEY,
  keep_days integer NOT NULL
);

CREATE TABLE IF NOT EXISTS ktel_last (
  schema text NOT NULL,
  installation text NOT NULL,
  _week integer NOT NULL,
  product text NOT NULL,
  version text NOT NULL,
  authenticated smallint NOT NULL,
  token_group smallint NOT NULL,
  words text NOT NULL,
  PRIMARY KEY (installation, schema, _week)
);

CREATE TABLE IF NOT EXISTS ktel_audit (
  _sequence bigint PRIMARY KEY DEFAULT nextval('ktel_sequence'),
  _minute bigint NOT NULL,
  actor text NOT NULL,
  role text NOT NULL,
  action text NOT NULL,
  request text NOT NULL,
  purpose text NOT NULL,
  rows bigint NOT NULL
);

CREATE TABLE IF NOT EXISTS ktel_schema (
  id integer PRIMARY KEY,
  version integer NOT NULL
);
