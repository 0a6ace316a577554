#include "cli/reconcile_sides.h"

#include <algorithm>
#include <filesystem>
#include <fmt/format.h>
#include <system_error>
#include <tuple>
#include <utility>

#include "base/compressed.h"
#include "base/duration.h"
#include "base/error.h"
#include "base/url.h"
#include "cli/header_options.h"
#include "cli/page_feed.h"
#include "reconcile/feed.h"

namespace iso {
namespace {

using Tokens = std::vector<std::string>;

constexpr std::chrono::seconds kConnectTime{30};

// "/a=/b": the place on the left, and on the right. A pointer starts with /, so = before one parts the two.
std::pair<Tokens, Tokens> pair_of(std::string_view text) {
  auto at = text.find("=/");
  if (at == std::string_view::npos && text.ends_with('=')) at = text.size() - 1;
  if (at == std::string_view::npos) return {pointer_tokens(text), pointer_tokens(text)};
  return {pointer_tokens(text.substr(0, at)), pointer_tokens(text.substr(at + 1))};
}

// `pointer` within what is compared on the left.
Tokens within(const ReconcileSides& sides, std::string_view option, std::string_view pointer) {
  const Tokens tokens = pointer_tokens(pointer);
  const Tokens& compared = sides.left_compared;
  if (tokens.size() <= compared.size() || !std::equal(compared.begin(), compared.end(), tokens.begin()))
    throw Error(Kind::usage, fmt::format("{} {}: that is not within what --compare names on the left", option, pointer));
  return {tokens.begin() + static_cast<std::ptrdiff_t>(compared.size()), tokens.end()};
}

Rule& rule_at(Rule& root, Tokens tokens, const Tokens& below) {
  tokens.insert(tokens.end(), below.begin(), below.end());
  return root.at(tokens);
}

bool is_http(std::string_view text) {
  return text.starts_with("http:") || text.starts_with("https:") || text.starts_with("http+");
}

// It can be read where and as often as we like; a pipe cannot, nor what is compressed.
bool is_plain_file(const Url& url) {
  std::error_code none;
  return url.scheme == "file" && compression_of(url.path) == Compression::none &&
         std::filesystem::is_regular_file(url.path, none);
}

std::chrono::milliseconds timeout_of(const ReconcileOptionsTyped& args) {
  return args.timeout.empty() ? kConnectTime : parse_duration(args.timeout);
}

std::unique_ptr<Feed> open_feed(const Url& url, const ReconcileOptionsTyped& args, Report& report) {
  if (url.scheme == "sqlite") return open_store_feed(url);
  if (url.scheme == "file") return open_file_feed(url.path);
  SourceOptions options;
  options.name = "iso reconcile";
  options.queue = url.fragment;
  options.timeout = timeout_of(args);
  options.notice = [&report](std::string_view text) { report.note(text); };
  if (options.queue.empty())
    throw Error(Kind::usage, fmt::format("{}: which queue? add #QUEUE", redacted(url)));
  return open_queue_feed(url, options);
}

Side open_side(const std::string& text, const ReconcileOptionsTyped& args, Session& session, Report& report) {
  Side side;
  const std::string folder = session.environment.temporary_folder();
  if (is_http(text)) {
    PageOptions options;
    options.fields = read_header_options(args.headers, args.bearer_file);
    options.items = pointer_tokens(args.items);
    options.timeout = timeout_of(args);
    auto feed = std::make_unique<PageFeed>(text, std::move(options), session);
    side.name = feed->name();
    side.text = std::make_unique<Text>(std::move(feed), folder);
    return side;
  }
  const Url url = parse_url(text);
  side.name = redacted(url);
  side.rows = url.scheme == "sqlite";
  side.ledger = side.rows && is_ledger(url);
  if (is_plain_file(url)) {
    side.text = std::make_unique<Text>(url.path);
  } else {
    side.text = std::make_unique<Text>(open_feed(url, args, report), folder);
  }
  return side;
}

}  // namespace

ReconcileSides read_sides(const ReconcileOptionsTyped& args) {
  ReconcileSides sides;
  for (const auto& key : args.keys.empty() ? std::vector<std::string>{"/message_id"} : args.keys) {
    auto [left, right] = pair_of(key);
    const int part = static_cast<int>(sides.left_key.size());
    sides.left_rule.at(left).key = part;
    sides.right_rule.at(right).key = part;
    sides.left_key.push_back(std::move(left));
    sides.right_key.push_back(std::move(right));
  }
  if (args.compare.empty()) {
    ignore_travel(sides.left_rule);
    ignore_travel(sides.right_rule);
  } else {
    std::tie(sides.left_compared, sides.right_compared) = pair_of(args.compare.front());
  }
  sides.left_rule.at(sides.left_compared).compared = true;
  sides.right_rule.at(sides.right_compared).compared = true;
  for (const auto& pointer : args.ignored) {
    const Tokens below = within(sides, "--ignore", pointer);
    rule_at(sides.left_rule, sides.left_compared, below).ignored = Rule::Ignored::always;
    rule_at(sides.right_rule, sides.right_compared, below).ignored = Rule::Ignored::always;
  }
  for (const auto& pointer : args.unordered) {
    const Tokens below = within(sides, "--unordered", pointer);
    rule_at(sides.left_rule, sides.left_compared, below).unordered = true;
    rule_at(sides.right_rule, sides.right_compared, below).unordered = true;
  }
  return sides;
}

Side open_left(const ReconcileOptionsTyped& args, const ReconcileSides& sides, Session& session, Report& report) {
  Side side = open_side(args.left, args, session, report);
  side.rule = sides.left_rule;
  side.key = sides.left_key;
  side.compared = sides.left_compared;
  return side;
}

Side open_right(const ReconcileOptionsTyped& args, const ReconcileSides& sides, Session& session, Report& report) {
  Side side = open_side(args.right, args, session, report);
  if (!args.expected.empty() && !side.ledger)
    throw Error(Kind::usage, "--expect needs RIGHT to be a ledger: sqlite:PATH#acks");
  side.rule = sides.right_rule;
  side.key = sides.right_key;
  side.compared = sides.right_compared;
  return side;
}

bool can_be_read_again(const std::string& side) {
  std::error_code none;
  return side != "-" && !std::filesystem::is_fifo(side, none);
}

}  // namespace iso
