// Faults on demand: what can be armed, and who watches for it.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

namespace ami::mock {

struct Fault {
  std::string name;
  int64_t n = 0;
  bool every = false;
  bool next = false;   // for the next connection only
  bool taken = false;  // that connection has come
  bool armed = true;
};

// True for the faults whose n says at which occurrence they fire; the n of the others is a value.
bool counts_occurrences(std::string_view name);
bool is_fault(std::string_view name);
std::string fault_names();

// The faults that one connection watches for, each with its own count.
class FaultWatch {
 public:
  void add(const std::shared_ptr<Fault>& fault) { watched_.push_back({fault, 0}); }
  // Something happened that faults of this name wait for. Returns the fault if it fires now, else nullptr.
  std::shared_ptr<Fault> hit(std::string_view name);
  // The armed fault of that name, without firing it.
  std::shared_ptr<Fault> armed(std::string_view name) const;
  static void fire(Fault& fault) { fault.armed = fault.every; }

 private:
  struct Watched {
    std::shared_ptr<Fault> fault;
    int64_t seen;
  };
  std::vector<Watched> watched_;
};

}  // namespace ami::mock
