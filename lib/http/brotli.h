#pragma once

#include <memory>

#include "base/codec.h"

namespace iso::http {

// RFC 7932, by the library that libcurl uses too. Throws ErrorKind::unavailable if it is not there.
std::unique_ptr<Codec> make_brotli_codec();

}  // namespace iso::http
