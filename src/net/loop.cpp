#include "net/loop.h"

#include <uv.h>

#include <atomic>
#include <new>
#include <system_error>
#include <thread>
#include <unordered_map>
#include <utility>
#include <vector>

#include "net/fork.h"
#include "net/thread.h"

namespace ami {
namespace {

[[noreturn]] void fail(int uv_error, const char* what) {
  if (uv_error == UV_ENOMEM) throw std::bad_alloc();
  throw std::system_error(-uv_error, std::generic_category(), what);
}

// The part that both kinds share: a uv_async that brings tasks to the loop's thread. It is in the loop for as
// long as anyone holds the Loop. With the last holder gone it is closed on the loop's thread.
class AsyncLoop : public Loop {
 public:
  void post(std::function<void()> task) override {
    const std::lock_guard lock(mutex_);
    tasks_.push_back(std::move(task));
    uv_async_send(&async_);
  }
  [[nodiscard]] bool is_current() const override {
    return thread_.load(std::memory_order_relaxed) == std::this_thread::get_id();
  }
  [[nodiscard]] uv_loop_s* uv() const override { return uv_; }
  [[nodiscard]] char* read_buffer() override { return read_buffer_.get(); }
  [[nodiscard]] char* text_buffer() override {
    if (!text_buffer_) text_buffer_.reset(new char[kReadBufferBytes]);
    return text_buffer_.get();
  }
  void enter() noexcept override { thread_.store(std::this_thread::get_id(), std::memory_order_relaxed); }

 protected:
  explicit AsyncLoop(uv_loop_t* loop) : uv_(loop), read_buffer_(new char[kReadBufferBytes]) {}

  void open() {
    if (const int error = uv_async_init(uv_, &async_, on_async); error != 0) fail(error, "uv_async_init");
    async_.data = this;
  }
  // On the loop's thread.
  void close() {
    uv_close(reinterpret_cast<uv_handle_t*>(&async_), [](uv_handle_t* handle) {
      AsyncLoop* self = of(handle->data);
      self->run_tasks();  // posted just before the last holder went
      self->on_closed();
    });
  }
  // On any other. Under the lock, lest the loop's thread sees the wish and frees the handle before it is
  // rung.
  void ask_to_close() {
    const std::lock_guard lock(mutex_);
    closing_ = true;
    uv_async_send(&async_);
  }
  virtual void on_closed() = 0;

  [[nodiscard]] bool is_from_before_fork() const { return generation_ != fork_generation(); }
  uv_async_t async_{};
  uv_loop_t* uv_;

 private:
  static AsyncLoop* of(void* data) { return static_cast<AsyncLoop*>(data); }

  static void on_async(uv_async_t* async) {
    AsyncLoop* self = of(async->data);
    self->enter();
    if (self->run_tasks()) self->close();
  }

  // Whether the handle is to be closed.
  bool run_tasks() noexcept {
    std::vector<std::function<void()>> tasks;
    bool closing = false;
    {
      const std::lock_guard lock(mutex_);
      tasks.swap(tasks_);
      closing = closing_;
    }
    for (auto& task : tasks) {
      try {
        std::exchange(task, nullptr)();
      } catch (...) {  // must not unwind through libuv
      }
    }
    return closing;
  }

  std::unique_ptr<char[]> read_buffer_;
  std::unique_ptr<char[]> text_buffer_;
  std::atomic<std::thread::id> thread_{};  // nobody's until it has run
  const uint32_t generation_ = fork_generation();
  std::mutex mutex_;
  std::vector<std::function<void()>> tasks_;
  bool closing_ = false;
};

// The caller's loop.
class ForeignLoop final : public AsyncLoop {
 public:
  explicit ForeignLoop(uv_loop_t* loop) : AsyncLoop(loop) {
    enter();
    open();
    // A client that does nothing shall not keep the caller's uv_run() from returning.
    uv_unref(reinterpret_cast<uv_handle_t*>(&async_));
  }
  [[nodiscard]] bool is_shared() const override { return false; }

  // For the last holder.
  static void release(ForeignLoop* self) noexcept;

 private:
  void on_closed() override { delete this; }
};

// The library's loop.
class SharedLoop final : public AsyncLoop {
 public:
  SharedLoop() : AsyncLoop(&loop_) {
    if (const int error = uv_loop_init(&loop_); error != 0) fail(error, "uv_loop_init");
    try {
      open();
      io_thread_ = start_thread([this] { run(); });
    } catch (...) {
      if (async_.data != nullptr) close();
      uv_run(&loop_, UV_RUN_DEFAULT);
      uv_loop_close(&loop_);
      throw;
    }
  }
  [[nodiscard]] bool is_shared() const override { return true; }

  static void release(SharedLoop* self) noexcept {
    if (self->is_from_before_fork()) return;  // the thread is not there, and the loop may be in any state
    if (self->is_current()) {
      self->ends_alone_ = true;
      self->close();
      return;
    }
    self->ask_to_close();
    self->io_thread_.join();
    delete self;
  }

 private:
  void run() {
    enter();
    uv_run(&loop_, UV_RUN_DEFAULT);
    uv_loop_close(&loop_);
    if (!ends_alone_) return;
    io_thread_.detach();
    delete this;
  }

  void on_closed() override {}  // with its last handle gone, uv_run() returns

  uv_loop_t loop_{};
  std::thread io_thread_;
  bool ends_alone_ = false;  // of the I/O thread
};

struct Registry {
  uint32_t generation = fork_generation();
  std::weak_ptr<Loop> shared;
  std::unordered_map<uv_loop_t*, std::weak_ptr<Loop>> foreign;
};

// Under process_mutex(). Never destroyed, see fork.cpp.
Registry& registry() {
  static auto* const the_registry = new Registry;
  // A child of fork() has neither its parent's I/O thread nor its parent's clients.
  if (the_registry->generation != fork_generation()) *the_registry = Registry();
  return *the_registry;
}

void ForeignLoop::release(ForeignLoop* self) noexcept {
  {
    const std::lock_guard lock(process_mutex());
    auto& foreign = registry().foreign;
    // Meanwhile someone may have come to the same uv loop and found this one expired.
    if (auto found = foreign.find(self->uv_); found != foreign.end() && found->second.expired())
      foreign.erase(found);
  }
  if (self->is_from_before_fork()) return;
  if (self->is_current()) {
    self->close();
  } else {
    self->ask_to_close();
  }
}

}  // namespace

std::shared_ptr<Loop> Loop::shared() {
  const std::lock_guard lock(process_mutex());
  auto& known = registry().shared;
  if (auto loop = known.lock()) return loop;
  std::shared_ptr<Loop> loop(new SharedLoop, SharedLoop::release);
  known = loop;
  return loop;
}

std::shared_ptr<Loop> Loop::around(uv_loop_s* loop) {
  {
    const std::lock_guard lock(process_mutex());
    auto& foreign = registry().foreign;
    if (auto found = foreign.find(loop); found != foreign.end()) {
      if (auto known = found->second.lock()) {
        known->enter();
        return known;
      }
    }
  }
  // Not under the lock, which release() takes too. Nobody else can come in between: this is the loop's
  // thread.
  std::shared_ptr<Loop> made(new ForeignLoop(loop), ForeignLoop::release);
  const std::lock_guard lock(process_mutex());
  registry().foreign[loop] = made;
  return made;
}

}  // namespace ami
