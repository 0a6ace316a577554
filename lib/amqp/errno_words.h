#pragma once

#include <cctype>
#include <cstring>
#include <string>

namespace iso::amqp {

// What errno says, as a part of a sentence.
inline std::string words_of(int error) {
  std::string words = std::strerror(error);
  words[0] = static_cast<char>(std::tolower(static_cast<unsigned char>(words[0])));
  return words;
}

}  // namespace iso::amqp
