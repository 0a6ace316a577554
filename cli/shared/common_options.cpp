#include "cli/shared/common_options.h"

#include <CLI/CLI.hpp>
#include <algorithm>
#include <cctype>
#include <fmt/core.h>

#include "base/duration.h"
#include "base/error.h"
#include "base/file.h"
#include "record/flat.h"

namespace iso::cli {
namespace {

constexpr std::string_view kOffset = "offset";  // in a handler it is the one of the message
constexpr const char* kDefaultUrl = "amqp://guest:guest@localhost:5672/";

struct Context {
  std::string url, password_file;
};

Context read_context(const std::string& name, const Environment& environment) {
  if (name.find('/') != std::string::npos)
    throw Error(ErrorKind::usage, fmt::format("--context {}: a context is a name, not a path", name));
  const std::string path = fmt::format("{}/{}.json", environment.config_folder(), name);
  try {
    Context context;
    for (auto& [key, value] : read_flat(read_file(path))) {
      if (key == "url") {
        context.url = std::move(value);
      } else if (key == "password_file") {
        context.password_file = std::move(value);
      } else {
        throw Error(ErrorKind::data,
                    fmt::format("unknown key \"{}\"; a context has url and password_file", key));
      }
    }
    return context;
  } catch (const Error& error) {
    if (error.kind() == ErrorKind::missing)
      throw Error(ErrorKind::config, fmt::format("no context \"{}\": there is no {}", name, path));
    throw Error(ErrorKind::config, fmt::format("{}: {}", path, error.what()));
  }
}

std::string env_name(std::string name) {
  std::transform(name.begin(), name.end(), name.begin(),
                 [](unsigned char c) { return c == '-' ? '_' : static_cast<char>(std::toupper(c)); });
  return "ISO_" + name;
}

// From a file's first line, unless that file is "".
void take_password(Url& url, const std::string& file) {
  if (file.empty()) return;
  url.password = first_line(file);
  url.has_password = true;
}

}  // namespace

void add_timeout_option(CLI::App& app, std::string& timeout, const std::string& help) {
  app.add_option("--timeout", timeout, help)->type_name("DUR")->group(kSharedGroup);
}

void add_grace_option(CLI::App& app, std::string& grace) {
  app.add_option("--grace", grace,
                 "After a signal: wait at most DUR for what is in flight, counted from the signal")
      ->type_name("DUR")
      ->default_str("5s");
}

void add_voice_options(CLI::App& app, Verbosity& voice) {
  app.add_flag("-q,--quiet", voice.quiet, "Print no warnings, notes or progress; errors are still shown")
      ->group(kSharedGroup);
  app.add_flag("-v,--verbose", voice.verbose, "Print more details, and a summary at the end")
      ->group(kSharedGroup);
  app.add_option("--color", voice.color, "Colour messages: auto, always or never")
      ->type_name("WHEN")
      ->check(CLI::IsMember({"auto", "always", "never"}))
      ->default_str("auto")
      ->group(kSharedGroup);
  app.add_option("--progress", voice.progress,
                 "Show a progress line: auto (on a terminal without data), always or never")
      ->type_name("WHEN")
      ->check(CLI::IsMember({"auto", "always", "never"}))
      ->default_str("auto")
      ->group(kSharedGroup);
}

void add_common_options(CLI::App& app, CommonOptions& options, const std::string& timeout_help) {
  app.add_option("-u,--url", options.url,
                 "amqp://…, amqps://… or sqlite:PATH; otherwise AMQP_URL, otherwise the broker on localhost")
      ->type_name("URL")
      ->group(kSharedGroup);
  app.add_option("--context", options.context,
                 "Read the URL and the password file from ~/.config/iso/NAME.json")
      ->type_name("NAME")
      ->group(kSharedGroup);
  app.add_option("--password-file", options.password_file, "Read the password from the first line of FILE")
      ->type_name("FILE")
      ->group(kSharedGroup);
  add_timeout_option(app, options.timeout, timeout_help);
  add_voice_options(app, options.voice);
}

std::string first_line(const std::string& path) {
  std::string text = read_file(path);
  return text.substr(0, text.find_first_of("\r\n"));
}

void fill_password(Url& url, const std::string& password_file) {
  const bool is_broker = url.scheme == "amqp" || url.scheme == "amqps";
  if (is_broker && !url.has_password) take_password(url, password_file);
}

void bind_environment_variables(CLI::App& app) {
  for (CLI::Option* option : app.get_options()) {
    if (option->get_lnames().empty() || option == app.get_help_ptr() || option->get_group() == kRecordGroup)
      continue;
    if (option->get_lnames().front() == kOffset) continue;
    option->envname(env_name(option->get_lnames().front()));
  }
}

Url resolve_url(const CommonOptions& options, const Environment& environment) {
  Context context;
  if (!options.context.empty()) context = read_context(options.context, environment);
  std::string text = options.url.empty() ? context.url : options.url;
  if (text.empty()) text = environment.variable("AMQP_URL").value_or(kDefaultUrl);
  Url url = parse_url(text);
  const auto& password_file = options.password_file.empty() ? context.password_file : options.password_file;
  take_password(url, password_file);
  return url;
}

std::chrono::milliseconds duration_or(const std::string& typed, std::chrono::milliseconds otherwise) {
  return typed.empty() ? otherwise : parse_duration(typed);
}

std::chrono::milliseconds timeout_of(const CommonOptions& options, std::chrono::milliseconds otherwise) {
  return duration_or(options.timeout, otherwise);
}

}  // namespace iso::cli
