// What the proxy does to each connection, drawn from a seed: the same seed gives the same plan, however long
// things take.
#pragma once

#include <array>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace chaos {

enum class Way : uint8_t { to_client, to_server };

enum class Fault : uint8_t {
  delay,       // everything behind comes so many ms later
  jitter,      // each piece up to so many ms later
  split,       // so many bytes come one at a time
  stall,       // nothing passes for so many ms
  noise,       // so many bytes that are no message, behind a message; the stream goes on
  garbage,     // the same anywhere, and then the end
  truncate,    // the end of both ways, in the middle of a message of this one
  half_close,  // FIN this way; the other way goes on, and is read to its end
  reset,       // both sides by RST
  cut,         // both sides closed, with what was under way
};
constexpr size_t faults = 10;
constexpr std::array<Fault, 5> endings = {Fault::garbage, Fault::truncate, Fault::half_close, Fault::reset,
                                          Fault::cut};

enum class Place : uint8_t { anywhere, greeting, login, list, command, logoff, time };
constexpr size_t places = 7;

// A fault at its place: so many bytes behind the nth needle that passes this way (no needle: behind the
// connection's first byte), or after a time.
struct Step {
  Fault fault = Fault::cut;
  Place place = Place::anywhere;
  Way way = Way::to_client;
  std::string_view needle;
  uint32_t nth = 1;
  uint32_t bytes = 0;
  uint32_t after_ms = 0;  // instead of these, when not 0
  uint32_t amount = 0;    // of what the fault has: ms or bytes
};
using Plan = std::vector<Step>;

// Connections are counted from 1.
Plan draw_plan(uint64_t seed, uint64_t connection);
// Each connection ends after some seconds, in any way.
Plan draw_plan_by_time(uint64_t seed, uint64_t connection);

std::string_view name_of(Fault fault);
std::string_view name_of(Place place);
std::string to_text(const Plan& plan);

}  // namespace chaos
