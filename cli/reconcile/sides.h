#pragma once

#include <chrono>
#include <string>
#include <string_view>
#include <vector>

#include "cli/reconcile/options.h"
#include "cli/shared/command.h"
#include "cli/shared/report.h"
#include "reconcile/sides/side.h"

namespace iso::cli {

// What both sides are asked for, read from the options once. Throws ErrorKind::usage.
struct SideTerms {
  reconcile::Rule rule;
  reconcile::KeyPointers key;
  std::vector<std::string> compared;
};
struct ReconcileSides {
  SideTerms left, right;
};
ReconcileSides read_sides(const ReconcileArgs& args);

// A side, ready to be read. Throws ErrorKind::missing, ErrorKind::unavailable, ErrorKind::usage,
// ErrorKind::io.
reconcile::Side open_left(const ReconcileArgs& args, const ReconcileSides& sides, Session& session,
                          Report& report);
reconcile::Side open_right(const ReconcileArgs& args, const ReconcileSides& sides, Session& session,
                           Report& report);

// Whether a side, or where a repair should go, is reached over HTTP.
bool is_http(std::string_view end);

// Whether a side can be read a second time: standard input and pipes cannot.
bool can_be_read_again(const std::string& side);

}  // namespace iso::cli
