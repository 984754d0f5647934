/* Servers that play with ActionIDs: those of nobody, those of the future, the same ones again. */
#include "hostile.h"

/* ----------------------------------------------------------------------------------------- of nobody */

enum { NOBODIES = 20000 };

/* Answers, items and ends for ids that nobody sent, each another one, in the midst of a list. */
static void say_for_nobody(peer_t* peer, void* data) {
  (void)data;
  if (!peer_log_in(peer) || peer_hear(peer) == NULL) return;
  const char* list = peer_hear(peer);
  if (list == NULL || !peer_say(peer, "Response: Success\r\nActionID: %s\r\nEventList: start\r\n\r\n", list))
    return;
  for (int i = 0; i < NOBODIES; ++i) {
    if (!peer_say(peer,
                  "Response: Success\r\nActionID: nobody-%d\r\n\r\nEvent: CoreShowChannel\r\nActionID: "
                  "nobody-%d\r\n\r\n"
                  "Event: CoreShowChannelsComplete\r\nActionID: nobody-%d\r\nEventList: Complete\r\n\r\n"
                  "Response: Error\r\nActionID: %s%d\r\n\r\n",
                  i, i, i, peer_prefix(peer), 1000000 + i)) {
      return;
    }
  }
  peer_say(peer, "Event: CoreShowChannel\r\nActionID: %s\r\n\r\n", list);
  peer_say(peer, "Event: CoreShowChannelsComplete\r\nActionID: %s\r\nEventList: Complete\r\n\r\n", list);
  peer_ignore(peer);
}

static void of_nobody(void** state) {
  world_t* world = world_new(state, NULL);
  peer_t* peer = peer_new(say_for_nobody, NULL);
  ami_t* client = client_of(world, peer);
  assert_error(client_connect(world, client), 0);
  watch(client);
  sink_t* first = send_action(world, client, action("CoreStatus", NULL)); /* never answered */
  sink_t* list = send_action(world, client, action("CoreShowChannels", NULL));
  until_reply(world, list);
  assert_bounded(client, 4);
  assert_reply(list->reply, 0, AMI_ANSWERED);
  assert_int_equal(ami_reply_count(list->reply), 1);
  assert_string_equal(field(ami_reply_end(list->reply), "ActionID"),
                      field(ami_reply_response(list->reply), "ActionID"));
  until_reply(world, first);
  assert_reply(first->reply, AMI_ENORESPONSE, AMI_MAYBE_RUN);
  until_stat(client, AMI_STAT_STRAYS, 2 * NOBODIES);
  assert_int_equal(ami_stat(client, AMI_STAT_STRAYS), 2 * NOBODIES);
  assert_int_equal(ami_state(client), AMI_STATE_READY);
  world_end(world);
  peer_free(peer);
}

/* --------------------------------------------------------------------------------- of what is to come */

enum { AHEAD = 2000 };

/* Says yes to everything that may come next, in the same breath as the answer that lets it come. */
static void foresee_login(peer_t* peer, void* data) {
  (void)data;
  char text[4096];
  size_t size = 0;
  if (!peer_say(peer, "Asterisk Call Manager/11.0.0\r\n")) return;
  const char* id = peer_hear(peer);
  if (id == NULL) return;
  size +=
      (size_t)snprintf(text, sizeof text, "Response: Success\r\nActionID: %s\r\nChallenge: 1\r\n\r\n", id);
  for (int i = 2; i < 20; ++i) {
    size += (size_t)snprintf(text + size, sizeof text - size, "Response: Success\r\nActionID: %ss%d\r\n\r\n",
                             peer_prefix(peer), i);
  }
  if (!peer_say(peer, "%s", text)) return;
  id = peer_hear(peer);
  if (id == NULL) return;
  peer_say(peer, "Response: Error\r\nActionID: %s\r\nMessage: Authentication failed\r\n\r\n", id);
  peer_ignore(peer);
}

/* What is read before the Login has left cannot be its answer. */
static void of_the_login_to_come(void** state) {
  world_t* world = world_new(state, NULL);
  peer_t* peer = peer_new(foresee_login, NULL);
  ami_t* client = client_of(world, peer);
  sink_t* ready = listen_to(world, client, "ready");
  watch(client);
  assert_error(client_connect(world, client), AMI_EAUTH);
  assert_bounded(client, 4);
  assert_contains(detail(client), "Authentication failed");
  assert_int_equal(count_of(ready), 0);
  world_end(world);
  peer_free(peer);
}

static void foresee(peer_t* peer, void* data) {
  (void)data;
  if (!peer_log_in(peer)) return;
  const char* id = peer_hear(peer);
  if (id == NULL) return;
  const char* prefix = peer_prefix(peer);
  const long last = atol(id + strlen(prefix));
  for (long i = 1; i <= AHEAD; ++i) {
    if (!peer_say(
            peer,
            "Response: Success\r\nActionID: %s%ld\r\nForeseen: yes\r\n\r\n"
            "Event: OriginateResponse\r\nPrivilege: call,all\r\nActionID: %s%ld\r\nResponse: Success\r\n\r\n",
            prefix, last + i, prefix, last + i)) {
      return;
    }
  }
  peer_say(peer, "Response: Success\r\nActionID: %s\r\n\r\n", id);
  while ((id = peer_hear(peer)) != NULL) {
    peer_say(peer, "Response: Error\r\nActionID: %s\r\nMessage: the true one\r\n\r\n", id);
  }
}

/* An answer that was there before its question leaves nothing behind that could answer it. */
static void of_actions_to_come(void** state) {
  world_t* world = world_new(state, NULL);
  peer_t* peer = peer_new(foresee, NULL);
  ami_t* client = client_of(world, peer);
  assert_error(client_connect(world, client), 0);
  watch(client);
  assert_reply(reply_to(world, client, action("Ping", NULL)), 0, AMI_ANSWERED);
  until_stat(client, AMI_STAT_STRAYS, AHEAD);
  assert_int_equal(ami_stat(client, AMI_STAT_STRAYS), AHEAD);
  assert_bounded(client, 4);
  for (int i = 0; i < 20; ++i) {
    ami_action_t* made = action(i % 2 == 0 ? "CoreStatus" : "Originate", "Async", "true", NULL);
    if (i % 2 == 1) assert_error(ami_action_until(made, "OriginateResponse"), 0);
    const ami_reply_t* reply = reply_to(world, client, made);
    assert_reply(reply, AMI_EREPLY, AMI_ANSWERED);
    assert_string_equal(field(ami_reply_response(reply), "Message"), "the true one");
    assert_null(ami_reply_end(reply));
  }
  world_end(world);
  peer_free(peer);
}

/* ------------------------------------------------------------------------------------ the same again */

/* Each action is answered a thousand times, by answers of all kinds. */
static void answer_on_and_on(peer_t* peer, void* data) {
  (void)data;
  if (!peer_log_in(peer)) return;
  for (const char* id; (id = peer_hear(peer)) != NULL;) {
    char text[512];
    snprintf(text, sizeof text,
             "Response: Success\r\nActionID: %s\r\n\r\nResponse: Error\r\nActionID: %s\r\n\r\n"
             "Response: Success\r\nActionID: %s\r\nEventList: start\r\n\r\n"
             "Event: Item\r\nActionID: %s\r\n\r\n",
             id, id, id, id);
    peer_repeat(peer, text, 1000 * strlen(text));
  }
}

static void of_what_was_answered(void** state) {
  world_t* world = world_new(state, NULL);
  peer_t* peer = peer_new(answer_on_and_on, NULL);
  ami_t* client = client_of(world, peer);
  sink_t* items = listen_to(world, client, "Item");
  assert_error(client_connect(world, client), 0);
  watch(client);
  for (int i = 1; i <= 20; ++i) {
    assert_reply(reply_to(world, client, action("CoreStatus", NULL)), 0, AMI_ANSWERED);
    until_stat(client, AMI_STAT_STRAYS, 2999 * i);
  }
  until_count(world, items, 20000); /* nobody's list: they are events */
  assert_bounded(client, 24);       /* of which the test itself keeps 20,000 */
  assert_int_equal(ami_stat(client, AMI_STAT_STRAYS), 2999 * 20);
  assert_int_equal(ami_stat(client, AMI_STAT_INFLIGHT), 0);
  world_end(world);
  peer_free(peer);
}

static const struct CMUnitTest tests[] = {
    IN(of_nobody, BY_THREAD),
    IN(of_nobody, BY_LOOP),
    IN(of_the_login_to_come, BY_THREAD),
    IN(of_the_login_to_come, BY_LOOP),
    IN(of_actions_to_come, BY_THREAD),
    IN(of_actions_to_come, BY_LOOP),
    IN(of_what_was_answered, BY_THREAD),
};
RUN(tests)
