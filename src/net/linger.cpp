#include "net/linger.h"

#include <cerrno>

namespace ami {
namespace {

constexpr uint64_t kLongestMs = 1000;

}  // namespace

Linger::Linger(HandleOwner& owner, Socket socket, std::string unsent, void* self, void (*done)(void* self))
    : loop_(owner.loop()),
      socket_(std::move(socket)),
      unsent_(std::move(unsent)),
      self_(self),
      done_(done),
      timer_(owner, this, [](void* linger, int, int) { static_cast<Linger*>(linger)->end(); }),
      watch_(owner, socket_.fd(), this,
             [](void* linger, int, int) { static_cast<Linger*>(linger)->on_ready(); }) {
  timer_.start(kLongestMs);
  watch_.want(UV_READABLE | UV_WRITABLE);
}

void Linger::on_ready() {
  if (!told_ && send_rest()) {
    told_ = true;
    shutdown(socket_.fd(), SHUT_WR);
    watch_.want(UV_READABLE);
  }
  // Once a turn: what a peer without end sends is not worth more of the loop's time.
  const ssize_t count = receive_some(socket_.fd(), loop_->read_buffer(), Loop::kReadBufferBytes);
  if (count == 0 || (count < 0 && !would_block(errno))) end();
}

bool Linger::send_rest() {
  while (!unsent_.empty()) {
    const ssize_t count = send_some(socket_.fd(), unsent_.data(), unsent_.size());
    if (count < 0) return !would_block(errno);
    unsent_.erase(0, static_cast<size_t>(count));
  }
  return true;
}

void Linger::end() {
  done_(self_);
}

}  // namespace ami
