#include "url.h"

#include <algorithm>

#include "protocol/digest.h"
#include "protocol/text.h"

namespace ami {
namespace {

int hex_value(char c) {
  if (c >= '0' && c <= '9') return c - '0';
  c = lower(c);
  return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

bool percent_decode(std::string_view text, std::string& out) {
  out.clear();
  out.reserve(text.size());  // so that growing leaves no copy of a secret behind
  for (size_t i = 0; i < text.size(); ++i) {
    if (text[i] != '%') {
      out += text[i];
      continue;
    }
    const int high = i + 2 < text.size() ? hex_value(text[i + 1]) : -1;
    const int low = i + 2 < text.size() ? hex_value(text[i + 2]) : -1;
    if (high < 0 || low < 0) return false;
    out += static_cast<char>(high * 16 + low);
    i += 2;
  }
  return true;
}

// Cuts text at the first (or last) separator; what follows it goes to rest. False if there is none.
bool cut(std::string_view& text, size_t at, std::string_view& rest) {
  if (at == std::string_view::npos) return false;
  rest = text.substr(at + 1);
  text = text.substr(0, at);
  return true;
}

bool parse_user(std::string_view user, Url& url, std::string& detail) {
  std::string_view secret;
  const bool has_secret = cut(user, user.find(':'), secret);
  url.username.emplace();
  if (!percent_decode(user, *url.username)) {
    detail = "bad %-escape in the user name";
    return false;
  }
  if (!has_secret) return true;
  url.password.emplace();
  if (!percent_decode(secret, *url.password)) {
    detail = "bad %-escape in the password";
    return false;
  }
  return true;
}

bool parse_host(std::string_view host, Url& url, std::string& detail) {
  std::string_view port;
  bool has_port = false;
  if (!host.empty() && host.front() == '[') {
    std::string_view after;
    host.remove_prefix(1);
    if (!cut(host, host.find(']'), after) || (!after.empty() && after.front() != ':')) {
      detail = "an IPv6 address stands in brackets: [::1]:5038";
      return false;
    }
    has_port = !after.empty();
    port = has_port ? after.substr(1) : after;
  } else {
    has_port = cut(host, host.find(':'), port);
    if (port.find(':') != std::string_view::npos) {
      detail = "an IPv6 address stands in brackets: [::1]:5038";
      return false;
    }
  }
  if (!percent_decode(host, url.host) || (has_port && !percent_decode(port, url.port.emplace()))) {
    detail = "bad %-escape in the host";
    return false;
  }
  if (url.host.empty()) {
    detail = "the host is missing";
    return false;
  }
  return true;
}

bool parse_query(std::string_view query, Url& url, std::string& detail) {
  // For the same reason: none of them is moved.
  url.options.reserve(1 + static_cast<size_t>(std::count(query.begin(), query.end(), '&')));
  while (!query.empty()) {
    std::string_view rest;
    cut(query, query.find('&'), rest);
    std::string_view value;
    auto& option = url.options.emplace_back();
    if (!cut(query, query.find('='), value) || !percent_decode(query, option.first) ||
        !percent_decode(value, option.second)) {
      detail = "after ? come option=value pairs, separated by &, with %-escapes: \"" + printable(query) + '"';
      return false;
    }
    query = rest;
  }
  return true;
}

}  // namespace

Url::~Url() {
  for (auto* part : {&username, &password, &port}) {
    if (*part) wipe(**part);
  }
  wipe(host);
  for (auto& [name, value] : options) {
    wipe(name);
    wipe(value);
  }
}

bool parse_url(std::string_view text, Url& url, std::string& detail) {
  if (starts_nocase(text, "amis://")) {
    url.tls = true;
    text.remove_prefix(7);
  } else if (starts_nocase(text, "ami://")) {
    text.remove_prefix(6);
  } else {
    detail = "a URL begins with ami:// or amis://";
    return false;
  }
  std::string_view query;
  cut(text, text.find('?'), query);
  std::string_view host = text;
  if (std::string_view user = text; cut(user, user.rfind('@'), host)) {
    if (!parse_user(user, url, detail)) return false;
  }
  if (!host.empty() && host.back() == '/') host.remove_suffix(1);
  if (host.find('/') != std::string_view::npos) {
    detail = "there is no path in it";
    return false;
  }
  return parse_host(host, url, detail) && parse_query(query, url, detail);
}

}  // namespace ami
