#pragma once

#include <cstddef>
#include <cstdint>
#include <list>
#include <string>
#include <unordered_map>

namespace ami {

// ActionIDs that the caller chose. None is given out twice: not while its reply is awaited, nor for a while
// behind it, when something of the first one may still come.
class OwnIds {
 public:
  static constexpr uint64_t kRestMs = 60000;
  static constexpr size_t kMostResting = 1024;

  struct Resting {
    std::string id;
    uint64_t until = 0;
  };
  // Of one, so that rest() takes no memory.
  using Place = std::list<Resting>;

  [[nodiscard]] bool taken(const std::string& id, uint64_t now) const;
  // For an id that is not taken. Throws std::bad_alloc and has changed nothing.
  Place take(const std::string& id);
  // Its action was not accepted after all.
  void give_back(const Place& place) noexcept;
  // Its reply has come.
  void rest(Place& place, uint64_t now) noexcept;

 private:
  std::unordered_map<std::string, uint64_t> until_;  // UINT64_MAX: its reply is awaited
  Place resting_;                                    // the oldest first; some may be taken again
};

}  // namespace ami
