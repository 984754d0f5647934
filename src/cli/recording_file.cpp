#include "cli/recording_file.h"

#include <fcntl.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <charconv>
#include <ctime>
#include <filesystem>
#include <fstream>
#include <limits>
#include <string_view>
#include <utility>

#include "cli/failure.h"
#include "cli/system.h"
#include "recording/reader.h"

namespace ami::cli {
namespace {

constexpr uint64_t kSecond = 1'000'000'000;

struct Unit {
  char letter;
  Rotation one;
};
constexpr std::array kUnits = {
    Unit{'K', {1U << 10U, {}}},
    Unit{'M', {1U << 20U, {}}},
    Unit{'G', {1U << 30U, {}}},
    Unit{'s', {0, std::chrono::seconds(1)}},
    Unit{'m', {0, std::chrono::minutes(1)}},
    Unit{'h', {0, std::chrono::hours(1)}},
    Unit{'d', {0, std::chrono::days(1)}},
};

// So that a file's name outlives a power cut too. Where folders cannot be synced there is nothing to be done.
void sync_folder_of(const std::string& path) {
  const std::filesystem::path folder = std::filesystem::path(path).parent_path();
  const int fd = ::open(folder.empty() ? "." : folder.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
  if (fd < 0) return;
  fsync(fd);
  ::close(fd);
}

}  // namespace

Rotation parse_rotation(const std::string& text) {
  uint64_t number = 0;
  const char* end = text.data() + text.size();
  const auto [suffix, error] = std::from_chars(text.data(), end, number);
  if (error == std::errc() && number > 0 && number < (1U << 30U) && end - suffix == 1)
    for (const auto& [letter, one] : kUnits)
      if (*suffix == letter) return {number * one.bytes, static_cast<int64_t>(number) * one.age};
  throw Failure(kUsage, "--rotate neither by size nor by time (" + text +
                            "): write it as 100M (K, M, G) or 1h (s, m, h, d)");
}

RecordingFile::RecordingFile(std::string path, Rotation rotation,
                             std::function<recording::Entry()> first_entry)
    : path_(std::move(path)), rotation_(rotation), first_entry_(std::move(first_entry)) {
  open();
  find_end();
  begin();
}

RecordingFile::~RecordingFile() {
  ::close(fd_);
}

void RecordingFile::open() {
  // What is said on an Asterisk is for its owner's eyes alone.
  const int fd = ::open(path_.c_str(), O_RDWR | O_CREAT | O_APPEND | O_CLOEXEC, S_IRUSR | S_IWUSR);
  if (fd < 0) fail(errno);
  if (fd_ >= 0) ::close(fd_);
  fd_ = fd;
  struct stat status = {};
  if (fstat(fd, &status) != 0) fail(errno);
  if (!S_ISREG(status.st_mode)) throw Failure(kUsage, path_ + " is no file: name one, or - for stdout");
  if (flock(fd, LOCK_EX | LOCK_NB) != 0)
    throw Failure(kUsage, path_ + " is in use by another ami record: choose another file");
}

// Reads what is there, which costs less than a recording that nobody can read.
void RecordingFile::find_end() {
  std::ifstream file(path_, std::ios::binary);
  recording::Reader reader(file);
  recording::Entry entry;
  recording::Found found = recording::Found::kEntry;
  while ((found = reader.next(entry)) == recording::Found::kEntry) {
    if (first_time_ns_ == 0) first_time_ns_ = entry.time_ns;
    is_used_ = true;
  }
  size_ = reader.whole();
  if (found == recording::Found::kDamaged)
    throw Failure(kUsage, path_ + " is no recording, or damaged at byte " + std::to_string(size_) +
                              ": it is left as it is; choose another file");
  struct stat status = {};
  if (fstat(fd_, &status) != 0) fail(errno);
  const auto present = static_cast<uint64_t>(status.st_size);
  if (present == size_) return;
  complain("warning: " + path_ + " ends in a part of an entry: its last " + std::to_string(present - size_) +
           " bytes are cut off");
  if (ftruncate(fd_, static_cast<off_t>(size_)) != 0) fail(errno);
}

void RecordingFile::begin() {
  if (size_ == 0) pending_ += recording::kFileHead;
  const recording::Entry entry = first_entry_();
  if (first_time_ns_ == 0) first_time_ns_ = entry.time_ns;
  pending_ += recording::text_of(entry);
  write();
  sync();
  sync_folder_of(path_);
}

void RecordingFile::add(const recording::Entry& entry) {
  const std::string text = recording::text_of(entry);
  if (is_full(text.size(), entry.time_ns)) rotate();
  pending_ += text;
  is_used_ = true;
}

bool RecordingFile::is_full(size_t more, uint64_t time_ns) const {
  if (!is_used_) return false;
  if (rotation_.bytes > 0 && size_ + pending_.size() + more > rotation_.bytes) return true;
  const auto age_ns = static_cast<uint64_t>(rotation_.age.count()) * kSecond;
  return age_ns > 0 && time_ns >= first_time_ns_ + age_ns;
}

void RecordingFile::rotate() {
  write();
  sync();
  const std::string old = old_path();
  if (rename(path_.c_str(), old.c_str()) != 0) fail(errno);
  open();
  size_ = first_time_ns_ = 0;
  is_used_ = false;
  begin();
}

// FILE.20261128T041700Z, by its first entry; with another number behind it where that is taken.
std::string RecordingFile::old_path() const {
  const auto seconds = static_cast<std::time_t>(first_time_ns_ / kSecond);
  std::tm parts = {};
  gmtime_r(&seconds, &parts);
  char text[64];
  static_cast<void>(std::strftime(text, sizeof text, ".%Y%m%dT%H%M%SZ", &parts));
  std::string path = path_ + text;
  for (int number = 2; std::filesystem::exists(path); number++)
    path = path_ + text + "-" + std::to_string(number);
  return path;
}

void RecordingFile::write() {
  std::string_view rest = pending_;
  while (!rest.empty()) {
    const ssize_t written = ::write(fd_, rest.data(), rest.size());
    if (written >= 0) {
      rest.remove_prefix(static_cast<size_t>(written));
    } else if (errno != EINTR) {
      const int error = errno;
      static_cast<void>(ftruncate(fd_, static_cast<off_t>(size_)));  // no part of an entry stays
      fail(error);
    }
  }
  unsynced_ = unsynced_ || !pending_.empty();
  size_ += pending_.size();
  pending_.clear();
}

void RecordingFile::sync() {
  if (unsynced_ && fdatasync(fd_) != 0) fail(errno);
  unsynced_ = false;
}

void RecordingFile::fail(int error) const {
  throw Failure(kNoOutput, path_ + " cannot be written (" + reason_of(error) + "): choose another file");
}

}  // namespace ami::cli
