// scenario_player thread|queue SCENARIOS: plays scenarios.json with ami.h and nothing else.
//
// In loop delivery nothing can wait unread, which a flood is about; apart from that it is what the thread
// does.
#include <ami/ami.h>

#include <chrono>
#include <condition_variable>
#include <cstring>
#include <deque>
#include <fstream>
#include <iostream>
#include <map>
#include <memory>
#include <mutex>
#include <nlohmann/json.hpp>
#include <stdexcept>
#include <string>
#include <thread>

#include "driven_mock.h"

namespace {

using Json = nlohmann::ordered_json;  // a step's verb is its first key
using Lock = std::unique_lock<std::mutex>;

constexpr int kLimitMs = 60'000;

void require(bool condition, const std::string& what) {
  if (!condition) throw std::runtime_error(what);
}

void require_equal(const Json& found, const Json& wanted, const std::string& what) {
  require(found == wanted, what + " is " + found.dump() + ", not " + wanted.dump());
}

// Takes an expectation out of a step: what is left at its end, this player does not know.
Json take(Json& step, const char* name, Json otherwise = nullptr) {
  if (!step.contains(name)) return otherwise;
  Json value = step.at(name);
  step.erase(name);
  return value;
}

std::string text(const char* value) {
  return value == nullptr ? std::string() : std::string(value);
}

Json field(const ami_msg_t* msg, const std::string& key) {
  std::size_t length = 0;
  const char* value = ami_msg_get(msg, key.c_str(), &length);
  return value == nullptr ? Json() : Json(std::string(value, length));
}

Json all_of(const ami_msg_t* msg, const std::string& key) {
  Json values = Json::array();
  while (const ami_field_t* found = ami_msg_find(msg, key.c_str(), values.size()))
    values.push_back(std::string(found->value, found->value_len));
  return values;
}

void check_fields(const ami_msg_t* msg, const Json& wanted) {
  if (wanted.is_null()) return require(msg == nullptr, "there is a message where none should be");
  require(msg != nullptr, "there is no message");
  for (const auto& [key, value] : wanted.items())
    require_equal(value.is_array() ? all_of(msg, key) : field(msg, key), value, key);
}

using Message = std::shared_ptr<const ami_msg_t>;

Message keep(const ami_msg_t* msg) {
  return {ami_msg_ref(msg), [](const ami_msg_t* held) { ami_msg_unref(const_cast<ami_msg_t*>(held)); }};
}

// What callbacks leave for the player, on whichever thread they run.
struct Inbox {
  std::mutex mutex;
  std::condition_variable changed;
};

struct Stream {
  Inbox* inbox = nullptr;
  std::uint64_t id = 0;
  std::deque<Message> messages;

  static void on_event(ami_t* /*ami*/, const ami_msg_t* msg, void* user) {
    auto* self = static_cast<Stream*>(user);
    const Lock lock(self->inbox->mutex);
    self->messages.push_back(keep(msg));
    self->inbox->changed.notify_all();
  }
};

struct Answer {
  Inbox* inbox = nullptr;
  ami_reply_t* reply = nullptr;

  Answer() = default;
  Answer(const Answer&) = delete;
  Answer& operator=(const Answer&) = delete;
  ~Answer() { ami_reply_unref(reply); }

  static void on_reply(ami_t* /*ami*/, const ami_reply_t* reply, void* user) {
    auto* self = static_cast<Answer*>(user);
    const Lock lock(self->inbox->mutex);
    self->reply = ami_reply_ref(reply);
    self->inbox->changed.notify_all();
  }
};

class Player {
 public:
  Player(const Json& scenario, bool by_queue) : client_options_(scenario.value("client", Json::object())) {
    const auto options = scenario.value("mock", std::vector<std::string>());
    std::vector<const char*> words;
    for (const auto& option : options) words.push_back(option.c_str());
    mock_.reset(driven_mock_new(static_cast<int>(words.size()), words.data()));
    require(mock_ != nullptr, "the mock does not start");
    if (by_queue) queue_.reset(ami_queue_new());
    ami_.reset(ami_new());
    if (by_queue) require(ami_set_queue(ami_.get(), queue_.get()) == 0, "no queue delivery");
    refusal_ = set_all();
  }

  void play(Json step) {
    const std::string verb = step.begin().key();
    const Json subject = take(step, verb.c_str());
    const auto known = kVerbs.find(verb);
    require(known != kVerbs.end(), "this player does not know the verb");
    (this->*known->second)(subject, step);
    require(step.empty(), "this player does not know the expectations " + step.dump());
  }

 private:
  using Verb = void (Player::*)(const Json& subject, Json& step);
  static const std::map<std::string, Verb> kVerbs;

  int set_all() {
    std::map<std::string, std::string> options = {
        {"host", "127.0.0.1"}, {"username", "admin"}, {"password", "secret"}};
    options["port"] = std::to_string(driven_mock_port(mock_.get()));
    for (const auto& [name, value] : client_options_.items())
      options[name] = value == "$AUTHORITY" ? driven_mock_authority(mock_.get()) : value.get<std::string>();
    for (const auto& [name, value] : options)
      if (const int err = ami_set(ami_.get(), name.c_str(), value.c_str()); err != 0) return err;
    return 0;
  }

  std::string detail() const {
    char why[1024];
    ami_detail(ami_.get(), why, sizeof why);
    return why;
  }

  // Until the callbacks have brought what is waited for.
  template <typename Condition>
  void wait(Condition condition) {
    const auto end = std::chrono::steady_clock::now() + std::chrono::milliseconds(kLimitMs);
    Lock lock(inbox_.mutex);
    while (!condition()) {
      require(std::chrono::steady_clock::now() < end, "it does not come");
      if (queue_ == nullptr) {
        inbox_.changed.wait_until(lock, end);
      } else {
        lock.unlock();
        ami_queue_dispatch(queue_.get(), 256, kLimitMs);
        lock.lock();
      }
    }
  }

  Message next(Stream& stream) {
    wait([&] { return !stream.messages.empty(); });
    const Lock lock(inbox_.mutex);
    Message message = stream.messages.front();
    stream.messages.pop_front();
    return message;
  }

  void check_error(int err, const std::string& said, const Json& name, Json& step) {
    require_equal(ami_err_name(err), name, "the error");
    const auto says = take(step, "says", "").get<std::string>();
    require(said.find(says) != std::string::npos, '"' + said + "\" does not say " + says);
  }

  void mock(const Json& command, Json& step) {
    const std::string answer = driven_mock_do(mock_.get(), command.get<std::string>().c_str());
    require_equal(answer, take(step, "answer", answer), "the mock's answer");
  }

  void on(const Json& name, Json& step) {
    Stream& stream = streams_[take(step, "as").get<std::string>()];
    stream.inbox = &inbox_;
    const int err =
        ami_on(ami_.get(), name.get<std::string>().c_str(), Stream::on_event, &stream, nullptr, &stream.id);
    require_equal(ami_err_name(err), "AMI_OK", "ami_on()");
  }

  void connect(const Json& succeeds, Json& step) {
    int err = refusal_;
    if (err == 0) err = ami_connect(ami_.get());
    if (err == 0) err = ami_wait(ami_.get(), kLimitMs);
    check_error(err, detail(), succeeds.get<bool>() ? Json("AMI_OK") : take(step, "error"), step);
  }

  void disconnect(const Json& /*subject*/, Json& /*step*/) {
    Json end = {{"as", "the end"}};
    on("connection-close", end);
    ami_disconnect(ami_.get());
    next(streams_.at("the end"));
  }

  void event(const Json& word, Json& step) { check_fields(next(streams_.at(word)).get(), take(step, "is")); }

  void await(const Json& word, Json& step) {
    const Json wanted = take(step, "is");
    const auto fits = [&](const Message& message) {
      for (const auto& [key, value] : wanted.items())
        if (field(message.get(), key) != value) return false;
      return true;
    };
    while (!fits(next(streams_.at(word)))) continue;
  }

  void off(const Json& word, Json& /*step*/) {
    require_equal(ami_off(ami_.get(), streams_.at(word).id), 0, "ami_off()");
  }

  void none(const Json& word, Json& /*step*/) {
    const Lock lock(inbox_.mutex);
    require(streams_.at(word).messages.empty(), "something has come");
  }

  void flood(const Json& lines, Json& step) {
    const auto count = take(step, "count").get<std::int64_t>();
    Stream& events = streams_.at(take(step, "events"));
    Stream& gaps = streams_.at(take(step, "gaps"));
    const std::int64_t before = ami_stat(ami_.get(), AMI_STAT_EVENTS);
    {
      const Lock lock(inbox_.mutex);  // a callback waits for it, and the queue for the callback
      driven_mock_do(mock_.get(),
                     ("emit_many " + std::to_string(count) + ' ' + lines.get<std::string>()).c_str());
      while (ami_stat(ami_.get(), AMI_STAT_EVENTS) < before + count) std::this_thread::yield();
    }
    std::int64_t seen = 0;
    std::int64_t dropped = 0;
    for (Json number; number != std::to_string(count - 1); seen++)
      number = field(next(events).get(), "Number");
    while (seen + dropped < count) {
      const Message gap = next(gaps);
      require_equal(field(gap.get(), "Cause"), "overflow", "Cause");
      dropped += std::stoll(field(gap.get(), "Dropped").get<std::string>());
    }
    require_equal(seen + dropped, count, "what came and what was dropped");
    require(dropped > 0, "nothing was dropped");
  }

  static int fill(ami_action_t* action, Json& step) {
    int err = 0;
    for (const Json& pair : take(step, "fields", Json::array())) {
      const auto key = pair.at(0).get<std::string>();
      const auto value = pair.at(1).get<std::string>();
      if (err == 0) err = ami_action_addn(action, key.data(), key.size(), value.data(), value.size());
    }
    const Json variables = take(step, "variables", Json::object());
    for (const auto& [name, value] : variables.items())
      if (err == 0) err = ami_action_variable(action, name.c_str(), value.get<std::string>().c_str());
    if (const Json until = take(step, "until"); err == 0 && !until.is_null())
      err = ami_action_until(action, until.get<std::string>().c_str());
    if (const Json limit = take(step, "timeout_ms"); err == 0 && !limit.is_null())
      err = ami_action_timeout(action, limit);
    return err;
  }

  void send(const Json& name, Json& step) {
    const std::unique_ptr<ami_action_t, void (*)(ami_action_t*)> action(
        ami_action_new(name.get<std::string>().c_str()), ami_action_free);
    const Json refused = take(step, "refused", "AMI_OK");
    Answer& answer = answers_.emplace_back();
    answer.inbox = &inbox_;
    int err = fill(action.get(), step);
    if (err == 0) err = ami_send(ami_.get(), action.get(), Answer::on_reply, &answer, nullptr, nullptr);
    if (err != 0) return check_error(err, ami_action_detail(action.get()) + detail(), refused, step);
    require_equal("AMI_OK", refused, "the refusal");
    wait([&] { return answer.reply != nullptr; });
    check_reply(answer.reply, step);
  }

  void check_reply(const ami_reply_t* reply, Json& step) {
    static const char* const fates[] = {"", "not_sent", "maybe_run", "answered"};
    const ami_msg_t* response = ami_reply_response(reply);
    const ami_msg_t* end = ami_reply_end(reply);
    const std::string output = text(ami_msg_output(response, nullptr));
    const std::string said = output + text(ami_msg_get(end, "Message", nullptr)) +
                             text(ami_msg_get(response, "Message", nullptr)) + detail();
    check_error(ami_reply_status(reply), said, take(step, "error", "AMI_OK"), step);
    require_equal(fates[ami_reply_fate(reply)], take(step, "fate", "answered"), "the fate");
    if (step.contains("response")) check_fields(response, take(step, "response"));
    if (step.contains("end")) check_fields(end, take(step, "end"));
    require_equal(output, take(step, "output", output), "the output");
    if (!step.contains("items")) return;
    const Json items = take(step, "items");
    require_equal(ami_reply_count(reply), items.size(), "the number of items");
    for (std::size_t i = 0; i < items.size(); i++) check_fields(ami_reply_at(reply, i), items[i]);
  }

  // The client goes before its queue, and both before what their callbacks use.
  Inbox inbox_;
  std::map<std::string, Stream> streams_;
  std::deque<Answer> answers_;
  Json client_options_;
  std::unique_ptr<driven_mock_t, void (*)(driven_mock_t*)> mock_{nullptr, driven_mock_free};
  std::unique_ptr<ami_queue_t, int (*)(ami_queue_t*)> queue_{nullptr, ami_queue_free};
  std::unique_ptr<ami_t, void (*)(ami_t*)> ami_{nullptr, ami_destroy};
  int refusal_ = 0;  // of an option
};

const std::map<std::string, Player::Verb> Player::kVerbs = {
    {"mock", &Player::mock},       {"on", &Player::on},
    {"connect", &Player::connect}, {"disconnect", &Player::disconnect},
    {"event", &Player::event},     {"await", &Player::await},
    {"off", &Player::off},         {"none", &Player::none},
    {"flood", &Player::flood},     {"send", &Player::send}};

bool passes(const Json& scenario, bool by_queue) {
  const auto name = scenario.at("name").get<std::string>();
  std::string at = "its keys";
  try {
    for (const auto& [key, value] : scenario.items())
      require(key == "name" || key == "mock" || key == "client" || key == "steps", "unknown: " + key);
    Player player(scenario, by_queue);
    for (const Json& step : scenario.at("steps")) {
      at = step.dump();
      player.play(step);
    }
    std::cout << "passed: " << name << '\n';
    return true;
  } catch (const std::exception& failure) {
    std::cout << "FAILED: " << name << ": " << at << ": " << failure.what() << '\n';
    return false;
  }
}

}  // namespace

int main(int argc, char** argv) {
  if (argc != 3) {
    std::cerr << "usage: scenario_player thread|queue SCENARIOS\n";
    return 2;
  }
  std::ifstream file(argv[2]);
  const Json scenarios = Json::parse(file);
  int failed = scenarios.empty() ? 1 : 0;
  for (const Json& scenario : scenarios)
    failed += passes(scenario, std::strcmp(argv[1], "queue") == 0) ? 0 : 1;
  return failed == 0 ? 0 : 1;
}
