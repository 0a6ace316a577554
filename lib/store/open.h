#pragma once

#include <chrono>
#include <memory>

#include "base/url.h"
#include "store/engine.h"

namespace iso::store {

// What a store is opened for.
enum class Access {
  look,    // as it is: nothing is made, and it may be where nothing can be written
  use,     // one that is missing is ErrorKind::missing
  create,  // one that is missing is made
};

// What the query of a store's URL says.
struct StoreOptions {
  bool adopt = false;                   // also in a database of another program
  bool sync = true;                     // false: a loss of power may cost what was stored last
  std::chrono::milliseconds retain{0};  // how long done messages are kept; 0: not at all
};

// Throws ErrorKind::usage.
StoreOptions store_options(const Url& url);

struct OpenStore {
  StoreOptions options;
  std::unique_ptr<StoreEngine> engine;
};

// Opens a store, set up if it is new, by the engine that its scheme names. Throws ErrorKind::io for what is
// not ours, and leaves it as it was; ErrorKind::unavailable when another process kept it locked for longer
// than `timeout` (0: without limit).
OpenStore open_store(const Url& url, Access access,
                     std::chrono::milliseconds timeout = std::chrono::seconds(5));

}  // namespace iso::store
