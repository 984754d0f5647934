#include "net/records.h"

namespace ami {

size_t record_length(std::string_view text) noexcept {
  const size_t last = text.substr(0, kTlsRecordBytes).rfind('\n');
  if (last != std::string_view::npos) return last + 1;
  if (text.size() <= kTlsRecordBytes) return text.size();
  const size_t end = text.find('\n', kTlsRecordBytes);
  return end == std::string_view::npos ? text.size() : end + 1;
}

}  // namespace ami
