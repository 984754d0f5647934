#include "core_session.h"

#include <algorithm>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "core_memory.h"
#include "session/backoff.h"
#include "session/hash_table.h"
#include "session/own_ids.h"
#include "session/session.h"

using ami::Action;
using ami::Arrival;
using ami::MessagePtr;
using ami::Pending;
using ami::PendingPtr;
using ami::Route;

namespace {

std::string error_name(int err) {
  return err == 0 ? "OK" : std::string(ami_err_name(err)).substr(4);
}

bool first_bytes(std::string_view text, unsigned char out[16]) {
  std::fill(out, out + 16, static_cast<unsigned char>(0));
  std::copy(text.begin(), text.begin() + static_cast<std::ptrdiff_t>(std::min<size_t>(text.size(), 16)), out);
  return true;
}

bool no_md5(std::string_view /*text*/, unsigned char* /*out*/) {
  return false;
}

// A wire action on one line: "Name ID Key=Value ...".
std::string one_line(std::string_view wire) {
  std::string line;
  while (wire.size() > 2) {
    const size_t end = wire.find("\r\n");
    const size_t colon = wire.find(": ");
    const auto key = wire.substr(0, colon);
    line += ' ';
    if (key != "Action" && key != "ActionID") line.append(key).append("=");
    line += wire.substr(colon + 2, end - colon - 2);
    wire.remove_prefix(end + 2);
  }
  return line;
}

}  // namespace

struct core_session final : ami::SessionSink {
  void say(const std::string& line) {
    said += line + '\n';
    if (!stop_at.empty() && line == stop_at) session->stop();
  }

  ami::Session& get() {
    if (!session) session = std::make_unique<ami::Session>(settings, *this, md5);
    return *session;
  }

  // What a client does after each call.
  void flush() {
    if (!held) hand_over(get().output().size());
  }
  void hand_over(size_t size) {
    sent += get().output().substr(0, size);
    get().handed_over(size, now);
    for (size_t end; (end = sent.find("\r\n\r\n")) != std::string::npos; sent.erase(0, end + 4)) {
      say('>' + one_line(std::string_view(sent).substr(0, end + 2)));
    }
  }

  void on_message(Arrival& arrival, Route route) override {
    const std::string name(arrival.frame().name);
    switch (route) {
      case Route::kEvent:
        return say("event " + name);
      case Route::kResponse:
        return say("response " + name);
      case Route::kItem:
        return say("item " + name);
      case Route::kStray:
        return say("stray");
    }
  }
  void on_item(Pending& pending, const MessagePtr& message) override {
    say("each " + std::to_string(pending.id) + ' ' + message->name());
  }
  void on_reply(Pending& reply) override {
    static const char* const kFates[] = {"", "not-sent", "maybe-run", "answered"};
    std::string line = "reply " + std::to_string(reply.id) + ' ' + error_name(reply.status);
    line += std::string(" ") + kFates[reply.fate];
    if (reply.response) line += std::string(" ") + reply.response->name();
    for (const auto& item : reply.items) line += std::string(" +") + item->name();
    if (reply.end) line += std::string(" end=") + reply.end->name();
    ++replies[reply.id - 1];
    say(line);
  }
  void on_limit(const std::string& detail) override { say("limit " + detail); }
  void on_login(int err, std::string_view reason) override {
    say("login " + error_name(err) + ' ' + std::string(reason));
  }
  void on_ready() override { say("ready"); }
  void on_failure(int err, const std::string& detail, std::string_view phase) override {
    say("failed " + error_name(err) + ' ' + std::string(phase) + ": " + detail);
  }
  void on_logged_off() override { say("logged off"); }
  void on_log(int level, const std::string& line) override {
    say("log " + std::to_string(level) + ' ' + line);
  }

  ami::Settings settings;
  ami::Md5 md5 = first_bytes;
  std::unique_ptr<ami::Session> session;
  std::vector<PendingPtr> actions;
  std::vector<int> replies;
  uint64_t now = 1000000;
  bool held = false;
  int short_of_memory = -1;
  std::string stop_at;
  std::string sent;  // a part of an action
  std::string said, told;
};

namespace {
struct Numbered {
  int number;
  ami::HashLink<Numbered> link;
};
}  // namespace

struct core_table {
  ami::HashTable<Numbered, &Numbered::link> table;
};

namespace {

bool set_number(ami::Settings& settings, std::string_view name, const char* value) {
  const std::pair<const char*, uint64_t*> times[] = {
      {"login.timeout_ms", &settings.login_timeout_ms}, {"action.timeout_ms", &settings.action_timeout_ms},
      {"ping.interval_ms", &settings.ping_interval_ms}, {"ping.timeout_ms", &settings.ping_timeout_ms},
      {"blocked.max_ms", &settings.blocked_max_ms},     {"disconnect.grace_ms", &settings.grace_ms},
  };
  const std::pair<const char*, size_t*> sizes[] = {
      {"message.max_bytes", &settings.message_max_bytes},
      {"line.max_bytes", &settings.line_max_bytes},
      {"list.max_items", &settings.list_max_items},
      {"list.max_bytes", &settings.list_max_bytes},
  };
  for (const auto& [time, place] : times) {
    if (name == time) *place = std::stoull(value);
    if (name == time) return true;
  }
  for (const auto& [size, place] : sizes) {
    if (name == size) *place = std::stoull(value);
    if (name == size) return true;
  }
  return false;
}

// Takes the next word off text.
std::string take_word(std::string_view& text) {
  const size_t end = std::min(text.find(' '), text.size());
  std::string word(text.substr(0, end));
  text.remove_prefix(std::min(end + 1, text.size()));
  return word;
}

void add_word(Action& action, const std::string& word) {
  const size_t equals = word.find('=');
  const auto key = word.substr(0, equals);
  const auto value = word.substr(equals + 1);
  if (key == "until") {
    action.set_until(value);
  } else if (key == "timeout") {
    action.set_timeout(std::stoi(value));
  } else {
    action.add(key, value);
  }
}

}  // namespace

extern "C" {

core_session_t* core_session_new(void) {
  return new core_session;
}

void core_session_free(core_session_t* session) {
  delete session;
}

int core_session_set(core_session_t* session, const char* name, const char* value) {
  const std::string_view option = name;
  auto& settings = session->settings;
  if (set_number(settings, option, value)) return 1;
  if (option == "username") {
    settings.username = value;
  } else if (option == "password") {
    settings.password = value;
  } else if (option == "auth") {
    settings.plain_login = std::string_view(value) == "plain";
  } else if (option == "events") {
    settings.mask = value;
  } else if (option == "filter") {
    settings.filters.emplace_back(value);
  } else if (option == "identifier") {
    settings.identifier = value;
  } else if (option == "offline") {
    settings.offline_queue = std::string_view(value) == "queue";
  } else {
    return 0;
  }
  return 1;
}

void core_session_without_md5(core_session_t* session) {
  session->md5 = no_md5;
}

void core_session_connect(core_session_t* session) {
  session->get().connected(session->now, "p");
  session->sent.clear();
  session->flush();
}

void core_session_receive(core_session_t* session, const char* bytes, size_t size) {
  try {
    session->get().receive({bytes, size}, session->now, session->now * 1000000);
  } catch (const std::bad_alloc&) {
    session->get().stop();
    session->say("out of memory");
  }
  session->flush();
}

uint64_t core_session_submit(core_session_t* session, const char* action) {
  std::string_view words = action;
  Action made(take_word(words));
  bool keep_items = true;
  while (!words.empty()) {
    const auto word = take_word(words);
    if (word == "each") {
      keep_items = false;
    } else {
      add_word(made, word);
    }
  }
  const uint64_t id = session->actions.size() + 1;
  const auto wire_id = made.own_id().empty() ? 'a' + std::to_string(id) : made.own_id();
  std::string text;
  std::string detail;
  if (made.check(detail) != 0 || made.write(wire_id, session->settings.encoding, text, detail) != 0) return 0;
  auto pending = PendingPtr::adopt(new Pending(id, made, wire_id, text));
  pending->keep_items = keep_items;
  if (made.timeout_ms() > 0) pending->deadline = session->now + static_cast<uint64_t>(made.timeout_ms());
  session->actions.push_back(pending);
  session->replies.push_back(0);
  core_fail_allocation(session->short_of_memory);
  session->get().submit(pending, session->now);
  core_fail_allocation(-1);
  session->flush();
  return id;
}

void core_session_cancel(core_session_t* session, uint64_t action) {
  session->get().cancel(session->actions[action - 1], session->now);
  session->flush();
}

void core_session_mask(core_session_t* session, const char* mask) {
  session->get().set_mask(mask, session->now);
  session->flush();
}

void core_session_close(core_session_t* session) {
  session->get().close(session->now);
  session->flush();
}

void core_session_end_waiting(core_session_t* session, int err) {
  session->get().end_waiting(err);
}

void core_session_disconnect(core_session_t* session, int err, int keep_unsent) {
  try {
    core_fail_allocation(session->short_of_memory);
    session->get().disconnected(err, keep_unsent != 0, session->now);
  } catch (const std::bad_alloc&) {
    session->say("out of memory");
    session->get().disconnected(err, keep_unsent != 0, session->now);
  }
  core_fail_allocation(-1);
}

void core_session_stop_at(core_session_t* session, const char* line) {
  session->stop_at = line;
}

void core_session_advance(core_session_t* session, uint64_t ms) {
  const uint64_t until = session->now + ms;
  for (;;) {
    const uint64_t at = session->get().deadline();
    if (at > until) break;
    session->now = std::max(session->now, at);
    session->get().tick(session->now);
    session->flush();
    if (session->get().deadline() > session->now) continue;
    session->say("spins");
    break;
  }
  session->now = until;
}

int64_t core_session_due(const core_session_t* session) {
  const uint64_t at = session->session->deadline();
  return at == UINT64_MAX ? -1 : static_cast<int64_t>(at - session->now);
}

void core_session_short_of_memory(core_session_t* session, int after) {
  session->short_of_memory = after;
}

void core_session_hold(core_session_t* session) {
  session->held = true;
}

void core_session_hand_over(core_session_t* session, size_t size) {
  session->hand_over(size);
}

const char* core_session_output(const core_session_t* session, size_t* size) {
  const auto output = session->session->output();
  *size = output.size();
  return output.data();
}

const char* core_session_said(core_session_t* session) {
  session->told = std::exchange(session->said, {});
  return session->told.c_str();
}

int core_session_ready(const core_session_t* session) {
  return session->session->ready() ? 1 : 0;
}

int core_session_already_in_use(const core_session_t* session) {
  return session->session->already_in_use() ? 1 : 0;
}

const char* core_session_banner(const core_session_t* session) {
  return session->session->banner().c_str();
}

const char* core_session_explain_loss(core_session_t* session, const char* detail) {
  session->told = session->session->explain_loss(detail);
  return session->told.c_str();
}

uint64_t core_session_count(const core_session_t* session, int counter) {
  const auto& counters = session->session->counters();
  const uint64_t all[] = {counters.events, counters.responses, counters.resyncs, counters.strays};
  return all[counter];
}

const ami_reply_t* core_session_reply(const core_session_t* session, uint64_t action) {
  if (session->replies[action - 1] == 0) return nullptr;
  return session->actions[action - 1].get();
}

int core_session_replies(const core_session_t* session, uint64_t action) {
  return session->replies[action - 1];
}

const char* core_reply_response(const ami_reply_t* reply, const char* key) {
  return reply->response ? reply->response->get(key).data() : nullptr;
}

const char* core_reply_item(const ami_reply_t* reply, size_t i, const char* key) {
  return i < reply->items.size() ? reply->items[i]->get(key).data() : nullptr;
}

size_t core_reply_count(const ami_reply_t* reply) {
  return reply->items.size();
}

core_table_t* core_table_new(void) {
  return new core_table;
}
void core_table_free(core_table_t* table) {
  table->table.clear([](Numbered& object) { delete &object; });
  delete table;
}
void core_table_add(core_table_t* table, size_t hash, int number) {
  table->table.add(*new Numbered{number, {}}, hash);
}
int core_table_find(const core_table_t* table, size_t hash, int divisor, int rest) {
  const auto* found =
      table->table.find(hash, [&](const Numbered& object) { return object.number % divisor == rest; });
  return found == nullptr ? -1 : found->number;
}
void core_table_remove(core_table_t* table, int number) {
  Numbered* found = nullptr;
  table->table.for_each([&](Numbered& object) { found = object.number == number ? &object : found; });
  table->table.remove(*found);
  delete found;
}
size_t core_table_size(const core_table_t* table) {
  return table->table.size();
}
int core_table_sum(const core_table_t* table) {
  int sum = 0;
  table->table.for_each([&](const Numbered& object) { sum += object.number; });
  return sum;
}

struct core_own_ids {
  ami::OwnIds ids;
  std::map<std::string, ami::OwnIds::Place> places;
};
core_own_ids_t* core_own_ids_new(void) {
  return new core_own_ids;
}
void core_own_ids_free(core_own_ids_t* ids) {
  delete ids;
}
int core_own_ids_taken(const core_own_ids_t* ids, const char* id, uint64_t now) {
  return ids->ids.taken(id, now);
}
void core_own_ids_take(core_own_ids_t* ids, const char* id) {
  ids->places[id] = ids->ids.take(id);
}
void core_own_ids_give_back(core_own_ids_t* ids, const char* id) {
  ids->ids.give_back(ids->places[id]);
}
void core_own_ids_rest(core_own_ids_t* ids, const char* id, uint64_t now) {
  ids->ids.rest(ids->places[id], now);
}

void core_backoff(uint64_t first, uint64_t max, uint64_t seed, uint64_t* out, size_t count, size_t reset_at) {
  ami::Backoff backoff(first, max, seed);
  for (size_t i = 0; i < count; ++i) {
    if (reset_at != 0 && i == reset_at) backoff.reset();
    out[i] = backoff.next();
  }
}

}  // extern "C"
