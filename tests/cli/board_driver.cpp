// Hands a script to the model of `ami top`, without a server, a terminal or a clock, and prints what it
// shows. A line of the script is a word and its arguments:
//
//   now MS
//   see NAME|KEY=VALUE|...          an event or a notice
//   wanted calls|queues             prints the action whose list is to be asked for now, or -
//   asked calls|queues
//   item NAME|KEY=VALUE|...         of the list that comes
//   listed calls|queues
//   refused calls|queues WHY        by Asterisk;  failed calls|queues WHY  by nobody
//   count EVENTS DROPPED
//   press KEY                       a character, or a name such as Down or F9; prints what is to be done
//   show WIDTH HEIGHT               prints the screen;  styles WIDTH HEIGHT  with the styles as numbers
//
// In a value \xNN is a byte.
#include <clocale>
#include <iostream>
#include <map>
#include <sstream>

#include "cli/board.h"
#include "cli/view.h"

namespace ami::cli {
namespace {

std::string unescaped(const std::string& text) {
  std::string out;
  for (size_t i = 0; i < text.size(); i++) {
    const bool is_byte = text.compare(i, 2, "\\x") == 0;
    out += is_byte ? static_cast<char>(std::stoi(text.substr(i + 2, 2), nullptr, 16)) : text[i];
    if (is_byte) i += 3;
  }
  return out;
}

// A message that holds its text.
struct Text {
  std::string name;
  std::map<std::string, std::string, std::less<>> fields;

  explicit Text(const std::string& line) {
    std::istringstream parts(line);
    std::getline(parts, name, '|');
    for (std::string part; std::getline(parts, part, '|');) {
      std::string key = part.substr(0, part.find('='));
      for (char& letter : key) letter = static_cast<char>(std::tolower(letter));
      fields.emplace(key, unescaped(part.substr(part.find('=') + 1)));
    }
  }

  [[nodiscard]] Message message() const {
    return {name, [this](const char* key) {
              std::string small(key);
              for (char& letter : small) letter = static_cast<char>(std::tolower(letter));
              const auto found = fields.find(small);
              return found == fields.end() ? std::string_view() : std::string_view(found->second);
            }};
  }
};

Press press_of(const std::string& name) {
  static const std::map<std::string, Key> kKeys = {
      {"Up", Key::kUp},         {"Down", Key::kDown},  {"PageUp", Key::kPageUp}, {"PageDown", Key::kPageDown},
      {"Home", Key::kHome},     {"End", Key::kEnd},    {"Tab", Key::kTab},       {"Enter", Key::kEnter},
      {"Escape", Key::kEscape}, {"Erase", Key::kErase}};
  const auto known = kKeys.find(name);
  if (known != kKeys.end()) return {known->second, "", 0};
  if (name.size() > 1 && name.front() == 'F') return {Key::kFunction, "", std::stoi(name.substr(1))};
  return {Key::kText, unescaped(name), 0};
}

class Driver {
 public:
  void run(std::istream& script) {
    for (std::string line; std::getline(script, line);) obey(line);
  }

 private:
  void obey(const std::string& line) {
    const size_t blank = std::min(line.find(' '), line.size());
    const std::string word = line.substr(0, blank);
    rest_.clear();
    rest_.str(line.substr(std::min(blank + 1, line.size())));
    if (word == "now") now_ = number();
    if (word == "see") board_.see(Text(rest_.str()).message(), now_);
    if (word == "item") items_.emplace_back(rest_.str());
    if (word == "press") press();
    if (word == "show" || word == "styles") show(word == "styles");
    if (word == "count") count();
    if (word == "wanted" || word == "asked" || word == "listed" || word == "refused" || word == "failed")
      list(word);
  }

  int64_t number() {
    int64_t number = 0;
    rest_ >> number;
    return number;
  }

  void count() {
    const int64_t events = number();
    board_.count(events, number(), now_);
  }

  void list(const std::string& word) {
    std::string name;
    std::string why;
    rest_ >> name >> std::ws;
    std::getline(rest_, why);
    const Board::Part part = name == "calls" ? Board::kCalls : Board::kQueues;
    if (word == "wanted") {
      const std::string action = board_.wanted(part, now_);
      std::cout << (action.empty() ? "-" : action) << '\n';
    } else if (word == "asked") {
      board_.asked(part);
    } else if (word == "listed") {
      std::vector<Message> messages;
      for (const Text& item : items_) messages.push_back(item.message());
      board_.listed(part, messages, now_);
      items_.clear();
    } else {
      board_.refused(part, why, word == "refused", now_);
    }
  }

  void press() {
    const View::Command command = view_.press(press_of(rest_.str()), board_);
    if (command.kind == View::Command::kQuit) std::cout << "quit\n";
    if (command.kind == View::Command::kHangUp) std::cout << "hang up " << command.channel << '\n';
  }

  void show(bool with_styles) {
    const auto width = static_cast<size_t>(number());
    const auto height = static_cast<size_t>(number());
    for (const Line& line : view_.lines(board_, width, height, now_)) {
      for (const Span& span : line)
        std::cout << (with_styles ? std::to_string(static_cast<int>(span.style)) + "|" : "") << span.text;
      std::cout << '\n';
    }
  }

  Board board_;
  View view_{"pbx"};
  Time now_ = 0;
  std::istringstream rest_;
  std::vector<Text> items_;
};

}  // namespace
}  // namespace ami::cli

int main() {
  std::setlocale(LC_CTYPE, "C.UTF-8");
  ami::cli::Driver().run(std::cin);
  return 0;
}
