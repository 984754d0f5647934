#include "recording/reader.h"

#include <algorithm>
#include <charconv>
#include <limits>

namespace ami::recording {
namespace {

constexpr size_t kLongestLine = 128;
constexpr size_t kPiece = 1U << 16U;  // so that a length that is not true costs no memory

// Takes "WORD " or, at the end, "WORD" off line.
std::string_view take_word(std::string_view& line) {
  const size_t blank = std::min(line.find(' '), line.size());
  const std::string_view word = line.substr(0, blank);
  line.remove_prefix(std::min(blank + 1, line.size()));
  return word;
}

bool to_number(std::string_view text, uint64_t& number) {
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
  return error == std::errc() && end == text.data() + text.size() && !text.empty();
}

bool to_time(std::string_view text, uint64_t& time_ns) {
  constexpr uint64_t kSecond = 1'000'000'000;
  const size_t point = text.find('.');
  uint64_t seconds = 0;
  uint64_t fraction = 0;
  if (point == std::string_view::npos || text.size() - point != 10 ||
      !to_number(text.substr(0, point), seconds) || !to_number(text.substr(point + 1), fraction))
    return false;
  time_ns = seconds * kSecond + fraction;
  return seconds < std::numeric_limits<uint64_t>::max() / kSecond;
}

bool is_kind(std::string_view word) {
  return !word.empty() && std::all_of(word.begin(), word.end(), [](char c) { return c >= 'a' && c <= 'z'; });
}

}  // namespace

Found Reader::next(Entry& entry) {
  const Found found = read_entry(entry);
  return in_.bad() ? Found::kDamaged : found;  // nobody knows what stands where reading has failed
}

Found Reader::read_entry(Entry& entry) {
  std::string line;
  for (;;) {
    whole_ = read_;
    const Found found = read_line(line);
    if (found != Found::kEntry) return found;
    if (line + '\n' != kFileHead) break;
    headed_ = true;  // files may have been joined
  }
  std::string_view rest = line;
  uint64_t size = 0;
  entry.kind = take_word(rest);
  if (!headed_ || !is_kind(entry.kind) || !to_number(take_word(rest), entry.seq) ||
      !to_time(take_word(rest), entry.time_ns) || !to_number(take_word(rest), size) || !rest.empty() ||
      size > std::numeric_limits<uint32_t>::max())
    return Found::kDamaged;
  const Found found = read_bytes(static_cast<size_t>(size) + 1, entry.bytes);
  if (found != Found::kEntry) return found;
  if (entry.bytes.back() == '\0') return judge_zeros();
  if (entry.bytes.back() != '\n') return Found::kDamaged;
  entry.bytes.pop_back();
  whole_ = read_;
  return Found::kEntry;
}

// A line without its LF.
Found Reader::read_line(std::string& line) {
  line.clear();
  for (int byte = in_.get(); byte != std::istream::traits_type::eof(); byte = in_.get()) {
    ++read_;
    if (byte == '\n') return Found::kEntry;
    line += static_cast<char>(byte);
    if (byte == '\0') return judge_zeros();
    if (line.size() > kLongestLine) return Found::kDamaged;
  }
  if (line.empty()) return headed_ ? Found::kEnd : Found::kTorn;
  // What has begun as no entry does is none that was cut short.
  const bool begins =
      headed_ ? is_kind(std::string_view(line).substr(0, line.find(' '))) : kFileHead.starts_with(line);
  return begins ? Found::kTorn : Found::kDamaged;
}

Found Reader::read_bytes(size_t count, std::string& bytes) {
  bytes.clear();
  while (count > 0) {
    const size_t piece = std::min(count, kPiece);
    const size_t before = bytes.size();
    bytes.resize(before + piece);
    in_.read(bytes.data() + before, static_cast<std::streamsize>(piece));
    const auto got = static_cast<size_t>(in_.gcount());
    read_ += got;
    if (got < piece) return Found::kTorn;
    count -= piece;
  }
  return Found::kEntry;
}

// After a power cut some file systems have zeros where the last bytes were to be.
Found Reader::judge_zeros() {
  for (int byte = in_.get(); byte != std::istream::traits_type::eof(); byte = in_.get())
    if (byte != '\0') return Found::kDamaged;
  return headed_ ? Found::kTorn : Found::kDamaged;
}

}  // namespace ami::recording
