#include "delivery/direct_lane.h"

#include <new>

namespace ami {

void DirectLane::call(const HandlerPtr& handler, const MessagePtr& message) {
  if (gap_.dropped != 0) tell_gap();
  // The owner keeps the handler in memory; message and handler are not counted again on this path.
  if (!handler->begin()) return;
  const Delivering scope(client_);
  if (handler->callbacks.event != nullptr) handler->callbacks.event(client_, message.get(), handler->user);
  handler->finish();
}

void DirectLane::reply(const HandlerPtr& handler, const ReplyPtr& reply) {
  if (gap_.dropped != 0) tell_gap();
  if (!handler->begin()) return;
  const Delivering scope(client_);
  if (handler->callbacks.reply != nullptr) handler->callbacks.reply(client_, reply.get(), handler->user);
  handler->end();
  handler->finish();
}

bool DirectLane::commit(bool /*may_pause*/) {
  if (gap_.dropped != 0) tell_gap();
  return false;
}

void DirectLane::lost(uint64_t time_ns) {
  gap_.add(time_ns);
  dropped_.fetch_add(1, std::memory_order_relaxed);
}

// Without memory for it the gap grows until there is some.
void DirectLane::tell_gap() noexcept {
  MessagePtr notice;
  std::vector<HandlerPtr> handlers;
  try {
    notice = describe_(gap_, handlers);
  } catch (const std::bad_alloc&) {
    return;
  }
  if (!notice && !handlers.empty()) return;
  gap_ = {};
  for (const auto& handler : handlers) call(handler, notice);
}

}  // namespace ami
