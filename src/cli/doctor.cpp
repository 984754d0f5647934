#include "cli/doctor.h"

#include <algorithm>
#include <cmath>
#include <cstdio>
#include <cstdlib>
#include <ctime>
#include <string_view>
#include <vector>

#include "cli/account.h"
#include "cli/action.h"
#include "cli/address.h"
#include "cli/advisory.h"
#include "cli/finding.h"
#include "cli/rights.h"

namespace ami::cli {
namespace {

using Clock = std::chrono::steady_clock;
using Milliseconds = std::chrono::duration<double, std::milli>;

constexpr int kPings = 5;
constexpr int kSlowMs = 250;
constexpr int kFewDays = 30;
constexpr int kLeastWriteTimeout = 1000;

std::string with_places(double number, int places) {
  char text[64];
  static_cast<void>(std::snprintf(text, sizeof text, "%.*f", places, number));
  return text;
}

// What to do about the end of an attempt to connect.
std::string advice_on(int err) {
  switch (err) {
    case AMI_ERESOLVE:
      return "look at the name, and at this machine's resolver";
    case AMI_ECONNECT:
      return "look at enabled, port and bindaddr in manager.conf, and at firewalls between";
    case AMI_ETLS:
      return "see the options tls.ca, tls.pin and tls.server_name, and tlscertfile in manager.conf";
    case AMI_EAUTH:
      return "look at the account's name, secret, permit, deny and allowmultiplelogin in manager.conf";
    case AMI_ETIMEDOUT:
      return "look at firewalls between, and whether it is the port of the manager interface";
    case AMI_EPROTO:
      return "look at the port: 5038 is that of the manager interface, 5039 with TLS";
    default:
      return "look at Asterisk's log";
  }
}

// One run of the verb.
class Doctor {
 public:
  Doctor(const DoctorArguments& arguments, const Signals& signals, Output& output)
      : arguments_(arguments),
        output_(output),
        connection_(arguments.server, {}, signals),
        user_(option_of(connection_.client(), "username")) {
    if (!arguments.use.empty()) lines_ = account_lines(arguments.use, user_);
  }

  int run() {
    const int err = reach();
    if (err == AMI_OK) {
      judge_tls();
      const Account account = account_of(connection_);
      judge_rights(account);
      judge_settings(account);
      judge_write_timeout(account);
      judge_version(account);
      judge_round_trip();
      judge_events();
      connection_.close();
    }
    if (!lines_.empty()) print_lines();
    if (!arguments_.json) summarize();
    return err != AMI_OK ? exit_code_of(err) : counts_[index_of(Level::kWrong)] > 0 ? kUnwell : kSuccess;
  }

 private:
  static size_t index_of(Level level) { return static_cast<size_t>(level); }

  void tell(Level level, const std::string& subject, const std::string& text,
            const std::string& advice = {}) {
    const Finding finding{level, subject, text, advice};
    ++counts_[index_of(level)];
    output_.write(arguments_.json ? json_of(finding) : text_of(finding, output_.is_coloured()));
  }

  // Connects and logs in; 0, or why that failed.
  int reach() {
    const std::string where =
        option_of(connection_.client(), "host") + " port " + option_of(connection_.client(), "port");
    for (const char* name : {"connection-connect", "ready", "connection-close"}) connection_.subscribe(name);
    const auto start = Clock::now();
    connection_.start();
    while (connection_.wait({}) == Wake::kItems) {
      const Items items(connection_.queue());
      for (const ami_item_t& item : items) {
        const std::string_view name = ami_msg_name(item.msg);
        if (name == "connection-connect") {
          address_ = value_of(item.msg, "Address");
          tls_ = value_of(item.msg, "TLS");
          certificate_end_ =
              std::strtoll(std::string(value_of(item.msg, "CertificateEnd")).c_str(), nullptr, 10);
          tell(Level::kRight, "connection",
               where + " (" + address_ + ") is reached in " +
                   with_places(Milliseconds(Clock::now() - start).count(), 1) + " ms");
        } else if (name == "ready") {
          tell(Level::kRight, "login",
               user_ + " is logged in (" + std::string(value_of(item.msg, "Banner")) + ")");
          return AMI_OK;
        } else if (Connection::is_close(item.msg)) {
          const int err = error_number(value_of(item.msg, "Error"));
          tell(Level::kWrong, address_.empty() ? "connection" : "login",
               std::string(value_of(item.msg, "Reason")), advice_on(err));
          return err;
        }
      }
    }
    throw connection_.interrupted("the examination is not over");
  }

  void judge_tls() {
    const Reach reach = reach_of(address_);
    if (tls_.empty()) {
      const std::string danger = "without TLS: whoever is on the way reads along, and may guess the secret";
      const std::string advice =
          "set tlsenable, tlsbindaddr and tlscertfile in manager.conf, and use amis://";
      if (reach == Reach::kLocal)
        return tell(Level::kRight, "tls", "none, and none is needed on this machine");
      if (reach == Reach::kPrivate) return tell(Level::kRisk, "tls", "a private network, " + danger, advice);
      return tell(Level::kWrong, "tls", "a public address, " + danger, advice);
    }
    const auto days =
        static_cast<int>(std::floor(std::difftime(certificate_end_, std::time(nullptr)) / 86400));
    const std::string text = tls_ + ", and the certificate is good for " + std::to_string(days) + " days";
    const std::string verify = option_of(connection_.client(), "tls.verify");
    if (certificate_end_ == 0) {
      tell(Level::kRisk, "tls", tls_ + ", but the end of the certificate cannot be read");
    } else if (days < 0) {
      tell(Level::kWrong, "tls", tls_ + ", but the certificate ended " + std::to_string(-days) + " days ago",
           "renew the file of tlscertfile in manager.conf, and reload");
    } else {
      tell(days < kFewDays ? Level::kRisk : Level::kRight, "tls", text,
           days < kFewDays ? "renew the file of tlscertfile in manager.conf, and reload" : "");
    }
    if (verify != "full" && option_of(connection_.client(), "tls.pin").empty())
      tell(Level::kRisk, "tls", "tls.verify=" + verify + ": somebody in the middle is not noticed",
           "set tls.verify=full, or tls.pin");
  }

  void judge_rights(const Account& account) {
    std::string root;
    for (const char* name : {"command", "system", "originate", "config"})
      if (account.has(name)) root += (root.empty() ? "" : ", ") + std::string(name);
    const std::string count = "it may run " + std::to_string(account.actions.size()) + " actions";
    if (root.empty()) return tell(Level::kRight, "rights", count + ", and none by which it owns the machine");
    tell(
        Level::kRisk, "rights",
        count + "; with the write class " + root + " it is root in disguise: it can run programs as Asterisk",
        "give it the classes alone that it needs: ami doctor --for-use click-to-call");
  }

  void judge_settings(const Account& account) {
    const std::string mask = option_of(connection_.client(), "events");
    const std::string filter = option_of(connection_.client(), "filter");
    std::string text = "the mask is " + mask + (filter.empty() ? "" : ", filtered by " + filter);
    const auto user =
        account.may("Command") ? command_text(connection_, "manager show user " + user_) : std::nullopt;
    const std::string read = user ? setting_of(*user, "read perm") : "";
    if (mask == "off" || read == "<none>") {
      tell(Level::kNote, "mask",
           text + (read == "<none>" ? ", and the account has no read class" : "") + ": no event comes");
    } else {
      tell(Level::kRight, "mask", text + (read.empty() ? "" : ", of the read classes " + read));
    }
    const auto settings =
        account.may("Command") ? command_text(connection_, "manager show settings") : std::nullopt;
    if (!settings)
      return tell(Level::kNote, "settings",
                  "not to be seen: the account may not run commands, as is right for most");
    judge_listener(*settings, user ? setting_of(*user, "ACL") : "");
  }

  void judge_listener(const std::string& settings, const std::string& acl) {
    const std::string bound = setting_of(settings, "TCP Bindaddress");
    const bool everywhere = bound.starts_with("0.0.0.0:") || bound.starts_with("[::]:");
    if (everywhere && acl == "no") {
      tell(Level::kRisk, "settings",
           "it listens on every address (" + bound + "), and the account may come from anywhere",
           "set bindaddr, or deny and permit of the account, in manager.conf");
    } else {
      tell(Level::kRight, "settings",
           "it listens on " + bound +
               (acl.empty()   ? ""
                : acl == "no" ? ", for all who reach it"
                              : ", for those of an ACL"));
    }
    if (setting_of(settings, "Web Manager (AMI/HTTP)") == "Yes")
      tell(Level::kRisk, "settings", "the manager interface is on the web server, too",
           "set webenabled = no in manager.conf, unless something needs it");
  }

  void judge_write_timeout(const Account& account) {
    const std::string danger =
        "Asterisk cuts a client that is slow to read for so long, in the midst of a message";
    const std::string advice = "set writetimeout = 5000 for the account in manager.conf";
    // With it comes the secret, which nobody on the way shall read.
    const bool is_safe = !tls_.empty() || reach_of(address_) == Reach::kLocal;
    const auto value =
        is_safe && account.may("GetConfig") ? write_timeout_of(connection_, user_) : std::nullopt;
    if (!value)
      return tell(Level::kNote, "writetimeout", "not to be seen; without one it is 100 ms. " + danger,
                  advice);
    const int64_t milliseconds = value->empty() ? 100 : std::strtoll(value->c_str(), nullptr, 10);
    const std::string text =
        std::to_string(milliseconds) + " ms" + (value->empty() ? ", as none is set" : "");
    if (milliseconds < kLeastWriteTimeout)
      return tell(Level::kRisk, "writetimeout", text + ". " + danger, advice);
    tell(Level::kRight, "writetimeout", text);
  }

  std::string release(const Account& account) {
    const ReplyHandle reply = ask(connection_, "CoreSettings");
    std::string text(value_of(ami_reply_response(reply.get()), "AsteriskVersion"));
    if (!text.empty() || !account.may("Command")) return text;
    const std::string line = command_text(connection_, "core show version").value_or("");
    constexpr std::string_view kProgram = "Asterisk ";
    return line.starts_with(kProgram)
               ? line.substr(kProgram.size(), line.find(' ', kProgram.size()) - kProgram.size())
               : "";
  }

  void judge_version(const Account& account) {
    const std::string text = release(account);
    if (!is_release(text))
      return tell(Level::kNote, "version",
                  text.empty() ? "not to be seen: CoreSettings needs the write class reporting"
                               : text + " is no release whose flaws are known here");
    const auto advisories = advisories_of(text);
    if (advisories.empty())
      tell(Level::kRight, "version", text + ", of which no flaw of the manager interface is known here");
    for (const Advisory* advisory : advisories) {
      std::string fixed;
      for (const char* each : advisory->fixed) fixed += (fixed.empty() ? "" : ", ") + std::string(each);
      tell(Level::kWrong, "version", text + " has " + advisory->id + ": " + advisory->what,
           "go to " + fixed + " or later, unless your distribution has mended it under the old number");
    }
  }

  void judge_round_trip() {
    const ActionHandle ping = make_action("Ping", {});
    std::vector<double> times;
    for (int i = 0; i < kPings; i++) {
      const auto start = Clock::now();
      const ReplyHandle reply = perform(connection_, ping.get());
      if (ami_reply_fate(reply.get()) != AMI_ANSWERED)
        return tell(Level::kWrong, "round trip",
                    std::string("a Ping has no answer: ") + ami_strerror(ami_reply_status(reply.get())),
                    "look at what Asterisk is at: core show threads");
      times.push_back(Milliseconds(Clock::now() - start).count());
    }
    std::sort(times.begin(), times.end());
    const double median = times[times.size() / 2];
    const std::string text = with_places(median, 1) + " ms (" + with_places(times.front(), 1) + " to " +
                             with_places(times.back(), 1) + ")";
    if (median < kSlowMs) return tell(Level::kRight, "round trip", text);
    tell(Level::kRisk, "round trip", text + ": slow", "look at the network, and at the load of the server");
  }

  void judge_events() {
    const int64_t before = ami_stat(connection_.client(), AMI_STAT_EVENTS);
    const int64_t bytes_before = ami_stat(connection_.client(), AMI_STAT_BYTES_IN);
    const auto deadline = deadline_in(arguments_.seconds);
    for (Wake wake = Wake::kItems; wake != Wake::kDeadline; wake = connection_.wait(deadline)) {
      if (wake == Wake::kSignal) throw connection_.interrupted("the examination is not over");
      const Items items(connection_.queue());
      for (const ami_item_t& item : items)
        if (Connection::is_final(item.msg)) throw Connection::failure(item.msg);
    }
    const auto per_second = [&](int64_t now, int64_t then) {
      return static_cast<double>(now - then) / arguments_.seconds;
    };
    const double rate = per_second(ami_stat(connection_.client(), AMI_STAT_EVENTS), before);
    const double bytes = per_second(ami_stat(connection_.client(), AMI_STAT_BYTES_IN), bytes_before);
    tell(Level::kNote, "events",
         with_places(rate, 1) + " a second, " + with_places(bytes / 1024, 1) + " KiB/s, in " +
             with_places(arguments_.seconds, 1) + " s");
  }

  void print_lines() {
    if (arguments_.json) return tell(Level::kNote, "account", lines_);
    output_.write("\n" + lines_);
  }

  void summarize() {
    std::string text = "\n";
    for (const auto& [level, word] :
         {std::pair(Level::kWrong, " wrong, "), {Level::kRisk, " risky, "}, {Level::kRight, " right\n"}})
      text += std::to_string(counts_[index_of(level)]) + word;
    output_.write(text);
  }

  const DoctorArguments& arguments_;
  Output& output_;
  Connection connection_;
  std::string user_, lines_;
  std::string address_, tls_;
  long long certificate_end_ = 0;
  int counts_[4] = {};
};

}  // namespace

int run_doctor(const DoctorArguments& arguments, const Signals& signals, Output& output) {
  return Doctor(arguments, signals, output).run();
}

}  // namespace ami::cli
