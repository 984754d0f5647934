#include "core_protocol.h"

#include <algorithm>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <string>

#include "protocol/action.h"
#include "protocol/digest.h"
#include "protocol/encoding.h"
#include "protocol/lists.h"
#include "protocol/scan.h"
#include "protocol/text.h"

using ami::Encoding;

namespace {

int put(std::string_view text, char* out, size_t cap) {
  (void)std::snprintf(out, cap, "%.*s", static_cast<int>(text.size()), text.data());
  return static_cast<int>(text.size());
}

core_md5 given_md5;

bool call_md5(std::string_view text, unsigned char out[16]) {
  return given_md5(text.data(), text.size(), out) != 0;
}

}  // namespace

extern "C" {

ami_action_t* core_action_new(const char* name, size_t size) {
  return new ami_action({name, size});
}
void core_action_free(ami_action_t* action) {
  delete action;
}
int core_action_add(ami_action_t* action, const char* key, const char* value) {
  return action->add(key, value);
}
int core_action_addn(ami_action_t* action, const char* key, size_t key_len, const char* value,
                     size_t value_len) {
  return action->add({key, key_len}, {value, value_len});
}
int core_action_add_all(ami_action_t* action, const char* const* key_value, size_t pairs) {
  return action->add_all(key_value, pairs);
}
int core_action_variable(ami_action_t* action, const char* name, const char* value) {
  return action->variable(name, value);
}
int core_action_timeout(ami_action_t* action, int ms) {
  return action->set_timeout(ms);
}
int core_action_until(ami_action_t* action, const char* event) {
  return action->set_until(event);
}
int core_action_refuse(ami_action_t* action, int err, const char* detail) {
  return action->refuse(err, detail);
}
int core_action_status(const ami_action_t* action) {
  return action->status();
}
int core_action_timeout_ms(const ami_action_t* action) {
  return action->timeout_ms();
}
const char* core_action_detail(const ami_action_t* action) {
  return action->detail().c_str();
}
const char* core_action_name(const ami_action_t* action) {
  return action->name().c_str();
}
const char* core_action_own_id(const ami_action_t* action) {
  return action->own_id().c_str();
}
const char* core_action_until_event(const ami_action_t* action) {
  return action->until().c_str();
}
int core_action_get(const ami_action_t* action, const char* key, char* out, size_t cap) {
  const std::string_view value = action->get(key);
  return value.data() == nullptr ? -1 : put(value, out, cap);
}
int core_action_check(const ami_action_t* action, char* detail, size_t cap) {
  std::string why;
  const int err = action->check(why);
  put(why, detail, cap);
  return err;
}
char* core_action_write(const ami_action_t* action, const char* id, int encoding, int* err, char* detail,
                        size_t cap) {
  std::string out = "before";
  std::string why;
  *err = action->write(id, static_cast<Encoding>(encoding), out, why);
  put(why, detail, cap);
  return strdup(out.c_str());
}
int core_check_field(const char* key, const char* value) {
  std::string why;
  const int err = ami::check_field(key, value, why);
  return (err != 0) == !why.empty() ? err : 1;
}

int core_is_plain(int encoding, const char* wire, size_t size) {
  return ami::is_plain(static_cast<Encoding>(encoding), {wire, size}) ? 1 : 0;
}
int core_decode(int encoding, const char* wire, size_t size, char* out) {
  std::string text = "before";
  ami::decode(static_cast<Encoding>(encoding), {wire, size}, text);
  const std::string_view decoded = std::string_view(text).substr(6);
  decoded.copy(out, decoded.size());
  const bool told = decoded.size() == ami::decoded_size(static_cast<Encoding>(encoding), {wire, size});
  return told && text.starts_with("before") ? static_cast<int>(decoded.size()) : -2;
}
int core_encode(int encoding, const char* text, size_t size, char* out) {
  std::string wire = "before";
  const bool said = ami::encode(static_cast<Encoding>(encoding), {text, size}, wire);
  if (!said) return wire == "before" ? -1 : -2;
  wire.copy(out, wire.size() - 6, 6);
  return static_cast<int>(wire.size()) - 6;
}

int core_answer(const char* action, const char** end) {
  const ami::Answer& answer = ami::answer_of(action);
  *end = answer.end.data();
  return static_cast<int>(answer.shape);
}

size_t core_challenge_key(core_md5 md5, const char* challenge, const char* secret, char* out) {
  given_md5 = md5;
  const std::string key = ami::challenge_key(call_md5, challenge, secret);
  return static_cast<size_t>(put(key, out, 33));
}
size_t core_wipe(const char* longer, const char* text) {
  std::string secret(longer);
  secret = text;
  const size_t size = secret.capacity();
  const char* bytes = secret.data();
  ami::wipe(secret);
  if (!secret.empty() || secret.data() != bytes || secret.capacity() != size) return size;
  return size - static_cast<size_t>(std::count(bytes, bytes + size, '\0'));  // still its memory
}

int core_equal_nocase(const char* a, const char* b) {
  return ami::equal_nocase(a, b) ? 1 : 0;
}
int core_starts_nocase(const char* text, const char* prefix) {
  return ami::starts_nocase(text, prefix) ? 1 : 0;
}
int core_contains_nocase(const char* text, const char* part) {
  return ami::contains_nocase(text, part) ? 1 : 0;
}
int core_lower_copy(const char* text, char* out, size_t cap) {
  return put(ami::lower_copy(text), out, cap);
}
int core_parse_number(const char* text, uint64_t max, uint64_t* out) {
  return ami::parse_number(text, max, *out) ? 1 : 0;
}
int core_printable(const char* text, size_t size, size_t limit, char* out, size_t cap) {
  return put(ami::printable({text, size}, limit), out, cap);
}

const char* core_use_kernel(size_t index) {
  const auto kernels = ami::scan::kernels();
  if (index >= kernels.size()) return nullptr;
  ami::scan::chosen = &kernels[index];
  return kernels[index].name;
}
size_t core_count_lines(const char* text, size_t size) {
  return ami::scan::count_lines({text, size});
}
size_t core_line_begin(const char* text, size_t size, size_t from, char one, char other) {
  return ami::scan::line_begin({text, size}, from, one, other);
}
int core_outline(const char* text, size_t size, size_t* ends, size_t* colons) {
  ami::scan::Outline outline;
  if (!outline.draw({text, size})) return -1;
  for (size_t line = 0; line < outline.lines(); ++line) {
    ends[line] = outline.line_end(line);
    colons[line] = outline.colon(line);
  }
  return static_cast<int>(outline.lines());
}
size_t core_message_end(const char* before, size_t before_size, const char* text, size_t size,
                        size_t* line_feeds) {
  return ami::scan::message_end({before, before_size}, {text, size}, *line_feeds);
}

}  // extern "C"
