#include "data.h"

#include <map>

#include "text.h"

namespace ami::mock {

namespace {
using Texts = std::map<std::string, std::vector<std::string>, std::less<>>;
const std::vector<std::string> nothing;
const std::string no_text;

// A line that is one placeholder stands for whole lines, and brings its own line ends.
std::string wire_line(std::string_view line) {
  bool lines = line.front() == '{' && line.find('}') == line.size() - 1;
  return std::string(line) + (lines ? "" : "\r\n");
}

Texts read_templates(std::string_view data) {
  Texts out;
  std::string* text = nullptr;
  while (!data.empty()) {
    std::string_view line = take_until(data, '\n');
    if (line.starts_with('@')) {
      line.remove_prefix(1);
      std::string name(take_until(line, ' '));
      text = &out[name].emplace_back();
      if (!line.empty()) *text = "Event: " + name + "\r\nPrivilege: " + std::string(line) + ",all\r\n";
    } else if (text && !line.empty()) {
      *text += wire_line(line);
    }
  }
  for (auto& [name, texts] : out) {
    for (std::string& each : texts) each += "\r\n";
  }
  return out;
}

Texts read_scripts(std::string_view data) {
  Texts out;
  std::vector<std::string>* lines = nullptr;
  while (!data.empty()) {
    std::string_view line = trim(take_until(data, '\n'));
    if (line.starts_with('@')) {
      lines = &out[std::string(line.substr(1))];
    } else if (lines && !line.empty()) {
      lines->emplace_back(line);
    }
  }
  return out;
}

const std::vector<std::string>& look_up(const Texts& texts, std::string_view name) {
  auto found = texts.find(name);
  return found == texts.end() ? nothing : found->second;
}
}  // namespace

const std::string& event_template(std::string_view name) {
  static const Texts texts = read_templates(event_data);
  const auto& found = look_up(texts, name);
  return found.empty() ? no_text : found.front();
}

const std::vector<std::string>& item_templates(std::string_view name) {
  static const Texts texts = read_templates(item_data);
  return look_up(texts, name);
}

const std::vector<std::string>& script(std::string_view name) {
  static const Texts texts = read_scripts(script_data);
  return look_up(texts, name);
}

}  // namespace ami::mock
