// Scenes: calls begun on a timer, so that there is something to see.
#include <algorithm>
#include <functional>
#include <memory>
#include <optional>

#include "pbx.h"
#include "server.h"
#include "text.h"

namespace ami::mock {

namespace {
struct Person {
  const char *account, *number, *name;
};
constexpr Person people[] = {
    {"alice", "201", "Alice Archer"}, {"bob", "202", "Bob Baker"},
    {"carol", "203", "Carol Cook"},   {"dave", "204", "Dave Draper"},
    {"erin", "205", "Erin Fisher"},   {"frank", "206", "Frank Gardner"},
    {"grace", "207", "Grace Hunter"}, {"heidi", "208", "\xc5\xbdofie Nov\xc3\xa1kov\xc3\xa1"},
};
constexpr int64_t events_per_storm_call = 24;
constexpr int64_t storm_tick_ms = 10;

struct Scene {
  const char* name;
  std::vector<const char*> courses;
  int64_t interval_ms;
};

const std::vector<Scene>& scenes() {
  static const std::vector<Scene> all = {
      {"call", {"call answered", "call answered", "call busy", "call answered", "call unanswered"}, 400},
      {"queue", {"queue answered", "queue second", "queue answered", "queue abandoned"}, 400},
      {"bridge", {"bridge blind", "bridge attended"}, 600},
      {"storm", {"storm"}, storm_tick_ms},
  };
  return all;
}

// What a scene's text asks for: "NAME", "NAME once", "storm N"; "none" has no scene.
struct Order {
  const Scene* scene = nullptr;
  int64_t rate = 0;
  bool once = false;
};

std::optional<Order> read_order(std::string_view text) {
  std::string_view words = trim(text);
  std::string_view name = take_until(words, ' ');
  Order order;
  order.once = words == "once";
  if (name == "storm" && !order.once &&
      (!to_number(words.empty() ? "1000" : words, order.rate) || order.rate < 1))
    return {};
  if (name != "storm" && !words.empty() && !order.once) return {};
  auto found =
      std::find_if(scenes().begin(), scenes().end(), [&](const Scene& scene) { return name == scene.name; });
  if (found != scenes().end()) order.scene = &*found;
  return order.scene || name == "none" ? std::optional(order) : std::nullopt;
}

Values cast(Server& server) {
  size_t first = static_cast<size_t>(server.random(0, std::size(people) - 1));
  auto person = [&](size_t offset) { return people[(first + offset) % std::size(people)]; };
  Values values;
  values["from"] = person(0).account;
  values["number"] = person(0).number;
  values["name"] = values["name_of"] = person(0).name;
  values["to"] = person(1).account;
  values["exten"] = person(1).number;
  values["third"] = person(2).account;
  values["third_exten"] = person(2).number;
  values["interface"] = std::string("PJSIP/") + person(1).account;
  values["member"] = person(1).name;
  values["queue"] = "support";
  values["digit"] = std::to_string(server.random(0, 9));
  values["talk"] = std::to_string(server.random(300, 900));
  return values;
}
}  // namespace

// One scene being played: begins the next call whenever its time has come.
class SceneRun : public std::enable_shared_from_this<SceneRun> {
 public:
  SceneRun(Pbx& pbx, const Scene& scene, int64_t rate, bool once)
      : pbx_(pbx), scene_(scene), rate_(rate), left_(once ? scene.courses.size() : 0), once_(once) {}

  void tick() {
    int64_t calls = 1;
    if (rate_ > 0) {
      owed_ += rate_ * storm_tick_ms;
      calls = owed_ / (1000 * events_per_storm_call);
      owed_ -= calls * 1000 * events_per_storm_call;
    }
    for (; calls > 0; --calls) {
      std::string_view course = scene_.courses[next_++ % scene_.courses.size()];
      pbx_.start(course, cast(pbx_.server())).run();
      if (once_ && --left_ == 0) return;
    }
    int64_t pause = rate_ > 0 ? scene_.interval_ms : scene_.interval_ms / pbx_.server().pace();
    pbx_.scene_timer_ = pbx_.server().timers().after(pause, [self = shared_from_this()] { self->tick(); });
  }

 private:
  Pbx& pbx_;
  const Scene& scene_;
  int64_t rate_, owed_ = 0;
  size_t next_ = 0, left_;
  bool once_;
};

bool Pbx::knows(std::string_view scene) {
  return read_order(scene).has_value();
}

bool Pbx::play(std::string_view scene) {
  std::optional<Order> order = read_order(scene);
  if (!order) return false;
  server_.timers().cancel(scene_timer_);
  scene_timer_ = 0;
  if (order->scene) std::make_shared<SceneRun>(*this, *order->scene, order->rate, order->once)->tick();
  return true;
}

}  // namespace ami::mock
