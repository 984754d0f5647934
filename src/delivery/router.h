#pragma once

#include <atomic>
#include <cstdint>
#include <memory>
#include <mutex>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "delivery/handler.h"

namespace ami {

// Who gets which message: the subscriptions of one client. They are changed from any thread, also inside
// handlers; messages are routed by one thread, which keeps the answer for each name it has seen.
class Router {
 public:
  using Targets = std::vector<HandlerPtr>;

  // Any thread. Throws std::bad_alloc.
  void add(std::string_view name, const HandlerPtr& handler);
  // Null: no such id.
  HandlerPtr remove(uint64_t id);
  // At the end of the client, which no lack of memory can prevent.
  void end_all() noexcept;
  // The handlers of a notice.
  [[nodiscard]] Targets notice(std::string_view name) const;

  // The routing thread. Valid until its next call.
  const Targets& event(std::string_view name);
  const Targets& response(bool pong);
  const Targets& data();

 private:
  struct Entry {
    std::string name;  // lower case
    bool glob;
    HandlerPtr handler;
  };
  struct Hash {
    using is_transparent = void;
    size_t operator()(std::string_view text) const { return std::hash<std::string_view>()(text); }
  };
  using Entries = std::vector<Entry>;
  using Cache = std::unordered_map<std::string, Targets, Hash, std::equal_to<>>;

  void refresh();
  template <typename Wanted>
  static Targets select(const Entries& entries, Wanted wanted);

  mutable std::mutex mutex_;
  const std::shared_ptr<const Entries> none_ = std::make_shared<Entries>();
  std::shared_ptr<const Entries> entries_ = none_;
  std::atomic<uint64_t> version_{1};

  // Of the routing thread.
  uint64_t seen_ = 0;
  std::shared_ptr<const Entries> current_;
  Cache events_;
  Targets data_, response_, pong_, uncached_;
};

}  // namespace ami
