#include "cli/reconcile/sides.h"

#include <algorithm>
#include <filesystem>
#include <fmt/core.h>
#include <fstream>
#include <system_error>
#include <tuple>
#include <utility>

#include "base/compressed.h"
#include "base/error.h"
#include "base/url.h"
#include "cli/reconcile/page_items.h"
#include "cli/shared/header_options.h"
#include "ends/open.h"
#include "reconcile/sides/item_source.h"

namespace iso::cli {
namespace {

using Tokens = std::vector<std::string>;

constexpr std::chrono::seconds kConnectTime{30};

constexpr std::size_t kMostTokens = 100;  // a rule's place is found by recursion

Tokens tokens_of(std::string_view pointer) {
  Tokens tokens = pointer_tokens(pointer);
  if (tokens.size() > kMostTokens)
    throw Error(ErrorKind::usage,
                fmt::format("a pointer of {} names; at most {} are allowed", tokens.size(), kMostTokens));
  return tokens;
}

// "/a=/b": the place on the left, and on the right. A pointer starts with /, so = before one parts the two.
std::pair<Tokens, Tokens> pair_of(std::string_view text) {
  auto at = text.find("=/");
  if (at == std::string_view::npos && text.ends_with('=')) at = text.size() - 1;
  if (at == std::string_view::npos) return {tokens_of(text), tokens_of(text)};
  return {tokens_of(text.substr(0, at)), tokens_of(text.substr(at + 1))};
}

bool is_within(const Tokens& place, const Tokens& outer) {
  return place.size() > outer.size() && std::equal(outer.begin(), outer.end(), place.begin());
}

// `pointer` within what is compared on the left, or all of that if `itself`.
Tokens within(const Tokens& compared, std::string_view option, std::string_view pointer, bool itself) {
  const Tokens tokens = tokens_of(pointer);
  if (std::find(tokens.begin(), tokens.end(), "*") != tokens.end())
    throw Error(ErrorKind::usage,
                fmt::format("{} {}: a pointer names one place; * is no wildcard", option, pointer));
  if (tokens.size() < compared.size() + (itself ? 0 : 1) ||
      !std::equal(compared.begin(), compared.end(), tokens.begin()))
    throw Error(ErrorKind::usage,
                fmt::format("{} {}: that is not within what --compare names on the left", option, pointer));
  return {tokens.begin() + static_cast<std::ptrdiff_t>(compared.size()), tokens.end()};
}

reconcile::Rule& rule_below(SideTerms& side, const Tokens& below) {
  return side.rule.at(side.compared).at(below);
}

void add_key(SideTerms& side, Tokens tokens) {
  side.rule.at(tokens).key = static_cast<int>(side.key.size());
  side.key.push_back(std::move(tokens));
}

// The same key again adds nothing; a place that stands for two keys has no meaning.
bool is_known_key(const ReconcileSides& sides, const Tokens& left, const Tokens& right,
                  std::string_view text) {
  for (std::size_t i = 0; i < sides.left.key.size(); ++i) {
    const bool same_left = sides.left.key[i] == left, same_right = sides.right.key[i] == right;
    if (same_left && same_right) return true;
    if (same_left || same_right)
      throw Error(ErrorKind::usage, fmt::format("--key {}: another --key has the same place on the {}", text,
                                                same_left ? "left" : "right"));
  }
  return false;
}

// An element of an array whose order does not matter has no place: nothing can be said of what is in it.
void check_unordered(const ReconcileArgs& args, const SideTerms& side, const Tokens& below,
                     std::string_view pointer) {
  Tokens array = side.compared;
  array.insert(array.end(), below.begin(), below.end());
  const auto refuse = [pointer](std::string_view what) {
    throw Error(
        ErrorKind::usage,
        fmt::format("{} is within the array of --unordered {}, whose elements have no place", what, pointer));
  };
  if (array.empty()) return;  // items that have a key are no arrays
  for (const auto& key : side.key)
    if (is_within(key, array)) refuse("a --key");
  for (const auto& other : args.unordered)
    if (is_within(tokens_of(other), tokens_of(pointer))) refuse("--unordered " + other);
  for (const auto& other : args.ignored)
    if (is_within(tokens_of(other), tokens_of(pointer))) refuse("--ignore " + other);
}

// A store that is given as a file.
void refuse_database(const Url& url) {
  constexpr std::string_view kMagic = "SQLite format 3";
  std::error_code none;
  if (url.scheme != "file" || !std::filesystem::is_regular_file(url.path, none)) return;
  std::ifstream file(url.path, std::ios::binary);
  std::string start(kMagic.size(), '\0');
  if (file.read(start.data(), static_cast<std::streamsize>(start.size())) && start == kMagic)
    throw Error(ErrorKind::usage, fmt::format("{} is a database; say sqlite:{}#QUEUE", url.path, url.path));
}

// It can be read where and as often as we like; a pipe cannot, nor what is compressed.
bool is_plain_file(const Url& url) {
  std::error_code none;
  return url.scheme == "file" && compression_of(url.path) == Compression::none &&
         std::filesystem::is_regular_file(url.path, none);
}

std::unique_ptr<reconcile::ItemSource> open_items(const Url& url, const ReconcileArgs& args, Report& report) {
  if (ends::is_store(url)) return reconcile::open_store_items(url);
  if (url.scheme == "file") return reconcile::open_file_items(url.path);
  SourceOptions options;
  options.name = "iso reconcile";
  options.timeout = duration_or(args.timeout, kConnectTime);
  options.notice = [&report](std::string_view text) { report.note(text); };
  return reconcile::open_queue_items(url, options);
}

void open_text(reconcile::Side& side, const std::string& end, const ReconcileArgs& args, Session& session,
               Report& report) {
  const std::string folder = session.environment.temporary_folder();
  if (is_http(end)) {
    PageOptions options;
    options.fields = read_header_options(args.headers, args.bearer_file);
    options.items = pointer_tokens(args.items);
    options.timeout = duration_or(args.timeout, kConnectTime);
    auto source = std::make_unique<PageItems>(end, std::move(options), session);
    side.name = source->name();
    side.text = std::make_unique<reconcile::LineFile>(std::move(source), folder);
    return;
  }
  Url url = parse_url(end);
  fill_password(url, args.password_file);
  refuse_database(url);
  side.name = redacted(url);
  side.rows = ends::is_store(url);
  side.received_now = !side.rows && url.scheme != "file";
  side.ledger = side.rows && reconcile::is_ledger(url);
  side.text = is_plain_file(url)
                  ? std::make_unique<reconcile::LineFile>(url.path)
                  : std::make_unique<reconcile::LineFile>(open_items(url, args, report), folder);
}

reconcile::Side open_side(const std::string& end, const SideTerms& terms, const ReconcileArgs& args,
                          Session& session, Report& report) {
  reconcile::Side side;
  side.rule = terms.rule;
  side.key = terms.key;
  side.compared = terms.compared;
  open_text(side, end, args, session, report);
  return side;
}

}  // namespace

bool is_http(std::string_view end) {
  return end.starts_with("http:") || end.starts_with("https:") || end.starts_with("http+");
}

ReconcileSides read_sides(const ReconcileArgs& args) {
  ReconcileSides sides;
  auto& [left, right] = sides;
  for (const auto& key : args.keys.empty() ? std::vector<std::string>{"/message_id"} : args.keys) {
    auto [of_left, of_right] = pair_of(key);
    if (is_known_key(sides, of_left, of_right, key)) continue;
    add_key(left, std::move(of_left));
    add_key(right, std::move(of_right));
  }
  if (!args.compare.empty()) std::tie(left.compared, right.compared) = pair_of(args.compare.front());
  for (SideTerms* const side : {&left, &right}) {
    if (args.compare.empty()) reconcile::ignore_delivery_fields(side->rule);
    side->rule.at(side->compared).compared = true;
    for (const auto& pointer : args.ignored)
      rule_below(*side, within(left.compared, "--ignore", pointer, false)).ignored =
          reconcile::Rule::Ignored::always;
    for (const auto& pointer : args.unordered) {
      const Tokens below = within(left.compared, "--unordered", pointer, true);
      rule_below(*side, below).unordered = true;
      check_unordered(args, *side, below, pointer);
    }
  }
  return sides;
}

reconcile::Side open_left(const ReconcileArgs& args, const ReconcileSides& sides, Session& session,
                          Report& report) {
  return open_side(args.left, sides.left, args, session, report);
}

reconcile::Side open_right(const ReconcileArgs& args, const ReconcileSides& sides, Session& session,
                           Report& report) {
  reconcile::Side side = open_side(args.right, sides.right, args, session, report);
  if (!args.expected.empty() && !side.ledger)
    throw Error(ErrorKind::usage, "--expect needs RIGHT to be a ledger: sqlite:PATH#acks");
  return side;
}

bool can_be_read_again(const std::string& side) {
  std::error_code none;
  return side != "-" && !std::filesystem::is_fifo(side, none);
}

}  // namespace iso::cli
