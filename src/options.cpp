#include "options.h"

#include <algorithm>
#include <array>
#include <iterator>

#include "ami/ami.h"
#include "protocol/action.h"
#include "protocol/digest.h"
#include "protocol/text.h"
#include "url.h"

namespace ami {
namespace {

using std::string;
using std::string_view;

constexpr uint64_t kMaxMs = 7ULL * 24 * 3600 * 1000;  // a week
constexpr uint64_t kMaxCount = 1ULL << 30U;
constexpr uint64_t kMaxBytes = 1ULL << 32U;
constexpr uint64_t kMaxMessageBytes = 1ULL << 30U;  // ami_field_t has 32-bit lengths
constexpr size_t kMaxIdentifier = 24;

bool parse_bool(string_view text, bool& out) {
  const auto is = [&](string_view word) { return equal_nocase(text, word); };
  if (is("true") || is("on") || is("yes") || is("1")) return out = true, true;
  if (is("false") || is("off") || is("no") || is("0")) return out = false, true;
  return false;
}

string show(bool value) {
  return value ? "true" : "false";
}

// One option: how it is set and shown. set returns the empty string, or what is allowed.
struct Entry {
  string_view name;
  string (*set)(Options&, string_view);
  string (*get)(const Options&);
};

template <auto member>
string set_flag(Options& o, string_view value) {
  return parse_bool(value, member(o)) ? "" : "true or false";
}
template <auto member>
string get_flag(const Options& o) {
  return show(member(const_cast<Options&>(o)));
}
template <auto member, uint64_t min, uint64_t max>
string set_number(Options& o, string_view value) {
  uint64_t number = 0;
  if (!parse_number(value, max, number) || number < min) {
    return "a number from " + std::to_string(min) + " to " + std::to_string(max);
  }
  member(o) = static_cast<std::remove_reference_t<decltype(member(o))>>(number);
  return "";
}
template <auto member>
string get_number(const Options& o) {
  return std::to_string(member(const_cast<Options&>(o)));
}
template <auto member>
string set_text(Options& o, string_view value) {
  member(o) = value;
  return "";
}
template <auto member>
string get_text(const Options& o) {
  return member(const_cast<Options&>(o));
}

// Where a plain option is kept.
#define AMI_AT(path) ([](Options & o) -> auto& { return o.path; })
#define AMI_FLAG(name, path)                             \
  Entry {                                                \
    name, set_flag<AMI_AT(path)>, get_flag<AMI_AT(path)> \
  }
#define AMI_TEXT(name, path)                             \
  Entry {                                                \
    name, set_text<AMI_AT(path)>, get_text<AMI_AT(path)> \
  }
#define AMI_NUMBER(name, path, min, max)                               \
  Entry {                                                              \
    name, set_number<AMI_AT(path), min, max>, get_number<AMI_AT(path)> \
  }

string set_host(Options& o, string_view value) {
  if (value.empty()) return "a host name or an address";
  o.host = value;
  return "";
}

constexpr string_view kPort = "a number from 1 to 65535";

bool is_port(string_view text, uint64_t& number) {
  return parse_number(text, 65535, number) && number != 0;
}

string set_port(Options& o, string_view value) {
  uint64_t number = 0;
  if (!is_port(value, number)) return string(kPort);
  o.port = static_cast<uint16_t>(number);
  return "";
}

string set_password(Options& o, string_view value) {
  wipe(o.session.password);
  o.session.password.reserve(std::max<size_t>(value.size(), 64));  // never moved while it grows
  o.session.password = value;
  return "";
}

string set_auth(Options& o, string_view value) {
  if (!equal_nocase(value, "md5") && !equal_nocase(value, "plain")) return "md5 or plain";
  o.session.plain_login = equal_nocase(value, "plain");
  return "";
}

constexpr std::array kClasses = {"system", "call", "log",       "verbose",  "command",  "agent",     "user",
                                 "config", "dtmf", "reporting", "cdr",      "dialplan", "originate", "agi",
                                 "cc",     "aoc",  "test",      "security", "message"};

// Calls visit with each class name of a list; false when one of them is none.
template <typename Visit>
bool each_class(string_view list, Visit visit) {
  while (true) {
    const size_t comma = list.find(',');
    const auto name = list.substr(0, comma);
    const auto same = [&](const char* known) { return equal_nocase(name, known); };
    if (std::none_of(kClasses.begin(), kClasses.end(), same)) return false;
    visit(name);
    if (comma == string_view::npos) return true;
    list.remove_prefix(comma + 1);
  }
}

string set_events(Options& o, string_view value) {
  bool on = false;
  if (value != "1" && value != "0" && parse_bool(value, on)) {
    o.session.mask = on ? "on" : "off";
    return "";
  }
  if (!each_class(value, [](string_view) {})) {
    string allowed = "on, off, or a comma list of";
    for (const auto* name : kClasses) allowed.append(" ").append(name);
    return allowed;
  }
  o.session.mask = lower_copy(value);
  return "";
}

string set_filter(Options& o, string_view value) {
  if (value.empty()) {
    o.session.filters.clear();
    return "";
  }
  string why;
  if (check_field("Filter", value, why) != 0) return "a filter that fits into one line: " + why;
  o.session.filters.emplace_back(value);
  return "";
}

string get_filter(const Options& o) {
  string all;
  for (const auto& filter : o.session.filters) all += (all.empty() ? "" : "\n") + filter;
  return all;
}

string set_reconnect(Options& o, string_view value) {
  constexpr uint64_t kFirstMs = 1000;
  bool on = false;
  uint64_t ms = 0;
  if (value != "1" && parse_bool(value, on)) {
    o.reconnect_ms = on ? kFirstMs : 0;
  } else if (parse_number(value, kMaxMs, ms)) {
    o.reconnect_ms = ms;
  } else {
    return "true, false, or the first delay in ms";
  }
  return "";
}

string set_identifier(Options& o, string_view value) {
  const bool printable_only =
      std::all_of(value.begin(), value.end(), [](char c) { return c > ' ' && c <= '~'; });
  if (value.size() > kMaxIdentifier || !printable_only) {
    return "at most 24 printable ASCII characters without blanks";
  }
  o.session.identifier = value;
  return "";
}

string set_encoding(Options& o, string_view value) {
  const auto is = [&](string_view word) { return equal_nocase(value, word); };
  if (is("ascii") || is("binary")) {
    o.session.encoding = Encoding::kBytes;
  } else if (is("utf-8") || is("utf8")) {
    o.session.encoding = Encoding::kUtf8;
  } else if (is("latin1")) {
    o.session.encoding = Encoding::kLatin1;
  } else {
    return "ascii, binary, utf-8 or latin1";
  }
  return "";
}

string get_encoding(const Options& o) {
  return o.session.encoding == Encoding::kUtf8     ? "utf-8"
         : o.session.encoding == Encoding::kLatin1 ? "latin1"
                                                   : "ascii";
}

string set_verify(Options& o, string_view value) {
  using Verify = TlsOptions::Verify;
  if (equal_nocase(value, "full")) {
    o.tls.verify = Verify::kFull;
  } else if (equal_nocase(value, "ca")) {
    o.tls.verify = Verify::kCa;
  } else if (equal_nocase(value, "none")) {
    o.tls.verify = Verify::kNone;
  } else {
    return "full, ca or none";
  }
  return "";
}

string get_verify(const Options& o) {
  using Verify = TlsOptions::Verify;
  return o.tls.verify == Verify::kFull ? "full" : o.tls.verify == Verify::kCa ? "ca" : "none";
}

string set_pin(Options& o, string_view value) {
  constexpr size_t kBase64Sha256 = 44;
  constexpr string_view kPrefix = "sha256//";
  if (!value.empty() && (!value.starts_with(kPrefix) || value.size() != kPrefix.size() + kBase64Sha256)) {
    return "sha256// and the 44 characters of base64 of the public key's SHA-256";
  }
  o.tls.pin = value;
  return "";
}

string set_jitter(Options& o, string_view value) {
  if (!equal_nocase(value, "full") && !equal_nocase(value, "none")) return "full or none";
  o.reconnect_jitter = equal_nocase(value, "full");
  return "";
}

string set_offline(Options& o, string_view value) {
  if (!equal_nocase(value, "refuse") && !equal_nocase(value, "queue")) return "refuse or queue";
  o.session.offline_queue = equal_nocase(value, "queue");
  return "";
}

string set_overflow(Options& o, string_view value) {
  if (!equal_nocase(value, "drop") && !equal_nocase(value, "wait")) return "drop or wait";
  o.overflow_wait = equal_nocase(value, "wait");
  return "";
}

string set_username(Options& o, string_view value) {
  string why;
  if (check_field("Username", value, why) != 0) return "a name that fits into one line: " + why;
  o.session.username = value;
  return "";
}

// Without a destructor: threads of the library, and callbacks that read an option, may outlive the static
// objects of a process.
constexpr Entry kEntries[] = {
    {"host", set_host, [](const Options& o) { return o.host; }},
    {"port", set_port, [](const Options& o) { return std::to_string(o.effective_port()); }},
    {"username", set_username, [](const Options& o) { return o.session.username; }},
    {"password", set_password, nullptr},
    {"url", nullptr, nullptr},
    {"auth", set_auth, [](const Options& o) -> string { return o.session.plain_login ? "plain" : "md5"; }},
    {"events", set_events, [](const Options& o) { return o.session.mask; }},
    {"filter", set_filter, get_filter},
    {"reconnect", set_reconnect,
     [](const Options& o) { return o.reconnect_ms == 0 ? "false" : std::to_string(o.reconnect_ms); }},
    AMI_NUMBER("reconnect.max_ms", reconnect_max_ms, 1, kMaxMs),
    {"reconnect.jitter", set_jitter,
     [](const Options& o) -> string { return o.reconnect_jitter ? "full" : "none"; }},
    {"identifier", set_identifier, [](const Options& o) { return o.session.identifier; }},
    {"encoding", set_encoding, get_encoding},
    AMI_FLAG("debug", debug),
    AMI_FLAG("tls", use_tls),
    AMI_TEXT("tls.ca", tls.ca),
    AMI_TEXT("tls.cert", tls.cert),
    AMI_TEXT("tls.key", tls.key),
    {"tls.verify", set_verify, get_verify},
    AMI_TEXT("tls.server_name", tls.server_name),
    {"tls.pin", set_pin, [](const Options& o) { return o.tls.pin; }},
    AMI_NUMBER("connect.timeout_ms", connect_timeout_ms, 1, kMaxMs),
    AMI_NUMBER("login.timeout_ms", session.login_timeout_ms, 1, kMaxMs),
    AMI_NUMBER("action.timeout_ms", session.action_timeout_ms, 0, kMaxMs),
    AMI_NUMBER("ping.interval_ms", session.ping_interval_ms, 0, kMaxMs),
    AMI_NUMBER("ping.timeout_ms", session.ping_timeout_ms, 1, kMaxMs),
    AMI_NUMBER("blocked.max_ms", session.blocked_max_ms, 1, kMaxMs),
    {"offline", set_offline,
     [](const Options& o) -> string { return o.session.offline_queue ? "queue" : "refuse"; }},
    AMI_NUMBER("offline.max", offline_max, 1, kMaxCount),
    AMI_NUMBER("inflight.max", inflight_max, 1, kMaxCount),
    {"queue.overflow", set_overflow,
     [](const Options& o) -> string { return o.overflow_wait ? "wait" : "drop"; }},
    AMI_NUMBER("queue.max_items", queue_max_items, 1, kMaxCount),
    AMI_NUMBER("queue.max_bytes", queue_max_bytes, 1024, kMaxBytes),
    AMI_NUMBER("message.max_bytes", session.message_max_bytes, 1024, kMaxMessageBytes),
    AMI_NUMBER("line.max_bytes", session.line_max_bytes, 1024, kMaxMessageBytes),
    AMI_NUMBER("list.max_items", session.list_max_items, 1, kMaxCount),
    AMI_NUMBER("list.max_bytes", session.list_max_bytes, 1024, kMaxBytes),
    AMI_FLAG("list.events", session.list_events),
    AMI_NUMBER("disconnect.grace_ms", session.grace_ms, 0, kMaxMs),
};

#undef AMI_AT
#undef AMI_FLAG
#undef AMI_TEXT
#undef AMI_NUMBER

const Entry* find_entry(string_view name) {
  const auto* it = std::find_if(std::begin(kEntries), std::end(kEntries),
                                [&](const Entry& e) { return equal_nocase(e.name, name); });
  return it == std::end(kEntries) ? nullptr : it;
}

string all_names() {
  string names;
  for (const auto& entry : kEntries) names += (names.empty() ? "" : ", ") + string(entry.name);
  return names;
}

}  // namespace

Options::~Options() {
  wipe(session.password);
}

int Options::set(string_view name, string_view value, string& detail) {
  if (value.find_first_of(string_view("\r\n\0", 3)) != string_view::npos) {
    detail = "option " + printable(name) + ": a value may not hold CR, LF or NUL";
    return AMI_EINJECT;
  }
  const Entry* entry = find_entry(name);
  if (entry == nullptr) {
    detail = "unknown option \"" + printable(name) + "\"; known are " + all_names();
    return AMI_EOPTION;
  }
  if (entry->name == "url") return set_url(value, detail);
  const auto allowed = entry->set(*this, value);
  if (allowed.empty()) return 0;
  const bool secret = entry->name == "password";
  detail = "option " + string(entry->name) + (secret ? "" : ": \"" + printable(value) + '"') +
           " is not allowed; it takes " + allowed;
  return AMI_EOPTION;
}

namespace {

int apply_url(const Url& url, Options& o, string& detail) {
  const auto set = [&](string_view name, string_view value) { return o.set(name, value, detail); };
  int err = set("host", url.host);
  if (err == 0 && url.tls) err = set("tls", "on");
  if (err == 0 && url.port) {
    // Without an @ the host may have been forgotten, and then what stands in the port's place is the secret:
    // no text is made of it.
    uint64_t number = 0;
    if (!url.username && !is_port(*url.port, number)) {
      detail = "the port is " + string(kPort);
      return AMI_EOPTION;
    }
    err = set("port", *url.port);
  }
  if (err == 0 && url.username) err = set("username", *url.username);
  if (err == 0 && url.password) err = set("password", *url.password);
  for (const auto& [name, value] : url.options) {
    if (err != 0) break;
    const bool weakens = equal_nocase(name, "tls") || equal_nocase(name, "tls.verify");
    if (equal_nocase(name, "url") || (url.tls && weakens)) {
      detail = "\"" + name + "\" cannot be set in the query of this URL";
      return AMI_EOPTION;
    }
    err = set(name, value);
  }
  return err;
}

}  // namespace

// All of the URL is taken or nothing: it is tried on a copy first, which also holds back a half-set secret.
int Options::set_url(string_view value, string& detail) {
  Url url;
  Options trial;
  int err = AMI_EOPTION;
  if (parse_url(value, url, detail)) err = apply_url(url, trial, detail);
  if (err == 0) err = apply_url(url, *this, detail);
  const size_t query = std::min(value.find('?'), value.size());
  if (err == AMI_EOPTION && value.find('@', query) != string_view::npos) {
    // Perhaps the ? was to be a part of the secret, and then so is what was taken for options.
    detail = "there is something wrong behind the ?; in a user name and a password it is written %3F";
  }
  if (err != 0) detail = "option url: " + detail;
  return err;
}

bool Options::get(string_view name, string& value) const {
  const Entry* entry = find_entry(name);
  if (entry == nullptr || entry->get == nullptr) return false;
  value = entry->get(*this);
  return true;
}

bool Options::is_live(string_view name) {
  return equal_nocase(name, "events") || equal_nocase(name, "debug");
}

bool Options::mask_has_call() const {
  if (session.mask == "on") return true;
  bool has_call = false;
  each_class(session.mask, [&](string_view name) { has_call = has_call || name == "call"; });
  return has_call;
}

}  // namespace ami
