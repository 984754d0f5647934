// Which addresses are said to be public: no test could have one.
#include <csetjmp>
#include <cstdarg>
#include <cstddef>
#include <cstdint>
#include <initializer_list>

extern "C" {
#include <cmocka.h>
}

#include "cli/address.h"

using ami::cli::Reach;
using ami::cli::reach_of;

namespace {

void check(Reach reach, std::initializer_list<const char*> addresses) {
  for (const char* address : addresses) {
    if (reach_of(address) != reach) fail_msg("%s", address);
  }
}

void addresses(void** /*state*/) {
  check(Reach::kLocal, {"127.0.0.1", "127.255.0.1", "::1", "::ffff:127.0.0.1"});
  check(Reach::kPrivate, {"10.1.2.3", "172.16.0.1", "172.31.255.255", "192.168.1.1", "169.254.0.1",
                          "100.64.0.1", "fd00::1", "fe80::1", "fe80::1%eth0", "::ffff:10.0.0.1"});
  check(Reach::kPublic,
        {"8.8.8.8", "126.255.255.255", "128.0.0.1", "172.15.255.255", "172.32.0.1", "192.167.1.1",
         "100.63.0.1", "100.128.0.1", "2001:db8::1", "::ffff:8.8.8.8", "pbx.example", ""});
}

}  // namespace

int main() {
  const CMUnitTest tests[] = {cmocka_unit_test(addresses)};
  return cmocka_run_group_tests(tests, nullptr, nullptr);
}
