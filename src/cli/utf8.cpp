#include "cli/utf8.h"

#include <algorithm>
#include <cwchar>

namespace ami::cli {
namespace {

unsigned byte_at(std::string_view bytes, size_t i) {
  return static_cast<unsigned char>(bytes[i]);
}

// The first continuation byte has a narrower range behind some lead bytes: no overlong forms, no surrogates,
// nothing over U+10FFFF (RFC 3629, section 4).
bool second_fits(unsigned lead, unsigned second) {
  unsigned low = lead == 0xE0 ? 0xA0U : lead == 0xF0 ? 0x90U : 0x80U;
  unsigned high = lead == 0xED ? 0x9FU : lead == 0xF4 ? 0x8FU : 0xBFU;
  return second >= low && second <= high;
}

// U+EF80 to U+EFFF are the bytes EE BE 80 to EE BF BF.
bool is_escape(std::string_view sequence) {
  return sequence.size() == 3 && byte_at(sequence, 0) == 0xEE && byte_at(sequence, 1) >= 0xBE;
}

void append_escape(std::string& out, unsigned byte) {
  out += '\xEE';
  out += static_cast<char>(0xBC + (byte >> 6U));
  out += static_cast<char>(0x80U | (byte & 0x3FU));
}

void append_visible(std::string& out, unsigned byte) {
  constexpr char kDigits[] = "0123456789abcdef";
  out += "\\x";
  out += kDigits[byte >> 4U];
  out += kDigits[byte & 0xFU];
}

void append_control(std::string& out, char control) {
  if (control == '\n') {
    out += "\\n";
  } else if (control == '\r') {
    out += "\\r";
  } else if (control == '\t') {
    out += "\\t";
  } else {
    append_visible(out, static_cast<unsigned char>(control));
  }
}

// U+0080 to U+009F: some terminals obey them as they do ESC sequences.
bool is_c1_control(std::string_view sequence) {
  return sequence.size() == 2 && byte_at(sequence, 0) == 0xC2 && byte_at(sequence, 1) < 0xA0;
}

// Marks that turn the direction of writing could make a line read as another.
bool is_direction(std::string_view sequence) {
  if (sequence.size() != 3 || byte_at(sequence, 0) != 0xE2) return false;
  const unsigned rest = byte_at(sequence, 1) << 8U | byte_at(sequence, 2);
  return rest == 0x808E || rest == 0x808F || (rest >= 0x80AA && rest <= 0x80AE) ||
         (rest >= 0x81A6 && rest <= 0x81A9);
}

size_t columns_of(std::string_view sequence) {
  unsigned point = byte_at(sequence, 0);
  if (sequence.size() > 1) point &= 0x7FU >> sequence.size();
  for (size_t i = 1; i < sequence.size(); i++) point = point << 6U | (byte_at(sequence, i) & 0x3FU);
  const int width = wcwidth(static_cast<wchar_t>(point));
  return width < 0 ? 1 : static_cast<size_t>(width);
}

}  // namespace

size_t sequence_length(std::string_view bytes) {
  if (bytes.empty()) return 0;
  unsigned lead = byte_at(bytes, 0);
  if (lead < 0x80) return 1;
  size_t length = lead >= 0xC2 && lead <= 0xDF   ? 2
                  : lead >= 0xE0 && lead <= 0xEF ? 3
                  : lead >= 0xF0 && lead <= 0xF4 ? 4
                                                 : 0;
  if (length == 0 || bytes.size() < length || !second_fits(lead, byte_at(bytes, 1))) return 0;
  for (size_t i = 2; i < length; i++)
    if ((byte_at(bytes, i) & 0xC0U) != 0x80U) return 0;
  return length;
}

std::string restorable(std::string_view bytes) {
  std::string out;
  out.reserve(bytes.size());
  while (!bytes.empty()) {
    size_t length = sequence_length(bytes);
    std::string_view sequence = bytes.substr(0, std::max<size_t>(length, 1));
    if (length == 0 || is_escape(sequence)) {
      for (size_t i = 0; i < sequence.size(); i++) append_escape(out, byte_at(sequence, i));
    } else {
      out += sequence;
    }
    bytes.remove_prefix(sequence.size());
  }
  return out;
}

std::string restored(std::string_view text) {
  std::string bytes;
  for (size_t i = 0; i < text.size(); i++) {
    const bool escaped = is_escape(text.substr(i, 3));
    bytes += escaped
                 ? static_cast<char>((byte_at(text, i + 1) << 6U | (byte_at(text, i + 2) & 0x3FU)) & 0xFFU)
                 : text[i];
    if (escaped) i += 2;
  }
  return bytes;
}

size_t columns(std::string_view text) {
  size_t count = 0;
  while (!text.empty()) {
    const std::string_view sequence = text.substr(0, std::max<size_t>(sequence_length(text), 1));
    count += columns_of(sequence);
    text.remove_prefix(sequence.size());
  }
  return count;
}

std::string fitted(std::string_view text, size_t width, bool to_the_right) {
  const size_t whole = columns(text);
  if (whole <= width) {
    const std::string blanks(width - whole, ' ');
    return to_the_right ? blanks + std::string(text) : std::string(text) + blanks;
  }
  std::string cut;
  size_t taken = 0;
  while (width > 0) {
    const std::string_view sequence = text.substr(0, std::max<size_t>(sequence_length(text), 1));
    const size_t more = columns_of(sequence);
    if (taken + more > width - 1) break;
    cut += sequence;
    taken += more;
    text.remove_prefix(sequence.size());
  }
  return width == 0 ? cut : cut + "\u2026" + std::string(width - 1 - taken, ' ');
}

std::string visible(std::string_view bytes, std::string_view keep) {
  std::string out;
  out.reserve(bytes.size());
  while (!bytes.empty()) {
    size_t length = sequence_length(bytes);
    std::string_view sequence = bytes.substr(0, std::max<size_t>(length, 1));
    unsigned first = byte_at(sequence, 0);
    if (length == 1 && (first < 0x20 || first == 0x7F) && keep.find(sequence[0]) == std::string_view::npos) {
      append_control(out, sequence[0]);
    } else if (length == 0 || is_c1_control(sequence) || is_direction(sequence)) {
      for (size_t i = 0; i < sequence.size(); i++) append_visible(out, byte_at(sequence, i));
    } else {
      out += sequence;
    }
    bytes.remove_prefix(sequence.size());
  }
  return out;
}

}  // namespace ami::cli
