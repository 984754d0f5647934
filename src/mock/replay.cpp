#include "replay.h"

#include <algorithm>
#include <fstream>
#include <sstream>

#include "request.h"
#include "text.h"

namespace ami::mock {

namespace {
bool read_file(const std::string& path, std::string& out, std::string& reason) {
  std::ifstream file(path, std::ios::binary);
  if (!file) {
    reason = "serve: cannot read " + path;
    return false;
  }
  std::ostringstream text;
  text << file.rdbuf();
  out = text.str();
  return true;
}

// Where each action ends in the client's bytes, and its ActionID. The mock's own reader finds them, so that
// the count agrees with what it will count when it serves.
std::vector<size_t> action_ends(const std::string& sent, std::vector<std::string>& ids) {
  std::vector<size_t> ends;
  RequestReader reader;
  Request request;
  for (size_t i = 0; i < sent.size(); ++i) {
    *reader.room() = sent[i];
    reader.filled(1);
    while (reader.next(request) != RequestReader::Found::None) {
      ends.push_back(i + 1);
      ids.push_back(request.id());
    }
  }
  return ends;
}
// A client that wrote before it read got the banner behind its first actions. Others wait for it: it always
// goes first.
void greet_first(const std::string& ami, std::vector<std::string>& segments) {
  size_t banner = ami.find('\n') + 1;
  if (banner == 0 || !segments[0].empty()) return;
  for (std::string& segment : segments) {
    if (segment.empty()) continue;
    segments[0] = segment.substr(0, banner);
    segment.erase(0, banner);
    return;
  }
}
}  // namespace

bool Recording::load(const std::string& path, Recording& out, std::string& reason) {
  std::string ami, sent, timeline;
  if (!read_file(path + ".ami", ami, reason) || !read_file(path + ".sent", sent, reason) ||
      !read_file(path + ".tl", timeline, reason)) {
    return false;
  }
  std::vector<size_t> ends = action_ends(sent, out.ids);
  out.segments.assign(ends.size() + 1, "");
  size_t written = 0;
  std::istringstream lines(timeline);
  std::string line;
  while (std::getline(lines, line)) {
    std::istringstream words(line);
    std::string ms, kind;
    size_t offset = 0, length = 0;
    words >> ms >> kind;
    bool span = static_cast<bool>(words >> offset >> length);
    if (kind == ">" && span) {
      written = offset + length;
    } else if (kind == "<" && span && offset <= ami.size()) {
      auto actions = std::upper_bound(ends.begin(), ends.end(), written) - ends.begin();
      out.segments[static_cast<size_t>(actions)].append(ami, offset, length);
    } else if (line.find("eof") != std::string::npos) {
      out.server_closes = true;
    }
  }
  greet_first(ami, out.segments);
  return true;
}

std::string Replay::answer(const std::string& action_id) {
  ids_.push_back(action_id);
  ++read_;
  return segment();
}

std::string_view Replay::renamed(std::string_view id) const {
  for (size_t i = std::min(ids_.size(), recording_.ids.size()); i-- > 0;) {
    if (recording_.ids[i] == id && !ids_[i].empty()) return ids_[i];
  }
  return id;
}

std::string Replay::segment() const {
  if (read_ >= recording_.segments.size()) return {};
  constexpr std::string_view key = "ActionID: ";
  std::string_view rest = recording_.segments[read_];
  std::string out;
  while (!rest.empty()) {
    size_t end = rest.find('\n');
    std::string_view line = rest.substr(0, end == std::string_view::npos ? end : end + 1);
    rest.remove_prefix(line.size());
    if (!line.starts_with(key) || !line.ends_with("\r\n")) {
      out += line;
      continue;
    }
    out.append(key).append(renamed(line.substr(key.size(), line.size() - key.size() - 2))).append("\r\n");
  }
  return out;
}

}  // namespace ami::mock
