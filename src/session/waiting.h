#pragma once

#include <cstdint>
#include <map>
#include <set>
#include <utility>

#include "session/pending.h"

namespace ami {

// The actions that wait for a connection, in the order in which they will be sent, and by their own clocks.
// There may be as many as the caller likes, so that nothing here looks at all of them.
class Waiting {
 public:
  // Both throw std::bad_alloc, and have changed nothing then.
  void push_back(const PendingPtr& pending);
  // Before all others: it waited longer.
  void push_front(const PendingPtr& pending);
  // Null when there is none.
  [[nodiscard]] PendingPtr pop_front();
  // One whose clock has run out; null when there is none.
  [[nodiscard]] PendingPtr pop_late(uint64_t now);
  // False when it does not wait here.
  [[nodiscard]] bool remove(const Pending& pending);
  // When the next one is late.
  [[nodiscard]] uint64_t deadline() const;

 private:
  using Places = std::map<int64_t, PendingPtr>;

  void insert(int64_t place, const PendingPtr& pending);
  PendingPtr take(Places::iterator at);

  Places places_;
  std::set<std::pair<uint64_t, int64_t>> clocks_;  // of those that have one, with their places
};

}  // namespace ami
