#pragma once

#include <string>

#include "base/sqlite.h"
#include "store/open.h"
#include "store/reader.h"
#include "store/store.h"
#include "support/folder.h"

namespace iso::test {

using namespace store;

// A store in a folder of its own, and another connection to it for what other programs do.
struct SmallStore {
  explicit SmallStore(std::string_view sql = "") {
    { open_store(url(), Access::create); }  // makes it
    if (!sql.empty()) run(sql);
  }

  std::string path() const { return folder.path + "/store.db"; }
  Url url(std::string_view fragment = "") const {
    Url url;
    url.scheme = "sqlite";
    url.path = path();
    url.fragment = fragment;
    return url;
  }
  void run(std::string_view sql) const {
    sqlite::Database(path(), sqlite::Database::Open::existing).execute(sql);
  }

  Folder folder;
};

}  // namespace iso::test
