#pragma once

#include <chrono>
#include <optional>
#include <string>

#include "base/url.h"
#include "cli/shared/environment.h"
#include "cli/shared/report.h"

namespace CLI {
class App;
}

namespace iso::cli {

// The options that every command has.
struct CommonOptions {
  std::string url, context, password_file;
  std::string timeout;
  Verbosity voice;
};

// Declares them; `timeout_help` describes what the command does when the time is up.
void add_common_options(CLI::App& app, CommonOptions& options, const std::string& timeout_help);

// Those of these options that need no end.
void add_timeout_option(CLI::App& app, std::string& timeout, const std::string& help);
void add_grace_option(CLI::App& app, std::string& grace);
void add_voice_options(CLI::App& app, Verbosity& voice);

// Binds each long option of `app` to its environment variable: --window to ISO_WINDOW. Options in the group
// kRecordGroup have none: handlers of messages use these names.
void bind_environment_variables(CLI::App& app);
inline constexpr const char* kRecordGroup = "Fields of the record";
// Of the options that each command has.
inline constexpr const char* kSharedGroup = "Shared";

// The secret in the first line of a file. Throws ErrorKind::missing, ErrorKind::io.
std::string first_line(const std::string& path);

// Adds the password in this file (unless it is "") to a broker's URL that has none. Throws as first_line().
void fill_password(Url& url, const std::string& password_file);

// --url, or that of --context, or AMQP_URL, or else RabbitMQ's default on this machine; with the password of
// --password-file. Throws ErrorKind::usage, ErrorKind::config, ErrorKind::missing.
Url resolve_url(const CommonOptions& options, const Environment& environment);

// A duration that was typed, or `otherwise` for "". Throws ErrorKind::usage.
std::chrono::milliseconds duration_or(const std::string& typed, std::chrono::milliseconds otherwise);

// --timeout, or `otherwise` if it was not given.
std::chrono::milliseconds timeout_of(const CommonOptions& options, std::chrono::milliseconds otherwise);

}  // namespace iso::cli
