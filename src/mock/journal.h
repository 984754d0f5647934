// What the mock saw, for the oracles of tests: counters, ActionIDs, bytes; and waiting for it.
#pragma once

#include <condition_variable>
#include <cstdint>
#include <map>
#include <mutex>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

namespace ami::mock {

class Journal {
 public:
  void add(std::string_view what, int64_t amount = 1);
  void action(const std::string& name, const std::string& action_id);
  void connection();  // a new one: its bytes take the place of the last one's
  void received(const char* bytes, size_t count);
  void peer(std::string subject);

  int64_t count(std::string_view what) const;
  // False when timeout_ms passed first.
  bool wait(std::string_view what, int64_t n, int timeout_ms);
  int saw(const std::string& action_id) const;
  bool action_id(size_t i, std::string& out) const;
  std::string received() const;
  std::string peer() const;

 private:
  static constexpr size_t max_received = 1 << 20;
  int64_t count_locked(std::string_view what) const;

  mutable std::mutex mutex_;
  std::condition_variable changed_;
  std::map<std::string, int64_t, std::less<>> counters_;
  std::vector<std::string> ids_;
  std::unordered_map<std::string, int> id_counts_;
  std::string received_, peer_;
};

}  // namespace ami::mock
