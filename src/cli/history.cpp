#include "cli/history.h"

#include <fcntl.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cctype>
#include <cerrno>
#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <new>

#include "cli/failure.h"
#include "cli/system.h"

namespace ami::cli {
namespace {

constexpr int kMost = 1000;

// The file, in a folder that is made if need be; "" where there is no place for one.
std::string prepared_file() {
  const std::string state = user_folder("XDG_STATE_HOME", ".local/state");
  if (state.empty()) return {};
  const std::filesystem::path folder = std::filesystem::path(state) / "ami";
  std::error_code error;
  std::filesystem::create_directories(folder, error);
  if (!error) std::filesystem::permissions(folder, std::filesystem::perms::owner_all, error);
  if (!error) return folder / "history";
  complain("no history of this session is kept (" + folder.string() + ", " + error.message() +
           "): look at the folder, or set XDG_STATE_HOME");
  return {};
}

// Of the file's folder, since the file is another one after each line. Where folders cannot be locked two
// shells that add a line at the same time may lose one of the two.
class FolderLock {
 public:
  explicit FolderLock(const std::string& file)
      : fd_(open(std::filesystem::path(file).parent_path().c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC)) {
    if (fd_ >= 0) flock(fd_, LOCK_EX);
  }
  ~FolderLock() {
    if (fd_ >= 0) close(fd_);
  }
  FolderLock(const FolderLock&) = delete;
  FolderLock& operator=(const FolderLock&) = delete;

 private:
  int fd_;
};

}  // namespace

TypedLines::TypedLines() : history_(history_init()), file_(prepared_file()) {
  if (!history_) throw std::bad_alloc();
  HistEvent event = {};
  history(handle(), &event, H_SETSIZE, kMost);
  history(handle(), &event, H_SETUNIQUE, 1);
  if (!file_.empty()) history(handle(), &event, H_LOAD, file_.c_str());
}

void TypedLines::add(const std::string& line) {
  if (line.empty() || line.front() == ' ' || may_hold_secret(line)) return;
  HistEvent event = {};
  if (file_.empty()) {
    history(handle(), &event, H_ENTER, line.c_str());
    return;
  }
  const FolderLock lock(file_);
  // Other shells have added theirs meanwhile.
  if (access(file_.c_str(), R_OK) == 0) {
    history(handle(), &event, H_CLEAR);
    history(handle(), &event, H_LOAD, file_.c_str());
  }
  history(handle(), &event, H_ENTER, line.c_str());
  save();
}

// After each line, lest a crash lose it; by way of another file, lest one lose them all.
void TypedLines::save() {
  std::string fresh = file_ + ".XXXXXX";
  const int fd = mkstemp(fresh.data());  // with the mode 0600
  FILE* stream = fd < 0 ? nullptr : fdopen(fd, "w");
  HistEvent event = {};
  bool kept = stream != nullptr && history(handle(), &event, H_SAVE_FP, stream) >= 0;
  if (stream != nullptr) {
    kept = std::fclose(stream) == 0 && kept;
  } else if (fd >= 0) {
    close(fd);
  }
  if (kept && std::rename(fresh.c_str(), file_.c_str()) == 0) return;
  complain("the history cannot be written (" + file_ + ", " + reason_of(errno) + "): look at the folder");
  unlink(fresh.c_str());
  file_.clear();
}

bool may_hold_secret(const std::string& line) {
  std::string small(line);
  std::transform(small.begin(), small.end(), small.begin(),
                 [](unsigned char c) { return static_cast<char>(std::tolower(c)); });
  const auto speaks_of = [&small](const char* word) { return small.find(word) != std::string::npos; };
  constexpr const char* kWords[] = {"secret", "passw",      "passphrase", "pwd",
                                    "token",  "credential", "pin=",       "key="};
  return std::any_of(std::begin(kWords), std::end(kWords), speaks_of);
}

}  // namespace ami::cli
