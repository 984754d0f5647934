#include "ledger.h"

#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <string>

#include "verdict.h"

namespace chaos {
namespace {

const char* text_of(const ami_msg_t* message, const char* key) {
  const char* value = ami_msg_get(message, key, nullptr);
  return value != nullptr ? value : "";
}

unsigned long long shown(uint64_t number) {
  return number;
}

}  // namespace

Ledger::~Ledger() {
  munmap(&entries_, sizeof entries_);
}

void Ledger::open(uint64_t number, Kind kind, bool own_id) {
  const std::lock_guard lock(mutex_);
  Entry& entry = entries_.at(number);
  entry = {};
  entry.kind = kind;
  entry.own_id = own_id;
  begin_ = open_ == 0 ? number : begin_;
  end_ = number + 1;
  ++open_;
}

void Ledger::accepted(uint64_t number) {
  const std::lock_guard lock(mutex_);
  entries_.at(number).accepted = true;
  ++sums_.accepted;
}

void Ledger::refused(uint64_t number) {
  const std::lock_guard lock(mutex_);
  Entry& entry = entries_.at(number);
  entry.refused = true;
  ++sums_.refused;
  --open_;
  if (entry.releases != 1)
    broken("action %llu was refused and released %d times", shown(number), entry.releases);
}

void Ledger::canceled(uint64_t number) {
  const std::lock_guard lock(mutex_);
  entries_.at(number).canceled = true;
}

void Ledger::closing() {
  const std::lock_guard lock(mutex_);
  for (uint64_t n = begin_; n < end_; ++n) entries_.at(n).closed |= entries_.at(n).replies == 0;
}

void Ledger::release(uint64_t number) {
  const std::lock_guard lock(mutex_);
  ++entries_.at(number).releases;
}

bool Ledger::is_replied(uint64_t number) const {
  const std::lock_guard lock(mutex_);
  return entries_.at(number).replies > 0;
}

bool Ledger::is_settled() const {
  const std::lock_guard lock(mutex_);
  return open_ == 0;
}

uint64_t Ledger::place_of(const ami_reply_t* reply) {
  if (ami_reply_status(reply) != 0) return 0;
  const ami_msg_t* last = ami_reply_end(reply);
  return ami_msg_seq(last != nullptr ? last : ami_reply_response(reply));
}

void Ledger::reply(uint64_t number, const ami_reply_t* reply) {
  const std::lock_guard lock(mutex_);
  Entry& entry = entries_.at(number);
  if (++entry.replies > 1) return broken("action %llu has %d replies", shown(number), entry.replies);
  if (entry.releases > 0) broken("action %llu is replied after its release", shown(number));
  --open_;
  entry.fate = static_cast<uint8_t>(ami_reply_fate(reply));
  entry.status = static_cast<int8_t>(ami_reply_status(reply));
  ++sums_.replied;
  if (entry.fate < sums_.by_fate.size()) ++sums_.by_fate.at(entry.fate);
  ++sums_.by_error.at(static_cast<size_t>(-entry.status));
  check_reply(entry, number, reply);
}

void Ledger::check_reply(const Entry& entry, uint64_t number, const ami_reply_t* reply) const {
  const char* name = ami_err_name(entry.status);
  const ami_msg_t* response = ami_reply_response(reply);
  if (entry.fate < AMI_NOT_SENT || entry.fate > AMI_ANSWERED)
    broken("action %llu: fate %d", shown(number), entry.fate);
  if ((response != nullptr) != (entry.fate == AMI_ANSWERED)) {
    broken("action %llu (%s): fate %d with%s a response", shown(number), name, entry.fate,
           response != nullptr ? "" : "out");
  }
  switch (entry.status) {
    case 0:
    case AMI_EREPLY:
      if (entry.fate != AMI_ANSWERED) broken("action %llu: %s with fate %d", shown(number), name, entry.fate);
      break;
    case AMI_ELOST:
    case AMI_ETIMEDOUT:
    case AMI_EPROTO:
    case AMI_ETLS:
      break;
    case AMI_ECANCELED:
      if (!entry.canceled) broken("action %llu: canceled by nobody", shown(number));
      break;
    case AMI_ECLOSED:
      if (!entry.closed) broken("action %llu: closed by nobody", shown(number));
      break;
    default:
      broken("action %llu: %s", shown(number), name);
  }
  if (response != nullptr) check_answer(entry, number, reply);
}

void Ledger::check_answer(const Entry& entry, uint64_t number, const ami_reply_t* reply) const {
  const ami_msg_t* response = ami_reply_response(reply);
  const char* id = text_of(response, "ActionID");
  const std::string own = "own-" + std::to_string(number);
  if (entry.own_id && id != own) broken("action %llu has the response of %s", shown(number), id);
  if (entry.status != 0) return;
  if (entry.kind == Kind::unknown) broken("action %llu that nobody knows succeeded", shown(number));
  if (entry.kind == Kind::ping && marked_) {
    const std::string mark = std::to_string(caller_) + "." + std::to_string(number);
    if (text_of(response, "Chaos") != mark) {
      broken("Ping %s has the response of %s", mark.c_str(), text_of(response, "Chaos"));
    }
  }
  if (entry.kind == Kind::command && ami_msg_output(response, nullptr) == nullptr) {
    broken("Command %llu has no output", shown(number));
  }
  if (entry.kind != Kind::list) return;
  size_t items = 0;  // noise may stand between them
  for (size_t i = 0; i < ami_reply_count(reply); ++i) {
    const ami_msg_t* item = ami_reply_at(reply, i);
    if (std::strcmp(ami_msg_name(item), "CoreShowChannel") != 0) continue;
    ++items;
    if (std::strcmp(text_of(item, "ActionID"), id) != 0) {
      broken("list %llu has an item of %s", shown(number), text_of(item, "ActionID"));
    }
  }
  const char* told = text_of(ami_reply_end(reply), "ListItems");
  if (std::to_string(items) != told) broken("list %llu has %zu items of %s", shown(number), items, told);
}

void Ledger::check_seen(const Entry& entry, uint64_t number, unsigned seen) const {
  if (seen > 1) broken("action %llu was seen %u times", shown(number), seen);
  if (entry.refused && seen != 0) broken("action %llu was refused, but seen", shown(number));
  if (entry.refused || entry.replies == 0) return;
  if (entry.fate == AMI_NOT_SENT && seen != 0) {
    broken("action %llu (%s): not sent, but seen", shown(number), ami_err_name(entry.status));
  }
  if (entry.fate == AMI_ANSWERED && seen != 1) {
    broken("action %llu (%s): answered, but never seen", shown(number), ami_err_name(entry.status));
  }
}

void Ledger::check(const Record* record) const {
  const std::lock_guard lock(mutex_);
  for (uint64_t n = 0; n < end_; ++n) {
    const Entry& entry = entries_.at(n);
    if (!entry.accepted && !entry.refused) continue;  // another's number
    if (entry.replies != (entry.accepted ? 1 : 0)) {
      broken("action %llu was %s and has %d replies", shown(n), entry.accepted ? "accepted" : "refused",
             entry.replies);
    }
    if (entry.releases != 1) broken("action %llu was released %d times", shown(n), entry.releases);
    if (record != nullptr) check_seen(entry, n, record->seen.at(n));
  }
  if (sums_.accepted != sums_.replied) {
    broken("%llu actions accepted, %llu replied", shown(sums_.accepted), shown(sums_.replied));
  }
}

Ledger::Sums Ledger::sums() const {
  const std::lock_guard lock(mutex_);
  return sums_;
}

}  // namespace chaos
