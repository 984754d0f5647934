#include "protocol/action.h"

#include <algorithm>

#include "protocol/digest.h"
#include "protocol/lists.h"
#include "protocol/text.h"

namespace ami {
namespace {

// The bytes that end a line or a C string in Asterisk, and so would begin a header of somebody else's making.
constexpr std::string_view kBreaks("\r\n\0", 3);
constexpr std::string_view kBlanks = " \t";
constexpr std::string_view kHead = "Action: \r\nActionID: \r\n\r\n";  // what stands around name and id

bool is_secret(std::string_view key) {
  return equal_nocase(key, "Secret") || equal_nocase(key, "Key") || equal_nocase(key, "Password");
}

std::string quoted(std::string_view text) {
  return '"' + printable(text) + '"';
}

// A value as errors show it.
std::string shown(std::string_view key, std::string_view value) {
  return is_secret(key) ? std::string("(not shown)") : quoted(value);
}

const char* name_of_break(char c) {
  return c == '\r' ? "CR" : c == '\n' ? "LF" : "NUL";
}

// In Latin-1 each character is one byte, so that the bytes which continue one do not count.
size_t shortest(std::string_view text) {
  return static_cast<size_t>(std::count_if(
      text.begin(), text.end(), [](char c) { return (static_cast<unsigned char>(c) & 0xC0U) != 0x80U; }));
}

std::string too_long(std::string_view key, size_t size) {
  return "header " + quoted(key) + ": the line has " + std::to_string(size) +
         " bytes, and Asterisk reads at most " + std::to_string(kMaxLineBytes) +
         "; shorten the value or spread it over several headers";
}

int check_key(std::string_view key, std::string& detail) {
  if (key.empty()) {
    detail = "a header needs a name";
    return AMI_EINVAL;
  }
  const auto bad = [](char c) {
    return c == ':' || c == ' ' || c == '\t' || c == '\r' || c == '\n' || c == '\0';
  };
  if (std::none_of(key.begin(), key.end(), bad)) return 0;
  detail = "header name " + quoted(key) + ": a name holds no colon, blank, CR, LF or NUL";
  return AMI_EINJECT;
}

// For keys that are known to be good.
int check_value(std::string_view key, std::string_view value, std::string& detail) {
  const size_t at = value.find_first_of(kBreaks);
  if (at != std::string_view::npos) {
    detail = "header " + quoted(key) + ": the value " + shown(key, value) + " holds " +
             name_of_break(value[at]) + " at byte " + std::to_string(at) +
             "; AMI cannot carry it, so remove it or encode the value";
    return AMI_EINJECT;
  }
  const size_t around = key.size() + 2;
  if (around + value.size() <= kMaxLineBytes || shortest(key) + 2 + shortest(value) <= kMaxLineBytes)
    return 0;
  detail = too_long(key, around + value.size());
  return AMI_ETOOBIG;
}

// Whether every line of text, of which each ends in CRLF, can be sent. Writes why not to detail.
bool lines_fit(std::string_view text, std::string& detail) {
  while (!text.empty()) {
    const size_t end = text.find("\r\n");
    if (end > kMaxLineBytes) {
      detail = too_long(text.substr(0, text.find(':')), end);
      return false;
    }
    text.remove_prefix(end + 2);
  }
  return true;
}

// The header of text that encoding cannot say, for an error.
std::string unsayable(std::string_view text, Encoding encoding) {
  const std::string_view why = encoding == Encoding::kLatin1
                                   ? "holds characters that Latin-1 has not, or is not UTF-8"
                                   : "is not valid UTF-8";
  std::string scratch;
  while (!text.empty()) {
    const std::string_view line = text.substr(0, text.find("\r\n"));
    const std::string_view key = line.substr(0, line.find(':'));
    if (!encode(encoding, line, scratch)) {
      const std::string_view value = line.substr(std::min(key.size() + 2, line.size()));
      return "header " + quoted(key) + ": " + shown(key, value) + ' ' + std::string(why) +
             "; see the option encoding";
    }
    text.remove_prefix(line.size() + 2);
  }
  return {};
}

}  // namespace

int check_field(std::string_view key, std::string_view value, std::string& detail) {
  const int err = check_key(key, detail);
  return err != 0 ? err : check_value(key, value, detail);
}

}  // namespace ami

using ami::Encoding;
using ami::equal_nocase;

ami_action::ami_action(std::string_view name) : name_(name), answer_(ami::answer_of(name)) {
  std::string why;
  if (name.empty()) {
    refuse(AMI_EINVAL, "an action needs a name");
  } else if (const int err = ami::check_value("Action", name, why); err != 0) {
    refuse(err, why);
  } else if (ami::kBlanks.find(name.front()) != std::string_view::npos ||
             ami::kBlanks.find(name.back()) != std::string_view::npos) {
    refuse(AMI_EINVAL, "action name " + ami::quoted(name) + ": remove the blanks around it");
  }
}

ami_action::~ami_action() {
  ami::wipe(lines_);
}

int ami_action::refuse(int err, std::string_view detail) {
  if (status_ == 0) {
    status_ = err;
    detail_ = detail;
  }
  return status_;
}

int ami_action::add(std::string_view key, std::string_view value) {
  if (status_ != 0) return status_;
  std::string why;
  if (const int err = ami::check_field(key, value, why); err != 0) return refuse(err, why);
  if (equal_nocase(key, "ActionID")) return add_action_id(value);
  if (equal_nocase(key, "Action")) {
    return refuse(AMI_EINVAL,
                  "header Action: it is given when the action is made, here as " + ami::quoted(name_));
  }
  if (line_count_ == ami::kMaxLines) {
    return refuse(AMI_ETOOBIG, "header " + ami::quoted(key) + ": Asterisk reads at most " +
                                   std::to_string(ami::kMaxLines) + " lines, Action and ActionID among them");
  }
  ++line_count_;
  longest_line_ = std::max(longest_line_, key.size() + 2 + value.size());
  lines_.append(key).append(": ").append(value).append("\r\n");
  return 0;
}

// Asterisk would strip blanks before it, and cuts a long one together with its line end.
int ami_action::add_action_id(std::string_view id) {
  if (!own_id_.empty()) return refuse(AMI_EINVAL, "header ActionID: it is already " + ami::quoted(own_id_));
  const auto unprintable = [](char c) {
    return static_cast<unsigned char>(c) < ' ' || static_cast<unsigned char>(c) > '~';
  };
  if (id.empty() || id.size() > ami::kMaxActionId || id.front() == ' ' ||
      std::any_of(id.begin(), id.end(), unprintable)) {
    return refuse(AMI_EINVAL, "header ActionID: " + ami::quoted(id) + " has " + std::to_string(id.size()) +
                                  " bytes; it takes 1 to " + std::to_string(ami::kMaxActionId) +
                                  " of printable ASCII, the first one no blank");
  }
  own_id_ = id;
  return 0;
}

int ami_action::add_all(const char* const* key_value, size_t pairs) {
  if (status_ != 0) return status_;
  for (size_t i = 0; i < pairs && status_ == 0; ++i) {
    const char* key = key_value[2 * i];
    const char* value = key_value[2 * i + 1];
    if (key == nullptr || value == nullptr) {
      refuse(AMI_EINVAL, "pair " + std::to_string(i) + " has a NULL " + (key == nullptr ? "key" : "value"));
    } else {
      add(key, value);
    }
  }
  return status_;
}

int ami_action::variable(std::string_view name, std::string_view value) {
  if (status_ != 0) return status_;
  if (name.empty() || name.find_first_of("=,\"\\") != std::string_view::npos) {
    return refuse(AMI_EINVAL, "variable name " + ami::quoted(name) +
                                  ": it takes at least one byte, and no =, comma, " + "quote or backslash");
  }
  std::string pair(name);
  pair += '=';
  for (const char c : value) {
    if (c == ',' || c == '"' || c == '\\') pair += '\\';
    pair += c;
  }
  return add("Variable", pair);
}

int ami_action::set_timeout(int ms) {
  if (status_ != 0) return status_;
  if (ms < 0) return refuse(AMI_EINVAL, "a timeout of " + std::to_string(ms) + " ms; 0 is none");
  timeout_ms_ = ms;
  return 0;
}

int ami_action::set_until(std::string_view event) {
  if (status_ != 0) return status_;
  if (event.empty()) return refuse(AMI_EINVAL, "until needs the name of an event");
  if (equal_nocase(event, "UserEvent")) {
    return refuse(AMI_EINVAL,
                  "until UserEvent: any client can send one with our ActionID, so it tells nothing");
  }
  until_ = event;
  return 0;
}

std::string_view ami_action::get(std::string_view key) const {
  if (equal_nocase(key, "Action")) return name_;
  if (equal_nocase(key, "ActionID")) return own_id_.empty() ? std::string_view() : std::string_view(own_id_);
  std::string_view rest = lines_;
  while (!rest.empty()) {
    const std::string_view line = rest.substr(0, rest.find("\r\n"));
    if (equal_nocase(line.substr(0, line.find(':')), key)) return line.substr(key.size() + 2);
    rest.remove_prefix(line.size() + 2);
  }
  return {};
}

int ami_action::check(std::string& detail) const {
  if (status_ != 0) {
    detail = detail_;
    return status_;
  }
  if (answer_.shape == ami::Shape::kNoAnswer) {
    const std::string_view command = equal_nocase(name_, "Queues") ? "queue show" : "iax2 show netstats";
    detail = "action " + name_ +
             ": Asterisk answers with text that cannot be told from other messages; use Command: " +
             std::string(command);
    return AMI_EINVAL;
  }
  if (equal_nocase(until_, "OriginateResponse") && !ami::is_true(get("Async"))) {
    detail = "until OriginateResponse: Asterisk sends it only for an action with Async: true";
    return AMI_EINVAL;
  }
  return 0;
}

int ami_action::write(std::string_view id, Encoding encoding, std::string& out, std::string& detail) const {
  const size_t before = out.size();
  out.reserve(before + ami::kHead.size() + name_.size() + id.size() + lines_.size());  // moved at most once
  out.append("Action: ").append(name_).append("\r\n");
  if (!id.empty()) out.append("ActionID: ").append(id).append("\r\n");
  const size_t longest = std::max(longest_line_, name_.size() + 8);
  if (encoding == Encoding::kBytes) {
    out += lines_;
  } else {
    std::string text = out.substr(before) + lines_;
    out.resize(before);
    const bool said = ami::encode(encoding, text, out);
    if (!said) detail = ami::unsayable(text, encoding);
    ami::wipe(text);
    if (!said) return AMI_EENCODING;
  }
  if (longest > ami::kMaxLineBytes && !ami::lines_fit(std::string_view(out).substr(before), detail)) {
    out.resize(before);
    return AMI_ETOOBIG;
  }
  out += "\r\n";
  return 0;
}
