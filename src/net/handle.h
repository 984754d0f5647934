#pragma once

#include <uv.h>

#include <cstdint>
#include <memory>
#include <new>
#include <system_error>
#include <type_traits>
#include <utility>

#include "net/fork.h"
#include "net/loop.h"

namespace ami {

// Someone with handles in a uv loop. Every callback of the loop comes through guard(), so that no exception
// passes libuv's C frames.
class HandleOwner {
 public:
  explicit HandleOwner(std::shared_ptr<Loop> loop) : loop_(std::move(loop)) {}
  HandleOwner(const HandleOwner&) = delete;
  HandleOwner& operator=(const HandleOwner&) = delete;

  [[nodiscard]] const std::shared_ptr<Loop>& loop() const noexcept { return loop_; }
  [[nodiscard]] uv_loop_t* uv() const noexcept { return loop_->uv(); }
  // The time of the present turn. Between turns the loop's idea of it may be hours old.
  [[nodiscard]] uint64_t now() const noexcept {
    if (!in_callback_) uv_update_time(uv());
    return uv_now(uv());
  }

  [[nodiscard]] bool has_handles() const noexcept { return open_handles_ != 0; }
  void handle_opened() noexcept { ++open_handles_; }
  void handle_closed() noexcept {
    loop_->enter();
    if (--open_handles_ == 0) on_handles_closed();
  }
  template <typename Function>
  void guard(Function&& function) noexcept {
    loop_->enter();
    in_callback_ = true;
    try {
      function();
    } catch (const std::exception&) {
      on_exception();
    }
    in_callback_ = false;
  }

 protected:
  ~HandleOwner() = default;
  // The loop has let go of the last handle. May delete the owner.
  virtual void on_handles_closed() noexcept = 0;
  // A callback ran out of memory, or of what the system gives.
  virtual void on_exception() noexcept = 0;

 private:
  std::shared_ptr<Loop> loop_;
  unsigned open_handles_ = 0;
  bool in_callback_ = false;
};

// A uv handle on the heap. It is closed with this object, and freed when the loop has let go of it.
template <typename Uv>
class Handle {
 public:
  // status and events are those of uv_poll; others give 0.
  using Callback = void (*)(void* self, int status, int events);

  ~Handle() {
    if (node_ == nullptr) return;
    if (generation_ != fork_generation()) {
      const bool may_close = closes_in_child();
      node_->owner = nullptr;
      if (!may_close) return;
    }
    close(node_);
  }
  Handle(const Handle&) = delete;
  Handle& operator=(const Handle&) = delete;

 protected:
  Handle(HandleOwner& owner, void* self, Callback callback) : pending_(new Node{{}, &owner, self, callback}) {
    pending_->uv.data = pending_.get();
  }
  // With the result of uv_*_init(uv()).
  void opened(int error) {
    if (error == UV_ENOMEM) throw std::bad_alloc();
    if (error != 0) throw std::system_error(-error, std::generic_category());
    node_ = pending_.release();
    node_->owner->handle_opened();
  }
  [[nodiscard]] Uv* uv() const noexcept { return node_ != nullptr ? &node_->uv : &pending_->uv; }

  static void run(Uv* uv, int status, int events) noexcept {
    Node* node = static_cast<Node*>(uv->data);
    if (node->owner == nullptr) return;  // left behind in a child of fork()
    node->owner->guard([&] { node->callback(node->self, status, events); });
  }

 private:
  struct Node {
    Uv uv;
    HandleOwner* owner;
    void* self;
    Callback callback;
  };
  // A child of fork() may go on with the caller's loop. The library's has lost its thread, and may be in any
  // state. A uv_async_t may be in the hands of a thread that is not there, which uv_close() would wait for;
  // but ours do not keep a loop running.
  [[nodiscard]] bool closes_in_child() const noexcept {
    const Loop& loop = *node_->owner->loop();
    return !std::is_same_v<Uv, uv_async_t> && !loop.is_shared() && loop.is_current();
  }
  static void close(Node* node) noexcept {
    uv_close(reinterpret_cast<uv_handle_t*>(&node->uv), [](uv_handle_t* handle) {
      Node* closed = static_cast<Node*>(handle->data);
      HandleOwner* owner = closed->owner;
      delete closed;
      if (owner != nullptr) owner->handle_closed();
    });
  }

  std::unique_ptr<Node> pending_;
  Node* node_ = nullptr;
  const uint32_t generation_ = fork_generation();
};

class Timer : public Handle<uv_timer_t> {
 public:
  Timer(HandleOwner& owner, void* self, Callback callback) : Handle(owner, self, callback) {
    opened(uv_timer_init(owner.uv(), uv()));
  }
  void start(uint64_t delay_ms) noexcept {
    uv_timer_start(
        uv(), [](uv_timer_t* timer) { run(timer, 0, 0); }, delay_ms, 0);
  }
  void stop() noexcept { uv_timer_stop(uv()); }
};

// Wakes the loop from any thread. Does not keep it running.
class Wake : public Handle<uv_async_t> {
 public:
  Wake(HandleOwner& owner, void* self, Callback callback) : Handle(owner, self, callback) {
    opened(uv_async_init(owner.uv(), uv(), [](uv_async_t* async) { run(async, 0, 0); }));
    uv_unref(reinterpret_cast<uv_handle_t*>(uv()));
  }
  void send() noexcept { uv_async_send(uv()); }
};

// Right before the loop blocks, once.
class BeforeBlock : public Handle<uv_prepare_t> {
 public:
  BeforeBlock(HandleOwner& owner, void* self, Callback callback) : Handle(owner, self, callback) {
    opened(uv_prepare_init(owner.uv(), uv()));
  }
  void start() noexcept {
    uv_prepare_start(uv(), [](uv_prepare_t* prepare) {
      uv_prepare_stop(prepare);
      run(prepare, 0, 0);
    });
  }
};

// What a socket is ready for. The socket may be closed as soon as its Watch is gone; in a child of fork(),
// before: there uv, which knows the socket from the parent, must not reach it through what both share.
class Watch : public Handle<uv_poll_t> {
 public:
  Watch(HandleOwner& owner, int fd, void* self, Callback callback) : Handle(owner, self, callback) {
    opened(uv_poll_init_socket(owner.uv(), uv(), fd));
  }
  // UV_READABLE, UV_WRITABLE, both, or 0.
  void want(int events) noexcept {
    // Each change is two system calls in libuv; and uv stops a handle by itself when it reports an error.
    const bool active = uv_is_active(reinterpret_cast<uv_handle_t*>(uv())) != 0;
    if (active == (events != 0) && (!active || events == wanted_)) return;
    wanted_ = events;
    uv_poll_start(uv(), events, [](uv_poll_t* poll, int status, int ready) { run(poll, status, ready); });
  }

 private:
  int wanted_ = 0;
};

}  // namespace ami
