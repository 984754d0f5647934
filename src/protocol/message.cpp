#include "protocol/message.h"

#include <cstdlib>
#include <cstring>
#include <new>

#include "protocol/scan.h"
#include "protocol/text.h"

using ami::equal_nocase;
using ami::Frame;
using ami::MessagePtr;
using ami::Stamp;

namespace {

constexpr std::string_view kChanVariable = "ChanVariable(";
constexpr std::string_view kOutput = "Output";
constexpr std::string_view kEndCommand = "--END";  // what follows the text of an old Command

bool is_key(const ami_field_t& field, std::string_view key) noexcept {
  return field.key_len == key.size() && equal_nocase({field.key, field.key_len}, key);
}

// Keeps made in slot, unless another thread was faster: then its text is as good.
char* keep(std::atomic<char*>& slot, char* made) noexcept {
  char* there = nullptr;
  if (slot.compare_exchange_strong(there, made, std::memory_order_acq_rel, std::memory_order_acquire))
    return made;
  std::free(made);
  return there;
}

}  // namespace

// Takes the header lines of a text apart in place.
class ami_msg::Table {
 public:
  Table(char* text, ami_field_t* fields, bool agents) noexcept
      : text_(text), first_(fields), next_(fields), agents_(agents) {}

  void fill(size_t size) noexcept;
  [[nodiscard]] size_t count() const noexcept { return static_cast<size_t>(next_ - first_); }

 private:
  void add(size_t begin, size_t colon, size_t end) noexcept;
  void add_unkeyed(size_t begin, size_t end) noexcept;
  void split_call_started() noexcept;
  [[nodiscard]] size_t trimmed(size_t begin, size_t end) const noexcept {
    return end > begin && text_[end - 1] == '\n' ? end - 1 : end;
  }

  char* text_;
  ami_field_t* first_;
  ami_field_t* next_;
  bool agents_;
};

// One pass over the blocks; of each line the first colon counts, wherever the borders between blocks fall.
void ami_msg::Table::fill(size_t size) noexcept {
  ami::scan::Blocks blocks({text_, size});
  ami::scan::LineEnds line_ends;
  size_t begin = 0;
  size_t colon = ami::scan::kNone;
  while (const char* block = blocks.next()) {
    const size_t base = blocks.base();
    uint64_t colons = ami::scan::matches(block, ':');
    for (uint64_t ends = line_ends.in(block); ends != 0; ends &= ends - 1) {
      const uint64_t before = ends ^ (ends - 1);  // up to this line's LF
      if (colon == ami::scan::kNone && (colons & before) != 0) colon = base + ami::scan::lowest(colons);
      colons &= ~before;
      const size_t lf = base + ami::scan::lowest(ends);
      add(begin, colon, lf - 1);
      begin = lf + 1;
      colon = ami::scan::kNone;
    }
    if (colon == ami::scan::kNone && colons != 0) colon = base + ami::scan::lowest(colons);
  }
}

void ami_msg::Table::add(size_t begin, size_t colon, size_t end) noexcept {
  if (colon == ami::scan::kNone || colon == begin) return add_unkeyed(begin, end);
  if (colon - begin >= kChanVariable.size() && text_[begin + kChanVariable.size() - 1] == '(') {
    // A channel's name may hold a colon.
    colon = begin + ami::split_line({text_ + begin, end - begin}).key.size();
  }
  size_t value = colon + 1;
  if (text_[value] == ' ') ++value;
  const size_t value_end = trimmed(value, end);
  text_[colon] = '\0';
  text_[value_end] = '\0';
  *next_++ = {text_ + begin, text_ + value, static_cast<uint32_t>(colon - begin),
              static_cast<uint32_t>(value_end - value)};
  if (agents_) split_call_started();
}

void ami_msg::Table::add_unkeyed(size_t begin, size_t end) noexcept {
  end = trimmed(begin, end);
  text_[end] = '\0';
  *next_++ = {text_ + end, text_ + begin, 0, static_cast<uint32_t>(end - begin)};
}

// An agent that is on a call has "CallStarted: n LF LoggedInTime: m" in one line, since Asterisk 12.
void ami_msg::Table::split_call_started() noexcept {
  ami_field_t& field = next_[-1];
  const std::string_view value(field.value, field.value_len);
  const size_t lf = value.find("\nLoggedInTime:");
  if (lf == std::string_view::npos || !is_key(field, "CallStarted")) return;
  agents_ = false;  // there is room for one more field
  field.value_len = static_cast<uint32_t>(lf);
  const size_t begin = static_cast<size_t>(field.value - text_) + lf + 1;
  text_[begin - 1] = '\0';
  add(begin, begin + std::string_view("LoggedInTime").size(), begin + value.size() - lf - 1);
}

ami_msg* ami_msg::allocate(size_t fields, size_t text, const Stamp& stamp) noexcept {
  static_assert(sizeof(ami_msg) % alignof(ami_field_t) == 0);
  if (text > UINT32_MAX) return nullptr;  // lengths of fields have 32 bits
  const size_t table = fields * sizeof(ami_field_t);
  const size_t size = sizeof(ami_msg) + table + stamp.label.size() + 1 + text;
  void* memory = std::malloc(size);
  if (memory == nullptr) return nullptr;
  auto* msg = new (memory) ami_msg;
  msg->size_ = size;
  msg->kind_ = stamp.kind;
  msg->seq_ = stamp.seq;
  msg->time_ns_ = stamp.time_ns;
  char* at = static_cast<char*>(memory) + sizeof(ami_msg);
  msg->fields_ = reinterpret_cast<ami_field_t*>(at);
  at += table;
  std::memcpy(at, stamp.label.data(), stamp.label.size());
  at[stamp.label.size()] = '\0';
  msg->label_ = at;
  msg->text_ = {at + stamp.label.size() + 1, text};
  return msg;
}

MessagePtr ami_msg::build(const Frame& frame, const Stamp& stamp) noexcept {
  const std::string_view wire = frame.bytes;
  const bool plain = ami::is_plain(stamp.encoding, wire);
  const size_t size = plain ? wire.size() : ami::decoded_size(stamp.encoding, wire);
  const std::string_view headers = frame.headers();
  const bool agents = equal_nocase(frame.name, "Agents");
  ami_msg* msg = allocate(ami::scan::count_lines(headers) + (agents ? 1 : 0),
                          size + 1 + (plain ? 0 : wire.size() + 1), stamp);
  if (msg == nullptr) return {};

  char* text = const_cast<char*>(msg->text_.data());
  msg->text_ = {text, size};
  *ami::decode_to(plain ? ami::Encoding::kBytes : stamp.encoding, wire, text) = '\0';
  if (!plain) {
    char* copy = text + size + 1;
    std::memcpy(copy, wire.data(), wire.size());
    copy[wire.size()] = '\0';
    msg->wire_ = {copy, wire.size()};
  }
  const size_t header_size = plain ? headers.size() : ami::decoded_size(stamp.encoding, headers);
  if (frame.raw.data() != nullptr) {
    size_t end = header_size + (plain ? frame.raw.size() : ami::decoded_size(stamp.encoding, frame.raw));
    if (end > header_size && text[end - 1] == '\n') --end;
    text[end] = '\0';
    msg->cli_ = {text + header_size, end - header_size};
  }
  msg->take_apart(header_size, agents);
  return MessagePtr::adopt(msg);
}

MessagePtr ami_msg::notice(std::string_view lines, Stamp stamp) noexcept {
  constexpr std::string_view kBlankLine = "\r\n";
  stamp.kind = AMI_MSG_NOTICE;
  const size_t size = lines.size() + kBlankLine.size();
  ami_msg* msg = allocate(ami::scan::count_lines(lines), size + 1, stamp);
  if (msg == nullptr) return {};
  char* text = const_cast<char*>(msg->text_.data());
  msg->text_ = {text, size};
  std::memcpy(text, lines.data(), lines.size());
  std::memcpy(text + lines.size(), kBlankLine.data(), kBlankLine.size());
  text[size] = '\0';
  msg->take_apart(lines.size(), false);
  return MessagePtr::adopt(msg);
}

void ami_msg::take_apart(size_t header_size, bool agents) noexcept {
  Table table(const_cast<char*>(text_.data()), const_cast<ami_field_t*>(fields_), agents);
  table.fill(header_size);
  field_count_ = table.count();
  for (size_t i = 0; i < field_count_; ++i) {
    if (!is_key(fields_[i], "Event") && !is_key(fields_[i], "Response")) continue;
    name_ = fields_[i].value;
    return;
  }
}

void ami_msg::unref() const noexcept {
  if (refs_.fetch_sub(1, std::memory_order_acq_rel) != 1) return;
  std::free(raw_.load(std::memory_order_relaxed));
  std::free(output_.load(std::memory_order_relaxed));
  this->~ami_msg();
  std::free(const_cast<ami_msg*>(this));
}

std::string_view ami_msg::get(std::string_view key) const noexcept {
  const ami_field_t* field = find(key, 0);
  return field == nullptr ? std::string_view() : std::string_view(field->value, field->value_len);
}

const ami_field_t* ami_msg::find(std::string_view key, size_t nth) const noexcept {
  for (size_t i = 0; i < field_count_; ++i) {
    if (is_key(fields_[i], key) && nth-- == 0) return fields_ + i;
  }
  return nullptr;
}

int ami_msg::status() const noexcept {
  const std::string_view response = get("Response");
  if (response.data() == nullptr) return 0;
  for (const std::string_view good : {"Success", "Follows", "Goodbye", "Pong", "Events On", "Events Off"}) {
    if (equal_nocase(response, good)) return 0;
  }
  return AMI_EREPLY;
}

std::string_view ami_msg::raw() const noexcept {
  if (wire_.data() != nullptr) return wire_;
  const char* text = raw_.load(std::memory_order_acquire);
  if (text == nullptr) text = restored();
  return text == nullptr ? std::string_view() : std::string_view(text, text_.size());
}

// A NUL stands over the CR before an LF, or over the LF that ended a value early.
char* ami_msg::restored() const noexcept {
  auto* copy = static_cast<char*>(std::malloc(text_.size() + 1));
  if (copy == nullptr) return nullptr;
  std::memcpy(copy, text_.data(), text_.size() + 1);
  for (size_t i = 0; i < field_count_; ++i) {
    const ami_field_t& field = fields_[i];
    if (field.key_len != 0) copy[field.key + field.key_len - text_.data()] = ':';
    char* end = copy + (field.value + field.value_len - text_.data());
    *end = end[1] == '\n' ? '\r' : '\n';
  }
  if (cli_.data() != nullptr) {
    char* end = copy + (cli_.data() + cli_.size() - text_.data());
    *end = std::string_view(end + 1, kEndCommand.size()) == kEndCommand ? '\n' : kEndCommand.front();
  }
  return keep(raw_, copy);
}

std::string_view ami_msg::output() const noexcept {
  if (cli_.data() != nullptr) return cli_;
  size_t size = 0;
  for (size_t i = 0; i < field_count_; ++i) {
    if (is_key(fields_[i], kOutput)) size += fields_[i].value_len + size_t{1};
  }
  if (size == 0) return {};
  const char* text = output_.load(std::memory_order_acquire);
  if (text == nullptr) text = joined(size);
  return text == nullptr ? std::string_view() : std::string_view(text, size - 1);
}

// The values of Output, with an LF behind each but the last, which has a NUL.
char* ami_msg::joined(size_t size) const noexcept {
  auto* text = static_cast<char*>(std::malloc(size));
  if (text == nullptr) return nullptr;
  char* at = text;
  for (size_t i = 0; i < field_count_; ++i) {
    if (!is_key(fields_[i], kOutput)) continue;
    std::memcpy(at, fields_[i].value, fields_[i].value_len);
    at += fields_[i].value_len;
    *at++ = '\n';
  }
  at[-1] = '\0';
  return keep(output_, text);
}
