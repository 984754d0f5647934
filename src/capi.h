// The C border: every function of ami.h is in one of the files capi_*.cpp, and nothing there thinks. What is
// checked is what C lets through: NULL, a forked child, and exceptions, none of which may pass.
#pragma once

#include <algorithm>
#include <cstring>
#include <memory>
#include <mutex>
#include <string>

#include "client.h"
#include "delivery/queue.h"
#include "net/fork.h"

// What the application holds.
struct ami_queue {
  const std::shared_ptr<ami::Queue> queue = std::make_shared<ami::Queue>();
  const uint32_t born = ami::fork_generation();
  mutable std::mutex mutex;
  mutable int fd = -1;  // of the bell, which is made when it is first asked for
};

namespace ami::capi {

template <typename Work>
int guard(Work work) noexcept {
  try {
    return work();
  } catch (...) {
    return AMI_ENOMEM;  // of memory, threads or descriptors
  }
}

// The same for a call on a client, which has to be there and to be ours.
template <typename Work>
int on_client(const ami_t* ami, Work work) noexcept {
  if (ami == nullptr) return AMI_EINVAL;
  if (ami->client->forked()) return AMI_EFORK;
  // The handle may go while the call is under way.
  const auto client = ami->client;
  const int err = guard([&] { return static_cast<int>(work(*client)); });
  return err == AMI_ENOMEM ? client->refuse(err, "out of memory") : err;
}

template <typename Work>
int on_queue(const ami_queue_t* queue, Work work) noexcept {
  if (queue == nullptr) return AMI_EINVAL;
  if (queue->born != ami::fork_generation()) return AMI_EFORK;
  return guard([&] { return static_cast<int>(work(*queue->queue)); });
}

// Text of any length into a buffer of C's, which may be NULL: how long it is.
inline int copy_out(const std::string& text, char* buf, size_t cap) noexcept {
  if (buf != nullptr && cap > 0) {
    const size_t length = std::min(text.size(), cap - 1);
    std::memcpy(buf, text.data(), length);
    buf[length] = '\0';
  }
  return static_cast<int>(text.size());
}

}  // namespace ami::capi
