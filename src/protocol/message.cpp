#include "protocol/message.h"

#include <algorithm>
#include <cstdlib>
#include <cstring>
#include <new>
#include <span>

#include "protocol/returned_memory.h"
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

// For how many fields a message needs room: one for each LF, which is known, unless those that end no line
// would make of it a multiple of the message.
size_t room_for(const Frame& frame) noexcept {
  constexpr size_t kShortLine = 8;
  if (frame.line_feeds <= frame.bytes.size() / kShortLine) return frame.line_feeds;
  return ami::scan::count_lines(frame.headers()) + 1;  // for add_call_started()
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
  // agents: a line may hold two headers, see add_call_started().
  Table(char* text, ami_field_t* fields, size_t room, bool agents) noexcept
      : text_(text), first_(fields), next_(fields), end_(fields + room), agents_(agents) {}

  // Copies wire to the text, whose first bytes are lines.
  void copy(std::string_view wire, size_t lines) noexcept;
  // Takes lines apart that are there.
  void fill(size_t begin, size_t end) noexcept;
  [[nodiscard]] uint32_t count() const noexcept { return static_cast<uint32_t>(next_ - first_); }

 private:
  size_t fill(char* text, const ami::scan::Outline& outline) noexcept;
  void add(std::string_view line) noexcept;
  bool add_call_started(std::string_view line) noexcept;

  char* text_;
  ami_field_t* first_;
  ami_field_t* next_;
  ami_field_t* end_;
  bool agents_;
};

// Some lines at a time, which are in the nearest cache then.
void ami_msg::Table::copy(std::string_view wire, size_t lines) noexcept {
  ami::scan::Outline outline;
  size_t copied = 0;
  for (size_t begin = 0; begin < lines;) {
    size_t end = std::min(lines, begin + ami::scan::Outline::kMost);
    const bool outlined = outline.draw(wire.substr(begin, end - begin)) && outline.lines() != 0;
    if (!outlined && end < lines) end = std::min(lines, wire.find("\r\n", end - 2) + 2);
    if (end == lines) end = wire.size();
    std::memcpy(text_ + copied, wire.data() + copied, end - copied);
    copied = end;
    if (outlined) {
      begin += fill(text_ + begin, outline);
    } else {
      end = std::min(lines, end);
      fill(begin, end);
      begin = end;
    }
  }
  std::memcpy(text_ + copied, wire.data() + copied, wire.size() - copied);
}

// Returns how many bytes the lines have.
size_t ami_msg::Table::fill(char* const text, const ami::scan::Outline& outline) noexcept {
  // A copy, since the compiler must fear that each byte written to the text changes the members.
  ami_field_t* next = next_;
  size_t begin = 0;
  for (size_t line = 0; line < outline.lines(); ++line) {
    const size_t end = outline.line_end(line);
    const size_t colon = outline.colon(line);
    const size_t key_size = colon - begin;
    if (key_size == 0 || next == end_ ||
        (key_size >= kChanVariable.size() && text[begin + kChanVariable.size() - 1] == '(')) {
      next_ = next;
      add({text + begin, end - begin});  // what is seldom
      next = next_;
    } else {
      const size_t value = colon + (text[colon + 1] == ' ' ? 2 : 1);
      text[colon] = '\0';
      text[end] = '\0';
      *next++ = {text + begin, text + value, static_cast<uint32_t>(key_size),
                 static_cast<uint32_t>(end - value)};
    }
    begin = end + 2;
  }
  next_ = next;
  return begin;
}

void ami_msg::Table::fill(size_t begin, size_t end) noexcept {
  std::string_view rest(text_ + begin, end - begin);
  for (size_t size = rest.find("\r\n"); size != std::string_view::npos; size = rest.find("\r\n")) {
    const std::string_view line = rest.substr(0, size);
    if (agents_ && add_call_started(line)) {
      agents_ = false;  // the first one alone
    } else {
      add(line);
    }
    rest.remove_prefix(size + 2);
  }
}

void ami_msg::Table::add(std::string_view line) noexcept {
  if (next_ == end_) return;  // never: lest a miscount writes behind the table
  const ami::Header header = ami::split_line(line);
  char* end = text_ + (header.value.data() + header.value.size() - text_);
  *end = '\0';
  if (!header.key.empty()) text_[header.key.data() + header.key.size() - text_] = '\0';
  *next_++ = {header.key.empty() ? end : header.key.data(), header.value.data(),
              static_cast<uint32_t>(header.key.size()), static_cast<uint32_t>(header.value.size())};
}

// An agent that is on a call has "CallStarted: n LF LoggedInTime: m" in one line, since Asterisk 12.
bool ami_msg::Table::add_call_started(std::string_view line) noexcept {
  const size_t lf = std::min(line.find('\n'), line.size());
  if (!ami::starts_nocase(line, "CallStarted:") || !ami::starts_nocase(line.substr(lf), "\nLoggedInTime:"))
    return false;
  add(line.substr(0, lf));
  add(line.substr(lf + 1));
  return true;
}

// Null when out of memory. Behind the text and the wire text there is a NUL.
ami_msg* ami_msg::allocate(const Sizes& sizes, const Stamp& stamp) noexcept {
  static_assert(sizeof(ami_msg) <= 64 && sizeof(ami_msg) % alignof(Extra) == 0);
  static_assert(sizeof(Extra) % alignof(ami_field_t) == 0 && alignof(Extra) % alignof(ami_field_t) == 0);
  if (sizes.text > UINT32_MAX || stamp.label.size() > UINT32_MAX) return nullptr;  // lengths have 32 bits
  const size_t others =
      sizeof(ami_msg) + sizeof(Extra) + stamp.label.size() + 1 + sizes.text + 1 + sizes.wire + 1;
  if (sizes.fields > (SIZE_MAX - others) / sizeof(ami_field_t)) return nullptr;
  const size_t before_label =
      sizeof(ami_msg) + (sizes.extra ? sizeof(Extra) : 0) + sizes.fields * sizeof(ami_field_t);
  const size_t before_text = before_label + stamp.label.size() + 1;
  void* memory = std::malloc(before_text + sizes.text + 1 + (sizes.extra ? sizes.wire + 1 : 0));
  if (memory == nullptr) return nullptr;
  auto* msg = new (memory) ami_msg;
  msg->kind_ = static_cast<uint8_t>(stamp.kind);
  msg->seq_ = stamp.seq;
  msg->time_ns_ = stamp.time_ns;
  msg->label_size_ = static_cast<uint32_t>(stamp.label.size());
  msg->text_ = static_cast<char*>(memory) + before_text;
  msg->text_size_ = msg->name_offset_ = static_cast<uint32_t>(sizes.text);
  stamp.label.copy(static_cast<char*>(memory) + before_label, stamp.label.size());
  msg->text_[-1] = '\0';
  msg->text_[sizes.text] = '\0';
  if (sizes.extra) new (msg + 1) Extra;
  msg->has_extra_ = sizes.extra;
  return msg;
}

ami_msg::Extra ami_msg::extra() const noexcept {
  return has_extra_ ? *reinterpret_cast<const Extra*>(behind_header()) : Extra();
}

size_t ami_msg::size() const noexcept {
  const auto before_text = static_cast<size_t>(text_ - reinterpret_cast<const char*>(this));
  return before_text + text_size_ + 1 + (has_extra_ ? extra().wire.size() + 1 : 0);
}

MessagePtr ami_msg::build(const Frame& frame, const Stamp& stamp) noexcept {
  const std::string_view wire = frame.bytes;
  const bool agents = equal_nocase(frame.name, "Agents");
  if (!ami::is_plain(stamp.encoding, wire)) return build_decoded(frame, stamp, agents);
  const size_t room = room_for(frame);
  const bool is_cli = frame.raw.data() != nullptr;
  ami_msg* msg = allocate({.fields = room, .text = wire.size(), .extra = is_cli}, stamp);
  if (msg == nullptr) return {};
  const size_t headers = frame.headers().size();
  Table table(msg->text_, msg->writable_fields(), room, agents);
  table.copy(wire, headers);
  msg->field_count_ = table.count();
  if (frame.name.data() != nullptr)
    msg->name_offset_ = static_cast<uint32_t>(frame.name.data() - wire.data());
  if (is_cli) msg->set_cli(headers, frame.raw.size());
  return MessagePtr::adopt(msg);
}

MessagePtr ami_msg::build_decoded(const Frame& frame, const Stamp& stamp, bool agents) noexcept {
  const std::string_view wire = frame.bytes;
  const size_t size = ami::decoded_size(stamp.encoding, wire);
  const size_t header_size = ami::decoded_size(stamp.encoding, frame.headers());
  const size_t room = room_for(frame);
  ami_msg* msg = allocate({.fields = room, .text = size, .wire = wire.size(), .extra = true}, stamp);
  if (msg == nullptr) return {};
  char* copy = ami::decode_to(stamp.encoding, wire, msg->text_) + 1;
  std::memcpy(copy, wire.data(), wire.size());
  copy[wire.size()] = '\0';
  reinterpret_cast<Extra*>(msg + 1)->wire = {copy, wire.size()};
  Table table(msg->text_, msg->writable_fields(), room, agents);
  table.fill(0, header_size);
  msg->field_count_ = table.count();
  msg->find_name();
  if (frame.raw.data() != nullptr) msg->set_cli(header_size, ami::decoded_size(stamp.encoding, frame.raw));
  return MessagePtr::adopt(msg);
}

MessagePtr ami_msg::notice(std::string_view lines, Stamp stamp) noexcept {
  constexpr std::string_view kBlankLine = "\r\n";
  stamp.kind = AMI_MSG_NOTICE;
  const size_t fields = ami::scan::count_lines(lines);
  ami_msg* msg = allocate({.fields = fields, .text = lines.size() + kBlankLine.size()}, stamp);
  if (msg == nullptr) return {};
  lines.copy(msg->text_, lines.size());
  kBlankLine.copy(msg->text_ + lines.size(), kBlankLine.size());
  Table table(msg->text_, msg->writable_fields(), fields, false);
  table.fill(0, lines.size());
  msg->field_count_ = table.count();
  msg->find_name();
  return MessagePtr::adopt(msg);
}

// The text of an old Command, without its last LF. What follows it is the marker of its end.
void ami_msg::set_cli(size_t begin, size_t size) noexcept {
  char* text = text_ + begin;
  if (size > 0 && text[size - 1] == '\n') --size;
  text[size] = '\0';
  reinterpret_cast<Extra*>(this + 1)->cli = {text, size};
}

void ami_msg::find_name() noexcept {
  for (const ami_field_t* field = fields(); field != fields() + field_count_; ++field) {
    if (!is_key(*field, "Event") && !is_key(*field, "Response")) continue;
    name_offset_ = static_cast<uint32_t>(field->value - text_);
    return;
  }
}

void ami_msg::unref() const noexcept {
  if (refs_.fetch_sub(1, std::memory_order_acq_rel) != 1) return;
  for (char* made : {raw_.load(std::memory_order_relaxed), output_.load(std::memory_order_relaxed)}) {
    if (made != nullptr) std::free(made);  // most messages have neither
  }
  auto* const memory = const_cast<ami_msg*>(this);
  const bool handed_over = handed_over_;
  const size_t size = this->size();
  this->~ami_msg();
  if (handed_over) {
    ami::ReturnedMemory::instance().give(memory, size);
  } else {
    std::free(memory);
  }
}

std::string_view ami_msg::get(std::string_view key) const noexcept {
  const ami_field_t* field = find(key, 0);
  return field == nullptr ? std::string_view() : std::string_view(field->value, field->value_len);
}

const ami_field_t* ami_msg::find(std::string_view key, size_t nth) const noexcept {
  const ami_field_t* const all = fields();
  for (size_t i = 0; i < field_count_; ++i) {
    if (is_key(all[i], key) && nth-- == 0) return all + i;
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
  if (const auto wire = extra().wire; wire.data() != nullptr) return wire;
  const char* text = raw_.load(std::memory_order_acquire);
  if (text == nullptr) text = restored();
  return text == nullptr ? std::string_view() : std::string_view(text, text_size_);
}

// A NUL stands over the CR before an LF, or over the LF that ended a value early.
char* ami_msg::restored() const noexcept {
  auto* copy = static_cast<char*>(std::malloc(text_size_ + size_t{1}));
  if (copy == nullptr) return nullptr;
  std::memcpy(copy, text_, text_size_ + size_t{1});
  for (const ami_field_t& field : std::span(fields(), field_count_)) {
    if (field.key_len != 0) copy[field.key + field.key_len - text_] = ':';
    char* end = copy + (field.value + field.value_len - text_);
    *end = end[1] == '\n' ? '\r' : '\n';
  }
  if (const auto cli = extra().cli; cli.data() != nullptr) {
    char* end = copy + (cli.data() + cli.size() - text_);
    *end = std::string_view(end + 1, kEndCommand.size()) == kEndCommand ? '\n' : kEndCommand.front();
  }
  return keep(raw_, copy);
}

std::string_view ami_msg::output() const noexcept {
  if (const auto cli = extra().cli; cli.data() != nullptr) return cli;
  size_t size = 0;
  for (const ami_field_t& field : std::span(fields(), field_count_)) {
    if (is_key(field, kOutput)) size += field.value_len + size_t{1};
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
  for (const ami_field_t& field : std::span(fields(), field_count_)) {
    if (!is_key(field, kOutput)) continue;
    std::memcpy(at, field.value, field.value_len);
    at += field.value_len;
    *at++ = '\n';
  }
  at[-1] = '\0';
  return keep(output_, text);
}
