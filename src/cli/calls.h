#pragma once

#include <map>
#include <optional>
#include <string>
#include <vector>

#include "cli/inventory.h"
#include "cli/message.h"

namespace ami::cli {

// An empty text is what is not known.
struct Channel {
  std::string id;     // its Uniqueid
  std::string name;   // such as PJSIP/100-00000001
  std::string state;  // Asterisk's word
  std::string number, caller;
  std::string other_number, other_caller;  // whom it is connected with
  std::string extension, application, data;
  std::string bridge;
  std::string call;  // the same for all channels of a call
  std::optional<Time> born;
};

// Channels that belong together.
struct Call {
  std::string state, from, to;
  std::vector<const Channel*> channels;  // never empty, the first party's in front
};

// The channels of an Asterisk, 1.4 to 24, as events and lists tell of them.
class Calls {
 public:
  // The events that it reads.
  static void add_names(std::vector<std::string>& names) { cli::add_names(kHandled, names); }
  // False for others.
  bool see(const Message& event, Time now);

  // A list of them (CoreShowChannels, or Status) has been asked for; an item of it; its end: true when it
  // told of what no event had. Or else it will not come.
  void begin() { channels_.begin(); }
  void list(const Message& item, Time now);
  bool end() { return channels_.end(); }
  void abandon() { channels_.abandon(); }

  // queued: the queue in which a channel waits, by its name.
  [[nodiscard]] std::vector<Call> all(const std::map<std::string, std::string>& queued) const;
  [[nodiscard]] const Channel* find(const std::string& id) const;
  [[nodiscard]] size_t channels() const { return channels_.all().size(); }

  // Who is at a channel: number and name, or else its device.
  static std::string party(const Channel& channel);
  // Whom it is connected with, or else the extension that it is at.
  static std::string peer(const Channel& channel);

 private:
  static const std::vector<Handling<Calls>> kHandled;

  void on_channel(const Message& event, Time now);
  void on_new_channel(const Message& event, Time now);
  void on_rename(const Message& event, Time now);
  void on_hangup(const Message& event, Time now);
  void on_dial(const Message& event, Time now);
  void on_link(const Message& event, Time now);
  void on_unlink(const Message& event, Time now);
  void on_bridge(const Message& event, Time now);
  void on_enter(const Message& event, Time now);
  void on_leave(const Message& event, Time now);

  void join(const Channel* first, const Channel* second);
  void set_bridge(const Message& event, const std::string& bridge);

  Inventory<Channel> channels_;  // by id
};

}  // namespace ami::cli
