#include "record/settings.h"

#include <algorithm>
#include <fmt/core.h>

#include "base/error.h"
#include "record/members.h"

namespace iso {
namespace {

// The text with its comments overwritten by spaces, so that offsets stay the same. Throws Fault.
std::string without_comments(std::string_view text) {
  std::string out(text);
  const auto blank = [&out](std::size_t from, std::size_t to) {
    for (std::size_t i = from; i < to; ++i)
      if (out[i] != '\n') out[i] = ' ';
  };
  for (std::size_t at = 0; at < out.size(); ++at) {
    if (out[at] == '"') {
      for (++at; at < out.size() && out[at] != '"' && out[at] != '\n'; ++at)
        if (out[at] == '\\') ++at;
    } else if (text.substr(at, 2) == "//") {
      const std::size_t end = std::min(text.find('\n', at), text.size());
      blank(at, end);
      at = end;
    } else if (text.substr(at, 2) == "/*") {
      const std::size_t end = text.find("*/", at + 2);
      if (end == text.npos) throw Fault{at, "this comment is not closed"};
      blank(at, end + 2);
      at = end + 1;
    }
  }
  return out;
}

struct Place {
  std::size_t line, column;  // from 1, columns in bytes
  std::string_view text;     // the whole line
};

Place place_of(std::string_view text, std::size_t offset) {
  offset = std::min(offset, text.size());
  const auto before = text.substr(0, offset);
  const auto start = before.rfind('\n') == before.npos ? 0 : before.rfind('\n') + 1;
  const auto end = std::min(text.find('\n', start), text.size());
  return {static_cast<std::size_t>(std::count(before.begin(), before.end(), '\n')) + 1, offset - start + 1,
          text.substr(start, end - start)};
}

// "file:2:5: why", the line, and a caret under the place. Tabs stay tabs, so that the caret lines up.
std::string shown(std::string_view text, std::string_view name, const Fault& fault) {
  const Place place = place_of(text, fault.offset);
  std::string indent(place.text.substr(0, std::min(place.column - 1, place.text.size())));
  std::replace_if(
      indent.begin(), indent.end(), [](char c) { return c != '\t'; }, ' ');
  return fmt::format("{}:{}:{}: {}\n  {}\n  {}^", name, place.line, place.column, fault.why, place.text,
                     indent);
}

class SettingsReader {
 public:
  SettingsReader(std::string_view text, std::string_view name) : text_(text), name_(name) {}

  Settings read() {
    try {
      const std::string plain = without_comments(text_);
      ObjectWalker walker(plain, ObjectWalker::Holes::allowed);
      while (const auto member = walker.next()) take(*member);
    } catch (const Fault& fault) {
      faults_.push_back(fault);
    }
    if (!faults_.empty()) throw Error(ErrorKind::config, all_faults());
    return std::move(settings_);
  }

 private:
  void take(const Member& member) {
    const auto read = read_json_string(member.name);
    if (!read) {
      faults_.push_back({member.name_at, std::string(kHalfASurrogatePair)});
      return;
    }
    const std::string& name = *read;
    if (std::find(seen_.begin(), seen_.end(), name) != seen_.end()) {
      faults_.push_back({member.name_at, fmt::format("{} is given twice", name)});
      return;
    }
    seen_.push_back(name);
    const bool hole = member.value.empty();
    try {
      set_member(settings_.record, name, hole ? "null" : member.value);
    } catch (const Fault& fault) {
      faults_.push_back(
          {fault.offset == kAtName ? member.name_at : member.value_at + fault.offset, fault.why});
      return;
    }
    if (hole)
      settings_.warnings.push_back(fmt::format("{}:{}: {} has no value; it is left unset", name_,
                                               place_of(text_, member.name_at).line, name));
  }

  std::string all_faults() const {
    std::string all;
    for (const Fault& fault : faults_) all += (all.empty() ? "" : "\n") + shown(text_, name_, fault);
    return all;
  }

  std::string_view text_, name_;
  Settings settings_;
  std::vector<std::string> seen_;
  std::vector<Fault> faults_;
};

}  // namespace

Settings read_settings(std::string_view text, std::string_view name) {
  return SettingsReader(text, name).read();
}

}  // namespace iso
