#include "cli/batch.h"

#include <unistd.h>

#include <algorithm>
#include <map>
#include <optional>
#include <string_view>

#include "cli/action.h"
#include "cli/json.h"
#include "cli/lines.h"
#include "cli/progress.h"

namespace ami::cli {
namespace {

// A line of the input, and the action in it.
struct Request {
  size_t line;
  std::string name;
  ActionHandle action;  // none once it is sent
};

std::string place_of(size_t line) {
  return "line " + std::to_string(line);
}

// The actions of stdin. What cannot be sent is left out, and handed to refuse.
class Requests {
 public:
  using Refuse = std::function<void(size_t line, const std::string& name, const Failure& why)>;

  Requests(const SendArguments& arguments, Refuse refuse)
      : arguments_(arguments), refuse_(std::move(refuse)) {}

  [[nodiscard]] Lines& lines() { return lines_; }

  // The next one of what has been read; none: more is to be read, or there is no more.
  std::optional<Request> next() {
    std::string line;
    while (lines_.next(line)) {
      if (line.find_first_not_of(" \t") == std::string::npos) continue;
      if (std::optional<Request> request = request_of(line)) return request;
    }
    return {};
  }

 private:
  std::optional<Request> request_of(const std::string& line) {
    SendArguments one = arguments_;
    one.action.clear();
    try {
      NamedFields action = read_action(line);
      one.action = action.name;
      one.fields = std::move(action.fields);
      return Request{lines_.number(), one.action, action_of(one)};
    } catch (const Failure& failure) {
      refuse_(lines_.number(), one.action, failure);
      return {};
    }
  }

  const SendArguments& arguments_;
  Refuse refuse_;
  Lines lines_;
};

int print_bytes(const SendArguments& arguments, const Signals& signals, Output& output) {
  int exit_code = kSuccess;
  const auto refuse = [&exit_code](size_t line, const std::string&, const Failure& why) {
    complain(place_of(line) + ": " + why.what());
    exit_code = std::max(exit_code, why.exit_code());
  };
  Requests requests(arguments, refuse);
  while (!requests.lines().at_end() && signals.exit_code() == 0) {
    requests.lines().read();
    while (const std::optional<Request> request = requests.next()) {
      std::string bytes;
      try {
        bytes = bytes_of(request->action.get());
      } catch (const Failure& failure) {
        refuse(request->line, request->name, failure);
      }
      if (!output.write(bytes)) return std::max(exit_code, signals.exit_code());
    }
  }
  return std::max(exit_code, signals.exit_code());
}

class Batch {
 public:
  Batch(const SendArguments& arguments, const Signals& signals, Output& output)
      : signals_(signals),
        output_(output),
        printer_(arguments.format, output),
        connection_(connection_for(arguments, signals)),
        requests_(arguments, [this](size_t line, const std::string& name,
                                    const Failure& why) { refuse(line, name, why); }),
        progress_(size_of_input()) {
    const std::string bound = option_of(connection_.client(), "inflight.max");
    most_ = std::min<size_t>(arguments.jobs, std::stoul(bound));
  }

  int run() {
    connection_.open();
    Wake wake = Wake::kItems;
    while (!is_done() && wake != Wake::kSignal && !reader_gone_) {
      wake = connection_.wait({}, output_.fd(), wants_input() ? requests_.lines().fd() : -1);
      if (wake == Wake::kItems) take_items();
      if (wake == Wake::kInput) requests_.lines().read();
      if (wake == Wake::kReaderGone) reader_gone_ = true;
      send();
      progress_.show(requests_.lines().bytes(), counts());
    }
    if (wake == Wake::kSignal) {
      exit_code_ = signals_.exit_code();
      for (const auto& [id, request] : under_way_) ami_cancel(connection_.client(), id);
    }
    connection_.close([this](const ami_item_t& item) { take(item); });
    progress_.finish(requests_.lines().bytes(), counts());
    if (!all_taken() && !reader_gone_) tell_rest();
    return exit_code_;
  }

 private:
  [[nodiscard]] bool all_taken() { return !next_ && requests_.lines().at_end(); }
  [[nodiscard]] bool is_done() { return under_way_.empty() && (end_ || all_taken()); }
  [[nodiscard]] bool wants_input() const { return !end_ && !next_ && under_way_.size() < most_; }

  void send() {
    while (is_ready_ && !reader_gone_ && under_way_.size() < most_) {
      if (!next_) next_ = requests_.next();
      if (!next_) return;
      uint64_t id = 0;
      const int64_t login = login_now();
      const int err = ami_send(connection_.client(), next_->action.get(), nullptr, nullptr, nullptr, &id);
      if (err == AMI_ESTATE && !is_still(login)) {
        is_ready_ = false;  // the notice that tells why is on its way
        return;
      }
      if (err == AMI_OK) {
        next_->action.reset();
        under_way_.emplace(id, std::move(*next_));
      } else {
        refuse(next_->line, next_->name, failure_of(connection_.client(), err));
      }
      next_.reset();
    }
  }

  // The number of the login that is in force. A new login has its number before the client is ready: so the
  // number is asked first here, and last where it is compared.
  [[nodiscard]] int64_t login_now() const {
    const int64_t generation = ami_stat(connection_.client(), AMI_STAT_GENERATION);
    return ami_state(connection_.client()) == AMI_STATE_READY ? generation : kNoLogin;
  }
  [[nodiscard]] bool is_still(int64_t login) const {
    return login != kNoLogin && ami_state(connection_.client()) == AMI_STATE_READY &&
           ami_stat(connection_.client(), AMI_STAT_GENERATION) == login;
  }

  void take_items() {
    Items items(connection_.queue());
    for (const ami_item_t& item : items) take(item);
  }

  void take(const ami_item_t& item) {
    if (item.kind == AMI_ITEM_REPLY) take_reply(item);
    if (item.msg == nullptr) return;
    if (std::string_view(ami_msg_name(item.msg)) == "ready") is_ready_ = true;
    if (!Connection::is_final(item.msg) || end_) return;
    end_ = Connection::failure(item.msg);
    is_ready_ = false;
  }

  void take_reply(const ami_item_t& item) {
    const auto found = under_way_.find(item.id);
    if (found == under_way_.end()) return;
    const Request request = std::move(found->second);
    under_way_.erase(found);
    print(printer_.reply(request.name.c_str(), item.reply, request.line));
    const std::string trouble = trouble_of(request.name, item.reply);
    if (!trouble.empty()) complain(place_of(request.line) + ": " + trouble);
    count(exit_code_of(ami_reply_status(item.reply)));
  }

  void refuse(size_t line, const std::string& name, const Failure& why) {
    print(printer_.reply(name.c_str(), nullptr, line));
    complain(place_of(line) + ": " + why.what());
    count(why.exit_code());
  }

  void count(int exit_code) {
    ++(exit_code == kSuccess ? succeeded_ : failed_);
    exit_code_ = std::max(exit_code_, exit_code);
  }

  void print(const std::string& text) {
    progress_.hide();
    if (!reader_gone_ && !output_.write(text)) reader_gone_ = true;
  }

  // Of what has not been sent at all.
  void tell_rest() {
    const size_t line = next_ ? next_->line : requests_.lines().number() + 1;
    const std::string rest = place_of(line) + " and what follows were not sent";
    const Failure why = signals_.exit_code() == 0 && end_
                            ? Failure(end_->exit_code(), end_->what() + ("; " + rest))
                            : connection_.interrupted(rest);
    complain(why.what());
    exit_code_ = std::max(exit_code_, why.exit_code());
  }

  [[nodiscard]] std::string counts() const {
    return std::to_string(succeeded_) + " done, " + std::to_string(failed_) + " failed, " +
           std::to_string(under_way_.size()) + " under way";
  }

  static constexpr int64_t kNoLogin = -1;

  const Signals& signals_;
  Output& output_;
  Printer printer_;
  Connection connection_;
  Requests requests_;
  Progress progress_;
  size_t most_ = 0;
  std::optional<Request> next_;
  std::map<uint64_t, Request> under_way_;  // by the action's id
  bool is_ready_ = true;
  std::optional<Failure> end_;  // of the connection
  bool reader_gone_ = false;
  size_t succeeded_ = 0;
  size_t failed_ = 0;
  int exit_code_ = kSuccess;
};

}  // namespace

int run_batch(const SendArguments& arguments, const Signals& signals, Output& output) {
  if (!arguments.fields.empty())
    throw Failure(kUsage, "a header without an ACTION (" + arguments.fields.front() +
                              "): the actions of stdin have their own");
  if (isatty(STDIN_FILENO) == 1)
    complain(R"(type actions, a line each such as {"Action":"Ping"}, and Ctrl-D at the end)");
  if (arguments.dry_run) return print_bytes(arguments, signals, output);
  return Batch(arguments, signals, output).run();
}

}  // namespace ami::cli
