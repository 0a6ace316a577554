#pragma once

#include <cstdint>
#include <optional>
#include <string_view>

#include "record/record.h"

namespace iso {

// Reads one record from one JSON object. The body's bytes are taken verbatim from `json`; its kind is json
// for `body`, text for `text`, bytes for `base64`. At most one of the three; none is allowed, since settings
// are records without a body. `priority`, `expiration` and `timestamp` may be given in the other JSON shapes
// that the manual names. `queue`, `redelivered`, `delivery_count`, `received_at` are read, for the caller to
// drop. Throws Error(ErrorKind::data): what is wrong, with the byte offset and field; an unknown field
// suggests the nearest; a field `error` says that the record is one of --rejects that was not mended yet.
Record read_record(std::string_view json);

// A time to live in a queue, in milliseconds, as RabbitMQ reads it: decimal, a sign is allowed. Nothing for
// anything else, and for one that is negative or longer than 49 days.
std::optional<std::uint32_t> expiration_ms(std::string_view text);

}  // namespace iso
