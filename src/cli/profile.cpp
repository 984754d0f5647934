#include "cli/profile.h"

#include <ini.h>
#include <sys/stat.h>

#include <algorithm>
#include <cerrno>
#include <cstdio>
#include <cstring>
#include <functional>
#include <memory>
#include <optional>

#include "cli/failure.h"
#include "cli/key.h"
#include "cli/password.h"
#include "cli/system.h"

namespace ami::cli {
namespace {

constexpr std::string_view kDefault = "default";

using See =
    std::function<void(std::string_view section, std::string_view name, std::string_view value, int line)>;

// As errno says.
Failure unreadable() {
  return {kUsage, "the configuration cannot be read (" + configuration_file() + ", " + reason_of(errno) +
                      "): mend that, or give --url"};
}

// One reading of the file. No exception may pass through inih, which is C.
struct Reading {
  FILE* file;
  const See& see;
  int line = 0;
  std::optional<Failure> failure;
};

char* next_line(char* buffer, int room, void* user) {
  auto& reading = *static_cast<Reading*>(user);
  if (reading.failure || fgets(buffer, room, reading.file) == nullptr) {
    explicit_bzero(buffer, static_cast<size_t>(room));
    return nullptr;
  }
  ++reading.line;
  if (strlen(buffer) + 1 < static_cast<size_t>(room) || strchr(buffer, '\n') != nullptr) return buffer;
  reading.failure.emplace(kUsage, "the line is longer than " + std::to_string(room - 2) +
                                      " characters: what is longer goes into --url or -o");
  return nullptr;
}

int on_value(void* user, const char* section, const char* name, const char* value) {
  auto& reading = *static_cast<Reading*>(user);
  try {
    reading.see(section, name, value, reading.line);
  } catch (const Failure& failure) {
    reading.failure = failure;
  }
  return reading.failure ? 0 : 1;
}

std::string at(const std::string& file, int line) {
  return file + ":" + std::to_string(line);
}

// What the file is allowed to hold depends on who else can read and write it.
void check_mode(const std::string& file, mode_t mode, bool has_password, bool has_command) {
  const char* danger = has_password && (mode & 077) != 0  ? "others can read the password in it"
                       : has_command && (mode & 022) != 0 ? "others can change the password-command in it"
                                                          : nullptr;
  if (danger == nullptr) return;
  throw Failure(kUsage, std::string(danger) + " (" + file + "): chmod 600 " + file);
}

// Calls see with each value of the file. False when there is no file. Throws Failure.
bool read_configuration(const See& see) {
  const std::string name = configuration_file();
  std::unique_ptr<FILE, int (*)(FILE*)> file(fopen(name.c_str(), "re"), fclose);
  struct stat state = {};
  if (!file || fstat(fileno(file.get()), &state) != 0) {
    if (errno == ENOENT || errno == ENOTDIR) return false;
    throw unreadable();
  }
  static_cast<void>(setvbuf(file.get(), nullptr, _IONBF, 0));  // no buffer in which a password stays
  bool has_password = false;
  bool has_command = false;
  const See checked = [&](std::string_view section, std::string_view key, std::string_view value, int line) {
    if (section.empty())
      throw Failure(kUsage,
                    "a value before the first profile (" + std::string(key) + "): write [default] above it");
    if (value.empty())
      throw Failure(kUsage, "no value (" + std::string(key) + "): write one, or remove the line");
    has_password |=
        is_same_key(key, "password") || (is_same_key(key, "url") && url_has_password(std::string(value)));
    has_command |= is_same_key(key, "password-command");
    see(section, key, value, line);
  };
  Reading reading{file.get(), checked, 0, {}};
  const int bad_line = ini_parse_stream(next_line, &reading, on_value, &reading);
  if (ferror(file.get()) != 0) throw unreadable();
  if (bad_line > 0 && (!reading.failure || bad_line < reading.line))
    throw Failure(kUsage, at(name, bad_line) + ": neither [PROFILE] nor NAME = VALUE: mend the line");
  if (reading.failure) throw Failure(kUsage, at(name, reading.line) + ": " + reading.failure->what());
  check_mode(name, state.st_mode, has_password, has_command);
  return true;
}

void note_name(std::vector<std::string>& names, std::string_view name) {
  if (std::find(names.begin(), names.end(), name) == names.end()) names.emplace_back(name);
}

std::string joined(const std::vector<std::string>& names) {
  std::string all;
  for (const std::string& name : names) all += (all.empty() ? "" : ", ") + name;
  return all.empty() ? "none" : all;
}

// Which one is wanted; "": none. must: whether it has to be there.
std::string wanted_profile(const ServerArguments& server, bool& must) {
  must = true;
  if (!server.profile.empty()) return server.profile;
  if (!server.url.empty() || server.has_option("host") || *environment("AMI_URL") != '\0')
    return must = false, "";
  if (*environment("AMI_PROFILE") != '\0') return environment("AMI_PROFILE");
  must = false;
  return std::string(kDefault);
}

// As a shell would read it, and relative to the configuration's folder.
std::string path_of(const std::string& text) {
  if (text.starts_with("~/")) return environment("HOME") + text.substr(1);
  if (text.starts_with("/")) return text;
  const std::string file = configuration_file();
  return file.substr(0, file.rfind('/') + 1) + text;
}

}  // namespace

Profile::Profile(const ServerArguments& server) {
  bool must = false;
  const std::string wanted = wanted_profile(server, must);
  if (wanted.empty()) return;
  const std::string file = configuration_file();
  std::vector<std::string> names;
  const bool is_there = read_configuration([&](auto section, auto name, auto value, int line) {
    note_name(names, section);
    if (section != wanted) return;
    name_ = wanted;
    take(name, value, line);
  });
  if (!name_.empty() || !must) return;
  if (!is_there)
    throw Failure(kUsage, "no such profile (" + wanted + "): there is no " + (file.empty() ? "HOME" : file) +
                              "; 'ami --help' shows what to write");
  throw Failure(kUsage, "no such profile (" + wanted + "): those of " + file + " are " + joined(names));
}

Profile::~Profile() {
  for (Entry& option : options_) wipe(option.value);
  wipe(url_.value);
}

void Profile::take(std::string_view name, std::string_view value, int line) {
  Entry entry{std::string(name), std::string(value), line};
  if (is_same_key(name, "url")) {
    url_ = std::move(entry);
  } else if (is_same_key(name, "password-file")) {
    entry.value = path_of(entry.value);
    password_file_ = std::move(entry);
  } else if (is_same_key(name, "password-command")) {
    password_command_ = std::move(entry);
  } else {
    options_.push_back(std::move(entry));
  }
}

bool Profile::has_option(std::string_view name) const {
  return std::any_of(options_.begin(), options_.end(),
                     [name](const Entry& option) { return is_same_key(option.name, name); });
}

std::string Profile::place_of(const Entry& entry) const {
  return at(configuration_file(), entry.line);
}

std::string configuration_file() {
  const std::string folder = user_folder("XDG_CONFIG_HOME", ".config");
  return folder.empty() ? folder : folder + "/ami/config";
}

std::vector<std::string> profile_names() {
  std::vector<std::string> names;
  try {
    read_configuration([&](auto section, auto, auto, int) { note_name(names, section); });
  } catch (const Failure&) {
    // Whoever uses a profile is told.
  }
  return names;
}

}  // namespace ami::cli
