#include "cli/shared/state_option.h"

#include <CLI/CLI.hpp>
#include <fmt/core.h>

#include "base/error.h"
#include "ends/open.h"
#include "store/state_source.h"

namespace iso::cli {

void add_state_option(CLI::App& app, std::string& state, const std::string& needs) {
  app.add_option("--state", state,
                 fmt::format("With {} a store: its messages that are dead, or in conflict", needs))
      ->type_name("STATE")
      ->check(CLI::IsMember({"dead", "conflict"}).description("{dead,conflict}"))
      ->needs(needs);
}

std::unique_ptr<Source> open_state(const std::string& state, const Url& url, const SourceOptions& options) {
  if (!ends::is_store(url))
    throw Error(ErrorKind::usage,
                fmt::format("--state {}: {} is not a store; a broker keeps dead messages in "
                            "the queue of a dead-letter exchange",
                            state, redacted(url)));
  store::StateOptions wanted;
  wanted.state = state == "dead" ? store::MessageState::dead : store::MessageState::conflict;
  wanted.peek = options.peek;
  wanted.timeout = options.timeout;
  return store::open_state_source(url, options.queue, wanted);
}

}  // namespace iso::cli
