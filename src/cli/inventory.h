#pragma once

#include <map>
#include <set>
#include <string>

namespace ami::cli {

// Things by key, of which a list tells and which events change. A list can be taken anew while events come
// in: what an event has brought or changed since the list was asked for stays, though the list may not have
// it, and what an event has removed stays away, though the list may still have it. So it makes no difference
// which of the two was made first.
template <typename Thing>
class Inventory {
 public:
  // A list has been asked for.
  void begin() {
    is_taken_anew_ = true;
    touched_.clear();
    removed_.clear();
    listed_.clear();
  }

  // What an event is about; a new thing if there was none.
  Thing& touch(const std::string& key) {
    if (is_taken_anew_) touched_.insert(key);
    removed_.erase(key);
    return things_[key];
  }

  void remove(const std::string& key) {
    things_.erase(key);
    touched_.erase(key);
    if (is_taken_anew_) removed_.insert(key);
  }

  // What an item of the list is about; nullptr when it has been removed meanwhile.
  Thing* list(const std::string& key) {
    if (removed_.contains(key)) return nullptr;
    listed_.insert(key);
    if (!things_.contains(key)) is_told_by_list_ = true;
    return &things_[key];
  }

  // The list is complete. True when it told of what has come or gone without an event.
  bool end() {
    const auto gone = [this](const auto& thing) {
      return !listed_.contains(thing.first) && !touched_.contains(thing.first);
    };
    const bool is_told = std::erase_if(things_, gone) > 0 || is_told_by_list_;
    abandon();
    return is_told;
  }

  // The list will not come.
  void abandon() {
    is_taken_anew_ = is_told_by_list_ = false;
    touched_.clear();
    removed_.clear();
    listed_.clear();
  }

  [[nodiscard]] const std::map<std::string, Thing>& all() const { return things_; }
  [[nodiscard]] std::map<std::string, Thing>& all() { return things_; }

 private:
  std::map<std::string, Thing> things_;
  std::set<std::string> touched_, removed_, listed_;  // since begin()
  bool is_taken_anew_ = false;
  bool is_told_by_list_ = false;
};

}  // namespace ami::cli
