#pragma once

#include <algorithm>
#include <array>
#include <random>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace iso::test {

// A JSON value apart from any way to write it.
struct Model {
  enum class Kind { scalar, array, object };

  Kind kind = Kind::scalar;
  std::size_t scalar = 0;  // of kScalars
  std::vector<Model> elements;
  struct Member;
  std::vector<Member> members;  // each name comes once
};
struct Model::Member {
  std::size_t name;  // of kNames
  Model value;
};

// Each row is one thing in some of its spellings.
using Spellings = std::array<std::string_view, 3>;
inline constexpr std::array<Spellings, 19> kScalars{{
    {"1", "1.0", "10e-1"},
    {"0", "-0", "0.0e7"},
    {"-2.5", "-25E-1", "-0.25e+1"},
    {"12345678901234567890", "1234567890123456789e1", "12345678901234567890.0"},
    {"12345678901234567891", "12345678901234567891.00", "1.2345678901234567891e19"},
    {"1e400", "10e399", "0.1e401"},
    {"1e-400", "0.1e-399", "10E-401"},
    {"true", "true", "true"},
    {"false", "false", "false"},
    {"null", "null", "null"},
    {R"("")", R"("")", R"("")"},
    {R"("1")", R"("\u0031")", R"("1")"},
    {R"("a/b")", R"("a\/b")", R"("\u0061/b")"},
    {"\"\u00e9\"", R"("\u00e9")", R"("\u00E9")"},
    {"\"e\u0301\"", R"("e\u0301")", R"("\u0065\u0301")"},
    {"\"\U0001F600\"", R"("\ud83d\ude00")", R"("\uD83D\uDE00")"},
    {R"("\ud800")", R"("\ud800")", R"("\ud800")"},
    {R"("\\ud800")", R"("\\ud800")", R"("\u005cud800")"},
    {R"("\u0000\n\"")", R"("\u0000\u000a\u0022")", R"("\u0000\n\"")"},
}};
inline constexpr std::array<Spellings, 14> kNames{{
    {R"("")", R"("")", R"("")"},
    {R"("a")", R"("\u0061")", R"("a")"},
    {R"("a/b")", R"("a\/b")", R"("a\u002fb")"},
    {R"("m~n")", R"("m\u007en")", R"("m~n")"},
    {R"("~1")", R"("~\u0031")", R"("~1")"},
    {R"("~01/")", R"("~01\/")", R"("~01/")"},
    {R"("0")", R"("\u0030")", R"("0")"},
    {R"("1")", R"("\u0031")", R"("1")"},
    {R"("-")", R"("\u002d")", R"("-")"},
    {"\"\u00e9\"", R"("\u00e9")", R"("\u00E9")"},
    {"\"\U0001F600\"", R"("\ud83d\ude00")", R"("\uD83D\uDE00")"},
    {R"("\"\\\n")", R"("\u0022\u005c\u000A")", R"("\"\\\n")"},
    {R"("x")", R"("\u0078")", R"("x")"},
    {R"("\ud800")", R"("\ud800")", R"("\ud800")"},
}};
// Instead of those, the names in a message and in its headers.
inline constexpr std::array<Spellings, 14> kFields{{
    {R"("body")", R"("bod\u0079")", R"("body")"},
    {R"("text")", R"("text")", R"("text")"},
    {R"("headers")", R"("h\u0065aders")", R"("headers")"},
    {R"("headers")", R"("headers")", R"("headers")"},
    {R"("queue")", R"("queue")", R"("queue")"},
    {R"("redelivered")", R"("redelivered")", R"("redelivered")"},
    {R"("type")", R"("type")", R"("type")"},
    {R"("message_id")", R"("message_id")", R"("message_id")"},
    {R"("body")", R"("body")", R"("body")"},
    {R"("priority")", R"("priority")", R"("priority")"},
    {R"("x-death")", R"("x-death")", R"("x-death")"},
    {R"("x-delivery-count")", R"("x-delivery-count")", R"("x-delivery-count")"},
    {R"("tenant")", R"("tenant")", R"("tenant")"},
    {R"("id")", R"("id")", R"("id")"},
}};

class RandomJson {
 public:
  explicit RandomJson(unsigned seed) : random_(seed) {}

  std::size_t pick(std::size_t below) { return random_() % below; }
  bool one_in(std::size_t count) { return pick(count) == 0; }

  Model value(int depth = 3) {
    Model made;
    const std::size_t kind = pick(depth > 0 ? 5 : 1);
    made.scalar = pick(kScalars.size());
    if (kind == 1 || kind == 2) made.kind = Model::Kind::array;
    if (kind > 2) made.kind = Model::Kind::object;
    for (std::size_t more = pick(6); more > 0 && kind != 0; --more) grow(made, depth - 1);
    return made;
  }

  Model object() {
    Model made;
    made.kind = Model::Kind::object;
    for (std::size_t more = pick(6); more > 0; --more) grow(made, 2);
    return made;
  }

  // Some places changed, gone or new.
  void mutate(Model& model, int depth = 3) {
    if (one_in(8)) model = value(depth);
    for (Model& element : model.elements)
      if (one_in(2)) mutate(element, depth - 1);
    for (auto& [name, member] : model.members)
      if (one_in(2)) mutate(member, depth - 1);
    if (one_in(3) && !model.elements.empty())
      model.elements.erase(model.elements.begin() + at(model.elements));
    if (one_in(3) && !model.members.empty()) model.members.erase(model.members.begin() + at(model.members));
    if (one_in(3) && model.elements.size() > 1) std::swap(model.elements.front(), model.elements.back());
    if (one_in(3)) grow(model, depth - 1);
  }

  // `model` in one of its spellings: members in any order, names that come twice, white space. `fields` says
  // how deep names are those of messages.
  std::string spell(const Model& model, int fields = 0) {
    if (model.kind == Model::Kind::scalar) return std::string(kScalars[model.scalar][pick(3)]);
    std::string out = model.kind == Model::Kind::array ? "[" : "{";
    const auto next = [&] {
      if (out.size() > 1) out += ',';
      if (one_in(6)) out += " \n";
    };
    for (const Model& element : model.elements) {
      next();
      out += spell(element);
    }
    auto members = model.members;
    std::shuffle(members.begin(), members.end(), random_);
    for (const auto& pair : members) {
      const std::size_t name = pair.name;  // clang captures no structured binding
      const Model& member = pair.value;
      const auto write = [&](const Model& what) {
        next();
        out += (fields > 0 ? kFields : kNames)[name][pick(3)];
        out += one_in(6) ? " : " : ":";
        out += spell(what, fields - 1);
      };
      if (one_in(10)) write(value(1));
      write(member);
    }
    return out + (model.kind == Model::Kind::array ? "]" : "}");
  }

 private:
  template <class Many>
  std::ptrdiff_t at(const Many& many) {
    return static_cast<std::ptrdiff_t>(pick(many.size()));
  }

  void grow(Model& model, int depth) {
    if (model.kind == Model::Kind::array) {
      model.elements.insert(
          model.elements.begin() + static_cast<std::ptrdiff_t>(pick(model.elements.size() + 1)),
          value(depth));
      if (one_in(3)) model.elements.push_back(model.elements[pick(model.elements.size())]);
    }
    if (model.kind != Model::Kind::object) return;
    const std::size_t name = pick(one_in(20) ? kNames.size() : kNames.size() - 1);
    if (std::none_of(model.members.begin(), model.members.end(),
                     [&](const auto& m) { return m.name == name; }))
      model.members.push_back({name, value(depth)});
  }

  std::mt19937 random_;
};

// The same for models that say the same, and for no others.
inline std::string told(const Model& model) {
  std::string out = "s" + std::to_string(model.scalar);
  if (model.kind == Model::Kind::array) out = "[";
  if (model.kind == Model::Kind::object) out = "{";
  for (const Model& element : model.elements) out += told(element) + ",";
  std::vector<std::string> members;
  for (const auto& [name, member] : model.members)
    members.push_back(std::to_string(name) + ":" + told(member));
  std::sort(members.begin(), members.end());
  for (const auto& member : members) out += member + ",";
  return out + (model.kind == Model::Kind::scalar ? "" : ".");
}

}  // namespace iso::test
