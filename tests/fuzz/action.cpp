// Builds an action from texts of any kind. What is written is read as Asterisk does, and holds the same
// fields in the same order and no line more; what is refused says why, and never what is secret.

#include "protocol/action.h"

#include <vector>

#include "fuzz.h"
#include "protocol/message.h"
#include "protocol/parser.h"
#include "protocol/text.h"

namespace {

struct Field {
  std::string key, value;
};

struct Built {
  std::vector<Field> fields;  // what was taken
  std::string own_id;
  bool has_secret = false;
};

std::string known(unsigned which) {
  static constexpr std::string_view kWords[] = {"Variable", "Channel", "Secret", "Key",      "password",
                                                "ActionID", "Action",  "Async",  "Response", "Event"};
  return std::string(kWords[which % std::size(kWords)]);
}

// A key, as often as not one that is known.
std::string key_of(fuzz::Input& input) {
  const unsigned choice = input.byte();
  return (choice & 1U) != 0 ? known(choice >> 1U) : input.text();
}

// A text that repeats, for what is long.
std::string value_of(fuzz::Input& input) {
  std::string text = input.text();
  const unsigned times = input.byte();
  if (times < 240 || text.empty()) return text;
  std::string all;
  for (size_t want = 1000 + 4 * (times - 240); all.size() < want;) all += text;
  return all;
}

bool is_secret(std::string_view key) {
  const std::string name = ami::lower_copy(key);
  return name == "secret" || name == "key" || name == "password";
}

void check_detail(const std::string& detail) {
  FUZZ_CHECK(!detail.empty(), detail);
  FUZZ_CHECK(!fuzz::shows_secret(detail), detail);
  FUZZ_CHECK(detail.find_first_of(std::string_view("\r\n\0", 3)) == std::string::npos, detail);
}

void note(Built& built, int err, std::string key, std::string value) {
  if (err != 0) return;
  if (ami::equal_nocase(key, "ActionID")) {
    built.own_id = value;
  } else {
    built.fields.push_back({std::move(key), std::move(value)});
  }
}

void add(ami_action& action, Built& built, fuzz::Input& input) {
  std::string key = key_of(input);
  std::string value = value_of(input);
  if (is_secret(key)) value = fuzz::with_secret_mark(value);
  const int err = action.add(key, value);
  note(built, err, key, value);
}

void add_all(ami_action& action, Built& built, fuzz::Input& input) {
  const size_t pairs = input.below(4);
  std::vector<std::string> texts;
  for (size_t i = 0; i < 2 * pairs; ++i) texts.push_back(input.text().c_str());
  std::vector<const char*> pointers;
  for (const auto& text : texts) pointers.push_back(text.c_str());
  const bool null = input.below(16) == 0 && pairs > 0;
  if (null) pointers[input.byte() % pointers.size()] = nullptr;
  const int err = action.add_all(pointers.data(), pairs);
  FUZZ_CHECK(!null || err != 0, "");
  for (size_t i = 0; i < pairs; ++i) note(built, err, texts[2 * i], texts[2 * i + 1]);
}

// As Asterisk takes the variables of one header apart.
std::string unescaped(std::string_view text) {
  std::string plain;
  bool escaped = false;
  for (const char c : text) {
    const bool begins = c == '\\' && !escaped;
    FUZZ_CHECK(escaped || (c != ',' && c != '"'), std::string(text));  // else the header would hold two
    if (!begins) plain += c;
    escaped = begins;
  }
  FUZZ_CHECK(!escaped, std::string(text));
  return plain;
}

void variable(ami_action& action, Built& built, fuzz::Input& input) {
  const std::string name = input.text();
  const std::string value = value_of(input);
  if (action.variable(name, value) != 0) return;
  FUZZ_CHECK(name.find('=') == std::string::npos, name);
  std::string escaped;  // what was made of it is checked when it is read again
  for (const char c : value) {
    if (c == ',' || c == '"' || c == '\\') escaped += '\\';
    escaped += c;
  }
  FUZZ_CHECK(unescaped(escaped) == value, value);
  built.fields.push_back({"Variable", name + "=" + escaped});
}

// The lines of an action, which ends in a blank one. Asterisk ends a line at CR, LF and NUL alike.
std::vector<std::string> lines_of(std::string_view wire) {
  FUZZ_CHECK(wire.ends_with("\r\n\r\n"), std::string(wire));
  wire.remove_suffix(2);
  std::vector<std::string> lines;
  while (!wire.empty()) {
    const size_t end = wire.find_first_of(std::string_view("\r\n\0", 3));
    FUZZ_CHECK(wire.substr(end).starts_with("\r\n"), std::string(wire));
    FUZZ_CHECK(end > 0 && end <= ami::kMaxLineBytes, std::string(wire));
    lines.emplace_back(wire.substr(0, end));
    wire.remove_prefix(end + 2);
  }
  return lines;
}

std::string text_of(ami::Encoding encoding, std::string_view wire) {
  std::string text;
  ami::decode(encoding, wire, text);
  return text;
}

void check_wire(std::string_view wire, const std::vector<Field>& expected, ami::Encoding encoding) {
  const auto lines = lines_of(wire);
  FUZZ_CHECK(lines.size() == expected.size() && lines.size() <= ami::kMaxLines, std::string(wire));
  for (size_t i = 0; i < lines.size(); ++i) {
    const std::string text = text_of(encoding, lines[i]);
    FUZZ_CHECK(text == expected[i].key + ": " + expected[i].value, std::string(wire));
    // The name of a header ends at its first colon.
    FUZZ_CHECK(text.find(':') == expected[i].key.size(), std::string(wire));
  }
}

// Our own parser finds the same, and one message.
class Reader final : public ami::ParserSink {
 public:
  Reader(const std::vector<Field>& expected, ami::Encoding encoding) : expected_(expected) {
    stamp_.encoding = encoding;
  }
  void on_greeting(std::string_view /*line*/) override {}
  void on_skipped(std::string_view bytes) override { FUZZ_CHECK(false, std::string(bytes)); }
  bool on_frame(const ami::Frame& frame) override {
    const std::string bytes(frame.bytes);
    const auto message = ami_msg::build(frame, stamp_);
    FUZZ_CHECK(++count_ == 1 && message->field_count() == expected_.size(), bytes);
    for (size_t i = 0; i < expected_.size(); ++i) {
      const ami_field_t& field = message->fields()[i];
      FUZZ_CHECK(std::string_view(field.key, field.key_len) == expected_[i].key, bytes);
      FUZZ_CHECK(std::string_view(field.value, field.value_len) == expected_[i].value, bytes);
    }
    return true;
  }
  [[nodiscard]] int count() const { return count_; }

 private:
  const std::vector<Field>& expected_;
  ami::Stamp stamp_;
  int count_ = 0;
};

void write(const ami_action& action, const Built& built, ami::Encoding encoding) {
  std::string detail;
  std::string wire = "before";
  const std::string id = built.own_id.empty() ? "generated-1" : built.own_id;
  FUZZ_CHECK(action.own_id() == built.own_id, action.own_id());
  const int err = action.write(id, encoding, wire, detail);
  if (err != 0) {
    FUZZ_CHECK(wire == "before", wire);
    return check_detail(detail);
  }
  wire.erase(0, 6);
  std::vector<Field> expected{{"Action", action.name()}, {"ActionID", id}};
  expected.insert(expected.end(), built.fields.begin(), built.fields.end());
  check_wire(wire, expected, encoding);
  Reader reader(expected, encoding);
  ami::Parser parser(ami::Parser::Limits{});
  FUZZ_CHECK(parser.feed("greeting\r\n" + wire, reader) == 0 && reader.count() == 1, wire);
}

}  // namespace

int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  const std::string script = fuzz::without_secret_mark(data, size);
  fuzz::Input input(script);
  const auto encoding = static_cast<ami::Encoding>(input.below(3));
  ami_action action(input.text());
  Built built;
  while (!input.empty()) {
    const int before = action.status();
    switch (input.below(8)) {
      case 0:
        add_all(action, built, input);
        break;
      case 1:
      case 2:
        variable(action, built, input);
        break;
      case 3:
        action.set_timeout(static_cast<int>(input.number()) - 100);
        break;
      case 4:
        action.set_until(input.text());
        break;
      case 5:  // many lines
        for (unsigned count = input.byte(); count > 0; --count) note(built, action.add("X", "y"), "X", "y");
        break;
      default:
        add(action, built, input);
    }
    FUZZ_CHECK(before == 0 || action.status() == before, action.detail());
  }
  std::string detail;
  if (action.check(detail) != 0) return check_detail(detail), 0;
  for (const auto& field : built.fields) {
    const auto* first = &field;
    for (const auto& other : built.fields) {
      if (!ami::equal_nocase(other.key, field.key)) continue;
      first = &other;
      break;
    }
    FUZZ_CHECK(action.get(field.key) == first->value, field.key);
  }
  write(action, built, encoding);
  return 0;
}
