"""mutate.py NAME FILE OUT: FILE with the fault NAME planted."""

import sys

# What the file must hold exactly once, and what is put there.
FAULTS = {
    "acknowledges_before_the_commit": (
        """  if (!stored_.unless_locked([&] { store_rows(); })) return false;
  for (const Delivery& taken : batch_)
    if (taken.record.offset) next_offset_ = std::max(next_offset_, *taken.record.offset + 1);
  settle_batch();
""",
        """  settle_batch();
  if (!stored_.unless_locked([&] { store_rows(); })) return false;
""",
    ),
    "does_not_sync": ("options_.sync ? \"PRAGMA synchronous=FULL\"", "options_.sync ? \"PRAGMA synchronous=OFF\""),
    "prunes_what_is_not_done": ("WHERE state = 1 AND state_ms", "WHERE state_ms"),
    "lets_two_relay_at_once": ("return locks_.try_lock(kQueueBytes |", "return (kQueueBytes |"),
    "never_cuts_the_log": ("PRAGMA wal_checkpoint(TRUNCATE)", "PRAGMA wal_checkpoint(PASSIVE)"),
    "rests_for_ever": ("AND not_before_ms <= ?3 + ?4)", "AND ?4 > 0)"),
    "trusts_each_body": ("if (row.hash && ", "if (row.hash && row.seq < 0 && "),
    "takes_a_return_for_a_confirm": ("if (result.status == DeliveryStatus::confirmed) {", "if (result.status != DeliveryStatus::unconfirmed) {"),
    "is_not_mandatory": ("record.mandatory.value_or(true)", "record.mandatory.value_or(false)"),
    "does_not_put_again": ("if (next.sent) with(", "if (next.sent && losses_ == 0) with("),
    "has_no_heartbeat": ("if (now - last_read_ <= 2 * heartbeat_) return;", "if (now >= last_read_) return;"),
    "does_not_wait_for_confirms": (
        "sent_.push_back({next.ticket, next.record, false, {}});",
        "sent_.push_back({next.ticket, next.record, false, {}});"
        "known_.push_back({next.ticket, DeliveryStatus::confirmed, 0, {}});",
    ),
}

name, path, out = sys.argv[1:]
old, new = FAULTS[name]
with open(path, encoding="utf-8") as file:
    text = file.read()
if text.count(old) != 1:
    sys.exit(f"{path} holds {old!r} {text.count(old)} times; the fault {name} must be planted anew")
with open(out, "w", encoding="utf-8") as file:
    file.write(text.replace(old, new))
