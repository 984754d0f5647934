// main_mock.h: what `ami mock` takes, for its own command line and for whoever describes it.
#pragma once

#include <string>
#include <utility>
#include <vector>

namespace CLI {
class App;
}

// Names and values for ami_mock_set().
using MockSettings = std::vector<std::pair<const char*, std::string>>;

// Adds the options to app. Those that are given fill settings, which outlives app.
void add_mock_options(CLI::App& app, MockSettings& settings);
