#include "session/waiting.h"

#include <new>

namespace ami {

void Waiting::push_back(const PendingPtr& pending) {
  insert(places_.empty() ? 0 : places_.rbegin()->first + 1, pending);
}

void Waiting::push_front(const PendingPtr& pending) {
  insert(places_.empty() ? 0 : places_.begin()->first - 1, pending);
}

void Waiting::insert(int64_t place, const PendingPtr& pending) {
  const auto at = places_.emplace(place, pending).first;
  try {
    if (pending->deadline != kNever) clocks_.emplace(pending->deadline, place);
  } catch (const std::bad_alloc&) {
    places_.erase(at);
    throw;
  }
  pending->place = place;
}

PendingPtr Waiting::take(Places::iterator at) {
  PendingPtr pending = std::move(at->second);
  clocks_.erase({pending->deadline, at->first});
  places_.erase(at);
  return pending;
}

PendingPtr Waiting::pop_front() {
  return places_.empty() ? PendingPtr() : take(places_.begin());
}

PendingPtr Waiting::pop_late(uint64_t now) {
  return deadline() > now ? PendingPtr() : take(places_.find(clocks_.begin()->second));
}

bool Waiting::remove(const Pending& pending) {
  const auto at = places_.find(pending.place);
  if (at == places_.end() || at->second.get() != &pending) return false;
  take(at);
  return true;
}

uint64_t Waiting::deadline() const {
  return clocks_.empty() ? kNever : clocks_.begin()->first;
}

}  // namespace ami
