#include "pump/binding.h"

#include <fmt/core.h>

#include "base/error.h"

namespace iso {

Binding read_binding(std::string_view text) {
  Binding binding;
  binding.has_key = false;
  bool escaped = false;
  std::string* part = &binding.exchange;
  for (std::size_t at = 0; at < text.size(); ++at) {
    const bool escapes =
        text[at] == '\\' && at + 1 < text.size() && (text[at + 1] == ':' || text[at + 1] == '\\');
    if (escapes) {
      *part += text[++at];
      escaped = true;
    } else if (text[at] == ':' && !binding.has_key) {
      binding.has_key = true;
      part = &binding.routing_key;
    } else {
      *part += text[at];
    }
  }
  binding.may_be_name = binding.has_key && !escaped;
  if (binding.exchange.empty())
    throw Error(
        ErrorKind::usage,
        fmt::format("--bind {}: say EXCHANGE or EXCHANGE:KEY; the default exchange has no bindings", text));
  return binding;
}

Binding existing_reading(const Binding& binding, const std::function<bool(const std::string&)>& exists) {
  if (!binding.may_be_name) return binding;
  for (Binding reading = binding;;) {
    if (exists(reading.exchange)) return reading;
    if (!reading.has_key) return binding;
    const auto colon = reading.routing_key.find(':');
    reading.exchange += ':' + reading.routing_key.substr(0, colon);
    reading.has_key = colon != std::string::npos;
    reading.routing_key = reading.has_key ? reading.routing_key.substr(colon + 1) : "";
  }
}

std::string deaf_binding_text(const Binding& binding, std::string_view type) {
  if (binding.has_key || type != "direct") return "";
  return fmt::format(
      "the exchange \"{0}\" is direct: without a key only messages with an empty routing key come; "
      "say --bind {0}:KEY",
      binding.exchange);
}

std::string key_for(const Binding& binding, std::string_view type) {
  return !binding.has_key && type == "topic" ? "#" : binding.routing_key;
}

void throw_no_exchange(std::string_view where, const Binding& binding) {
  throw Error(ErrorKind::missing,
              fmt::format("no exchange \"{}\" {}; create it with --declare{}", binding.exchange, where,
                          binding.may_be_name ? "; a colon in its name is written \\:" : ""));
}

}  // namespace iso
