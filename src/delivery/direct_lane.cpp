#include "delivery/direct_lane.h"

namespace ami {

void DirectLane::call(const HandlerPtr& handler, const MessagePtr& message) {
  // The owner keeps the handler in memory; message and handler are not counted again on this path.
  if (!handler->begin()) return;
  const Delivering scope(client_);
  if (handler->callbacks.event != nullptr) handler->callbacks.event(client_, message.get(), handler->user);
  handler->finish();
}

void DirectLane::reply(const HandlerPtr& handler, const ReplyPtr& reply) {
  const Delivering scope(client_);
  Delivery{Delivery::Kind::kReply, reply->id, handler, {}, reply}.run(client_);
}

}  // namespace ami
