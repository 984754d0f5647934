#pragma once

#include <atomic>
#include <functional>
#include <utility>
#include <vector>

#include "delivery/lane.h"

namespace ami {

// Loop delivery: handlers run at once, on the loop's thread.
class DirectLane final : public Lane {
 public:
  // Makes a gap's notice and finds its handlers.
  using Describe = std::function<MessagePtr(const Gap&, std::vector<HandlerPtr>&)>;

  DirectLane(ami_t* client, Describe describe) : client_(client), describe_(std::move(describe)) {}

  void event(const HandlerPtr& handler, const MessagePtr& message) override { call(handler, message); }
  void notice(const HandlerPtr& handler, const MessagePtr& message) override { call(handler, message); }
  void item(const HandlerPtr& handler, const MessagePtr& message) override { call(handler, message); }
  void reply(const HandlerPtr& handler, const ReplyPtr& reply) override;
  bool commit(bool may_pause) override;
  void lost(uint64_t time_ns) override;
  // Events lost for lack of memory. Any thread.
  [[nodiscard]] uint64_t dropped() const { return dropped_.load(std::memory_order_relaxed); }

 private:
  void call(const HandlerPtr& handler, const MessagePtr& message);
  void tell_gap() noexcept;

  ami_t* const client_;
  const Describe describe_;
  Gap gap_;  // not told yet
  std::atomic<uint64_t> dropped_{0};
};

}  // namespace ami
