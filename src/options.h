#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "net/tls.h"
#include "session/settings.h"

namespace ami {

// All that ami_set() can set. A value is checked as it comes: what stands here is usable.
class Options {
 public:
  ~Options();
  Options() = default;
  Options(const Options&) = delete;
  Options& operator=(const Options&) = delete;

  // 0, AMI_EOPTION or AMI_EINJECT; then nothing is changed, and detail says what is allowed.
  int set(std::string_view name, std::string_view value, std::string& detail);
  // False: no such option, or one that cannot be read.
  bool get(std::string_view name, std::string& value) const;
  // Whether it can be set while connected.
  static bool is_live(std::string_view name);

  [[nodiscard]] uint16_t effective_port() const { return port.value_or(use_tls ? 5039 : 5038); }
  // Whether events of class call can come: a mask that keeps them out never tells how an Originate ended.
  [[nodiscard]] bool mask_has_call() const;

  Settings session;
  std::string host = "localhost";
  std::optional<uint16_t> port;
  bool use_tls = false;
  TlsOptions tls;
  uint64_t reconnect_ms = 0;  // first delay; 0: no reconnect
  uint64_t reconnect_max_ms = 30000;
  bool reconnect_jitter = true;
  uint64_t connect_timeout_ms = 10000;
  bool debug = false;
  size_t offline_max = 1000;
  size_t inflight_max = 65536;
  bool overflow_wait = false;
  size_t queue_max_items = 65536;
  size_t queue_max_bytes = 64U << 20U;

 private:
  int set_url(std::string_view value, std::string& detail);
};

}  // namespace ami
