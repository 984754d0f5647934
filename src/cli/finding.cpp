#include "cli/finding.h"

#include <nlohmann/json.hpp>

#include "cli/utf8.h"

namespace ami::cli {
namespace {

struct Look {
  const char* word;
  const char* colour;
};

Look look_of(Level level) {
  switch (level) {
    case Level::kRight:
      return {"right", "32"};
    case Level::kNote:
      return {"note", "36"};
    case Level::kRisk:
      return {"risk", "33"};
    default:
      return {"wrong", "31"};
  }
}

std::string padded(std::string text, size_t width) {
  text.resize(std::max(text.size(), width), ' ');
  return text;
}

}  // namespace

std::string text_of(const Finding& finding, bool coloured) {
  const Look look = look_of(finding.level);
  std::string level = padded(look.word, 7);
  if (coloured) level = std::string("\x1b[") + look.colour + "m" + level + "\x1b[0m";
  std::string text = level + padded(finding.subject, 13) + visible(finding.text) + "\n";
  if (!finding.advice.empty()) text += std::string(20, ' ') + "-> " + visible(finding.advice) + "\n";
  return text;
}

std::string json_of(const Finding& finding) {
  nlohmann::ordered_json json = nlohmann::ordered_json::object();
  json["level"] = look_of(finding.level).word;
  json["subject"] = finding.subject;
  json["text"] = restorable(finding.text);
  json["advice"] = finding.advice.empty() ? nlohmann::ordered_json(nullptr)
                                          : nlohmann::ordered_json(restorable(finding.advice));
  return json.dump() + "\n";
}

}  // namespace ami::cli
