#include "timers.h"

#include <algorithm>

namespace ami::mock {

void Timers::open(uv_loop_t* loop) {
  loop_ = loop;
  uv_timer_init(loop, &timer_);
  timer_.data = this;
}

void Timers::close() {
  if (!loop_) return;
  pending_.clear();
  due_.clear();
  uv_close(reinterpret_cast<uv_handle_t*>(&timer_), nullptr);
  loop_ = nullptr;
}

uint64_t Timers::after(int64_t ms, std::function<void()> run) {
  if (!loop_) return 0;
  uv_update_time(loop_);
  uint64_t due = uv_now(loop_) + static_cast<uint64_t>(std::max<int64_t>(0, ms));
  uint64_t id = ++last_id_;
  pending_.emplace(std::pair(due, id), std::move(run));
  due_.emplace(id, due);
  arm();
  return id;
}

void Timers::cancel(uint64_t id) {
  auto found = due_.find(id);
  if (found == due_.end()) return;
  pending_.erase({found->second, id});
  due_.erase(found);
}

void Timers::arm() {
  if (!loop_ || pending_.empty()) return;
  uint64_t now = uv_now(loop_);
  uint64_t due = pending_.begin()->first.first;
  uv_timer_start(
      &timer_, [](uv_timer_t* timer) { static_cast<Timers*>(timer->data)->run_due(); },
      due > now ? due - now : 0, 0);
}

void Timers::run_due() {
  // What a callback adds for now waits for the next turn, so that input and output get their share.
  uint64_t last = last_id_;
  while (loop_ && !pending_.empty()) {
    auto first = pending_.begin();
    auto [due, id] = first->first;
    if (due > uv_now(loop_) || id > last) break;
    std::function<void()> run = std::move(first->second);
    pending_.erase(first);
    due_.erase(id);
    run();
  }
  arm();
}

}  // namespace ami::mock
