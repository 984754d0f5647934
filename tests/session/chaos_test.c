/* Anything in any order: each action gets exactly one reply, and no tick is in vain. */
#include "script.h"

enum { SEEDS = 300, STEPS = 300, MOST = STEPS + 1 };

typedef struct chaos {
  core_session_t* session;
  uint64_t random;
  unsigned actions;
  int held;
} chaos_t;

static unsigned draw(chaos_t* chaos, unsigned below) {
  chaos->random = chaos->random * 6364136223846793005U + 1442695040888963407U;
  return (unsigned)(chaos->random >> 33U) % below;
}

static void submit(chaos_t* chaos) {
  static const char* const names[] = {"Ping",
                                      "QueueStatus",
                                      "QueueStatus each",
                                      "DBGet",
                                      "FAXStats",
                                      "DataGet",
                                      "WaitEvent",
                                      "Originate Timeout=9000",
                                      "Any until=Done",
                                      "Logoff",
                                      "QueueStatus until=Item"};
  static const char* const limits[] = {"", "", " timeout=0", " timeout=700", " timeout=20000"};
  char action[128];
  snprintf(action, sizeof action, "%s%s", names[draw(chaos, sizeof names / sizeof *names)],
           limits[draw(chaos, sizeof limits / sizeof *limits)]);
  if (core_session_submit(chaos->session, action) != 0) chaos->actions++;
}

static void say_something(chaos_t* chaos) {
  static const char* const texts[] = {"Response: Success\nActionID: %s\n\n",
                                      "Response: Success\nActionID: %s\nMessage: x\n\n",
                                      "Response: Success\nActionID: %s\nEventList: start\n\n",
                                      "Response: Success\nActionID: %s\nMessage: will follow\n\n",
                                      "Response: Error\nActionID: %s\nMessage: x\n\n",
                                      "Response: Success\n\n",
                                      "Event: Item\nActionID: %s\n\n",
                                      "Event: Item\nActionID: %s\n\n",
                                      "Event: QueueStatusComplete\nActionID: %s\nEventList: Complete\n\n",
                                      "Event: QueueStatusComplete\nActionID: %s\n\n",
                                      "Event: Done\nPrivilege: x\nActionID: %s\n\n",
                                      "Event: DataGet Tree\nActionID: %s\n\n",
                                      "Event: FAXStats\nActionID: %s\n\n",
                                      "Event: Other\nPrivilege: x\n\n",
                                      "Channel: x\n\n",
                                      "Response: Goodbye\nActionID: %s\n\n"};
  char id[32];
  char text[256];
  const char* format = texts[draw(chaos, sizeof texts / sizeof *texts)];
  if (draw(chaos, 6) == 0) {
    snprintf(id, sizeof id, "ps%u", draw(chaos, 6));
  } else {
    const unsigned back = draw(chaos, 6);
    snprintf(id, sizeof id, "a%u", chaos->actions > back ? chaos->actions - back : 1);
  }
  const char* place = strstr(format, "%s");
  if (place == NULL) {
    snprintf(text, sizeof text, "%s", format);
  } else {
    snprintf(text, sizeof text, "%.*s%s%s", (int)(place - format), format, id, place + 2);
  }
  server(chaos->session, text);
}

static void reconnect(chaos_t* chaos) {
  core_session_disconnect(chaos->session, AMI_ELOST, (int)draw(chaos, 2));
  if (draw(chaos, 3) == 0) core_session_end_waiting(chaos->session, AMI_ECONNECT);
  core_session_connect(chaos->session);
  server(chaos->session, "Asterisk Call Manager/9.0.0\n");
  if (draw(chaos, 8) != 0) server(chaos->session, "Response: Success\nActionID: ps1\n\n");
}

static void step(chaos_t* chaos) {
  size_t size = 0;
  switch (draw(chaos, 16)) {
    case 0:
    case 1:
    case 2:
    case 3:
    case 4:
      return submit(chaos);
    case 5:
      if (chaos->actions > 0) core_session_cancel(chaos->session, 1 + draw(chaos, chaos->actions));
      return;
    case 6:
      return core_session_advance(chaos->session, draw(chaos, 3000));
    case 7:
      return core_session_advance(chaos->session, draw(chaos, 40000));
    case 8:
      if (draw(chaos, 4) == 0) reconnect(chaos);
      return;
    case 9:
      if (draw(chaos, 8) == 0) core_session_close(chaos->session);
      return;
    case 10:
      return core_session_mask(chaos->session, draw(chaos, 2) ? "call" : "on");
    case 11:
    case 12:
      if (!chaos->held) return;
      core_session_output(chaos->session, &size);
      return core_session_hand_over(chaos->session, draw(chaos, (unsigned)size + 1));
    default:
      return say_something(chaos);
  }
}

static void each_action_has_one_reply(void** state) {
  static const char* const options[] = {"list.max_items=3", "blocked.max_ms=45000", NULL};
  (void)state;
  for (uint64_t seed = 1; seed <= SEEDS; seed++) {
    chaos_t chaos = {ready_with(options), seed * 7919, 0, 0};
    core_session_set(chaos.session, "offline", seed % 2 ? "queue" : "refuse");
    if (draw(&chaos, 3) == 0) {
      chaos.held = 1;
      core_session_hold(chaos.session);
    }
    for (int i = 0; i < STEPS; i++) {
      step(&chaos);
      if (strstr(core_session_said(chaos.session), "spins\n") != NULL) fail_msg("seed %d spins", (int)seed);
    }
    core_session_disconnect(chaos.session, AMI_ELOST, (int)draw(&chaos, 2));
    core_session_end_waiting(chaos.session, AMI_ECLOSED);
    assert_int_equal(core_session_due(chaos.session), -1);
    assert_true(chaos.actions > 30 && chaos.actions < MOST);
    for (uint64_t action = 1; action <= chaos.actions; action++) {
      if (core_session_replies(chaos.session, action) == 1) continue;
      fail_msg("seed %d: action %d has %d replies", (int)seed, (int)action,
               core_session_replies(chaos.session, action));
    }
    core_session_free(chaos.session);
  }
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(each_action_has_one_reply),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
