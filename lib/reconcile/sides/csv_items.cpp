#include <fmt/core.h>
#include <set>

#include "base/error.h"
#include "reconcile/sides/item_reader.h"
#include "reconcile/sides/item_source.h"
#include "record/plain.h"
#include "record/scan.h"
#include "record/write.h"

namespace iso::reconcile {
namespace {

class CsvItems final : public ItemReader {
 public:
  explicit CsvItems(std::uint64_t most) : most_(most) {}

  void take(std::string_view bytes, std::string& lines) override {
    for (const char c : bytes) step(c, lines);
  }

  void finish(std::string& lines) override {
    if (state_ == State::quoted) throw Error(ErrorKind::data, "the CSV ends within quotes");
    if (!fields_.empty() || !field_.empty() || state_ != State::start) end_record(lines);
  }

 private:
  enum class State {
    start,   // of a field
    plain,   // within one
    quoted,  // within quotes
    quote,   // after a quote within quotes: the end, or one of two
  };

  void step(char c, std::string& lines) {
    if (state_ == State::quoted) return c == '"' ? void(state_ = State::quote) : keep(c);
    if (state_ == State::quote && c == '"') {
      state_ = State::quoted;
      return keep(c);
    }
    switch (c) {
      case ',':
        return end_field();
      case '\n':
        return end_record(lines);
      case '"':
        if (state_ == State::start) return void(state_ = State::quoted);
        return flaw("a quote within a field");
      default:
        if (state_ == State::quote && c != '\r') flaw("text after a quoted field");
        if (state_ == State::start) state_ = State::plain;
        keep(c);
    }
  }

  void keep(char c) {
    if (++size_ <= most_) field_ += c;
  }

  void flaw(std::string_view what) {
    if (flaw_.empty()) flaw_ = what;
  }

  void end_field() {
    if (fields_.size() <= kMostFields) fields_.push_back(std::exchange(field_, {}));
    field_.clear();
    state_ = State::start;
  }

  void end_record(std::string& lines) {
    if (field_.ends_with('\r')) field_.pop_back();  // of the line break
    const bool blank = fields_.empty() && field_.empty() && state_ != State::quote;
    end_field();
    if (fields_.size() > kMostFields) flaw(fmt::format("more than {} fields", kMostFields));
    if (size_ > most_) flaw_ = too_long_text(most_);
    if (!blank) names_.empty() ? take_names() : append(lines);
    fields_.clear();
    flaw_.clear();
    size_ = 0;
  }

  void take_names() {
    if (!flaw_.empty()) throw Error(ErrorKind::data, "the first record of the CSV: " + flaw_);
    names_ = fields_;
    if (names_[0].starts_with(kByteOrderMark)) names_[0].erase(0, kByteOrderMark.size());
    const std::set<std::string> all(names_.begin(), names_.end());
    if (all.size() != names_.size() || all.contains(""))
      throw Error(ErrorKind::data,
                  "the first record of the CSV has to name each of its columns, with a name of its own");
    for (const auto& name : names_)
      if (!is_utf8(name)) throw Error(ErrorKind::data, "the first record of the CSV is not UTF-8");
  }

  void append(std::string& lines) {
    if (flaw_.empty() && fields_.size() != names_.size())
      flaw_ = fmt::format("it has {} fields, and the first record {}", fields_.size(), names_.size());
    for (const auto& field : fields_)
      if (!is_utf8(field)) flaw("it is not UTF-8");
    if (!flaw_.empty()) {
      lines += kUnreadable + flaw_ + '\n';
      return;
    }
    char before = '{';
    for (std::size_t i = 0; i < names_.size(); ++i) {
      lines += std::exchange(before, ',');
      append_json_string(lines, names_[i]);
      lines += ':';
      append_json_string(lines, fields_[i]);
    }
    lines += "}\n";
  }

  static constexpr std::size_t kMostFields = 10'000;

  std::uint64_t most_, size_ = 0;  // of a record
  State state_ = State::start;
  std::string field_, flaw_;
  std::vector<std::string> names_, fields_;
};

}  // namespace

std::unique_ptr<ItemReader> read_csv_items(std::uint64_t most) {
  return std::make_unique<CsvItems>(most);
}

bool is_csv(std::string_view path) {
  for (const std::string_view end : {".gz", ".zst"})
    if (path.ends_with(end)) path.remove_suffix(end.size());
  return path.ends_with(".csv");
}

}  // namespace iso::reconcile
