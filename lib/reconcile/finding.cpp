#include "reconcile/finding.h"

#include <algorithm>
#include <fmt/core.h>
#include <utility>

#include "reconcile/json/rules.h"
#include "record/write.h"

namespace iso::reconcile {
namespace {

Finding::Found found_at(const Side& side, Place place) {
  auto item = read_item(side, place);
  const std::uint64_t line = item->row ? 0 : side.line_number(place);
  return {&side, place, std::move(item), line};
}

Finding::Copies read_copies(const Side& side, const FindingRef::Copies& ref) {
  Finding::Copies copies;
  copies.count = ref.count;
  if (ref.count != 0) copies.first = found_at(side, ref.first);
  if (ref.has_other) copies.other = found_at(side, ref.other);
  return copies;
}

const Rule* rule_at(const Rule& root, const std::vector<std::string>& tokens) {
  const Rule* rule = &root;
  for (const auto& token : tokens)
    if (rule) rule = rule->find(token);
  return rule;
}

std::string path_of(const std::vector<std::string>& tokens, std::size_t count) {
  std::string path;
  for (std::size_t i = 0; i < count; ++i) path += "/" + pointer_token(tokens[i]);
  return path;
}

std::string why_not_compared(const Item& item, const KeyPointers& key) {
  if (!item.why.empty()) return item.why;
  if (item.is_reduced) return "--memory has no room to read a message of this size";
  std::string pointers;
  for (const auto& tokens : key) pointers += (pointers.empty() ? "" : ", ") + path_of(tokens, tokens.size());
  return fmt::format("it has no key: there is no text, number or boolean at {}", pointers);
}

void append_place(std::string& out, const Finding::Found& found) {
  const auto& row = found.item->row;
  if (!row) {
    out += fmt::format(R"("line":{},"offset":{})", found.line, found.place.offset());
    return;
  }
  out += fmt::format(R"("row":{})", row->row);
  if (row->settled != RowState::Settled::unknown)
    out += fmt::format(R"(,"state":"{}")", name_of(row->settled));
}

void append_copies(std::string& out, std::string_view name, const Finding::Copies& copies) {
  if (!copies.first) return;
  out += fmt::format(R"(,"{}":{{"end":)", name);
  append_json_string(out, copies.first->side->name);
  out += ',';
  append_place(out, *copies.first);
  if (copies.count > 1) out += fmt::format(R"(,"copies":{})", copies.count);
  if (copies.other) {
    out += R"(,"other":{)";
    append_place(out, *copies.other);
    out += '}';
  }
  out += '}';
}

bool is_id(const Change& change) {
  return change.path == "/message_id" || change.path == "/correlation_id";
}

bool is_made_on_the_way(const Change& change) {
  return change.op == Change::Op::add && is_id(change);
}

// Adds `value` at `tokens` of left, which lacks it, and perhaps some of the objects around it.
void add_with_parents(Difference& difference, const Item& left, const std::vector<std::string>& tokens,
                      const Value& value) {
  std::size_t there = tokens.size() - 1;
  while (there > 0 &&
         !find_value(left.value, {tokens.begin(), tokens.begin() + static_cast<std::ptrdiff_t>(there)}))
    --there;
  difference.made = std::make_unique<std::string>(value.text);
  for (std::size_t i = tokens.size() - 1; i > there; --i) {
    std::string object = "{";
    append_json_string(object, tokens[i]);
    *difference.made = object + ":" + *difference.made + "}";
  }
  difference.changes.push_back({Change::Op::add, path_of(tokens, there + 1), {}, *difference.made});
}

// The changes are those of left as it is read. If its body stands there otherwise, it is put as it is read
// first.
void respell_first(Difference& difference, const Item& left) {
  if (!left.spelling.body) return;
  const auto& [name, text] = *left.spelling.body;
  const auto body = std::find_if(left.value.members.begin(), left.value.members.end(),
                                 [](const auto& member) { return is_body_field(member.name); });
  const std::string path = "/" + body->name;
  const auto of_body = [&path](const Change& change) {
    return change.path == path || change.path.starts_with(path + "/");
  };
  auto& changes = difference.changes;
  if (std::none_of(changes.begin(), changes.end(), of_body)) return;
  for (Change& change : changes)
    if (change.path == path && change.op != Change::Op::add) change.before = body->value.text;
  changes.insert(changes.begin(),
                 {{Change::Op::remove, "/" + name, text, {}}, {Change::Op::add, path, {}, body->value.text}});
}

}  // namespace

Difference difference(const Side& left_side, const Item& left, const Side& right_side, const Item& right) {
  const auto& tokens = left_side.compared;
  const Value* const before = find_value(left.value, tokens);
  const Value* const after = find_value(right.value, right_side.compared);
  Difference difference;
  if (left.is_reduced || right.is_reduced) {  // the digests say that they are not the same
    difference.changes.push_back({Change::Op::replace, path_of(tokens, tokens.size()), {}, {}});
    difference.is_left_out = true;
    return difference;
  }
  if (before && after) {
    difference.changes =
        changes(*before, *after, rule_at(left_side.rule, tokens), path_of(tokens, tokens.size()));
  } else if (before) {
    difference.changes.push_back(
        {Change::Op::remove, path_of(tokens, tokens.size()), before->verbatim(), {}});
  } else if (after) {
    add_with_parents(difference, left, tokens, *after);
  }
  if (is_for_messages(left_side.rule) && is_message(left.value, left_side.rule) &&
      is_message(right.value, right_side.rule))
    std::erase_if(difference.changes, is_made_on_the_way);
  respell_first(difference, left);
  return difference;
}

bool are_copies(const Side& left_side, const Item* left, const Side& right_side, const Item& one,
                const Item& other) {
  if (!is_message(one.value, right_side.rule) || !is_message(other.value, right_side.rule)) return false;
  if (left && !is_message(left->value, left_side.rule)) return false;
  const auto has = [left](std::string_view id) {
    const Value* const value = left ? left->value.find(id) : nullptr;
    return value && value->kind != Value::Kind::null;
  };
  const auto differences = changes(one.value, other.value, &right_side.rule, "");
  return std::all_of(differences.begin(), differences.end(),
                     [&](const Change& change) { return is_id(change) && !has(change.path.substr(1)); });
}

Finding FindingReader::read(const FindingRef& ref) const {
  Finding finding;
  finding.status = ref.status;
  finding.left = read_copies(left_, ref.left);
  finding.right = read_copies(right_, ref.right);
  const bool has_left = finding.left.first.has_value();
  const Side& side = has_left ? left_ : right_;
  const Item& item = *(has_left ? finding.left : finding.right).first->item;
  if (ref.status == Status::invalid) {
    finding.error = why_not_compared(item, side.key);
    return finding;
  }
  finding.key = key_json(item.value, side.key);
  if (ref.status == Status::different)
    finding.difference = difference(left_, *finding.left.first->item, right_, *finding.right.first->item);
  if (finding.difference.is_left_out) finding.error = "no patch: --memory has no room for items of this size";
  const bool waits = ref.status == Status::inflight || ref.status == Status::stuck;
  if (has_left && (waits || ref.status == Status::missing || ref.status == Status::unacked))
    finding.age_ms = age_of(item, side);
  if (ref.status == Status::unacked || (waits && !expected_.empty())) {
    const auto& answers = finding.right.first;
    finding.lacks = answers ? unanswered(answers->item->value, expected_) : expected_;
  }
  return finding;
}

// Of a time in the future there is none.
std::optional<std::int64_t> FindingReader::age_of(const Item& item, const Side& side) const {
  const auto time = item.time_ms(side.received_now);
  return time && *time <= now_ms_ ? std::optional(now_ms_ - *time) : std::nullopt;
}

void append_finding(std::string& out, const Finding& finding) {
  out += fmt::format(R"({{"status":"{}")", name_of(finding.status));
  if (!finding.key.empty()) out += R"(,"key":)" + finding.key;
  append_copies(out, "left", finding.left);
  append_copies(out, "right", finding.right);
  if (finding.age_ms) out += fmt::format(R"(,"age_s":{})", *finding.age_ms / 1000);
  if (!finding.lacks.empty()) {
    out += R"(,"lacks":[)";
    for (const auto& application : finding.lacks) {
      append_json_string(out, application);
      out += ',';
    }
    out.back() = ']';
  }
  if (finding.status == Status::different && !finding.difference.is_left_out) {
    out += R"(,"patch":)";
    append_patch(out, finding.difference.changes);
  }
  if (!finding.error.empty()) {
    out += R"(,"error":)";
    append_json_string(out, finding.error);
  }
  out += '}';
}

void append_summary(std::string& out, const ReconcileTally& tally, std::uint64_t repaired, int exit_code) {
  out +=
      fmt::format(R"({{"status":"summary","left":{},"right":{},"ok":{})", tally.left, tally.right, tally.ok);
  for (std::size_t i = 0; i < kStatusNames.size(); ++i)
    out += fmt::format(R"(,"{}":{})", kStatusNames[i], tally.found[i]);
  if (repaired != 0) out += fmt::format(R"(,"repaired":{})", repaired);
  out += fmt::format(R"(,"exit":{}}})", exit_code);
}

}  // namespace iso::reconcile
