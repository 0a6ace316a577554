// The cache's policy keeps its promises whatever the header fields say: nothing stale, forbidden or of
// another range is served, ages and lifetimes are within bounds, parts are within the body.
//
// The input has three paragraphs: two clocks (when the response came, and how many seconds later it is now)
// and the request's fields; status, length and fields of the response that is stored; status and fields of an
// answer that comes later.
#include <algorithm>
#include <charconv>

#include "fetch/retry.h"
#include "http/link.h"
#include "http/uri.h"
#include "http_cache/cache_control.h"
#include "http_cache/freshness.h"
#include "http_cache/range.h"
#include "http_cache/row.h"
#include "http_cache/validate.h"
#include "http_cache/vary.h"
#include "require.h"

using namespace iso;
using namespace iso::fetch;
using namespace iso::http;
using namespace iso::http_cache;
using fuzz::require;

namespace {

constexpr std::string_view kUrl = "http://shop.test/orders?page=1";

std::string_view take_line(std::string_view& rest) {
  const auto line = rest.substr(0, rest.find('\n'));
  rest.remove_prefix(std::min(line.size() + 1, rest.size()));
  return line;
}

std::int64_t take_number(std::string_view& line, std::int64_t most) {
  std::int64_t number = 0;
  line.remove_prefix(std::min(line.find_first_not_of(' '), line.size()));
  const auto [end, error] = std::from_chars(line.data(), line.data() + line.size(), number);
  line.remove_prefix(static_cast<std::size_t>(end - line.data()));
  return std::clamp<std::int64_t>(number, 0, most);
}

// The lines until an empty one, as they are taken from the wire.
Fields take_fields(std::string_view& rest) {
  Fields fields;
  while (!rest.empty()) {
    const auto line = take_line(rest);
    if (line.empty()) break;
    const auto colon = line.find(':');
    if (colon != line.npos && colon != 0)
      fields.add(trimmed(line.substr(0, colon)), trimmed(line.substr(colon + 1)));
  }
  return fields;
}

struct Input {
  Request request;
  Stored stored;
  Response answer;
  Seconds now{0};

  explicit Input(std::string_view text) {
    auto line = take_line(text);
    const Seconds came{take_number(line, 4'102'444'800)};                    // to the year 2100
    now = came + Seconds(take_number(line, 4'102'444'800)) - Seconds(3600);  // a clock may be set back
    request = {"GET", std::string(kUrl), take_fields(text)};
    line = take_line(text);
    stored.response.status = static_cast<int>(take_number(line, 599));
    stored.length = static_cast<std::uint64_t>(take_number(line, INT64_MAX));
    stored.response.fields = take_fields(text);
    stored.times = {came, came};
    stored.selecting = selecting_fields(request, stored.response);
    line = take_line(text);
    answer.status = static_cast<int>(take_number(line, 599));
    answer.fields = take_fields(text);
  }
};

// ---- one field

void check_time(std::optional<Seconds> time, bool may_be_endless = false) {
  if (!time || (may_be_endless && *time == Seconds::max())) return;
  require(*time >= Seconds{0} && *time <= kLongest, "a directive's time is within bounds",
          std::to_string(time->count()));
}

// A second way to say what a plain line means.
bool says(const Fields& fields, std::string_view wanted) {
  for (std::string_view line : fields.lines("cache-control")) {
    while (!line.empty()) {
      const auto part = line.substr(0, line.find(','));
      line.remove_prefix(std::min(part.size() + 1, line.size()));
      if (equal_without_case(trimmed(part), wanted)) return true;
    }
  }
  return false;
}

void check_control(const Fields& fields) {
  const auto control = cache_control(fields);
  check_time(control.max_age);
  check_time(control.min_fresh);
  check_time(control.max_stale, true);
  check_time(control.stale_if_error);
  check_time(control.stale_while_revalidate);
  const auto all = fields.joined("cache-control").value_or("");
  if (all.find('"') != all.npos) return;
  if (says(fields, "no-store")) require(control.no_store, "no-store is heeded", all);
  if (says(fields, "no-cache")) require(control.no_cache, "no-cache is heeded", all);
  if (says(fields, "must-revalidate")) require(control.must_revalidate, "must-revalidate is heeded", all);
}

void check_lists(const Fields& fields) {
  require(read_fields(written_fields(fields)) == fields, "fields survive the cache", written_fields(fields));
  for (const auto& field : fields) {
    for (const auto member : list_members(field.value))
      require(!member.empty() && trimmed(member) == member, "a member of a list is trimmed", field.value);
    const auto once = normalised(field.name, field.value);
    if (field.value.find('"') == field.value.npos)
      require(normalised(field.name, once) == once, "a value is normalised once", once, field.value);
  }
  const auto pause = retry_after(fields, Seconds{1'000'000'000});
  require(!pause || (*pause >= Seconds{0} && *pause <= kLongest), "a pause is within bounds");
}

void check_links(const Fields& fields) {
  for (const auto& link : links(fields)) {
    require(link.target.find('>') == link.target.npos, "a target ends at its mark", link.target);
    for (const auto& rel : link.rel)
      require(!rel.empty() && rel.find_first_of(" \tABCDEFGHIJKLMNOPQRSTUVWXYZ") == rel.npos,
              "a relation is a word in lower case", rel);
  }
  if (const auto next = next_page(fields, kUrl).url)
    require(http_url(*next) == next, "the next page may be fetched", *next);
}

void check_content_range(const Fields& fields) {
  const auto range = read_content_range(fields.first("content-range").value_or(""));
  if (!range) return;
  require(range->first <= range->last, "a range does not end before it begins");
  require(!range->complete || range->last < *range->complete, "a range ends within the whole");
  const std::string printed = "bytes " + std::to_string(range->first) + "-" + std::to_string(range->last) +
                              "/" + (range->complete ? std::to_string(*range->complete) : "*");
  const auto again = read_content_range(printed);
  require(again && again->first == range->first && again->last == range->last &&
              again->complete == range->complete,
          "a range that was printed is the same", printed);
}

// ---- one response

void check_freshness(const Input& in) {
  const auto& [response, selecting, times, length] = in.stored;
  const auto control = cache_control(response.fields);
  const auto lifetime = freshness_lifetime(response, times, true);
  require(lifetime >= Seconds{0}, "a lifetime is not negative");
  if (control.max_age) require(lifetime == *control.max_age, "max-age is the lifetime");
  const bool told = control.max_age || response.fields.has("expires");
  if (!told) {
    require(lifetime <= std::chrono::hours(24), "a guess is a day at most");
    require(freshness_lifetime(response, times, false) == Seconds{0}, "without guesses there is no lifetime");
  }
  const auto age = current_age(response, times, in.now);
  require(age >= Seconds{0}, "an age is not negative");
  require(current_age(response, times, in.now + Seconds(1)) >= age, "nothing gets younger");
  require(may_store(in.request, response) <= (!control.no_store || control.must_understand),
          "no-store is not stored");
}

void check_part(const Plan& plan, const Input& in) {
  if (!plan.part) return;
  const auto [first, length] = *plan.part;
  require(first <= in.stored.length && length <= in.stored.length - first, "a part is within the body");
  require(in.request.fields.has("range"), "a part is what was asked for");
  const auto out = partial(in.stored.response, in.stored.length, *plan.part);
  require(out.status == (length == 0 ? 416 : 206), "a part is a 206, or a 416 if it is empty");
  const auto range = read_content_range(out.fields.first("content-range").value_or(""));
  if (length != 0)
    require(range && range->first == first && range->last == first + length - 1, "a part says which it is");
}

void check_plan(const Plan& plan, const Input& in) {
  const bool serves = plan.step == Step::serve || plan.step == Step::not_modified;
  check_part(plan, in);
  if (!serves && plan.step != Step::serve_then_validate) return;
  require(plan.has_chosen && plan.chosen == 0, "what is served was stored");
  require(!varies_on_all(in.stored.response), "what varies on all is not served");
  const auto control = cache_control(in.stored.response.fields);
  const auto asked = request_control(in.request.fields);
  require(!control.no_cache && !asked.no_cache, "what must be validated first is not served");
  const auto stale = staleness(in.stored, true, in.now);
  if (stale < Seconds{0}) return;
  require(plan.stale, "what is stale is known as stale");
  require(!control.must_revalidate, "what must be validated when it is stale is not served");
  require(asked.max_stale >= stale || control.stale_while_revalidate >= stale,
          "what is stale is served only where somebody allowed it");
}

void check_reused(const Input& in) {
  const auto out = reused(in.stored, in.now);
  require(out.fields.lines("age").size() == 1 && read_delta_seconds(*out.fields.first("age")),
          "what is reused tells its age");
  for (const auto& name : cache_control(in.stored.response.fields).not_without_validation)
    require(!out.fields.has(name) || equal_without_case(name, "age"),
            "fields that need validation are left out", name);
}

// ---- its answer

std::string_view tag_of(const Response& response) {
  return trimmed(response.fields.first("etag").value_or(""));
}

void check_answer(const Plan& plan, const Input& in) {
  const auto answered =
      decide_response(in.request, plan, {&in.stored, 1}, &in.answer, {in.now, in.now}, {}, in.now);
  const auto& had = in.stored.response;
  switch (answered.conclusion) {
    case Conclusion::store:
      require(may_store(in.request, in.answer), "what may not be stored is not");
      require(answered.merged.fields.has("date") && !answered.merged.fields.has("transfer-encoding") &&
                  !answered.merged.fields.has("connection"),
              "what is stored has a date, and nothing of its connection");
      break;
    case Conclusion::freshen:
      require(answered.chosen == 0 && in.answer.status == 304, "a 304 is of what was stored");
      require(answered.merged.status == had.status, "a 304 does not change the status");
      for (const char* name : {"content-length", "content-encoding", "content-range"})
        require(answered.merged.fields.lines(name) == had.fields.lines(name),
                "a 304 does not change the form of the body", name);
      require(tag_of(in.answer).empty() || weakly_equal(tag_of(in.answer), tag_of(had)),
              "a 304 is of the body with its tag");
      require(tag_of(answered.merged).empty() == (tag_of(had).empty() && tag_of(in.answer).empty()),
              "a 304 takes no tag away");
      break;
    case Conclusion::serve_stale:
      require(answered.chosen == 0 && !cache_control(had.fields).no_cache, "nothing forbidden is served");
      require(in.answer.status >= 500, "what is stale is served in the place of an error");
      break;
    case Conclusion::repeat:
      require(in.answer.status == 304 && !has_own_condition(in.request), "a 304 of nothing is asked again");
      break;
    case Conclusion::pass:
      break;
  }
}

void check_resumed(const Input& in) {
  const std::uint64_t got = in.stored.length;
  const auto fields = resume_fields(in.stored.response, got);
  if (fields) {
    const auto tag = fields->first("if-range").value_or("");
    require(got > 0 && strongly_equal(tag, tag),
            "only a strong tag can say that the rest is of the same body");
  }
  const auto how = resumed(in.stored.response, got, in.answer);
  if (how == Resumed::restarts) require(in.answer.status == 200, "a whole body begins anew");
  if (how != Resumed::continues) return;
  const auto range = read_content_range(*in.answer.fields.first("content-range"));
  require(in.answer.status == 206 && range->first == got, "what goes on begins where it broke off");
  require(in.answer.fields.first("etag") == in.stored.response.fields.first("etag"), "the tag is the same");
}

}  // namespace

int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const Input in(fuzz::text_of(data, size));
  for (const auto* fields : {&in.request.fields, &in.stored.response.fields, &in.answer.fields}) {
    check_control(*fields);
    check_lists(*fields);
    check_links(*fields);
    check_content_range(*fields);
  }
  check_freshness(in);
  check_reused(in);
  check_resumed(in);

  const bool unknown = varies_on_all(in.stored.response);
  require(choose(in.request, {&in.stored, 1}).has_value() != unknown,
          "a request fits what it was answered with");
  const auto planned = plan(in.request, {&in.stored, 1}, {}, in.now);
  check_plan(planned, in);
  if (planned.step == Step::fetch || planned.step == Step::validate) check_answer(planned, in);
  return 0;
}
