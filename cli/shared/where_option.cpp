#include "cli/shared/where_option.h"

#include <CLI/CLI.hpp>
#include <algorithm>

#include "ends/open.h"
#include "ends/picking_source.h"

namespace iso::cli {
namespace {

constexpr std::uint16_t kMostWithUs = UINT16_MAX;  // a consumer of AMQP can have no more

std::vector<Condition> conditions(const std::vector<std::string>& texts) {
  return {texts.begin(), texts.end()};
}

}  // namespace

void WhereOption::add_to(CLI::App& app, const std::string& group) {
  app.add_option("--where", texts_,
                 "Take only messages of which this is true, such as /body/total>3; may be repeated, and all "
                 "must be true")
      ->type_name("TEST")
      ->take_all()
      ->expected(1)
      ->group(group);
}

void WhereOption::check() const {
  (void)conditions(texts_);
}

void WhereOption::prepare(SourceOptions& options) const {
  if (!is_given()) return;
  options.count = 0;
  options.prefetch = options.at_once = kMostWithUs;
  options.peek_most = kMostWithUs;
  options.few_at_first = false;
}

std::unique_ptr<Source> WhereOption::pick(std::unique_ptr<Source> source, const Url& url,
                                          const SourceOptions& options, std::size_t window,
                                          Report& report) const {
  if (!is_given()) return source;
  ends::PickOptions pick;
  pick.where = conditions(texts_);
  pick.others = options.peek ? ends::PickOptions::Others::pass : ends::PickOptions::Others::hold;
  pick.is_broker = ends::traits_of(url).remote;
  pick.most_held = kMostWithUs - std::min<std::size_t>(window, kMostWithUs / 2);
  pick.notice = [&report](std::string_view text) { report.warning(text); };
  return ends::picking_source(std::move(source), std::move(pick));
}

std::unique_ptr<Source> WhereOption::pick_looked_at(std::unique_ptr<Source> source) const {
  ends::PickOptions pick;
  pick.where = conditions(texts_);
  pick.others = ends::PickOptions::Others::pass;
  return ends::picking_source(std::move(source), std::move(pick));
}

}  // namespace iso::cli
