#pragma once

// The mock PBX in a process of its own, so that no allocation of its own counts. To be started before there
// is any thread; it ends with this process.
namespace server {

// tls: "CERT:KEY", or NULL.
void start(const char* tls);
int port();
// One of mock.h's: "emit NAME COUNT", "fault NAME N", "release", "clear", "kick", "restart", "wait COUNTER
// N". Returns what that returned.
long long tell(const char* command);
// As it was at the start.
void reset();

}  // namespace server
