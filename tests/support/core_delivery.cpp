#include "core_delivery.h"

#include <algorithm>
#include <atomic>
#include <cstdio>
#include <memory>
#include <new>
#include <string>

#include "delivery/direct_lane.h"
#include "delivery/glob.h"
#include "delivery/queue.h"
#include "delivery/ring.h"
#include "delivery/router.h"
#include "protocol/returned_memory.h"
#include "protocol/text.h"

using ami::Delivery;
using ami::Handler;
using ami::HandlerPtr;
using ami::Message;
using ami::MessagePtr;
using ami::Queue;
using ami::QueueLane;
using ami::Reply;
using ami::ReplyPtr;
using ami::Router;

struct core_handler {
  HandlerPtr handler;
};

struct core_router {
  Router router;
  std::string told;

  const char* tell(const Router::Targets& targets) {
    told.clear();
    for (const auto& target : targets) {
      told += told.empty() ? "" : " ";
      told += std::to_string(target->id);
    }
    return told.c_str();
  }
};

struct core_ring {
  ami::Ring<int> ring;
};

struct core_queue {
  std::shared_ptr<Queue> queue = std::make_shared<Queue>();
  std::shared_ptr<std::atomic<int>> bell = std::make_shared<std::atomic<int>>(0);
};

struct core_lane {
  std::shared_ptr<QueueLane> lane;
  std::vector<HandlerPtr> on_gap;
  std::atomic<int> resumed{0};
};

namespace {

constexpr uint64_t kSecond = 1000000000;

class NumberBell final : public ami::Bell {
 public:
  explicit NumberBell(std::shared_ptr<std::atomic<int>> level) : level_(std::move(level)) {}
  void ring() noexcept override { *level_ = 1; }
  void quiet() noexcept override { *level_ = 0; }

 private:
  std::shared_ptr<std::atomic<int>> level_;
};

MessagePtr numbered(uint64_t number) {
  ami::Stamp stamp;
  stamp.seq = number;
  stamp.time_ns = number * kSecond;
  return Message::notice("Event: X\r\nN: " + std::to_string(number) + "\r\n", stamp);
}

MessagePtr gap_notice(const ami::Gap& gap) {
  char text[160];
  (void)std::snprintf(
      text, sizeof text, "Event: gap\r\nGap: %llu,%llu,%llu,%llu\r\n",
      static_cast<unsigned long long>(gap.dropped), static_cast<unsigned long long>(gap.from_ns / kSecond),
      static_cast<unsigned long long>(gap.to_ns / kSecond), static_cast<unsigned long long>(gap.seq));
  return Message::notice(text, {});
}

std::string word(const Queue::Run& run, const MessagePtr& message) {
  std::string text = run.lane->discards(run.kind) ? "!" : "";
  if (run.lane->client_id() != 1) text += std::to_string(run.lane->client_id()) + ':';
  if (run.reply) return text + 'r' + std::to_string(run.reply->id);
  const auto gap = message->get("Gap");
  if (gap.data() != nullptr) return text + "gap(" + std::string(gap) + ')';
  static const char kKinds[] = "eni";
  return text + kKinds[static_cast<size_t>(run.kind)] + std::string(message->get("N"));
}

ami_t* fake_client(const core_lane* lane) {
  return reinterpret_cast<ami_t*>(const_cast<core_lane*>(lane));
}

}  // namespace

extern "C" {

int core_is_glob(const char* pattern) {
  return ami::is_glob(pattern) ? 1 : 0;
}
int core_glob_matches(const char* pattern, const char* name) {
  return ami::glob_matches(pattern, name) ? 1 : 0;
}

core_handler_t* core_handler_new(uint64_t id, ami_event_cb event, ami_reply_cb reply, ami_wake_cb wake,
                                 void* user, ami_release_cb release) {
  auto handler = Handler::create(id, {event, reply, nullptr, wake}, user, release);
  if (!handler) return nullptr;
  return new core_handler{std::move(handler)};
}
void core_handler_free(core_handler_t* handler) {
  delete handler;
}
int core_handler_begin(core_handler_t* handler) {
  return handler->handler->begin() ? 1 : 0;
}
void core_handler_finish(core_handler_t* handler) {
  handler->handler->finish();
}
int core_handler_end(core_handler_t* handler) {
  return handler->handler->end() ? 1 : 0;
}
int core_handler_ended(const core_handler_t* handler) {
  return handler->handler->ended() ? 1 : 0;
}
int core_handler_reserve_slot(core_handler_t* handler) {
  return handler->handler->reserve_slot() ? 1 : 0;
}
uint32_t core_handler_lend(core_handler_t* handler, uint32_t count) {
  return handler->handler->lend(count);
}
void core_handler_give_back(uint32_t slot, uint32_t count) {
  Handler::give_back(slot, count);
}

core_router_t* core_router_new(void) {
  return new core_router;
}
void core_router_free(core_router_t* router) {
  delete router;
}
int core_router_add(core_router_t* router, const char* name, const core_handler_t* handler) {
  try {
    router->router.add(name, handler->handler);
  } catch (const std::bad_alloc&) {
    return -1;
  }
  return 0;
}
uint64_t core_router_remove(core_router_t* router, uint64_t id) {
  const auto handler = router->router.remove(id);
  return handler ? handler->id : 0;
}
void core_router_end_all(core_router_t* router) {
  router->router.end_all();
}
const char* core_router_event(core_router_t* router, const char* name) {
  return router->tell(router->router.event(name));
}
const char* core_router_notice(core_router_t* router, const char* name) {
  return router->tell(router->router.notice(name));
}
const char* core_router_response(core_router_t* router, int pong) {
  return router->tell(router->router.response(pong != 0));
}
const char* core_router_data(core_router_t* router) {
  return router->tell(router->router.data());
}

core_ring_t* core_ring_new(void) {
  return new core_ring;
}
void core_ring_free(core_ring_t* ring) {
  delete ring;
}
int core_ring_push(core_ring_t* ring, int number) {
  try {
    ring->ring.push_back(std::move(number));
  } catch (const std::bad_alloc&) {
    return -1;
  }
  return 0;
}
int core_ring_pop(core_ring_t* ring) {
  return ring->ring.pop_front();
}
int core_ring_front(const core_ring_t* ring) {
  return ring->ring.front();
}
int core_ring_back(const core_ring_t* ring) {
  return ring->ring.back();
}
size_t core_ring_size(const core_ring_t* ring) {
  return ring->ring.size();
}
void core_ring_swap(core_ring_t* one, core_ring_t* other) {
  one->ring.swap(other->ring);
}
void core_ring_clear(core_ring_t* ring) {
  ring->ring.clear();
}

core_queue_t* core_queue_new(void) {
  return new core_queue;
}
void core_queue_free(core_queue_t* queue) {
  queue->queue->clear();
  delete queue;
}
int core_queue_poll(core_queue_t* queue, size_t max, int timeout_ms, char* out, size_t cap) {
  std::string words;
  size_t count = 0;
  try {
    count = queue->queue->poll(max, timeout_ms, [&](size_t, const Queue::Run& run) {
      for (const auto& message : run.messages) words += (words.empty() ? "" : " ") + word(run, message);
      if (run.reply) run.handler->end();
      return run.messages.size();
    });
  } catch (const std::bad_alloc&) {
    return -1;
  }
  (void)std::snprintf(out, cap, "%s", words.c_str());
  return static_cast<int>(count);
}
int core_queue_dispatch(core_queue_t* queue, size_t max, int timeout_ms) {
  try {
    return static_cast<int>(queue->queue->dispatch(max, timeout_ms));
  } catch (const std::bad_alloc&) {
    return -1;
  }
}
void core_queue_run(core_queue_t* queue) {
  queue->queue->run();
}
void core_queue_interrupt(core_queue_t* queue) {
  queue->queue->interrupt();
}
int core_queue_interrupted(const core_queue_t* queue) {
  return queue->queue->interrupted() ? 1 : 0;
}
int core_queue_attached(const core_queue_t* queue) {
  return queue->queue->attached() ? 1 : 0;
}
void core_queue_clear(core_queue_t* queue) {
  queue->queue->clear();
}
void core_queue_set_bell(core_queue_t* queue) {
  queue->queue->set_bell(std::make_unique<NumberBell>(queue->bell));
}
int core_queue_bell(const core_queue_t* queue) {
  return *queue->bell;
}
void core_queue_set_wake(core_queue_t* queue, const core_handler_t* handler) {
  queue->queue->set_wake(handler == nullptr ? HandlerPtr() : handler->handler);
}

core_lane_t* core_lane_new(core_queue_t* queue, uint64_t client_id) {
  auto* lane = new core_lane;
  auto describe = [lane](const ami::Gap& gap, std::string_view, std::vector<HandlerPtr>& handlers) {
    handlers = lane->on_gap;
    return gap_notice(gap);
  };
  lane->lane = std::make_shared<QueueLane>(queue->queue, fake_client(lane), client_id, describe,
                                           [lane] { ++lane->resumed; });
  return lane;
}
void core_lane_free(core_lane_t* lane) {
  delete lane;
}
ami_t* core_lane_client(const core_lane_t* lane) {
  return fake_client(lane);
}
void core_lane_set_bounds(core_lane_t* lane, size_t items, size_t bytes, int wait) {
  lane->lane->set_bounds({items, bytes, wait != 0}, "label");
}
void core_lane_on_gap(core_lane_t* lane, const core_handler_t* handler) {
  lane->on_gap.push_back(handler->handler);
}
void core_lane_event(core_lane_t* lane, const core_handler_t* handler, uint64_t number) {
  lane->lane->event(handler->handler, numbered(number));
}
void core_lane_notice(core_lane_t* lane, const core_handler_t* handler, uint64_t number) {
  lane->lane->notice(handler->handler, numbered(number));
}
void core_lane_item(core_lane_t* lane, const core_handler_t* handler, uint64_t number) {
  lane->lane->item(handler->handler, numbered(number));
}
int core_lane_reserve_reply(core_lane_t* lane) {
  try {
    lane->lane->reserve_reply();
  } catch (const std::bad_alloc&) {
    return -1;
  }
  return 0;
}
void core_lane_reply(core_lane_t* lane, const core_handler_t* handler, uint64_t action) {
  const auto reply = ReplyPtr::adopt(new Reply(action));
  reply->time_ns = action * kSecond;
  lane->lane->reply(handler->handler, reply);
}
int core_lane_commit(core_lane_t* lane) {
  return lane->lane->commit(true) ? 1 : 0;
}
int core_lane_has_much(const core_lane_t* lane) {
  return lane->lane->has_much() ? 1 : 0;
}
int core_memory_waits(void) {
  return ami::ReturnedMemory::instance().bytes() != 0 ? 1 : 0;
}
int core_memory_may_wait(void) {
  return ami::ReturnedMemory::kMostBytes != 0 ? 1 : 0;
}
int core_lane_commit_in_login(core_lane_t* lane) {
  return lane->lane->commit(false) ? 1 : 0;
}
void core_lane_lost(core_lane_t* lane, uint64_t number) {
  lane->lane->lost(number * kSecond);
}
int core_lane_resumed(const core_lane_t* lane) {
  return lane->resumed;
}
void core_lane_close(core_lane_t* lane, ami_release_cb finish, void* user) {
  lane->lane->close(finish == nullptr ? std::function<void()>() : [finish, user] { finish(user); });
}
void core_lane_forget_client(core_lane_t* lane) {
  lane->lane->forget_client();
}
void core_lane_abandon(core_lane_t* lane) {
  lane->lane->abandon();
}
size_t core_lane_items(const core_lane_t* lane) {
  return lane->lane->levels().items;
}
size_t core_lane_bytes(const core_lane_t* lane) {
  return lane->lane->levels().bytes;
}
uint64_t core_lane_oldest(const core_lane_t* lane) {
  return lane->lane->levels().oldest_ns / kSecond;
}
uint64_t core_lane_dropped(const core_lane_t* lane) {
  return lane->lane->levels().dropped;
}

void core_direct_event(ami_t* client, const core_handler_t* handler, uint64_t number) {
  ami::DirectLane(client, {}).event(handler->handler, numbered(number));
}
void core_direct_reply(ami_t* client, const core_handler_t* handler, uint64_t action) {
  ami::DirectLane(client, {}).reply(handler->handler, ReplyPtr::adopt(new Reply(action)));
}
void core_direct_lost(ami_t* client, const core_handler_t* handler, int short_of_memory) {
  bool made = short_of_memory == 0;
  ami::DirectLane lane(client, [&](const ami::Gap& gap, std::vector<HandlerPtr>& handlers) {
    if (!made) throw std::bad_alloc();
    handlers.push_back(handler->handler);
    return numbered(gap.dropped * 100 + gap.from_ns / kSecond * 10 + gap.to_ns / kSecond);
  });
  lane.lost(2 * kSecond);
  lane.lost(3 * kSecond);
  lane.event(handler->handler, numbered(4));
  made = true;
  lane.commit(true);
  lane.commit(true);
}

uint64_t core_number(const ami_msg_t* msg) {
  uint64_t number = 0;
  return ami::parse_number(msg->get("N"), UINT64_MAX, number) ? number : 0;
}
uint64_t core_reply_action(const ami_reply_t* reply) {
  return reply->id;
}
int core_delivering_any(void) {
  return ami::Delivering::any() ? 1 : 0;
}
int core_delivering_of(const ami_t* client) {
  return ami::Delivering::of(client) ? 1 : 0;
}
size_t core_event_size(uint64_t number) {
  return numbered(number)->size();
}

}  // extern "C"
