#pragma once

#include <cstdint>
#include <optional>
#include <string_view>

#include "record/record.h"

namespace iso {

// Reads one record from one JSON object. The body's bytes are taken verbatim from `json`; its kind is json
// for `body`, text for `text`, bytes for `base64`. At most one of the three, or none: settings are records
// without a body. `priority`, `expiration` and `timestamp` may also have the other JSON types that the manual
// names. `queue`, `redelivered`, `delivery_count`, `offset` and `received_at` are read; the caller drops
// them. Throws Error(ErrorKind::data) with the byte offset and the field; for an unknown field it suggests
// the nearest known one; a field `error` means that the record is from --rejects and was not repaired yet.
Record read_record(std::string_view json);

// A time to live in a queue, in milliseconds, as RabbitMQ reads it: decimal, with an optional sign. Nothing
// for anything else, and if it is negative or longer than 49 days.
std::optional<std::uint32_t> expiration_ms(std::string_view text);

}  // namespace iso
