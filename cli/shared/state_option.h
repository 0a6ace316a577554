#pragma once

#include <memory>
#include <string>

#include "base/url.h"
#include "pump/end_options.h"

namespace CLI {
class App;
}

namespace iso::cli {

// --state, of a store's messages: dead or conflict. "": those that are ready.
void add_state_option(CLI::App& app, std::string& state, const std::string& needs);

// The messages of this state, in the queue of `options`. Throws ErrorKind::usage if `url` is not a store.
std::unique_ptr<Source> open_state(const std::string& state, const Url& url, const SourceOptions& options);

}  // namespace iso::cli
