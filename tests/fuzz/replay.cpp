// replay FOLDER: feeds every file of a corpus to the target that it is linked with.
#include <algorithm>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <vector>

#include "require.h"

int main(int count, char** arguments) {
  if (count != 2) return 64;
  std::vector<std::filesystem::path> files;
  for (const auto& entry : std::filesystem::directory_iterator(arguments[1])) files.push_back(entry.path());
  std::sort(files.begin(), files.end());
  iso::fuzz::require(!files.empty(), "a corpus has files");
  for (const auto& file : files) {
    std::fprintf(stderr, "%s\n", file.c_str());  // the last one named is the culprit
    std::ifstream in(file, std::ios::binary);
    // Exactly as long as the file, so that a sanitizer sees a read past its end.
    const std::vector<char> bytes{std::istreambuf_iterator<char>(in), {}};
    LLVMFuzzerTestOneInput(reinterpret_cast<const std::uint8_t*>(bytes.data()), bytes.size());
  }
  LLVMFuzzerTestOneInput(nullptr, 0);
}
