#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

#include "protocol/encoding.h"

namespace ami {

// What a session is told by the options, and does not change while it is connected (but the mask).
struct Settings {
  std::string username = "username";
  std::string password = "password";  // the one buffer that holds the secret; wiped by its owner
  bool plain_login = false;           // false: MD5 challenge
  std::string mask = "on";            // "on", "off" or class names
  std::vector<std::string> filters;
  std::string identifier;
  Encoding encoding = Encoding::kBytes;
  bool offline_queue = false;
  bool list_events = false;

  uint64_t login_timeout_ms = 10000;
  uint64_t action_timeout_ms = 30000;  // 0: never
  uint64_t ping_interval_ms = 30000;   // 0: never
  uint64_t ping_timeout_ms = 10000;
  uint64_t blocked_max_ms = 120000;
  uint64_t grace_ms = 5000;

  size_t message_max_bytes = 16U << 20U;
  size_t line_max_bytes = 1U << 20U;
  size_t list_max_items = 1000000;
  size_t list_max_bytes = 256U << 20U;
};

}  // namespace ami
