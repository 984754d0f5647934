#include "session/own_ids.h"

namespace ami {

bool OwnIds::taken(const std::string& id, uint64_t now) const {
  const auto known = until_.find(id);
  return known != until_.end() && known->second > now;
}

OwnIds::Place OwnIds::take(const std::string& id) {
  Place place;
  place.push_back({id});
  until_[id] = UINT64_MAX;
  return place;
}

void OwnIds::give_back(const Place& place) noexcept {
  until_.erase(place.front().id);
}

void OwnIds::rest(Place& place, uint64_t now) noexcept {
  place.front().until = now + kRestMs;
  if (const auto known = until_.find(place.front().id); known != until_.end()) {
    known->second = place.front().until;
  }
  resting_.splice(resting_.end(), place);
  if (resting_.size() <= kMostResting) return;
  // Taken again meanwhile, it is no longer this one's.
  const auto oldest = until_.find(resting_.front().id);
  if (oldest != until_.end() && oldest->second == resting_.front().until) until_.erase(oldest);
  resting_.pop_front();
}

}  // namespace ami
