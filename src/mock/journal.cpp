#include "journal.h"

#include <algorithm>
#include <chrono>

#include "text.h"

namespace ami::mock {

void Journal::add(std::string_view what, int64_t amount) {
  std::lock_guard lock(mutex_);
  auto found = counters_.find(what);
  if (found == counters_.end()) found = counters_.emplace(what, 0).first;
  found->second += amount;
  changed_.notify_all();
}

void Journal::action(const std::string& name, const std::string& action_id) {
  std::lock_guard lock(mutex_);
  ++counters_["actions"];
  ++counters_["action:" + lower(name)];
  if (!action_id.empty()) {
    ids_.push_back(action_id);
    ++id_counts_[action_id];
  }
  changed_.notify_all();
}

void Journal::connection() {
  std::lock_guard lock(mutex_);
  received_.clear();
  ++counters_["connections"];
  ++counters_["open"];
  changed_.notify_all();
}

void Journal::received(const char* bytes, size_t count) {
  std::lock_guard lock(mutex_);
  received_.append(bytes, std::min(count, max_received - received_.size()));
}

void Journal::peer(std::string subject) {
  std::lock_guard lock(mutex_);
  peer_ = std::move(subject);
}

int64_t Journal::count_locked(std::string_view what) const {
  auto found = what.starts_with("action:") ? counters_.find(lower(what)) : counters_.find(what);
  return found == counters_.end() ? 0 : found->second;
}

int64_t Journal::count(std::string_view what) const {
  std::lock_guard lock(mutex_);
  return count_locked(what);
}

bool Journal::wait(std::string_view what, int64_t n, int timeout_ms) {
  bool exact = what == "open" || what == "calls_open";
  std::unique_lock lock(mutex_);
  return changed_.wait_for(lock, std::chrono::milliseconds(timeout_ms), [&] {
    int64_t now = count_locked(what);
    return exact ? now == n : now >= n;
  });
}

int Journal::saw(const std::string& action_id) const {
  std::lock_guard lock(mutex_);
  auto found = id_counts_.find(action_id);
  return found == id_counts_.end() ? 0 : found->second;
}

bool Journal::action_id(size_t i, std::string& out) const {
  std::lock_guard lock(mutex_);
  if (i >= ids_.size()) return false;
  out = ids_[i];
  return true;
}

std::string Journal::received() const {
  std::lock_guard lock(mutex_);
  return received_;
}

std::string Journal::peer() const {
  std::lock_guard lock(mutex_);
  return peer_;
}

}  // namespace ami::mock
