#include "cli/address.h"

#include <arpa/inet.h>

#include <array>
#include <cstdint>

namespace ami::cli {
namespace {

struct Network {
  uint32_t address;
  unsigned bits;
  Reach reach;
};

// RFC 1122, 1918, 3927 and 6598.
constexpr std::array kNetworks = {
    Network{0x7F000000, 8, Reach::kLocal},    Network{0x0A000000, 8, Reach::kPrivate},
    Network{0xAC100000, 12, Reach::kPrivate}, Network{0xC0A80000, 16, Reach::kPrivate},
    Network{0xA9FE0000, 16, Reach::kPrivate}, Network{0x64400000, 10, Reach::kPrivate},
};

Reach reach_of_v4(uint32_t address) {
  for (const Network& network : kNetworks)
    if ((address ^ network.address) >> (32 - network.bits) == 0) return network.reach;
  return Reach::kPublic;
}

Reach reach_of_v6(const in6_addr& address) {
  const uint8_t* bytes = address.s6_addr;
  if (IN6_IS_ADDR_LOOPBACK(&address)) return Reach::kLocal;
  if (IN6_IS_ADDR_V4MAPPED(&address))
    return reach_of_v4(uint32_t{bytes[12]} << 24U | uint32_t{bytes[13]} << 16U | uint32_t{bytes[14]} << 8U |
                       bytes[15]);
  // Unique local (RFC 4193) and link-local ones.
  const bool is_private = (bytes[0] & 0xFEU) == 0xFC || IN6_IS_ADDR_LINKLOCAL(&address);
  return is_private ? Reach::kPrivate : Reach::kPublic;
}

}  // namespace

Reach reach_of(const std::string& address) {
  in_addr four = {};
  if (inet_pton(AF_INET, address.c_str(), &four) == 1) return reach_of_v4(ntohl(four.s_addr));
  in6_addr six = {};
  // A link-local address may have its interface behind a %.
  if (inet_pton(AF_INET6, address.substr(0, address.find('%')).c_str(), &six) == 1) return reach_of_v6(six);
  return Reach::kPublic;
}

}  // namespace ami::cli
