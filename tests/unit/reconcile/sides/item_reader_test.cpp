#include "reconcile/sides/item_reader.h"

#include <algorithm>
#include <doctest/doctest.h>

#include "reconcile/sides/item_source.h"
#include "reconcile/small_sides.h"
#include "support/errors.h"

using namespace iso;
using namespace iso::ends;
using namespace iso::reconcile;

namespace {

// All lines, the bytes given in pieces of so many.
std::string lines_of(ItemReader& reader, std::string_view bytes, std::size_t piece) {
  std::string lines;
  for (; !bytes.empty(); bytes.remove_prefix(std::min(piece, bytes.size())))
    reader.take(bytes.substr(0, piece), lines);
  reader.finish(lines);
  return lines;
}

template <class Make>
std::string lines_of(Make make, std::string_view bytes) {
  const std::string whole = lines_of(*make(), bytes, bytes.size() + 1);
  for (const std::size_t piece : {std::size_t{1}, std::size_t{3}})
    CHECK(lines_of(*make(), bytes, piece) == whole);
  return whole;
}

std::string array_lines(std::string_view bytes, const std::vector<std::string>& tokens = {}) {
  return lines_of([&] { return read_array_items(tokens, 50); }, bytes);
}
std::string csv_lines(std::string_view bytes) {
  return lines_of([] { return read_csv_items(50); }, bytes);
}

}  // namespace

TEST_CASE("array items: each element is a line, whatever it holds and however it is laid out") {
  const struct {
    std::string_view bytes, want;
  } rows[] = {
      {"[]", ""},
      {" [ ] \n", ""},
      {"[1]", "1\n"},
      {"[\n {\"a\": [1,\n2]},\n \"x,]\\\"\" , null ]", "{\"a\": [1, 2]}\n\"x,]\\\"\" \nnull \n"},
      {"[[1,[2]],{}]", "[1,[2]]\n{}\n"},
      {"[1][2]\n[3]", "1\n2\n3\n"},  // pages, one after the other
      {"[\"\\\\\",\"\\\"]\"]", "\"\\\\\"\n\"\\\"]\"\n"},
  };
  for (const auto& row : rows) {
    CAPTURE(row.bytes);
    CHECK(array_lines(row.bytes) == row.want);
  }
  CHECK(array_lines("[1,,2]") ==
        std::string("1\n") + kUnreadable + "there is nothing where an item should be\n2\n");
  CHECK(array_lines("[\"a\nb\"]") ==
        "\"a\x01"
        "b\"\n");  // stays what no JSON is
  CHECK(array_lines("[\"" + std::string(60, 'x') + "\",1]").ends_with("\n1\n"));
  CHECK(array_lines("[\"" + std::string(60, 'x') + "\",1]")[0] == kUnreadable);
}

TEST_CASE("array items: they are where a pointer says, in each document") {
  const struct {
    std::string_view bytes;
    std::vector<std::string> tokens;
    std::string_view want;
  } rows[] = {
      {R"({"data":[1,2]})", {"data"}, "1\n2\n"},
      {R"({"x":[9],"data":[1],"y":{"data":[8]}})", {"data"}, "1\n"},
      {R"({"x":{"data":[9]},"data":{"x":[9],"items":[1,{"items":[7]}]}})",
       {"data", "items"},
       "1\n{\"items\":[7]}\n"},
      {R"([[0],{"a":[1]},[2]])", {"1", "a"}, "1\n"},
      {R"([[0],[1,2],[3]])", {"1"}, "1\n2\n"},
      {R"({"d\u0061ta":[1]})", {"data"}, "1\n"},
      {R"({"":[1]})", {""}, "1\n"},
      {R"({"a":"data","data":[1]}{"data":[2]})", {"data"}, "1\n2\n"},
      {R"({"data":[{"data":[1]}]})", {"data"}, "{\"data\":[1]}\n"},
  };
  for (const auto& row : rows) {
    CAPTURE(row.bytes);
    CHECK(array_lines(row.bytes, row.tokens) == row.want);
  }
}

TEST_CASE("array items: what is cut off, or has no array there, is an error and no end") {
  const struct {
    std::string_view bytes;
    std::vector<std::string> tokens;
  } rows[] = {{"[1", {}},
              {"[1,", {}},
              {"[\"a", {}},
              {"{\"data\":[1]", {"data"}},
              {"{}", {}},
              {"5", {}},
              {"[1]x", {}},
              {"[1}", {}},
              {"]", {}},
              {"{\"data\":5}", {"data"}},
              {"{\"data\":{}}", {"data"}},
              {"{\"x\":[1]}", {"data"}},
              {"{\"data\":[1],\"data\":[2]}", {"data"}}};
  for (const auto& row : rows) {
    CAPTURE(row.bytes);
    CHECK(test::error_of([&] { lines_of(*read_array_items(row.tokens, 50), row.bytes, 100); }).kind() ==
          ErrorKind::data);
  }
}

TEST_CASE("CSV: the first record names the fields of the others (RFC 4180)") {
  const struct {
    std::string_view bytes, want;
  } rows[] = {
      {"", ""},
      {"id,name\n", ""},
      {"id,name\n1,a\n2,b", R"({"id":"1","name":"a"})"
                            "\n"
                            R"({"id":"2","name":"b"})"
                            "\n"},
      {"id,name\r\n1,a\r\n", R"({"id":"1","name":"a"})"
                             "\n"},
      {"\"id\",name\n\"a,\"\"b\"\"\r\nc\", d \n", R"({"id":"a,\"b\"\r\nc","name":" d "})"
                                                  "\n"},
      {"id,name\n1,\n,\"\"\n", R"({"id":"1","name":""})"
                               "\n"
                               R"({"id":"","name":""})"
                               "\n"},
      {"id\n1\n\n\"\"\n2\n", "{\"id\":\"1\"}\n{\"id\":\"\"}\n{\"id\":\"2\"}\n"},
      {"\xEF\xBB\xBFid\n1\n", "{\"id\":\"1\"}\n"},
  };
  for (const auto& row : rows) {
    CAPTURE(row.bytes);
    CHECK(csv_lines(row.bytes) == row.want);
  }
}

TEST_CASE("CSV: a record that is none is invalid, and the others go on") {
  for (const std::string_view bad : {"1", "1,2,3", "\"1\"x,2", "1\"2,3", "\xFF,1",
                                     "1,12345678901234567890123456789012345678901234567890"}) {
    CAPTURE(bad);
    const std::string lines = csv_lines("id,name\n" + std::string(bad) + "\n9,z\n");
    CHECK(lines[0] == kUnreadable);
    CHECK(lines.ends_with("\n{\"id\":\"9\",\"name\":\"z\"}\n"));
  }
  for (const std::string_view bad : {"id,id\n1,2\n", "id,\n1,2\n", "id,\"na", "id\n\"1", "i\"d\n1\n"}) {
    CAPTURE(bad);
    CHECK(test::error_of([&] { lines_of(*read_csv_items(50), bad, 100); }).kind() == ErrorKind::data);
  }
}

TEST_CASE("as_texts: beside CSV, numbers and words count by their text") {
  auto source = as_texts(std::make_unique<test::SmallItems>(std::vector<std::string>{
      R"({"a":1.50,"b":true,"c":null,"d":"x","e":[1],"f":{"g":1}})", "[1]", "no json", "{}"}));
  std::string out;
  while (source->read(out)) {
  }
  CHECK(out == R"({"a":"1.50","b":"true","c":"","d":"x","e":[1],"f":{"g":1}})"
               "\n[1]\nno json\n{}\n");
}
