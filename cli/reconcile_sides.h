#pragma once

#include <chrono>
#include <string>
#include <string_view>
#include <vector>

#include "cli/command.h"
#include "cli/reconcile_options.h"
#include "cli/report.h"
#include "reconcile/side.h"

namespace iso {

// What both sides are asked for, read from the options once. Throws Kind::usage.
struct SideTerms {
  Rule rule;
  KeyPointers key;
  std::vector<std::string> compared;
};
struct ReconcileSides {
  SideTerms left, right;
};
ReconcileSides read_sides(const ReconcileOptionsTyped& args);

// A side, ready to be read. Throws Kind::missing, Kind::unavailable, Kind::usage, Kind::io.
Side open_left(const ReconcileOptionsTyped& args, const ReconcileSides& sides, Session& session,
               Report& report);
Side open_right(const ReconcileOptionsTyped& args, const ReconcileSides& sides, Session& session,
                Report& report);

// Whether a side, or where a repair should go, is reached over HTTP.
bool is_http(std::string_view end);

// Whether a side can be read a second time: standard input and pipes cannot.
bool can_be_read_again(const std::string& side);

}  // namespace iso
