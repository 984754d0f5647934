#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace ami {

// ami[s]://user:secret@host:port?option=value, every part percent-decoded.
struct Url {
  Url() = default;
  ~Url();  // wipes it: in a URL that is not as it should be, the secret may stand anywhere
  Url(const Url&) = delete;
  Url& operator=(const Url&) = delete;

  bool tls = false;
  std::optional<std::string> username, password, port;
  std::string host;  // an IPv6 address without its brackets
  std::vector<std::pair<std::string, std::string>> options;
};

// False: it is no such URL, and detail says why (without the secret).
bool parse_url(std::string_view text, Url& url, std::string& detail);

}  // namespace ami
