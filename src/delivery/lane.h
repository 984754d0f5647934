#pragma once

#include <cstddef>
#include <cstdint>

#include "delivery/handler.h"
#include "protocol/message.h"
#include "protocol/reply.h"

namespace ami {

// One thing on its way to one handler.
struct Delivery {
  enum class Kind : uint8_t {
    kEvent,   // may be dropped at the bound
    kNotice,  // likewise, apart from these
    kItem,    // may not
    kReply,
    kGap,  // stands where events were dropped; becomes a notice when it is taken
  };
  Kind kind = Kind::kEvent;
  HandlerPtr handler;
  MessagePtr message;
  ReplyPtr reply;

  // When it came. Not of a gap.
  [[nodiscard]] uint64_t time_ns() const { return reply ? reply->time_ns : message->time_ns(); }
};

// Marks a thread while it runs callbacks of a client: blocking calls are refused on it, and ami_destroy()
// knows that it was called from inside.
class Delivering {
 public:
  explicit Delivering(const void* client) noexcept;
  ~Delivering();
  Delivering(const Delivering&) = delete;
  Delivering& operator=(const Delivering&) = delete;

  // Whether the calling thread delivers for any client, or for this one.
  [[nodiscard]] static bool any() noexcept;
  [[nodiscard]] static bool of(const void* client) noexcept;

 private:
  const void* const client_;
  const Delivering* const outer_;
};

// Events and notices that were dropped or could not be built.
struct Gap {
  uint64_t dropped = 0;
  uint64_t from_ns = 0, to_ns = 0;
  uint64_t seq = 0;

  void add(uint64_t time_ns) {
    if (dropped++ == 0) from_ns = time_ns;
    to_ns = time_ns;
  }
};

// The way from a client's session to its handlers. All functions are called on the client's loop thread; a
// message of one event goes once to each handler.
class Lane {
 public:
  virtual ~Lane() = default;
  virtual void event(const HandlerPtr& handler, const MessagePtr& message) = 0;
  virtual void notice(const HandlerPtr& handler, const MessagePtr& message) = 0;
  virtual void item(const HandlerPtr& handler, const MessagePtr& message) = 0;
  // Cannot fail: what it needs was made when the action was accepted.
  virtual void reply(const HandlerPtr& handler, const ReplyPtr& reply) = 0;
  // So much was gathered that it should not wait for the end of the turn.
  [[nodiscard]] virtual bool has_much() const { return false; }
  // After a turn: what was gathered becomes visible. True when reading is to pause (queue.overflow=wait),
  // which it may only where that keeps no login waiting.
  virtual bool commit(bool may_pause) = 0;
  // An event that could not be built for lack of memory: the next gap counts it.
  virtual void lost(uint64_t time_ns) = 0;
};

}  // namespace ami
