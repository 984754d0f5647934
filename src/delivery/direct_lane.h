#pragma once

#include "delivery/lane.h"

namespace ami {

// Loop delivery: handlers run at once, on the loop's thread.
class DirectLane final : public Lane {
 public:
  explicit DirectLane(ami_t* client) : client_(client) {}

  void event(const HandlerPtr& handler, const MessagePtr& message) override { call(handler, message); }
  void notice(const HandlerPtr& handler, const MessagePtr& message) override { call(handler, message); }
  void item(uint64_t /*id*/, const HandlerPtr& handler, const MessagePtr& message) override {
    call(handler, message);
  }
  void reply(const HandlerPtr& handler, const ReplyPtr& reply) override;
  bool commit() override { return false; }
  void lost(uint64_t /*time_ns*/) override {}

 private:
  void call(const HandlerPtr& handler, const MessagePtr& message);

  ami_t* const client_;
};

}  // namespace ami
