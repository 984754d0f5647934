#pragma once

#include <atomic>
#include <cstdint>
#include <vector>

#include "protocol/message.h"

// What came of an action. Made when the action is accepted (and then part of what waits for the answer, in
// one piece of memory), so that it can always be given; immutable once given.
struct ami_reply {
 public:
  explicit ami_reply(uint64_t action_id) : id(action_id) {}

  void ref() const noexcept { refs_.fetch_add(1, std::memory_order_relaxed); }
  void unref() const noexcept {
    if (refs_.fetch_sub(1, std::memory_order_acq_rel) == 1) delete this;
  }

  const uint64_t id;
  int status = 0;
  int fate = AMI_NOT_SENT;
  uint64_t time_ns = 0;  // when it was given, where it then waits in a queue
  ami::MessagePtr response;
  std::vector<ami::MessagePtr> items;
  ami::MessagePtr end;

 protected:
  virtual ~ami_reply() = default;

 private:
  mutable std::atomic<uint32_t> refs_{1};
};

namespace ami {
using Reply = ::ami_reply;
using ReplyPtr = Ref<Reply>;
}  // namespace ami
