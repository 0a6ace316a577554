#pragma once

#include <memory>

#include "base/codec.h"

namespace iso::http {

// A decoder for RFC 7932 from the library that libcurl uses too. Throws ErrorKind::unavailable if it is
// missing.
std::unique_ptr<Codec> make_brotli_codec();

}  // namespace iso::http
