// Sets and reads options and URLs of any kind. What was taken is read back, what was refused has changed
// nothing, and no error holds a password, however broken the URL around it is.

#include "options.h"

#include <algorithm>
#include <array>
#include <vector>

#include "ami/ami.h"
#include "fuzz.h"
#include "protocol/text.h"

namespace {

using ami::Options;

// The names that an error lists.
const std::vector<std::string>& all_names() {
  static const std::vector<std::string> all = [] {
    std::vector<std::string> names;
    std::string text;
    Options().set("?", "", text);
    text.erase(0, text.find("known are ") + 10);
    while (!text.empty()) {
      names.push_back(text.substr(0, text.find(',')));
      text.erase(0, names.back().size() + 2);
    }
    FUZZ_CHECK(names.size() > 30 && names.front() == "host", "");
    return names;
  }();
  return all;
}

// In the order of all_names().
using Values = std::vector<std::string>;

Values values_of(const Options& options) {
  Values values(all_names().size());
  for (size_t i = 0; i < values.size(); ++i) {
    const std::string& name = all_names()[i];
    const bool shown = options.get(name, values[i]);
    FUZZ_CHECK(shown == (name != "password" && name != "url"), name);
    if (name == "password") values[i] = options.session.password;
  }
  return values;
}

// A value, as often as not a likely one.
std::string value_of(fuzz::Input& input) {
  static constexpr std::string_view kWords[] = {
      "on",         "off",   "true",  "FALSE",  "Yes",        "0",    "1",
      "5038",       "65536", "plain", "MD5",    "full",       "ca",   "none",
      "call,agent", "Call",  "utf-8", "latin1", "drop",       "wait", "queue",
      "refuse",     "1024",  "007",   "-1",     "4294967296", "",     "Event: Newchannel"};
  const unsigned choice = input.byte();
  return (choice & 1U) != 0 ? std::string(kWords[(choice >> 1U) % std::size(kWords)]) : input.text();
}

std::string name_of(fuzz::Input& input) {
  const unsigned choice = input.byte();
  return choice < 250 ? all_names()[choice % all_names().size()] : input.text();
}

void check_detail(const std::string& detail) {
  FUZZ_CHECK(!detail.empty(), detail);
  FUZZ_CHECK(!fuzz::shows_secret(detail), detail);
  FUZZ_CHECK(detail.find_first_of(std::string_view("\r\n\0", 3)) == std::string::npos, detail);
}

bool is_text(std::string_view name) {
  for (const auto* text : {"host", "username", "identifier", "password", "tls.ca", "tls.cert", "tls.key",
                           "tls.server_name", "tls.pin"}) {
    if (name == text) return true;
  }
  return false;
}

// What was set as value reads as got: the same text, the same number, or a word for it that means itself.
void check_taken(const std::string& name, const std::string& value, const std::string& before,
                 const std::string& got) {
  if (name == "filter") {
    FUZZ_CHECK(got == (value.empty() ? "" : before.empty() ? value : before + "\n" + value), got);
    return;
  }
  if (is_text(name)) {
    FUZZ_CHECK(got == value, name + ": " + value + " reads as " + got);
    return;
  }
  if (got != "true" && got != "false" && !got.empty() && got.find_first_not_of("0123456789") == got.npos) {
    std::string number = value;
    number.erase(0, std::min(number.find_first_not_of('0'), number.size() - 1));
    FUZZ_CHECK(got == number || (name == "reconnect" && got == "1000"), name + ": " + value);
    return;
  }
  Options other;
  std::string detail;
  std::string again;
  FUZZ_CHECK(other.set(name, got, detail) == 0 && other.get(name, again), detail);
  FUZZ_CHECK(again == got, name + ": " + got + " reads as " + again);
  FUZZ_CHECK(ami::equal_nocase(got, value) || got.size() < 6, name + ": " + value + " reads as " + got);
}

// The options under test, and what they held after the last call.
struct Subject {
  Options options;
  Values values = values_of(options);
};

int set(Subject& subject, const std::string& name, const std::string& value) {
  Options& options = subject.options;
  const Values before = std::move(subject.values);
  std::string detail;
  const int err = options.set(name, value, detail);
  const Values& after = subject.values = values_of(options);
  if (err != 0) {
    check_detail(detail);
    FUZZ_CHECK(after == before, name + ": " + value);
    return err;
  }
  FUZZ_CHECK(value.find_first_of(std::string_view("\r\n\0", 3)) == std::string::npos, value);
  if (ami::equal_nocase(name, "url")) return 0;
  for (size_t i = 0; i < before.size(); ++i) {
    const std::string& other = all_names()[i];
    if (ami::equal_nocase(other, name)) {
      check_taken(other, value, before[i], after[i]);
    } else if (other != "port" || options.port || !ami::equal_nocase(name, "tls")) {
      // Without a port of its own that is the one of TLS.
      FUZZ_CHECK(after[i] == before[i], name + " changes " + other);
    }
  }
  return 0;
}

// Some bytes stand for themselves; any may be encoded.
std::string percent_encoded(std::string_view text, unsigned style) {
  constexpr std::string_view kHex = "0123456789abcdefABCDEF";
  std::string out;
  for (const char c : text) {
    const auto byte = static_cast<unsigned char>(c);
    const bool plain = (byte >= '0' && byte <= '9') || (byte >= 'a' && byte <= 'z') || c == '.' || c == '-';
    if (plain && (style & 1U) == 0) {
      out += c;
      continue;
    }
    out += '%';
    out += kHex[byte >> 4U];
    out += kHex[(byte & 15U) + ((byte & 15U) >= 10 && (style & 2U) != 0 ? 6 : 0)];
  }
  return out;
}

// A URL made of parts says what its parts say alone.
void set_parts(Subject& subject, fuzz::Input& input) {
  const unsigned has = input.byte();
  const unsigned style = input.byte();
  std::vector<std::pair<std::string, std::string>> parts;
  std::string url = (has & 1U) != 0 ? "amis://" : "ami://";
  if ((has & 2U) != 0) {
    parts.emplace_back("username", input.text());
    url += percent_encoded(parts.back().second, style);
    if ((has & 4U) != 0) {
      parts.emplace_back("password", fuzz::with_secret_mark(input.text()));
      url += ":" + percent_encoded(parts.back().second, style);
    }
    url += "@";
  }
  parts.emplace_back("host", input.text());
  const std::string host = percent_encoded(parts.back().second, style);
  url += (has & 8U) != 0 ? "[" + host + "]" : host;
  if ((has & 16U) != 0) {
    parts.emplace_back("port", value_of(input));
    url += ":" + percent_encoded(parts.back().second, style);
  }
  if ((has & 32U) != 0) url += "/";
  if ((has & 1U) != 0) parts.emplace_back("tls", "on");
  bool allowed = true;
  char separator = '?';
  for (unsigned count = has >> 6U; count > 0; --count) {
    const std::string name = name_of(input);
    std::string value = value_of(input);
    if (ami::equal_nocase(name, "password")) value = fuzz::with_secret_mark(value);
    const std::string lower = ami::lower_copy(name);
    allowed = allowed && lower != "url" && ((has & 1U) == 0 || (lower != "tls" && lower != "tls.verify"));
    parts.emplace_back(name, value);
    url += separator + percent_encoded(name, style) + "=" + percent_encoded(value, style);
    separator = '&';
  }
  Options alone;
  std::string detail;
  for (size_t i = 0; i < subject.values.size(); ++i) {
    const std::string& name = all_names()[i];
    if (name == "port" ? subject.options.port.has_value() : name != "filter" && name != "url") {
      alone.set(name, subject.values[i], detail);
    }
  }
  for (const auto& filter : subject.options.session.filters) alone.set("filter", filter, detail);
  int err = allowed ? 0 : AMI_EOPTION;
  for (const auto& [name, value] : parts) {
    if (err == 0) err = alone.set(name, value, detail);
  }
  FUZZ_CHECK((set(subject, "url", url) == 0) == (err == 0), url);
  if (err == 0) FUZZ_CHECK(subject.values == values_of(alone), url);
}

// A URL as people write it by hand: what stands before the last @, and behind the first colon, is secret.
void set_raw(Subject& subject, fuzz::Input& input) {
  std::string user = input.text();
  std::erase_if(user, [](char c) { return c == ':' || c == '@'; });
  const std::string secret = fuzz::with_secret_mark(input.text());
  set(subject, "url", "ami://" + user + ":" + secret + "@" + input.text());
}

}  // namespace

int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  const std::string script = fuzz::without_secret_mark(data, size);
  fuzz::Input input(script);
  Subject subject;
  for (int i = 0; i < 12 && !input.empty(); ++i) {
    switch (input.below(8)) {
      case 0:
      case 1:
        set_parts(subject, input);
        break;
      case 2:
      case 3:
        set_raw(subject, input);
        break;
      case 4:
        set(subject, "url", input.text());
        break;
      default: {
        const std::string name = name_of(input);
        const std::string value = value_of(input);
        set(subject, name, ami::equal_nocase(name, "password") ? fuzz::with_secret_mark(value) : value);
      }
    }
  }
  return 0;
}
