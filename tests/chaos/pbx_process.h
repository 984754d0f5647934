// The server's side: a mock PBX behind the proxy, in a process of its own, so that what it takes of memory
// and descriptors is not counted with the client's.
#pragma once

#include <sys/types.h>

#include <cstdint>
#include <string>

#include "record.h"

namespace chaos {

class PbxProcess {
 public:
  struct Wish {
    uint64_t seed = 1;
    bool by_time = false;       // connections end after seconds, not at places
    std::string scene = {};     // of the mock
    std::string tls = {};       // of the mock: CERT:KEY
    uint32_t ticks_per_ms = 2;  // events with a number, about so many
    bool show_plans = false;
  };
  // Forks, so no thread may have been started. Ends the process when it cannot.
  explicit PbxProcess(const Wish& wish);
  ~PbxProcess();
  PbxProcess(const PbxProcess&) = delete;
  PbxProcess& operator=(const PbxProcess&) = delete;

  int port() const { return record_.port; }
  const Record& record() const { return record_; }
  // No more faults, no more events.
  void calm() { ask('c'); }
  // One more event with a number.
  void tick() { ask('t'); }
  // When all that the clients sent has been read: their connections must be closed. False when it failed.
  bool stop();

 private:
  void ask(char what);

  Record& record_;
  pid_t process_ = -1;
  int channel_ = -1;
};

}  // namespace chaos
