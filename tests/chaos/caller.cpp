#include "caller.h"

#include <array>
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <memory>
#include <utility>

#include "verdict.h"

namespace chaos {
namespace {

constexpr std::array<std::string_view, deliveries> delivery_names = {"thread", "poll", "dispatch", "loop"};
constexpr int moment_ms = 2;
constexpr size_t batch = 64;
constexpr size_t most_recent = 64;

struct ActionFree {
  void operator()(ami_action_t* action) const { ami_action_free(action); }
};
using Action = std::unique_ptr<ami_action_t, ActionFree>;

struct Shape {
  Kind kind;
  uint32_t weight;
  const char* name;
  std::vector<const char*> fields;  // keys and values
};

const std::vector<Shape>& shapes() {
  static const std::vector<Shape> all = {
      {Kind::ping, 40, "Ping", {}},
      {Kind::variable, 10, "Setvar", {"Variable", "X", "Value", "y"}},
      {Kind::list, 10, "CoreShowChannels", {"Items", "3"}},
      {Kind::list, 1, "CoreShowChannels", {"Items", "200"}},
      {Kind::each, 6, "CoreShowChannels", {"Items", "4"}},
      {Kind::command, 10, "Command", {"Command", "core show version"}},
      {Kind::user_event, 4, "UserEvent", {"UserEvent", "Mine"}},
      {Kind::originate,
       1,
       "Originate",
       {"Channel", "Local/100@test", "Application", "Wait", "Async", "true"}},
      {Kind::originate,
       1,
       "Originate",
       {"Channel", "Local/103@test", "Application", "Wait", "Async", "true"}},
      {Kind::unknown, 3, "NoSuchAction", {}},
  };
  return all;
}

const Shape& draw_shape(Random& random) {
  uint32_t sum = 0;
  for (const Shape& shape : shapes()) sum += shape.weight;
  uint32_t left = random.below(sum);
  for (const Shape& shape : shapes()) {
    if (left < shape.weight) return shape;
    left -= shape.weight;
  }
  return shapes().front();
}

void must(int result, const char* what) {
  if (result == 0) return;
  static_cast<void>(std::fprintf(stderr, "%s: %s\n", what, ami_err_name(result)));
  std::exit(2);
}

}  // namespace

std::string_view name_of(Delivery delivery) {
  return delivery_names.at(static_cast<size_t>(delivery));
}

std::optional<Delivery> find_delivery(std::string_view name) {
  for (size_t i = 0; i < deliveries; ++i) {
    if (delivery_names.at(i) == name) return static_cast<Delivery>(i);
  }
  return {};
}

Caller::Caller(const Wish& wish)
    : delivery_(wish.delivery),
      index_(wish.index),
      ledger_(wish.index, wish.marked),
      stream_(!wish.all_events),
      client_(ami_new()) {
  if (delivery_ == Delivery::poll || delivery_ == Delivery::dispatch) {
    queue_ = ami_queue_new();
    must(ami_set_queue(client_, queue_), "queue");
  } else if (delivery_ == Delivery::loop) {
    uv_loop_init(&loop_);
    must(ami_set_loop(client_, &loop_), "loop");
  }
  if (wish.all_events) {
    handle("*");
  } else {
    for (const char* name : {"Tick", "gap", "ready"}) handle(name);
  }
}

Caller::~Caller() {
  destroy();
}

void Caller::handle(const char* name) {
  {
    const std::lock_guard lock(mutex_);
    ++handlers_;
  }
  must(ami_on(client_, name, on_event, this, on_release, nullptr), name);
}

void Caller::set(const char* name, const char* value) {
  must(ami_set(client_, name, value), name);
}

void Caller::connect() {
  must(ami_connect(client_), "connect");
}

void Caller::disconnect() {
  ledger_.closing();
  must(ami_disconnect(client_), "disconnect");
}

void Caller::destroy() {
  if (client_ == nullptr) return;
  set_gate(true);
  ledger_.closing();
  ami_destroy(std::exchange(client_, nullptr));
  if (delivery_ == Delivery::loop) {
    uv_run(&loop_, UV_RUN_DEFAULT);
    if (uv_loop_close(&loop_) != 0) broken("handles are left on the loop");
  }
  if (queue_ != nullptr) {
    while (take(0) > 0) continue;
    if (ami_queue_free(queue_) != 0) broken("the queue cannot be freed");
  }
  const std::lock_guard lock(mutex_);
  if (handlers_ != 0) broken("%d handlers were not released", handlers_);
}

// ---- sending

bool Caller::send(uint64_t number, Random& random) {
  const Shape& shape = draw_shape(random);
  const bool own_id = random.one_in(3);
  const Action action(ami_action_new(shape.name));
  for (size_t i = 0; i < shape.fields.size(); i += 2) {
    ami_action_add(action.get(), shape.fields[i], shape.fields[i + 1]);
  }
  if (own_id) ami_action_add(action.get(), "ActionID", ("own-" + std::to_string(number)).c_str());
  if (random.one_in(20)) ami_action_timeout(action.get(), static_cast<int>(random.between(1, 50)));
  if (shape.kind == Kind::originate) ami_action_until(action.get(), "OriginateResponse");
  return send_action(number, action.get(), shape.kind, own_id);
}

bool Caller::send_command(uint64_t number, const char* command) {
  const Action action(ami_action_new("Command"));
  ami_action_add(action.get(), "Command", command);
  return send_action(number, action.get(), Kind::command, false);
}

bool Caller::send_action(uint64_t number, ami_action_t* action, Kind kind, bool own_id) {
  const std::string mark = std::to_string(index_) + "." + std::to_string(number);
  ami_action_add(action, "Chaos", mark.c_str());
  ledger_.open(number, kind, own_id);
  auto* call = new Call{*this, number};
  uint64_t id = 0;
  const int result = kind == Kind::each
                         ? ami_send_each(client_, action, on_item, on_reply, call, on_release_action, &id)
                         : ami_send(client_, action, on_reply, call, on_release_action, &id);
  if (result != 0) {
    if (result != AMI_ESTATE && result != AMI_EFULL) broken("an action is refused: %s", ami_err_name(result));
    ledger_.refused(number);
    return false;
  }
  ledger_.accepted(number);
  if (recent_ids_.size() == most_recent) recent_ids_.erase(recent_ids_.begin());
  recent_ids_.emplace_back(number, id);
  return true;
}

void Caller::cancel(Random& random) {
  if (recent_ids_.empty()) return;
  const auto [number, id] = recent_ids_[random.below(static_cast<uint32_t>(recent_ids_.size()))];
  ledger_.canceled(number);
  const int result = ami_cancel(client_, id);
  if (result != 0 && result != AMI_ENOENT) broken("cancel: %s", ami_err_name(result));
}

// ---- delivery

void Caller::on_event(ami_t*, const ami_msg_t* message, void* user) {
  auto& caller = *static_cast<Caller*>(user);
  caller.stream_.message(message);
  std::unique_lock lock(caller.mutex_);
  caller.changed_.notify_all();
  if (caller.delivery_ == Delivery::thread) {
    caller.changed_.wait(lock, [&caller] { return caller.gate_open_; });
  }
}

void Caller::on_item(ami_t*, const ami_msg_t* message, void* user) {
  if (ami_msg_kind(message) != AMI_MSG_LISTITEM) broken("an item of kind %d", ami_msg_kind(message));
  static_cast<Call*>(user)->caller.stream_.place(ami_msg_seq(message));
}

void Caller::on_reply(ami_t*, const ami_reply_t* reply, void* user) {
  const auto& call = *static_cast<Call*>(user);
  call.caller.stream_.place(Ledger::place_of(reply));
  call.caller.ledger_.reply(call.number, reply);
  call.caller.changed_.notify_all();
}

void Caller::on_release(void* user) {
  auto& caller = *static_cast<Caller*>(user);
  const std::lock_guard lock(caller.mutex_);
  --caller.handlers_;
}

void Caller::on_release_action(void* user) {
  const auto* call = static_cast<Call*>(user);
  call->caller.ledger_.release(call->number);
  delete call;
}

// What an application does with the items of ami_queue_poll(), or a dispatch.
int Caller::take(int timeout_ms) {
  if (delivery_ == Delivery::dispatch) return ami_queue_dispatch(queue_, batch, timeout_ms);
  std::array<ami_item_t, batch> items;
  const int count = ami_queue_poll(queue_, items.data(), items.size(), timeout_ms);
  for (int i = 0; i < count; ++i) {
    const ami_item_t& item = items.at(static_cast<size_t>(i));
    if (item.kind == AMI_ITEM_REPLY) {
      on_reply(client_, item.reply, item.user);
    } else if (item.kind == AMI_ITEM_LISTITEM) {
      on_item(client_, item.msg, item.user);
    } else {
      on_event(client_, item.msg, item.user);
    }
  }
  if (count > 0) ami_queue_release(items.data(), static_cast<size_t>(count));
  return count;
}

void Caller::run_loop() {
  uv_timer_t timer;
  uv_timer_init(&loop_, &timer);
  // Repeated, since it may be due before the loop waits for the first time.
  uv_timer_start(
      &timer, [](uv_timer_t*) {}, moment_ms, moment_ms);
  uv_run(&loop_, UV_RUN_ONCE);
  uv_close(reinterpret_cast<uv_handle_t*>(&timer), nullptr);
  uv_run(&loop_, UV_RUN_NOWAIT);  // lets the timer close
}

void Caller::wait_a_moment() {
  std::unique_lock lock(mutex_);
  changed_.wait_for(lock, std::chrono::milliseconds(moment_ms));
}

void Caller::pump() {
  if (delivery_ == Delivery::loop) return run_loop();
  if (queue_ == nullptr || !gate_open_) return wait_a_moment();
  if (take(moment_ms) < 0) broken("the queue gives nothing");
}

void Caller::set_gate(bool open) {
  const std::lock_guard lock(mutex_);
  gate_open_ = open;
  changed_.notify_all();
}

}  // namespace chaos
