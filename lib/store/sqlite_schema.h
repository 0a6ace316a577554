#pragma once

namespace iso::store {

inline constexpr int kStoreVersion = 2;
inline constexpr int kStoreApplicationId = 0x69736F31;  // "iso1"

// man iso-store describes these tables; the insert that it shows relies on the defaults. `state_ms` has a
// value of its full width from the start, so that settling a message overwrites it in place instead of moving
// its body.
inline constexpr const char* kStoreSchema = R"sql(
CREATE TABLE iso_meta(name TEXT PRIMARY KEY, value) WITHOUT ROWID;
CREATE TABLE iso_exchanges(
  name TEXT PRIMARY KEY,
  type TEXT NOT NULL CHECK(type IN ('direct','fanout','topic','headers'))) WITHOUT ROWID;
CREATE TABLE iso_queues(
  name  TEXT PRIMARY KEY,
  owner INTEGER NOT NULL DEFAULT 0) WITHOUT ROWID;
CREATE TABLE iso_bindings(
  exchange    TEXT NOT NULL,
  queue       TEXT NOT NULL,
  routing_key TEXT NOT NULL,
  arguments   TEXT NOT NULL DEFAULT '{}',
  PRIMARY KEY(exchange, queue, routing_key, arguments)) WITHOUT ROWID;
CREATE TABLE iso_messages(
  seq            INTEGER PRIMARY KEY AUTOINCREMENT,
  queue          TEXT NOT NULL,
  state          INTEGER NOT NULL DEFAULT 0 CHECK(state BETWEEN 0 AND 3),
  state_ms       INTEGER NOT NULL DEFAULT (CAST((julianday('now') - 2440587.5) * 86400000 AS INTEGER)),
  created_ms     INTEGER NOT NULL DEFAULT (CAST((julianday('now') - 2440587.5) * 86400000 AS INTEGER)),
  expires_ms     INTEGER,
  message_id     TEXT,
  correlation_id TEXT,
  dedupe_key     TEXT,
  exchange       TEXT NOT NULL DEFAULT '',
  routing_key    TEXT,
  properties     TEXT NOT NULL DEFAULT '{}',
  attempts       INTEGER NOT NULL DEFAULT 0,
  redeliveries   INTEGER NOT NULL DEFAULT 0,
  duplicates     INTEGER NOT NULL DEFAULT 0,
  not_before_ms  INTEGER NOT NULL DEFAULT 0,
  last_error     TEXT,
  body_hash      BLOB,
  body           BLOB NOT NULL);
CREATE INDEX iso_messages_ready ON iso_messages(queue, seq) WHERE state = 0;
CREATE INDEX iso_messages_expires ON iso_messages(queue, expires_ms) WHERE state = 0 AND expires_ms IS NOT NULL;
CREATE INDEX iso_messages_done ON iso_messages(state_ms) WHERE state = 1;
CREATE INDEX iso_messages_dead ON iso_messages(queue, seq) WHERE state >= 2;
CREATE UNIQUE INDEX iso_messages_dedupe ON iso_messages(queue, dedupe_key) WHERE dedupe_key IS NOT NULL AND state <> 3;
CREATE TABLE iso_owners(owner INTEGER PRIMARY KEY);
CREATE TABLE iso_claims(seq INTEGER PRIMARY KEY, owner INTEGER NOT NULL);
CREATE TABLE iso_acks(
  message_id  TEXT NOT NULL,
  application TEXT NOT NULL,
  kind        TEXT NOT NULL CHECK(kind IN ('stored','handled','rejected','reply')),
  at_ms       INTEGER NOT NULL,
  reply_id    TEXT,
  detail      TEXT,
  PRIMARY KEY(message_id, application, kind)) WITHOUT ROWID;
INSERT INTO iso_exchanges VALUES('amq.direct','direct'),('amq.fanout','fanout'),('amq.topic','topic'),('amq.headers','headers');
INSERT INTO iso_meta VALUES('version',2),('topology',0),('body_hash','xxh3-128'),('store_id',lower(hex(randomblob(16))));
)sql";

// Makes a store of version 1 one of version 2.
inline constexpr const char* kStoreUpgrade = R"sql(
ALTER TABLE iso_messages ADD COLUMN duplicates INTEGER NOT NULL DEFAULT 0;
ALTER TABLE iso_messages ADD COLUMN not_before_ms INTEGER NOT NULL DEFAULT 0;
INSERT INTO iso_meta VALUES('store_id',lower(hex(randomblob(16))));
UPDATE iso_meta SET value = 2 WHERE name = 'version';
)sql";

}  // namespace iso::store
