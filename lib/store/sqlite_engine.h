#pragma once

#include <chrono>
#include <memory>
#include <string>

#include "store/open.h"
#include "store/reader.h"

namespace iso::store {

// The engine of a store in an SQLite file; man iso-store has its schema. Made if missing, as Access allows.
std::unique_ptr<StoreEngine> open_sqlite_engine(const std::string& path, const StoreOptions& options,
                                                Access access, std::chrono::milliseconds timeout);
std::unique_ptr<StoreReader> open_sqlite_reader(const std::string& path);

}  // namespace iso::store
