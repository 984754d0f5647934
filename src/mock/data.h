// What the mock says, as text: events, list items, courses of calls. The data_*.cpp files hold the text, and
// how it is to be read stands on top of each.
#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace ami::mock {

extern const char* const event_data;
extern const char* const item_data;
extern const char* const script_data;

// Wire text with {placeholders}; empty if there is none of that name.
const std::string& event_template(std::string_view name);
const std::vector<std::string>& item_templates(std::string_view name);
// The lines of a call's course.
const std::vector<std::string>& script(std::string_view name);

}  // namespace ami::mock
