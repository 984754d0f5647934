// Stands in for libFuzzer: replays the files, and all files of the folders, that are given as arguments.

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <vector>

#include "fuzz.h"

namespace {

std::vector<std::filesystem::path> files_of(const char* argument) {
  if (!std::filesystem::is_directory(argument)) return {argument};
  std::vector<std::filesystem::path> files;
  for (const auto& entry : std::filesystem::directory_iterator(argument)) {
    if (entry.is_regular_file()) files.push_back(entry.path());
  }
  std::sort(files.begin(), files.end());
  return files;
}

}  // namespace

int main(int argc, char** argv) {
  size_t count = 0;
  for (int i = 1; i < argc; ++i) {
    if (argv[i][0] == '-') continue;  // an option of libFuzzer's
    for (const auto& path : files_of(argv[i])) {
      std::ifstream file(path, std::ios::binary);
      const std::vector<char> bytes{std::istreambuf_iterator<char>(file), {}};
      if (!file) {
        static_cast<void>(std::fprintf(stderr, "%s: cannot be read\n", path.c_str()));
        return 1;
      }
      // What it was about, should it end the process.
      static_cast<void>(std::fprintf(stderr, "%s\n", path.c_str()));
      LLVMFuzzerTestOneInput(reinterpret_cast<const uint8_t*>(bytes.data()), bytes.size());
      ++count;
    }
  }
  static_cast<void>(std::fprintf(stderr, "%zu inputs\n", count));
  return count > 0 ? 0 : 1;  // a test without an input tests nothing
}
