#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <vector>

#include "pump/end.h"
#include "record/condition.h"

namespace iso::ends {

struct PickOptions {
  std::vector<Condition> where;
  // What becomes of a record that is not picked. `hold`: it is in a queue, and is kept back from it until the
  // end, when all of them are given back at once; else it would come again and again. `pass`: it is in an
  // input, or is only looked at, and nothing becomes of it. Of a stream, which keeps what is read of it,
  // nothing is held either.
  enum class Others { hold, pass };
  Others others = Others::hold;
  bool is_broker = false;  // only its records have the offset of a stream
  // Most that are held; the source ends there.
  std::size_t most_held = 65'000;
  Notice notice = [](std::string_view) {};
};

// Takes from a source what fulfils all conditions. Bad input of an input is taken, so that it is told; a
// message of a queue that cannot be read is not picked.
std::unique_ptr<Source> picking_source(std::unique_ptr<Source> from, PickOptions options);

}  // namespace iso::ends
