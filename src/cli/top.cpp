#include "cli/top.h"

#include <poll.h>
#include <unistd.h>

#include <array>
#include <map>
#include <string_view>

#include "cli/action.h"
#include "cli/board.h"
#include "cli/screen.h"
#include "cli/view.h"

namespace ami::cli {
namespace {

constexpr Time kSecond = 1000;
constexpr Time kPicture = 200;  // from one picture to the next, however much happens

Time now() {
  return std::chrono::duration_cast<std::chrono::milliseconds>(
             std::chrono::steady_clock::now().time_since_epoch())
      .count();
}

Message message_of(const ami_msg_t* message) {
  return {ami_msg_name(message), [message](const char* key) { return value_of(message, key); }};
}

class Top {
 public:
  Top(const TopArguments& arguments, const Signals& signals)
      : signals_(signals), connection_(arguments.server, {{"reconnect", "true"}}, signals) {
    for (const std::string& name : Board::names()) connection_.subscribe(name);
  }

  int run(bool is_coloured) {
    connection_.start();
    while (board_.link() == Board::Link::kConnecting) {
      if (connection_.wait({}) == Wake::kSignal) throw connection_.interrupted("nothing was shown");
      take_items();
    }
    int code = kSuccess;
    {
      Screen screen(is_coloured);
      View view(where());
      code = show(screen, view);
    }
    connection_.close();
    return code;
  }

 private:
  [[nodiscard]] std::string where() const {
    const auto option = [this](const char* name) { return option_of(connection_.client(), name); };
    return option("username") + "@" + option("host") + ":" + option("port") + "  " + option("server.banner");
  }

  int show(Screen& screen, View& view) {
    Time drawn = 0;
    Time counted = 0;
    bool is_new = true;
    while (true) {
      const Time time = now();
      if (time - counted >= kSecond) {
        board_.count(ami_stat(connection_.client(), AMI_STAT_EVENTS),
                     ami_stat(connection_.client(), AMI_STAT_DROPPED), time);
        counted = time;
        is_new = true;
      }
      ask_lists();
      if (is_new && time - drawn >= kPicture) {
        screen.draw(view.lines(board_, screen.width(), screen.height(), time));
        drawn = time;
        is_new = false;
      }
      const Time next = is_new ? drawn + kPicture : counted + kSecond;
      const Happened happened = wait(std::max<Time>(next - now(), 0));
      if (happened.is_signal) return signals_.exit_code();
      if (happened.is_end) return kNoOutput;
      while (true) {
        const Press press = screen.key();
        if (press.key == Key::kNone) break;
        const View::Command command = view.press(press, board_);
        if (command.kind == View::Command::kQuit) return kSuccess;
        if (command.kind == View::Command::kHangUp) hang_up(command.channel, view);
        drawn = 0;
        is_new = true;
      }
      if (happened.is_resized) drawn = 0;
      is_new = take_items(&view) || is_new || happened.is_resized;
    }
  }

  struct Happened {
    bool is_signal = false;   // that is to end the program
    bool is_resized = false;  // perhaps
    bool is_end = false;      // of the terminal
  };

  [[nodiscard]] Happened wait(Time milliseconds) const {
    std::array watched = {pollfd{signals_.fd(), POLLIN, 0},
                          pollfd{ami_queue_fd(connection_.queue()), POLLIN, 0},
                          pollfd{STDIN_FILENO, POLLIN, 0}};
    const int ready = poll(watched.data(), watched.size(), static_cast<int>(milliseconds));
    if (ready < 0) return {false, true, false};
    return {watched[0].revents != 0, false, (watched[2].revents & (POLLHUP | POLLERR | POLLNVAL)) != 0};
  }

  // True when there were any.
  bool take_items(View* view = nullptr) {
    const Items items(connection_.queue());
    for (const ami_item_t& item : items) {
      if (item.reply != nullptr) {
        take_reply(item.id, item.reply, view);
        continue;
      }
      board_.see(message_of(item.msg), now());
      // A server that has never let us in is more likely a mistake than a restart: no second attempt.
      if (Connection::is_close(item.msg) && (view == nullptr || Connection::is_final(item.msg)))
        throw Connection::failure(item.msg);
    }
    return !items.empty();
  }

  void ask_lists() {
    for (const Board::Part part : Board::kParts) {
      const std::string name = board_.wanted(part, now());
      if (name.empty()) continue;
      const ActionHandle action = make_action(name, {});
      uint64_t id = 0;
      board_.asked(part);
      const int err = ami_send(connection_.client(), action.get(), nullptr, nullptr, nullptr, &id);
      if (err == AMI_OK) {
        lists_[id] = {part, name};
      } else {
        board_.refused(part, failure_of(connection_.client(), err).what(), false, now());
      }
    }
  }

  void hang_up(const std::string& channel, View& view) {
    if (board_.link() != Board::Link::kReady) return view.tell("No connection: nothing was hung up");
    try {
      const ActionHandle action = make_action("Hangup", {"Channel=" + channel});
      uint64_t id = 0;
      const int err = ami_send(connection_.client(), action.get(), nullptr, nullptr, nullptr, &id);
      if (err != AMI_OK) throw failure_of(connection_.client(), err);
      hangups_[id] = channel;
    } catch (const Failure& failure) {
      view.tell(failure.what());
    }
  }

  void take_reply(uint64_t id, const ami_reply_t* reply, View* view) {
    if (const auto list = lists_.extract(id)) {
      const auto& [part, name] = list.mapped();
      take_list(part, name, reply);
    } else if (const auto hangup = hangups_.extract(id); hangup && view != nullptr) {
      const std::string trouble = trouble_of("Hangup", reply);
      view->tell(trouble.empty() ? "Hung up " + hangup.mapped() : trouble);
    }
  }

  void take_list(Board::Part part, const std::string& name, const ami_reply_t* reply) {
    const int status = ami_reply_status(reply);
    if (status != AMI_OK) {
      const std::string_view said =
          status == AMI_EREPLY ? value_of(ami_reply_response(reply), "Message") : ami_strerror(status);
      board_.refused(part, std::string(said) + " (" + name + ")", status == AMI_EREPLY, now());
      return;
    }
    std::vector<Message> items;
    for (size_t i = 0; i < ami_reply_count(reply); i++) items.push_back(message_of(ami_reply_at(reply, i)));
    board_.listed(part, items, now());
  }

  struct Asked {
    Board::Part part;
    std::string name;
  };

  const Signals& signals_;
  Connection connection_;
  Board board_;
  std::map<uint64_t, Asked> lists_;
  std::map<uint64_t, std::string> hangups_;
};

}  // namespace

int run_top(const TopArguments& arguments, const Signals& signals, Output& output) {
  if (!output.is_terminal() || isatty(STDIN_FILENO) != 1)
    throw Failure(kUsage, "ami top needs a terminal: use ami list or ami events in a pipe or a script");
  return Top(arguments, signals).run(output.is_coloured());
}

}  // namespace ami::cli
