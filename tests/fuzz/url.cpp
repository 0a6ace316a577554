// What is shown of a URL does not depend on its password, and is a URL again: the same, without its password.
#include "base/url.h"

#include <algorithm>
#include <optional>

#include "base/error.h"
#include "require.h"

using namespace iso;
using fuzz::require;

namespace {

constexpr std::string_view kHidden = "***";

// The URL, or what is wrong with it.
std::optional<Url> parse(std::string_view text, std::string& why) {
  try {
    return parse_url(text);
  } catch (const Error& error) {
    require(error.kind() == ErrorKind::usage, "a bad URL is a fault of usage", error.what());
    why = error.what();
    return std::nullopt;
  }
}

// Another password that is as good or as bad: letters and digits change, escapes stay escapes, and a zero byte, which
// is refused, stays.
std::string with_other_password(std::string_view text) {
  std::string other(text);
  const auto start = text.find("://");
  if (start == text.npos) return other;
  const auto end = std::min(text.find_first_of("/?#", start + 3), text.size());
  const auto at = text.substr(0, end).rfind('@');
  const auto colon = text.find(':', start + 3);
  if (at == text.npos || colon == text.npos) return other;
  for (auto i = colon + 1; i < at; ++i) {
    if (text.substr(i, 3) == "%00") {
      i += 2;
      continue;
    }
    const bool digit = text[i] >= '0' && text[i] <= '9';
    const bool hex = (text[i] >= 'a' && text[i] <= 'f') || (text[i] >= 'A' && text[i] <= 'F');
    const bool letter = hex || (text[i] >= 'g' && text[i] <= 'z') || (text[i] >= 'G' && text[i] <= 'Z');
    if (digit || hex) other[i] = text[i] == '7' ? '8' : '7';
    if (letter && !hex) other[i] = text[i] == 'x' ? 'y' : 'x';
  }
  return other;
}

bool is_secret(std::string_view option) {
  return option.find("password") != option.npos && option != "password_file";
}

void check_shown(const Url& url) {
  const std::string shown = redacted(url);
  Url other = url;
  other.password += "something else";
  for (auto& [name, value] : other.query)
    if (is_secret(name)) value += "something else";
  require(redacted(other) == shown, "what is shown does not depend on a password", redacted(other), shown);

  std::string why;
  const auto again = parse(shown, why);
  require(again.has_value(), "what is shown is a URL", shown, why);
  require(redacted(*again) == shown, "what is shown is shown the same again", redacted(*again), shown);
  require(again->scheme == url.scheme && again->user == url.user && again->path == url.path &&
              again->fragment == url.fragment && again->hosts == url.hosts,
          "what is shown is the same URL", shown);
  require(again->query.size() == url.query.size(), "what is shown has the same options", shown);
  for (std::size_t i = 0; i < url.query.size(); ++i)
    require(again->query[i].first == url.query[i].first &&
                again->query[i].second == (is_secret(url.query[i].first) ? kHidden : url.query[i].second),
            "what is shown has the same options", shown);
}

}  // namespace

int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const auto text = fuzz::text_of(data, size);
  std::string why, other_why;
  const auto url = parse(text, why);
  if (url) {
    check_shown(*url);
  } else {
    parse(with_other_password(text), other_why);
    require(why == other_why, "what is wrong is said without the password", why, other_why);
  }
  return 0;
}
