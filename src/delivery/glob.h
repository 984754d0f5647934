#pragma once

#include <string_view>

namespace ami {

[[nodiscard]] bool is_glob(std::string_view pattern) noexcept;
// * is any run of bytes, ? any one byte; case-blind.
[[nodiscard]] bool glob_matches(std::string_view pattern, std::string_view name) noexcept;

}  // namespace ami
