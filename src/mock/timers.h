// All delays of the mock on one libuv timer.
#pragma once

#include <uv.h>

#include <cstdint>
#include <functional>
#include <map>

namespace ami::mock {

class Timers {
 public:
  void open(uv_loop_t* loop);
  void close();  // forgets what is pending; the handle closes on the loop's next turn

  uint64_t after(int64_t ms, std::function<void()> run);
  void cancel(uint64_t id);  // 0 and unknown ids do nothing

 private:
  void arm();
  void run_due();

  uv_loop_t* loop_ = nullptr;
  uv_timer_t timer_{};
  std::map<std::pair<uint64_t, uint64_t>, std::function<void()>> pending_;  // by time, then by id
  std::map<uint64_t, uint64_t> due_;                                        // time by id
  uint64_t last_id_ = 0;
};

}  // namespace ami::mock
