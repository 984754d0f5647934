#include "cli/redaction.h"

#include <algorithm>
#include <array>
#include <new>
#include <string_view>
#include <utility>

#include "cli/key.h"

namespace ami::cli {
namespace {

constexpr std::string_view kLineEnd = "\r\n";
constexpr std::string_view kStars = "***";
constexpr std::array<std::string_view, 7> kSecretWords = {"secret",    "password", "passwd", "md5cred",
                                                          "challenge", "token",    "hash"};

bool contains_nocase(std::string_view text, std::string_view word) {
  for (size_t at = 0; at + word.size() <= text.size(); at++)
    if (is_same_key(text.substr(at, word.size()), word)) return true;
  return false;
}

// The name of a header, variable or option whose value is nobody else's business.
bool is_secret_name(std::string_view name) {
  return std::any_of(kSecretWords.begin(), kSecretWords.end(),
                     [name](std::string_view word) { return contains_nocase(name, word); });
}

// Goes through the headers of one message.
class Redactor {
 public:
  explicit Redactor(const ami_msg_t* message)
      : is_answer_(ami_msg_kind(message) == AMI_MSG_RESPONSE || ami_msg_kind(message) == AMI_MSG_LISTITEM),
        is_challenge_(is_same_key(ami_msg_name(message), "ChallengeResponseFailed")) {}

  // How many bytes at the end of a header's value are a secret.
  size_t secret_size(std::string_view key, std::string_view value) {
    if (is_secret_key(key)) return value.size();
    const bool is_value = std::exchange(value_is_secret_, false) && is_same_key(key, "Value");
    if (is_value) return value.size();
    const size_t equals =
        value.find('=');  // as in ChanVariable: name=value, or a line of a configuration file
    const std::string_view name = value.substr(0, equals);
    if (name.find(' ') != std::string_view::npos || !is_secret_name(name)) return 0;
    value_is_secret_ = is_same_key(key, "Variable") && equals == std::string_view::npos;
    return equals == std::string_view::npos ? 0 : value.size() - equals - 1;
  }

 private:
  [[nodiscard]] bool is_secret_key(std::string_view key) const {
    if (is_answer_ && is_same_key(key, "ActionID")) return true;
    if (is_challenge_ && (is_same_key(key, "Response") || is_same_key(key, "ExpectedResponse"))) return true;
    return is_secret_name(key);
  }

  bool is_answer_;
  bool is_challenge_;
  bool value_is_secret_ = false;  // of the next header, as in Variable: name, Value: value
};

}  // namespace

std::string without_secrets(const ami_msg_t* message) {
  size_t length = 0;
  const char* bytes = ami_msg_raw(message, &length);
  if (bytes == nullptr) throw std::bad_alloc();
  std::string text;
  text.reserve(length);
  Redactor redactor(message);
  for (std::string_view rest(bytes, length); !rest.empty();) {
    const size_t end = rest.find(kLineEnd);
    std::string_view line = rest.substr(0, end);
    rest.remove_prefix(line.size());
    const size_t colon = line.find(':');
    if (colon != std::string_view::npos && colon != 0) {
      std::string_view value = line.substr(colon + 1);
      if (value.starts_with(' ')) value.remove_prefix(1);
      const size_t secret = redactor.secret_size(line.substr(0, colon), value);
      text += line.substr(0, line.size() - secret);
      if (secret != 0) text += kStars;
    } else {
      text += line;
    }
    const size_t taken = end == std::string_view::npos ? 0 : kLineEnd.size();
    text += rest.substr(0, taken);
    rest.remove_prefix(taken);
  }
  return text;
}

}  // namespace ami::cli
