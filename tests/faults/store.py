"""Reads a store with Python's own SQLite: the witness of what is in the file."""

import contextlib
import sqlite3


def open_store(path):
    return contextlib.closing(sqlite3.connect(path, timeout=20))


def message_ids(path, queue=None):
    with open_store(path) as database:
        rows = database.execute("SELECT message_id FROM iso_messages WHERE ?1 IS NULL OR queue = ?1 ORDER BY seq", (queue,))
        return [row[0] for row in rows]


def acknowledged_ids(path):
    """The messages that the ledger has an answer to."""
    with open_store(path) as database:
        return [row[0] for row in database.execute("SELECT message_id FROM iso_acks ORDER BY message_id")]


def message_states(path):
    """(message_id, state) in the order of arrival."""
    with open_store(path) as database:
        return database.execute("SELECT message_id, state FROM iso_messages ORDER BY seq").fetchall()


def is_whole(path):
    with open_store(path) as database:
        return database.execute("PRAGMA integrity_check").fetchone()[0] == "ok"


def stored_after_crash(path, read=message_ids):
    """(ids, whole) of a file as a crash left it. No table yet is an empty store."""
    try:
        return read(path), is_whole(path)
    except sqlite3.OperationalError as error:
        if "no such table" in str(error) or "unable to open" in str(error):
            return [], True
        return [], False
    except sqlite3.DatabaseError:
        return [], False
