#include "cli/words.h"

#include <histedit.h>

#include <memory>
#include <new>

#include "cli/failure.h"
#include "cli/handle.h"

namespace ami::cli {

std::vector<std::string> words_of(const std::string& line) {
  if (line.find('\0') != std::string::npos)
    throw Failure(kUsage, "a NUL byte in the line: an action is text");
  const std::unique_ptr<Tokenizer, Ender<tok_end>> tokenizer(tok_init(nullptr));
  if (!tokenizer) throw std::bad_alloc();
  int count = 0;
  const char** words = nullptr;
  const std::string ended = line + '\n';  // or else it reads on behind a \ at the end
  switch (tok_str(tokenizer.get(), ended.c_str(), &count, &words)) {
    case 0:
      return {words, words + count};
    case 1:
      throw Failure(kUsage, "a ' without its end: close the quote, or write \\' for the character");
    case 2:
      throw Failure(kUsage, "a \" without its end: close the quote, or write \\\" for the character");
    case 3:
      throw Failure(kUsage, "a \\ at the end of the line: an action stands on one line");
    default:
      throw std::bad_alloc();
  }
}

}  // namespace ami::cli
