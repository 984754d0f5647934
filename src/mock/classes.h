// Permission classes: names and bits, event masks, Privilege lines.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

namespace ami::mock {

using Classes = uint32_t;
inline constexpr Classes all_classes = 0x7fffffff;

// "call,user" (also "all", "none", ""); unknown names count for nothing.
Classes parse_classes(std::string_view names);
// Whether every name of such a list is one.
bool are_classes(std::string_view names);
// What an Events header means: false if it is invalid (empty). A missing header at login means all.
bool parse_mask(std::string_view text, Classes& mask);
// "call,all", or "<none>".
std::string privilege(Classes classes);

}  // namespace ami::mock
