#include "cli/reconcile/sides.h"

#include <algorithm>
#include <filesystem>
#include <fmt/core.h>
#include <fstream>
#include <system_error>
#include <thread>
#include <utility>

#include "base/duration.h"
#include "base/error.h"
#include "base/url.h"
#include "cli/reconcile/page_items.h"
#include "cli/shared/header_options.h"
#include "ends/open.h"
#include "reconcile/sides/item_source.h"

namespace iso::cli {
namespace {

constexpr std::chrono::seconds kConnectTime{30};

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

// Of --memory, for one line.
std::uint64_t longest_line(const ReconcileArgs& args) {
  return args.memory / 16;
}

// A side in CSV has texts alone: beside it, numbers are compared by theirs.
bool is_beside_csv(const std::string& end, const ReconcileArgs& args) {
  const auto& other = &end == &args.left ? args.right : args.left;
  return reconcile::is_csv(other) && !reconcile::is_csv(end);
}

reconcile::ItemForm form_of(const ReconcileArgs& args) {
  reconcile::ItemForm form;
  const bool is_of_pages = is_http(args.left) || is_http(args.right);
  if (!args.items.empty() && !is_of_pages) form.items = pointer_tokens(args.items);
  form.most = longest_line(args);
  return form;
}

std::unique_ptr<reconcile::ItemSource> open_items(const Url& url, const ReconcileArgs& args, Report& report) {
  if (ends::is_store(url)) return reconcile::open_store_items(url);
  if (url.scheme == "file") return reconcile::open_file_items(url.path, form_of(args));
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
    options.longest = longest_line(args);
    auto source = std::make_unique<PageItems>(end, std::move(options), session);
    side.name = source->name();
    side.text = std::make_unique<reconcile::LineFile>(
        is_beside_csv(end, args) ? reconcile::as_texts(std::move(source)) : std::move(source), folder);
    return;
  }
  Url url = parse_url(end);
  fill_password(url, args.password_file);
  refuse_database(url);
  side.name = redacted(url);
  side.rows = ends::is_store(url);
  side.received_now = !side.rows && url.scheme != "file";
  side.ledger = side.rows && reconcile::is_ledger(url);
  const bool is_file = url.scheme == "file", as_texts = is_file && is_beside_csv(end, args);
  if (is_file && !as_texts && !form_of(args).items && reconcile::is_plain_lines(url.path)) {
    side.text = std::make_unique<reconcile::LineFile>(url.path);
  } else {
    auto items = open_items(url, args, report);
    if (as_texts) items = reconcile::as_texts(std::move(items));
    side.text = std::make_unique<reconcile::LineFile>(std::move(items), folder);
  }
  if (is_file) side.text->read_at_most(longest_line(args));
}

// Options of a kind of side that neither is.
void check_side_options(const ReconcileArgs& args) {
  const auto any = [&](auto is_such) { return is_such(args.left) || is_such(args.right); };
  const auto is_file = [](const std::string& end) {
    return !is_http(end) && parse_url(end).scheme == "file";
  };
  const auto is_broker = [&](const std::string& end) {
    return !is_http(end) && !is_file(end) && !ends::is_store(parse_url(end));
  };
  const auto refuse = [](std::string_view option, std::string_view kind) {
    throw Error(ErrorKind::usage, fmt::format("{}: neither LEFT nor RIGHT is {}", option, kind));
  };
  if (!args.headers.empty() && !any(is_http)) refuse("--header", "fetched");
  if (!args.bearer_file.empty() && !any(is_http)) refuse("--bearer-file", "fetched");
  if (!args.items.empty() && !any(is_http) && !any(is_file)) refuse("--items", "a file or fetched");
  if (!args.password_file.empty() && !any(is_broker)) refuse("--password-file", "a broker's queue");
}

reconcile::Side open_side(const std::string& end, const SideTerms& terms, const ReconcileArgs& args,
                          Session& session, Report& report) {
  reconcile::Side side;
  side.rule = terms.rule;
  side.key = terms.key;
  side.compared = terms.compared;
  side.most_tree = args.memory / 32 / std::max(1U, std::thread::hardware_concurrency());
  open_text(side, end, args, session, report);
  return side;
}

}  // namespace

bool is_http(std::string_view end) {
  return end.starts_with("http:") || end.starts_with("https:") || end.starts_with("http+");
}

reconcile::Side open_left(const ReconcileArgs& args, const ReconcileSides& sides, Session& session,
                          Report& report) {
  check_side_options(args);
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
