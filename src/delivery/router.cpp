#include "delivery/router.h"

#include <algorithm>

#include "delivery/glob.h"
#include "protocol/text.h"

namespace ami {
namespace {
// Asterisk has a few hundred event names; a peer that makes up names must not fill the memory.
constexpr size_t kMaxCachedNames = 4096;
constexpr size_t kMaxCachedName = 128;
}  // namespace

void Router::add(std::string_view name, const HandlerPtr& handler) {
  const std::lock_guard lock(mutex_);
  auto entries = std::make_shared<Entries>(*entries_);
  entries->push_back({lower_copy(name), is_glob(name), handler});
  entries_ = std::move(entries);
  version_.fetch_add(1, std::memory_order_release);
}

HandlerPtr Router::remove(uint64_t id) {
  const std::lock_guard lock(mutex_);
  const auto has_id = [&](const Entry& entry) { return entry.handler->id == id; };
  const auto it = std::find_if(entries_->begin(), entries_->end(), has_id);
  if (it == entries_->end()) return {};
  HandlerPtr handler = it->handler;
  auto entries = std::make_shared<Entries>();
  entries->reserve(entries_->size());
  std::remove_copy_if(entries_->begin(), entries_->end(), std::back_inserter(*entries), has_id);
  entries_ = std::move(entries);
  version_.fetch_add(1, std::memory_order_release);
  return handler;
}

void Router::end_all() noexcept {
  auto entries = none_;
  {
    const std::lock_guard lock(mutex_);
    entries_.swap(entries);
    version_.fetch_add(1, std::memory_order_release);
  }
  for (const auto& entry : *entries) entry.handler->end();
}

template <typename Wanted>
Router::Targets Router::select(const Entries& entries, Wanted wanted) {
  Targets targets;
  for (const auto& entry : entries) {
    if (wanted(entry)) targets.push_back(entry.handler);
  }
  return targets;
}

Router::Targets Router::notice(std::string_view name) const {
  const std::lock_guard lock(mutex_);
  return select(*entries_, [&](const Entry& entry) {
    return entry.glob ? glob_matches(entry.name, name) : equal_nocase(entry.name, name);
  });
}

void Router::refresh() {
  if (version_.load(std::memory_order_acquire) == seen_) return;
  {
    const std::lock_guard lock(mutex_);
    current_ = entries_;
    seen_ = version_.load(std::memory_order_relaxed);
  }
  events_.clear();
  data_ = select(*current_, [](const Entry& entry) { return entry.name == "data"; });
  response_ = select(*current_, [](const Entry& e) { return e.name == "data" || e.name == "response"; });
  pong_ = select(*current_,
                 [](const Entry& e) { return e.name == "data" || e.name == "response" || e.name == "pong"; });
}

const Router::Targets& Router::event(std::string_view name) {
  refresh();
  if (const auto it = events_.find(name); it != events_.end()) return it->second;
  auto targets = select(*current_, [&](const Entry& entry) {
    if (entry.name == "data") return true;
    return entry.glob ? glob_matches(entry.name, name) : equal_nocase(entry.name, name);
  });
  if (name.size() > kMaxCachedName) {
    uncached_ = std::move(targets);
    return uncached_;
  }
  if (events_.size() >= kMaxCachedNames) events_.clear();
  return events_.emplace(name, std::move(targets)).first->second;
}

const Router::Targets& Router::response(bool pong) {
  refresh();
  return pong ? pong_ : response_;
}

const Router::Targets& Router::data() {
  refresh();
  return data_;
}

}  // namespace ami
