#pragma once

#include <string>

namespace ami::cli {

enum class Reach {
  kLocal,    // this machine
  kPrivate,  // a network that the internet does not route
  kPublic
};

// Of a numeric address, IPv4 or IPv6. What is none is public: nothing is known of it.
Reach reach_of(const std::string& address);

}  // namespace ami::cli
