// One call under way: runs its course (see data_scripts.cpp) line by line.
#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <string>
#include <string_view>
#include <vector>

namespace ami::mock {

class Pbx;
struct Channel;

using Values = std::map<std::string, std::string, std::less<>>;

class Call {
 public:
  struct Outcome {
    bool answered;
    int64_t reason;       // of OriginateResponse
    std::string channel;  // empty if it failed
    std::string uniqueid;
  };

  Call(Pbx& pbx, uint64_t id, std::string_view course, Values values);

  uint64_t id() const { return id_; }
  void run();  // to the next wait, or the end: then the call is gone
  void on_outcome(std::function<void(const Outcome&)> outcome) { outcome_ = std::move(outcome); }
  void give_variables(std::vector<std::pair<std::string, std::string>> variables) {
    variables_ = std::move(variables);
  }
  void hang_up(int64_t cause);  // from outside: the call is gone after it
  // This channel goes to another extension, the one it was bridged with is hung up.
  void redirect(const std::string& name, const std::string& exten);
  void stop();  // forgets its timer

 private:
  // Each returns false when the call waits.
  bool step(std::string_view line);
  bool step_channel(std::string_view verb, std::string_view words);
  bool step_bridge(std::string_view verb, std::string_view words);
  bool step_course(std::string_view verb, std::string_view words);
  void enter_course(std::string_view name);
  void raise_for(std::string_view event, const std::vector<std::string>& roles);
  void raise(std::string_view event, const Channel& channel);
  void value(std::string_view name, const std::vector<std::string>& roles, std::string& out);
  void add_channel(std::string_view who, std::string_view words);
  void queue_change(std::string_view event, Channel& channel, bool joins);
  void leave_bridge(Channel& channel);
  void hang_up(Channel& channel, int64_t cause);
  void cdr(const Channel& channel);
  void finish(int64_t cause);
  void report(const Outcome& outcome);
  Channel* role(std::string_view name);

  Pbx& pbx_;
  uint64_t id_;
  Values values_;
  std::vector<std::pair<std::string, std::string>> variables_;
  std::vector<std::string> lines_;
  size_t next_ = 0;
  std::vector<std::pair<std::string, std::string>> roles_;  // channels by role, in order of birth
  std::map<std::string, std::string, std::less<>> bridge_roles_;
  std::vector<std::vector<std::string>> dials_;  // the roles of each DialBegin that has no DialEnd yet
  std::function<void(const Outcome&)> outcome_;
  uint64_t timer_ = 0;
};

}  // namespace ami::mock
