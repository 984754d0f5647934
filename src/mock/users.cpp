#include "users.h"

#include <openssl/evp.h>

#include <algorithm>

#include "text.h"

namespace ami::mock {

namespace {
// Splits at colons; "\:" is a colon.
std::vector<std::string> parts_of(std::string_view text) {
  std::vector<std::string> parts(1);
  for (size_t i = 0; i < text.size(); ++i) {
    if (text[i] == '\\' && i + 1 < text.size() && text[i + 1] == ':') {
      parts.back() += text[++i];
    } else if (text[i] == ':') {
      parts.emplace_back();
    } else {
      parts.back() += text[i];
    }
  }
  return parts;
}
}  // namespace

Users::Users() {
  std::string reason;
  for (const char* user :
       {"admin:secret", "reader:secret:all:none", "limited:secret:call,user:call,reporting",
        "filtered:secret", "quiet:secret:none:all", "single:secret:all:all:single",
        "denied:secret:all:all:denied", "odd:p\\:w  d=x;y\"z'%#:system:system,command",
        "slow:secret:all:all:writetimeout=100"}) {
    add(user, reason);
  }
  auto filtered =
      std::find_if(users_.begin(), users_.end(), [](const User& u) { return u.name == "filtered"; });
  filtered->filters = {"Event: UserEvent", "!Drop: yes"};
}

bool Users::add(std::string_view text, std::string& reason) {
  std::vector<std::string> parts = parts_of(text);
  if (parts.size() < 2 || parts.size() > 5 || parts[0].empty()) {
    reason = "user: expected NAME:SECRET[:READ[:WRITE[:FLAGS]]], got \"" + parts[0] + "...\"";
    return false;
  }
  for (size_t i = 2; i < std::min<size_t>(parts.size(), 4); ++i) {
    if (are_classes(parts[i])) continue;
    reason = "user: unknown class in \"" + parts[i] + "\"; known are none," + privilege(all_classes);
    return false;
  }
  User user;
  user.name = parts[0];
  user.secret = parts[1];
  if (parts.size() > 2) user.read = parse_classes(parts[2]);
  if (parts.size() > 3) user.write = parse_classes(parts[3]);
  std::vector<std::string> flags = parts.size() > 4 ? split(parts[4], ',') : std::vector<std::string>{};
  for (const std::string& flag : flags) {
    std::string_view value = flag;
    std::string_view word = take_until(value, '=');
    if (word == "single") {
      user.single = true;
    } else if (word == "denied") {
      user.denied = true;
    } else if (word != "writetimeout" || !to_number(value, user.write_timeout_ms)) {
      reason = "user: unknown flag \"" + flag + "\"; known are single, denied and writetimeout=MS";
      return false;
    }
  }
  std::erase_if(users_, [&](const User& known) { return same_word(known.name, user.name); });
  users_.push_back(std::move(user));
  return true;
}

const User* Users::find(std::string_view name) const {
  for (const User& user : users_) {
    if (same_word(user.name, name)) return &user;
  }
  return nullptr;
}

std::string login_key(std::string_view challenge, std::string_view secret) {
  std::string text = std::string(challenge).append(secret);
  unsigned char digest[EVP_MAX_MD_SIZE];
  unsigned length = 0;
  if (EVP_Digest(text.data(), text.size(), digest, &length, EVP_md5(), nullptr) != 1) return {};
  return hex(digest, length);
}

}  // namespace ami::mock
