// One way of a connection through the proxy: bytes come in, steps of the plan fire, bytes go out.
#pragma once

#include <uv.h>

#include <cstdint>
#include <deque>
#include <string>
#include <string_view>
#include <vector>

#include "plan.h"
#include "random.h"

namespace chaos {

class Connection;

class Pipe {
 public:
  Pipe(Connection& connection, uv_tcp_t& from, uv_tcp_t& to, uint64_t seed);

  void add(const Step& step);
  void calm();
  void start();  // reading
  // Writes what is due. Called after whatever may have made something due.
  void pump();
  // When pump() is to be called next; UINT64_MAX: not because of the time.
  uint64_t due() const;
  // All has been said, the end included.
  bool finished() const { return shut_; }
  // What is held, and all that would come, is lost.
  void drop();

 private:
  static constexpr uint64_t never = UINT64_MAX;
  struct Armed {
    Step step;
    uint64_t at;   // the offset at which it fires; never: not known yet
    uint64_t due;  // the time at which it fires; never: by its place
    uint32_t seen = 0;
  };
  struct Piece {
    uint64_t due;
    std::string bytes;
  };

  void take(std::string_view bytes);
  void look_for_needles(std::string_view bytes);
  void forward(std::string_view bytes);
  void fire_due();
  void fire(const Step& step);
  void say_noise(uint32_t size, std::string_view end);
  void end();
  void truncate(const Step& step);
  void write(size_t size);
  void read_or_not();

  Connection& connection_;
  uv_tcp_t& from_;
  uv_tcp_t& to_;
  Random random_;
  std::vector<Armed> armed_;
  std::string tail_;  // of what was read, for needles that are split
  std::string said_;  // the end of what was let through, for ends of messages
  uint64_t offset_ = 0;
  std::deque<Piece> pieces_;
  size_t held_ = 0;  // their bytes
  uint32_t delay_ms_ = 0, jitter_ms_ = 0;
  uint32_t split_ = 0;  // so many bytes come one by one
  uint64_t stalled_until_ = 0;
  bool reading_ = false;
  bool writing_ = false;
  bool ended_ = false;  // nothing more is taken; behind what is held comes FIN
  bool shut_ = false;
};

}  // namespace chaos
