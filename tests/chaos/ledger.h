// The actions of one client: what was asked for, what was promised, what came. Callbacks write into it on
// whatever thread; the final check compares it with what the server saw.
#pragma once

#include <array>
#include <cstdint>
#include <mutex>

#include "ami/ami.h"
#include "record.h"

namespace chaos {

enum class Kind : uint8_t { ping, variable, list, each, command, user_event, originate, unknown };

class Ledger {
 public:
  // What is known of one action.
  struct Entry {
    Kind kind;
    bool accepted, refused, canceled, own_id, closed;
    uint8_t replies, releases, fate;
    int8_t status;
  };
  struct Sums {
    uint64_t accepted = 0, refused = 0, replied = 0;
    std::array<uint64_t, 4> by_fate{};
    std::array<uint64_t, 32> by_error{};
  };

  // marked: the server sends the mark of a Ping back.
  Ledger(uint64_t caller, bool marked) : caller_(caller), marked_(marked), entries_(*map_shared<Entries>()) {}
  ~Ledger();
  Ledger(const Ledger&) = delete;
  Ledger& operator=(const Ledger&) = delete;

  // Before it is sent; own_id: its ActionID is "own-NUMBER".
  void open(uint64_t number, Kind kind, bool own_id);
  void accepted(uint64_t number);
  void refused(uint64_t number);
  void canceled(uint64_t number);
  // What is not replied may end with AMI_ECLOSED.
  void closing();

  void reply(uint64_t number, const ami_reply_t* reply);
  void release(uint64_t number);
  [[nodiscard]] bool is_replied(uint64_t number) const;
  [[nodiscard]] bool is_settled() const;  // all accepted ones are replied
  // The place of the last message of a reply, if it is known; else 0.
  static uint64_t place_of(const ami_reply_t* reply);

  // When all is over; without a record of the server's only what the client knows is looked at.
  void check(const Record* record) const;
  [[nodiscard]] Sums sums() const;

 private:
  using Entries = std::array<Entry, most_actions>;
  void check_reply(const Entry& entry, uint64_t number, const ami_reply_t* reply) const;
  void check_answer(const Entry& entry, uint64_t number, const ami_reply_t* reply) const;
  void check_seen(const Entry& entry, uint64_t number, unsigned seen) const;

  const uint64_t caller_;
  const bool marked_;
  mutable std::mutex mutex_;
  Entries& entries_;
  uint64_t begin_ = 0;  // all before it are replied
  uint64_t end_ = 0;    // behind the highest number
  uint64_t open_ = 0;   // not replied
  Sums sums_;
};

}  // namespace chaos
