// Serving a recorded conversation.
#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace ami::mock {

// The server's bytes, cut where the client's actions came between.
struct Recording {
  std::vector<std::string> segments;  // [k]: sent after k actions were read
  std::vector<std::string> ids;       // the ActionIDs of the client's actions
  bool server_closes = false;

  // Reads PATH.ami, PATH.sent and PATH.tl.
  static bool load(const std::string& path, Recording& out, std::string& reason);
};

class Replay {
 public:
  explicit Replay(const Recording& recording) : recording_(recording) {}
  std::string greeting() { return segment(); }
  // The next action has come, with this ActionID.
  std::string answer(const std::string& action_id);
  bool closes() const { return recording_.server_closes && read_ + 1 >= recording_.segments.size(); }

 private:
  std::string segment() const;
  std::string_view renamed(std::string_view id) const;

  const Recording& recording_;
  size_t read_ = 0;
  std::vector<std::string> ids_;
};

}  // namespace ami::mock
