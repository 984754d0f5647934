#include "cli/pattern.h"

#include <algorithm>
#include <string_view>

#include "cli/failure.h"
#include "cli/handle.h"
#include "cli/json.h"
#include "cli/utf8.h"

namespace ami::cli {

Pattern::Pattern(const std::string& text) {
  constexpr std::string_view kKinds = "tnksl";
  for (size_t at = 0; at < text.size();) {
    const size_t percent = std::min(text.find('%', at), text.size());
    if (percent > at) parts_.push_back({'"', text.substr(at, percent - at)});
    if (percent == text.size()) break;
    const char kind = percent + 1 < text.size() ? text[percent + 1] : '\0';
    const size_t brace = kind == '{' ? text.find('}', percent) : std::string::npos;
    at = percent + 2;
    if (kind == '%') {
      parts_.push_back({'"', "%"});
    } else if (brace != std::string::npos) {
      parts_.push_back({'{', text.substr(at, brace - at)});
      at = brace + 1;
    } else if (kind != '\0' && kKinds.find(kind) != std::string_view::npos) {
      parts_.push_back({kind, ""});
    } else {
      throw Failure(kUsage,
                    "a pattern with an unknown % (" + text.substr(percent, 2) + "): there are " + kHelp);
    }
  }
}

std::string Pattern::line(const ami_msg_t* message, bool visible) const {
  std::string line;
  for (const Part& part : parts_) {
    std::string text = part.text;
    switch (part.kind) {
      case 't':
        text = utc_time(ami_msg_time(message));
        break;
      case 'n':
        text = ami_msg_name(message);
        break;
      case 'k':
        text = kind_text(ami_msg_kind(message));
        break;
      case 's':
        text = std::to_string(ami_msg_seq(message));
        break;
      case 'l':
        text = ami_msg_label(message);
        break;
      case '{':
        text = value_of(message, part.text.c_str());
        break;
      default:
        line += text;  // what the user wrote may command the terminal
        continue;
    }
    line += visible ? cli::visible(text) : text;
  }
  return line + '\n';
}

}  // namespace ami::cli
