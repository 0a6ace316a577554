#pragma once

#define CURL_DISABLE_TYPECHECK
#include <curl/curl.h>

#include "base/library.h"

// These are macros that wrap the functions of the same names.
#undef curl_easy_setopt
#undef curl_easy_getinfo
#undef curl_multi_setopt

// The functions of libcurl that iso calls, loaded with the first request: loading libcurl and its
// dependencies takes several times as long as loading the rest of iso. Each hides the global function of its
// name, so that a function missing here fails to link.
namespace iso::curl {

inline constexpr const char* kLibrary = "libcurl.so.4";

#define ISO_LATE(name) inline constinit const LateFunction<decltype(&::name)> name{kLibrary, #name};
ISO_LATE(curl_easy_cleanup)
ISO_LATE(curl_easy_getinfo)
ISO_LATE(curl_easy_init)
ISO_LATE(curl_easy_perform)
ISO_LATE(curl_easy_reset)
ISO_LATE(curl_easy_setopt)
ISO_LATE(curl_easy_strerror)
ISO_LATE(curl_multi_add_handle)
ISO_LATE(curl_multi_cleanup)
ISO_LATE(curl_multi_info_read)
ISO_LATE(curl_multi_init)
ISO_LATE(curl_multi_perform)
ISO_LATE(curl_multi_poll)
ISO_LATE(curl_multi_remove_handle)
ISO_LATE(curl_multi_setopt)
ISO_LATE(curl_multi_strerror)
ISO_LATE(curl_slist_append)
ISO_LATE(curl_slist_free_all)
#undef ISO_LATE

}  // namespace iso::curl
