#include "record/record.h"

#include "record/scan.h"

namespace iso {

BodyKind body_kind_of(std::string_view bytes) {
  if (is_json(bytes)) return BodyKind::json;
  return is_utf8(bytes) ? BodyKind::text : BodyKind::bytes;
}

}  // namespace iso
