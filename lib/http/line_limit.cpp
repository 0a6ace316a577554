#include "http/line_limit.h"

namespace iso::http {

bool LineLimit::may_begin(const std::string& origin) const {
  const auto found = origins_.find(origin);
  return found == origins_.end() || found->second.is_shared || found->second.running < kMost;
}

void LineLimit::begin(const std::string& origin) {
  ++origins_[origin].running;
}

void LineLimit::connect(const std::string& origin, int line) {
  Origin& its = origins_[origin];
  if (++its.lines[line] > 1) its.is_shared = true;
}

bool LineLimit::may_open(const std::string& origin) const {
  const auto found = origins_.find(origin);
  return found == origins_.end() || !found->second.is_shared || found->second.lines.empty();
}

void LineLimit::end(const std::string& origin, int line) {
  const auto found = origins_.find(origin);
  if (found == origins_.end()) return;
  Origin& its = found->second;
  if (const auto on = its.lines.find(line); on != its.lines.end() && --on->second == 0) its.lines.erase(on);
  if (--its.running == 0) origins_.erase(found);
}

}  // namespace iso::http
