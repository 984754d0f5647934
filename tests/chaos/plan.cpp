#include "plan.h"

#include "random.h"

namespace chaos {
namespace {

// How many ms a delay, a jitter or a stall may have. Longer ones would show nothing more, but last.
constexpr uint32_t longest_delay = 8;
constexpr uint32_t longest_stall = 60;
constexpr uint32_t lasting_stall = 5000;  // longer than a client has patience
constexpr uint32_t longest_life_ms = 5000;
constexpr std::array<Place, 5> own_turn = {Place::greeting, Place::login, Place::list, Place::command,
                                           Place::logoff};

Random source(uint64_t seed, uint64_t connection) {
  return Random(Random(seed).next() ^ Random(connection).next());
}

void behind(Step& step, Way way, std::string_view needle, uint32_t nth, uint32_t bytes) {
  step.way = way;
  step.needle = needle;
  step.nth = nth;
  step.bytes = bytes;
}

void put(Step& step, Place place, Random& random) {
  step.place = place;
  switch (place) {
    case Place::anywhere:
    case Place::time:
      return behind(step, random.one_in(3) ? Way::to_server : Way::to_client, "", 1,
                    random.of_any_size(60000));
    case Place::greeting:
      return behind(step, Way::to_client, "", 1, random.below(30));
    case Place::login:
      if (random.one_in(2)) return behind(step, Way::to_server, "", 1, random.below(140));
      return behind(step, Way::to_client, "\r\n", 1, random.below(140));
    case Place::list:
      return behind(step, Way::to_client, "EventList: start", random.between(1, 3), random.below(2500));
    case Place::command:
      if (random.one_in(4)) return behind(step, Way::to_server, "Action: Command", 1, random.below(60));
      return behind(step, Way::to_client, "Output: ", random.between(1, 4), random.below(120));
    case Place::logoff:
      if (random.one_in(2)) return behind(step, Way::to_server, "Action: Logoff", 1, random.below(60));
      return behind(step, Way::to_client, "Response: Goodbye", 1, random.below(80));
  }
}

Place draw_place(Random& random) {
  constexpr std::array<Place, 9> choice = {Place::anywhere, Place::anywhere, Place::anywhere,
                                           Place::greeting, Place::login,    Place::list,
                                           Place::list,     Place::command,  Place::logoff};
  return choice[random.below(choice.size())];
}

Step draw_hindrance(Random& random) {
  Step step;
  put(step, draw_place(random), random);
  switch (random.below(5)) {
    case 0:
      step.fault = Fault::delay;
      step.amount = random.between(1, longest_delay);
      break;
    case 1:
      step.fault = Fault::jitter;
      step.amount = random.between(1, longest_delay);
      break;
    case 2:
      step.fault = Fault::split;
      step.amount = random.between(100, 3000);
      break;
    case 3:
      step.fault = Fault::stall;
      step.amount = random.one_in(64) ? lasting_stall : random.between(1, longest_stall);
      break;
    default:  // only where a message ends, or it would destroy one without a trace
      step.fault = Fault::noise;
      step.place = Place::anywhere;
      behind(step, Way::to_client, "\r\n\r\n", random.between(1, 60), 0);
      step.amount = random.between(1, 200);
  }
  return step;
}

Step draw_end(Place place, Random& random) {
  Step step;
  step.fault = endings[random.below(endings.size())];
  put(step, place, random);
  if (step.fault == Fault::garbage) {
    // What a client sends is never mangled: an action that it did not ask for could be answered.
    while (step.way == Way::to_server) put(step, place, random);
    step.amount = random.between(1, 200);
  }
  return step;
}

}  // namespace

Plan draw_plan(uint64_t seed, uint64_t connection) {
  Random random = source(seed, connection);
  Plan plan;
  // Some places are rarely reached: one connection of six is for the next of them, and has nothing else.
  if (connection % 6 == 0) {
    plan.push_back(draw_end(own_turn[connection / 6 % own_turn.size()], random));
    return plan;
  }
  for (uint32_t i = random.below(3); i > 0; --i) plan.push_back(draw_hindrance(random));
  if (!random.one_in(8)) plan.push_back(draw_end(draw_place(random), random));
  // In places that are not always reached there would else be no end.
  if (!random.one_in(8)) plan.push_back(draw_end(Place::anywhere, random));
  return plan;
}

Plan draw_plan_by_time(uint64_t seed, uint64_t connection) {
  Random random = source(seed, connection);
  Plan plan;
  if (random.one_in(2)) plan.push_back(draw_hindrance(random));
  Step end = draw_end(Place::anywhere, random);
  end.place = Place::time;
  end.after_ms = random.between(1, longest_life_ms);
  plan.push_back(end);
  return plan;
}

std::string_view name_of(Fault fault) {
  constexpr std::array<std::string_view, faults> names = {
      "delay", "jitter", "split", "stall", "noise", "garbage", "truncate", "half-close", "reset", "cut"};
  return names[static_cast<size_t>(fault)];
}

std::string_view name_of(Place place) {
  constexpr std::array<std::string_view, places> names = {"anywhere", "greeting", "login", "list",
                                                          "command",  "logoff",   "time"};
  return names[static_cast<size_t>(place)];
}

std::string to_text(const Plan& plan) {
  std::string text;
  for (const Step& step : plan) {
    if (!text.empty()) text += "; ";
    text.append(name_of(step.fault)).append(" ").append(std::to_string(step.amount)).append(" at ");
    text.append(name_of(step.place)).append(step.way == Way::to_client ? " to client" : " to server");
    if (step.after_ms != 0) {
      text.append(" after ").append(std::to_string(step.after_ms)).append(" ms");
      continue;
    }
    text.append(" + ").append(std::to_string(step.bytes));
    if (!step.needle.empty()) text.append(" of ").append(std::to_string(step.nth)).append(". needle");
  }
  return text.empty() ? "nothing" : text;
}

}  // namespace chaos
