#pragma once

#include <sqlite3.h>

#include "base/library.h"

// The functions of libsqlite3 that iso calls. The library is loaded with the first store: publish and listen
// on a broker do not need it. In this namespace each hides SQLite's own declaration, so that a call to one
// that is not listed does not link.
namespace iso::sqlite {

#define ISO_LATE(name) inline constinit const LateFunction<decltype(&::name)> name{"libsqlite3.so.0", #name};
ISO_LATE(sqlite3_bind_blob64)
ISO_LATE(sqlite3_bind_int64)
ISO_LATE(sqlite3_bind_null)
ISO_LATE(sqlite3_bind_text64)
ISO_LATE(sqlite3_busy_handler)
ISO_LATE(sqlite3_changes64)
ISO_LATE(sqlite3_clear_bindings)
ISO_LATE(sqlite3_close_v2)
ISO_LATE(sqlite3_column_blob)
ISO_LATE(sqlite3_column_bytes)
ISO_LATE(sqlite3_column_int64)
ISO_LATE(sqlite3_column_type)
ISO_LATE(sqlite3_db_config)
ISO_LATE(sqlite3_db_filename)
ISO_LATE(sqlite3_errcode)
ISO_LATE(sqlite3_errmsg)
ISO_LATE(sqlite3_exec)
ISO_LATE(sqlite3_extended_result_codes)
ISO_LATE(sqlite3_finalize)
ISO_LATE(sqlite3_open_v2)
ISO_LATE(sqlite3_prepare_v3)
ISO_LATE(sqlite3_progress_handler)
ISO_LATE(sqlite3_reset)
ISO_LATE(sqlite3_step)
ISO_LATE(sqlite3_wal_autocheckpoint)
ISO_LATE(sqlite3_wal_hook)
#undef ISO_LATE

}  // namespace iso::sqlite
