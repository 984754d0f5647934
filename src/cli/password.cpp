#include "cli/password.h"

#include <fcntl.h>
#include <poll.h>
#include <strings.h>
#include <sys/wait.h>
#include <termios.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <csignal>
#include <cstdio>
#include <utility>

#include "cli/failure.h"
#include "cli/system.h"

namespace ami::cli {
namespace {

constexpr size_t kLongest = 1022;  // as long as a line of AMI can be

// Waits for what fd has to say; false when a signal came first.
bool wait_for(int fd, const Signals& signals) {
  pollfd watched[] = {{fd, POLLIN, 0}, {signals.fd(), POLLIN, 0}};
  while (poll(watched, 2, -1) < 0 && errno == EINTR) {
  }
  return watched[1].revents == 0;
}

Failure interrupted(const Signals& signals) {
  return {signals.exit_code(), "interrupted: nothing was sent"};
}

// The first line of fd, without its line end, and no more than one byte too long. Byte by byte: what follows
// may belong to somebody else.
std::string read_line(int fd, const std::string& source, const Signals& signals) {
  std::string line;
  line.reserve(kLongest + 1);  // no copy is left behind by growth
  char c = '\0';
  ssize_t got = 0;
  bool waited = true;
  while ((waited = wait_for(fd, signals)) && (got = read(fd, &c, 1)) == 1 && c != '\n' &&
         line.size() <= kLongest)
    line += c;
  if (!waited || got < 0) {
    std::string reason = reason_of(errno);
    wipe(line);
    if (!waited) throw interrupted(signals);
    throw Failure(kUsage, "the password cannot be read (" + source + ", " + reason + "): check the file");
  }
  if (!line.empty() && line.back() == '\r') line.pop_back();
  return line;
}

Password password_of(std::string line, const std::string& source) {
  if (line.empty() || line.size() > kLongest) {
    wipe(line);
    throw Failure(kUsage,
                  "the first line is no password (" + source + "): it must hold 1 to 1022 characters");
  }
  return Password(std::move(line));
}

Password first_line(int fd, const std::string& source, const Signals& signals) {
  return password_of(read_line(fd, source, signals), source);
}

Password password_of_file(const std::string& file, const Signals& signals) {
  if (file == "-") return first_line(STDIN_FILENO, "stdin", signals);
  int fd = open(file.c_str(), O_RDONLY | O_CLOEXEC);
  if (fd < 0)
    throw Failure(kUsage, "the password file cannot be opened (" + file + ", " + reason_of(errno) +
                              "): check its name");
  struct Closer {
    int fd;
    ~Closer() { close(fd); }
  } closer{fd};
  return first_line(fd, file, signals);
}

// By the system's shell, as the user would run it.
Password password_of_command(const std::string& command, const Signals& signals) {
  static_cast<void>(std::signal(SIGPIPE, SIG_DFL));  // as a command expects that stands before | head -1
  // Our input stays ours: it may hold actions. NOLINTNEXTLINE(cert-env33-c): a shell is what is promised
  FILE* output = popen(("exec </dev/null\n" + command).c_str(), "re");
  static_cast<void>(std::signal(SIGPIPE, SIG_IGN));
  if (output == nullptr)
    throw Failure(kUsage, "no shell for the password-command (" + reason_of(errno) + ")");
  // A signal to us alone has not reached the command, which is left to end by itself.
  std::string line = read_line(fileno(output), "password-command", signals);
  char rest = '\0';
  while (wait_for(fileno(output), signals) && read(fileno(output), &rest, 1) == 1) {
  }
  if (signals.exit_code() != 0) {
    wipe(line);
    throw interrupted(signals);
  }
  const int status = pclose(output);
  if (status == 0) return password_of(std::move(line), "password-command");
  wipe(line);
  throw Failure(kUsage, "the password-command failed (" +
                            (WIFEXITED(status) ? "exit code " + std::to_string(WEXITSTATUS(status))
                                               : "signal " + std::to_string(WTERMSIG(status))) +
                            "): run it by hand to see why");
}

// A question at the terminal of stdin, which does not show what is typed. At the end the terminal is as it
// was, and so it is while Ctrl-Z has stopped the program; then the question is asked again.
class SilentQuestion {
 public:
  explicit SilentQuestion(std::string text) : text_(std::move(text)) {
    tcgetattr(STDIN_FILENO, &shown_);
    sigaction(SIGTSTP, nullptr, &stop_);
    asked = this;
    ask();
  }
  ~SilentQuestion() {
    sigaction(SIGTSTP, &stop_, nullptr);
    tcsetattr(STDIN_FILENO, TCSAFLUSH, &shown_);
    say("\n");
  }
  SilentQuestion(const SilentQuestion&) = delete;
  SilentQuestion& operator=(const SilentQuestion&) = delete;

 private:
  static void say(std::string_view text) {
    [[maybe_unused]] ssize_t written = write(STDERR_FILENO, text.data(), text.size());
  }

  // Does nothing that a signal's handler may not.
  void ask() const {
    struct sigaction stopping = {};
    stopping.sa_handler = stop;
    if (stop_.sa_handler != SIG_IGN) sigaction(SIGTSTP, &stopping, nullptr);
    termios silent = shown_;
    silent.c_lflag &= ~static_cast<tcflag_t>(ECHO);
    tcsetattr(STDIN_FILENO, TCSAFLUSH, &silent);
    say(text_);
  }

  static void stop(int signal) {
    const int saved = errno;
    tcsetattr(STDIN_FILENO, TCSAFLUSH, &asked->shown_);
    struct sigaction stopping = {};
    stopping.sa_handler = SIG_DFL;
    sigaction(signal, &stopping, nullptr);
    sigset_t unblocked;
    sigset_t before;
    sigemptyset(&unblocked);
    sigaddset(&unblocked, signal);
    static_cast<void>(raise(signal));
    // Stops us here, for it may be blocked while a handler runs.
    pthread_sigmask(SIG_UNBLOCK, &unblocked, &before);
    pthread_sigmask(SIG_SETMASK, &before, nullptr);
    asked->ask();
    errno = saved;
  }

  static const SilentQuestion* asked;
  std::string text_;
  termios shown_ = {};
  struct sigaction stop_ = {};
};
const SilentQuestion* SilentQuestion::asked = nullptr;

Password typed_password(const std::string& who, const Signals& signals) {
  const SilentQuestion question("Password for " + who + ": ");
  return first_line(STDIN_FILENO, "terminal", signals);
}

// What is wrong with it is told with its place.
Password password_of_profile(const Profile& profile, const Signals& signals) {
  const bool has_file = !profile.password_file().value.empty();
  const Profile::Entry& entry = has_file ? profile.password_file() : profile.password_command();
  try {
    if (has_file) return password_of_file(entry.value, signals);
    return password_of_command(entry.value, signals);
  } catch (const Failure& failure) {
    if (failure.exit_code() != kUsage) throw;
    throw Failure(kUsage, profile.place_of(entry) + ": " + failure.what());
  }
}

}  // namespace

void wipe(std::string& text) {
  // volatile: a plain fill before the end of a life may be optimised away.
  for (volatile char& c : text) c = '\0';
}

Password::~Password() {
  wipe(text_);
}

bool url_has_password(const std::string& url) {
  size_t query = std::min(url.find('?'), url.size());
  size_t begin = url.find("://");
  begin = begin == std::string::npos ? 0 : begin + 3;
  size_t at = url.rfind('@', query);
  if (at != std::string::npos && url.find(':', begin) < at) return true;
  for (size_t option = query; option < url.size(); option = std::min(url.find('&', option + 1), url.size()))
    if (is_password_option(std::string_view(url).substr(option + 1))) return true;
  return false;
}

bool is_password_option(std::string_view option) {
  constexpr std::string_view kName = "password=";
  return option.size() >= kName.size() && strncasecmp(option.data(), kName.data(), kName.size()) == 0;
}

Password find_password(const std::string& file, const Profile& profile, const std::string& who,
                       const Signals& signals) {
  if (!file.empty()) return password_of_file(file, signals);
  if (profile.has_password_source()) return password_of_profile(profile, signals);
  const char* variable = environment("AMI_PASSWORD");
  if (*variable != '\0') return Password(variable);
  if (isatty(STDIN_FILENO) == 1) return typed_password(who, signals);
  throw Failure(kUsage, "no password for " + who +
                            " (stdin is no terminal to ask at): set AMI_PASSWORD or give "
                            "--password-file FILE");
}

}  // namespace ami::cli
