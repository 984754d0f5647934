/* What is an action's answer: responses, lists, Command output, awaited events, and answers that go wrong. */
#include "api_client.h"

static const char* const versions[] = {"22", "16", "13", "11", "1.8", "1.6", "1.4"};
enum { VERSIONS = sizeof versions / sizeof *versions };

/* Answers with the text in `user`. */
static void answer_text(void* user, const ami_mock_request_t* request, ami_mock_session_t* session) {
  ami_mock_answer(session, request, user);
}

static void answers(world_t* world, const char* action_name, const char* text) {
  assert_int_equal(ami_mock_on(world->mock, action_name, answer_text, (void*)(uintptr_t)text), 0);
}

/* --------------------------------------------------------------------------------------- one response */

static void a_response(void** state) {
  world_t* world = world_new(state, NULL);
  ami_t* client = client_ready(world, NULL);
  sink_t* sent = send_action(world, client, action("Ping", NULL));
  until_reply(world, sent);
  assert_reply(sent->reply, 0, AMI_ANSWERED);
  assert_int_equal(ami_reply_id(sent->reply), sent->id);
  assert_int_equal(ami_reply_count(sent->reply), 0);
  assert_null(ami_reply_at(sent->reply, 0));
  assert_null(ami_reply_end(sent->reply));
  const ami_msg_t* response = ami_reply_response(sent->reply);
  assert_int_equal(ami_msg_kind(response), AMI_MSG_RESPONSE);
  assert_string_equal(ami_msg_name(response), "Success");
  assert_string_equal(field(response, "ping"), "Pong");
  assert_int_equal(ami_msg_status(response), 0);
  assert_true(ami_msg_seq(response) > 0);
  assert_true(ami_msg_time(response) > 1000000000ULL * 1000000000ULL);
  world_end(world);
}

static void an_error(void** state) {
  world_t* world = world_new(state, NULL);
  ami_t* client = client_ready(world, NULL);
  const ami_reply_t* reply = reply_to(world, client, action("NoSuchAction", NULL));
  assert_reply(reply, AMI_EREPLY, AMI_ANSWERED);
  assert_int_equal(ami_msg_status(ami_reply_response(reply)), AMI_EREPLY);
  assert_string_equal(ami_msg_name(ami_reply_response(reply)), "Error");
  assert_contains(field(ami_reply_response(reply), "Message"), "NoSuchAction");
  world_end(world);
}

/* Asterisk 1.4 says "Pong" and "Events Off"; words that nobody knows are no success. */
static void words_of_success(void** state) {
  world_t* world = world_new(state, "version", "1.4", NULL);
  ami_t* client = client_ready(world, NULL);
  const ami_reply_t* reply = reply_to(world, client, action("Ping", NULL));
  assert_reply(reply, 0, AMI_ANSWERED);
  assert_string_equal(ami_msg_name(ami_reply_response(reply)), "Pong");
  reply = reply_to(world, client, action("Events", "EventMask", "off", NULL));
  assert_reply(reply, 0, AMI_ANSWERED);
  assert_string_equal(ami_msg_name(ami_reply_response(reply)), "Events Off");
  answers(world, "Odd", "Response: Perhaps\r\n{id}\r\n");
  assert_reply(reply_to(world, client, action("Odd", NULL)), AMI_EREPLY, AMI_ANSWERED);
  world_end(world);
}

static void a_logoff_of_the_callers(void** state) {
  world_t* world = world_new(state, NULL);
  ami_t* client = client_ready(world, NULL);
  const ami_reply_t* reply = reply_to(world, client, action("Logoff", NULL));
  assert_reply(reply, 0, AMI_ANSWERED);
  assert_string_equal(ami_msg_name(ami_reply_response(reply)), "Goodbye");
  until_state(world, client, AMI_STATE_IDLE);
  world_end(world);
}

/* ----------------------------------------------------------------------------------------------- lists */

static void a_list(void** state) {
  for (size_t v = 0; v < VERSIONS; ++v) {
    world_t* world = world_new(state, "version", versions[v], NULL);
    ami_t* client = client_ready(world, NULL);
    sink_t* named = listen_to(world, client, "CoreShowChannel*");
    sink_t* data = listen_to(world, client, "data");
    const ami_reply_t* reply = reply_to(world, client, action("CoreShowChannels", "Items", "3", NULL));
    assert_reply(reply, 0, AMI_ANSWERED);
    assert_string_equal(ami_msg_name(ami_reply_response(reply)), "Success");
    assert_int_equal(ami_reply_count(reply), 3);
    for (size_t i = 0; i < 3; ++i) {
      char uniqueid[32];
      snprintf(uniqueid, sizeof uniqueid, "1700000000.%zu", i);
      const ami_msg_t* item = ami_reply_at(reply, i);
      assert_int_equal(ami_msg_kind(item), AMI_MSG_LISTITEM);
      assert_string_equal(ami_msg_name(item), "CoreShowChannel");
      assert_string_equal(field(item, "Uniqueid"), uniqueid);
    }
    assert_null(ami_reply_at(reply, 3));
    assert_null(ami_reply_at(reply, SIZE_MAX));
    assert_string_equal(ami_msg_name(ami_reply_end(reply)), "CoreShowChannelsComplete");
    /* What is said to an action goes to it, and to who wants all data. */
    settle(world, client);
    assert_int_equal(count_of(named), 0);
    assert_contains(names(data),
                    "Success CoreShowChannel CoreShowChannel CoreShowChannel CoreShowChannelsComplete");
    world_end(world);
  }
}

static void an_empty_list(void** state) {
  world_t* world = world_new(state, NULL);
  ami_t* client = client_ready(world, NULL);
  const ami_reply_t* reply = reply_to(world, client, action("CoreShowChannels", NULL));
  assert_reply(reply, 0, AMI_ANSWERED);
  assert_int_equal(ami_reply_count(reply), 0);
  assert_string_equal(field(ami_reply_end(reply), "ListItems"), "0");
  world_end(world);
}

static void items_also_as_events(void** state) {
  world_t* world = world_new(state, NULL);
  ami_t* client = client_ready(world, "list.events", "true", NULL);
  sink_t* named = listen_to(world, client, "CoreShowChannel*");
  const ami_reply_t* reply = reply_to(world, client, action("CoreShowChannels", "Items", "2", NULL));
  assert_int_equal(ami_reply_count(reply), 2);
  settle(world, client);
  assert_string_equal(names(named), "CoreShowChannel CoreShowChannel CoreShowChannelsComplete");
  assert_int_equal(ami_msg_kind(message_at(named, 0)), AMI_MSG_LISTITEM);
  world_end(world);
}

static void an_error_in_place_of_a_list(void** state) {
  world_t* world = world_new(state, NULL);
  ami_t* client = client_ready(world, NULL);
  const ami_reply_t* reply = reply_to(world, client, action("Status", "Channel", "SIP/none", NULL));
  assert_reply(reply, AMI_EREPLY, AMI_ANSWERED);
  assert_int_equal(ami_reply_count(reply), 0);
  assert_null(ami_reply_end(reply));
  world_end(world);
}

/* An error with the same id, and no terminator after it: the items stay. */
static void an_error_within_a_list(void** state) {
  world_t* world = world_new(state, NULL);
  ami_t* client = client_ready(world, NULL);
  ami_mock_fault(world->mock, "error_in_list", 2);
  const ami_reply_t* reply = reply_to(world, client, action("CoreShowChannels", "Items", "5", NULL));
  assert_reply(reply, AMI_EREPLY, AMI_ANSWERED);
  assert_int_equal(ami_reply_count(reply), 2);
  assert_string_equal(field(ami_reply_response(reply), "Message"), "The list broke off");
  settle(world, client);
  world_end(world);
}

/* PJSIPShowEndpoint goes on after its error: what then comes is nobody's, and no event. */
static void an_error_and_then_the_rest(void** state) {
  world_t* world = world_new(state, NULL);
  ami_t* client = client_ready(world, NULL);
  sink_t* events = listen_to(world, client, "Endpoint*");
  answers(world, "PJSIPShowEndpoint",
          "Response: Success\r\n{id}EventList: start\r\n\r\nEvent: EndpointDetail\r\n{id}\r\n"
          "Response: Error\r\n{id}Message: failed\r\n\r\nEvent: EndpointDetail\r\n{id}\r\n"
          "Event: EndpointDetailComplete\r\n{id}EventList: Complete\r\n\r\n");
  const ami_reply_t* reply = reply_to(world, client, action("PJSIPShowEndpoint", NULL));
  assert_reply(reply, AMI_EREPLY, AMI_ANSWERED);
  assert_int_equal(ami_reply_count(reply), 1);
  assert_null(ami_reply_end(reply));
  settle(world, client);
  assert_int_equal(count_of(events), 0);
  world_end(world);
}

static void a_list_canceled_by_the_server(void** state) {
  world_t* world = world_new(state, NULL);
  ami_t* client = client_ready(world, NULL);
  answers(world, "ThirdPartyList",
          "Response: Success\r\n{id}EventList: start\r\n\r\nEvent: Thing\r\n{id}\r\n"
          "Event: ThingEnd\r\n{id}EventList: cancelled\r\n\r\n");
  const ami_reply_t* reply = reply_to(world, client, action("ThirdPartyList", NULL));
  assert_reply(reply, AMI_EREPLY, AMI_ANSWERED);
  assert_int_equal(ami_reply_count(reply), 1);
  assert_string_equal(ami_msg_name(ami_reply_end(reply)), "ThingEnd");
  world_end(world);
}

static void a_streamed_list(void** state) {
  world_t* world = world_new(state, NULL);
  ami_t* client = client_ready(world, NULL);
  sink_t* sent = send_each(world, client, action("CoreShowChannels", "Items", "300", NULL));
  until_reply(world, sent);
  assert_reply(sent->reply, 0, AMI_ANSWERED);
  assert_int_equal(count_of(sent), 300); /* all before the reply */
  for (size_t i = 0; i < 300; ++i) {
    char uniqueid[32];
    snprintf(uniqueid, sizeof uniqueid, "1700000000.%zu", i);
    assert_int_equal(ami_msg_kind(message_at(sent, i)), AMI_MSG_LISTITEM);
    assert_string_equal(field(message_at(sent, i), "Uniqueid"), uniqueid);
  }
  assert_int_equal(ami_reply_count(sent->reply), 0); /* given, not kept */
  assert_null(ami_reply_at(sent->reply, 0));
  assert_string_equal(field(ami_reply_end(sent->reply), "ListItems"), "300");
  world_end(world);
}

static void a_response_to_who_awaits_items(void** state) {
  world_t* world = world_new(state, NULL);
  ami_t* client = client_ready(world, NULL);
  sink_t* sent = send_each(world, client, action("Ping", NULL));
  until_reply(world, sent);
  assert_reply(sent->reply, 0, AMI_ANSWERED);
  assert_int_equal(count_of(sent), 0);
  world_end(world);
}

static void a_list_over_its_bound(void** state) {
  const char* const bounds[][2] = {{"list.max_items", "10"}, {"list.max_bytes", "2000"}};
  for (size_t i = 0; i < 2; ++i) {
    for (int streamed = 0; streamed < 2; ++streamed) {
      world_t* world = world_new(state, NULL);
      ami_t* client = client_ready(world, bounds[i][0], bounds[i][1], NULL);
      ami_action_t* list = action("CoreShowChannels", "Items", "100", NULL);
      sink_t* sent = streamed == 1 ? send_each(world, client, list) : send_action(world, client, list);
      until_reply(world, sent);
      assert_reply(sent->reply, AMI_ELIMIT, AMI_ANSWERED);
      settle(world, client); /* the rest has been swallowed */
      const size_t kept = streamed == 1 ? count_of(sent) : ami_reply_count(sent->reply);
      if (i == 0) assert_int_equal(kept, 10);
      assert_in_range(kept, 1, 10);
      assert_int_equal(ami_state(client), AMI_STATE_READY);
      world_end(world);
    }
  }
}

/* --------------------------------------------------------------------------------------------- Command */

static const char* output_of(world_t* world, ami_t* client, const char* command, int status, size_t* len) {
  const ami_reply_t* reply = reply_to(world, client, action("Command", "Command", command, NULL));
  assert_reply(reply, status, AMI_ANSWERED);
  const char* output = ami_msg_output(ami_reply_response(reply), len);
  assert_non_null(output);
  return output;
}

static void the_output_of_a_command(void** state) {
  for (size_t v = 0; v < VERSIONS; ++v) {
    world_t* world = world_new(state, "version", versions[v], NULL);
    ami_t* client = client_ready(world, NULL);
    const bool block = v >= 2; /* up to Asterisk 13 */
    size_t len = 0;
    const char* output = output_of(world, client, "core show version", 0, &len);
    assert_contains(output, "Asterisk ");
    assert_contains(output, " 21:35:32 UTC");
    assert_int_equal(strlen(output), len);
    output = output_of(world, client, "core show channels", 0, &len);
    assert_contains(output, "0 active channels\n0 active calls\n");
    output = output_of(world, client, "logger rotate", 0, &len);
    assert_string_equal(output, "");
    assert_int_equal(len, 0);
    /* The old block says Follows, whatever comes of it. */
    output = output_of(world, client, "no such", block ? 0 : AMI_EREPLY, NULL);
    assert_contains(output, "No such command 'no such'");
    const ami_reply_t* reply = reply_to(world, client, action("Command", "Command", "module load x", NULL));
    assert_reply(reply, AMI_EREPLY, AMI_ANSWERED);
    assert_null(ami_msg_output(ami_reply_response(reply), NULL));
    settle(world, client);
    world_end(world);
  }
}

/* Blank lines, what looks like a header or a message, and no line end at the end. */
static void output_of_any_form(void** state) {
  world_t* world = world_new(state, "version", "13", NULL);
  ami_t* client = client_ready(world, NULL);
  size_t len = 0;
  answers(world, "Command",
          "Response: Follows\r\nPrivilege: Command\r\n{id}first\n\nActionID: other\nEvent: Hello\n\n  last"
          "--END COMMAND--\r\n\r\n");
  assert_string_equal(output_of(world, client, "any", 0, &len),
                      "first\n\nActionID: other\nEvent: Hello\n\n  last");
  answers(world, "Command",
          "Response: Success\r\n{id}Message: Command output follows\r\nOutput: first\r\nOutput: \r\n"
          "Output:   Event: Hello\r\nOutput: last\r\n\r\n");
  assert_string_equal(output_of(world, client, "any", 0, &len), "first\n\n  Event: Hello\nlast");
  settle(world, client);
  world_end(world);
}

/* -------------------------------------------------------------------------------------- awaited events */

static ami_action_t* originate(const char* channel, const char* async) {
  ami_action_t* call = action("Originate", "Channel", channel, "Application", "Wait", "Data", "0.1",
                              "Timeout", "100", "Async", async, NULL);
  assert_int_equal(ami_action_until(call, "OriginateResponse"), 0);
  return call;
}

static void the_event_of_an_async_originate(void** state) {
  world_t* world = world_new(state, "speed", "10", NULL);
  ami_t* client = client_ready(world, NULL);
  sink_t* stream = listen_to(world, client, "OriginateResponse");
  const char* const channels[] = {"Local/100@test", "Local/103@test", "Local/105@test"};
  for (size_t i = 0; i < 3; ++i) {
    const ami_reply_t* reply = reply_to(world, client, originate(channels[i], "true"));
    assert_reply(reply, i == 0 ? 0 : AMI_EREPLY, AMI_ANSWERED);
    assert_string_equal(field(ami_reply_response(reply), "Message"), "Originate successfully queued");
    assert_string_equal(ami_msg_name(ami_reply_end(reply)), "OriginateResponse");
    assert_string_equal(field(ami_reply_end(reply), "Response"), i == 0 ? "Success" : "Failure");
    until_count(world, stream, i + 1); /* others want it, too */
    assert_int_equal(ami_msg_kind(message_at(stream, i)), AMI_MSG_EVENT);
  }
  world_end(world);
}

static void calls_at_the_same_time(void** state) {
  world_t* world = world_new(state, "speed", "10", NULL);
  ami_t* client = client_ready(world, NULL);
  sink_t* sent[20];
  for (int i = 0; i < 20; ++i)
    sent[i] = send_action(world, client, originate(i % 2 == 0 ? "Local/100@test" : "Local/103@test", "yes"));
  settle(world, client); /* they hold up nobody */
  for (int i = 0; i < 20; ++i) {
    until_reply(world, sent[i]);
    assert_reply(sent[i]->reply, i % 2 == 0 ? 0 : AMI_EREPLY, AMI_ANSWERED);
    assert_string_equal(field(ami_reply_end(sent[i]->reply), "ActionID"),
                        field(ami_reply_response(sent[i]->reply), "ActionID"));
  }
  world_end(world);
}

static void an_error_in_place_of_the_event(void** state) {
  world_t* world = world_new(state, NULL);
  ami_t* client = client_ready(world, NULL);
  const ami_reply_t* reply = reply_to(world, client, originate("no channel", "true"));
  assert_reply(reply, AMI_EREPLY, AMI_ANSWERED);
  assert_string_equal(field(ami_reply_response(reply), "Message"), "Invalid channel");
  assert_null(ami_reply_end(reply));
  world_end(world);
}

/* Earlier events with our id are items; those of other ids and UserEvents are nobody's. */
static void events_on_the_way(void** state) {
  const char* text =
      "Response: Success\r\n{id}\r\nEvent: Step\r\n{id}Number: 1\r\n\r\nEvent: Done\r\nActionID: "
      "other\r\n\r\n"
      "Event: UserEvent\r\n{id}UserEvent: Done\r\n\r\nEvent: Step\r\n{id}Number: 2\r\n\r\n"
      "Event: done\r\n{id}Response: Success\r\n\r\nEvent: Step\r\n{id}Number: 3\r\n\r\n";
  for (int streamed = 0; streamed < 2; ++streamed) {
    world_t* world = world_new(state, NULL);
    ami_t* client = client_ready(world, NULL);
    answers(world, "Walk", text);
    sink_t* steps = listen_to(world, client, "Step");
    sink_t* dones = listen_to(world, client, "Done");
    ami_action_t* walk = action("Walk", NULL);
    assert_int_equal(ami_action_until(walk, "Done"), 0);
    sink_t* sent = streamed == 1 ? send_each(world, client, walk) : send_action(world, client, walk);
    until_reply(world, sent);
    assert_reply(sent->reply, 0, AMI_ANSWERED);
    settle(world, client);
    assert_int_equal(count_of(sent), streamed == 1 ? 2 : 0);
    assert_int_equal(ami_reply_count(sent->reply), streamed == 1 ? 0 : 2);
    const ami_msg_t* second = streamed == 1 ? message_at(sent, 1) : ami_reply_at(sent->reply, 1);
    assert_string_equal(field(second, "Number"), "2");
    assert_string_equal(ami_msg_name(ami_reply_end(sent->reply)), "done");
    assert_int_equal(count_of(dones), 2);
    assert_int_equal(count_of(steps), 1);
    assert_string_equal(field(message_at(steps, 0), "Number"), "3");
    world_end(world);
  }
}

static void the_event_before_the_response(void** state) {
  world_t* world = world_new(state, NULL);
  ami_t* client = client_ready(world, NULL);
  answers(world, "Fast", "Event: Done\r\n{id}\r\nResponse: Success\r\n{id}\r\n");
  ami_action_t* fast = action("Fast", NULL);
  assert_int_equal(ami_action_until(fast, "Done"), 0);
  const ami_reply_t* reply = reply_to(world, client, fast);
  assert_reply(reply, 0, AMI_ANSWERED);
  assert_string_equal(ami_msg_name(ami_reply_end(reply)), "Done");
  settle(world, client);
  world_end(world);
}

static void an_event_that_cannot_come(void** state) {
  world_t* world = world_new(state, NULL);
  ami_t* client = client_new(world);
  client_set(client, "offline", "queue");
  ami_mock_fault(world->mock, "greet_silence", 0);
  assert_int_equal(ami_connect(client), 0);
  assert_error(refused(world, client, originate("Local/100@test", "false")), AMI_EINVAL);
  assert_contains(detail(client), "Async: true");
  client_disconnect(world, client);
  ami_mock_clear(world->mock);
  const char* const masks[] = {"off", "agent,user"};
  for (size_t i = 0; i < 2; ++i) {
    client_set(client, "events", masks[i]);
    assert_int_equal(client_connect(world, client), 0);
    assert_error(refused(world, client, originate("Local/100@test", "true")), AMI_ESTATE);
    assert_contains(detail(client), masks[i]);
    assert_contains(detail(client), "call");
    client_disconnect(world, client);
  }
  assert_int_equal(ami_mock_count(world->mock, "action:Originate"), 0);
  client_set(client, "events", "agent,call");
  assert_int_equal(client_connect(world, client), 0);
  assert_reply(reply_to(world, client, originate("Local/100@test", "true")), 0, AMI_ANSWERED);
  world_end(world);
}

static void a_synchronous_originate(void** state) {
  world_t* world = world_new(state, "speed", "10", NULL);
  ami_t* client = client_ready(world, NULL);
  ami_action_t* call =
      action("Originate", "Channel", "Local/103@test", "Application", "Wait", "Data", "0.1", NULL);
  const ami_reply_t* reply = reply_to(world, client, call);
  assert_reply(reply, AMI_EREPLY, AMI_ANSWERED);
  assert_string_equal(field(ami_reply_response(reply), "Message"), "Originate failed");
  world_end(world);
}

/* ---------------------------------------------------------------------------------------- odd answers */

/* They answer with text that is no message. */
static void actions_without_an_answer_are_refused(void** state) {
  world_t* world = world_new(state, NULL);
  ami_t* client = client_ready(world, NULL);
  assert_error(refused(world, client, action("Queues", NULL)), AMI_EINVAL);
  assert_contains(detail(client), "queue show");
  assert_error(refused(world, client, action("iaxNETstats", NULL)), AMI_EINVAL);
  assert_contains(detail(client), "iax2 show netstats");
  settle(world, client);
  assert_int_equal(ami_mock_count(world->mock, "action:Queues"), 0);
  assert_int_equal(ami_mock_count(world->mock, "action:IAXnetstats"), 0);
  world_end(world);
}

/* Asterisk is serial: who answers a later one will not answer the earlier. */
static void an_action_that_is_passed_over(void** state) {
  world_t* world = world_new(state, NULL);
  ami_t* client = client_ready(world, NULL);
  ami_mock_fault(world->mock, "no_response", 1);
  sink_t* first = send_action(world, client, action("Events", "EventMask", "on", NULL));
  settle(world, client);
  until_reply(world, first);
  assert_reply(first->reply, AMI_ENORESPONSE, AMI_MAYBE_RUN);
  assert_null(ami_reply_response(first->reply));
  world_end(world);
}

static void an_event_in_place_of_a_response(void** state) {
  world_t* world = world_new(state, NULL);
  ami_t* client = client_ready(world, NULL);
  answers(world, "DataGet", "Event: DataGet Tree\r\n{id}Path: x\r\n\r\n");
  const ami_reply_t* reply = reply_to(world, client, action("DataGet", "Path", "x", NULL));
  assert_reply(reply, 0, AMI_ANSWERED);
  assert_string_equal(ami_msg_name(ami_reply_response(reply)), "DataGet Tree");
  world_end(world);
}

static void one_event_behind_a_response(void** state) {
  world_t* world = world_new(state, NULL);
  ami_t* client = client_ready(world, NULL);
  answers(world, "FAXStats", "Response: Success\r\n{id}\r\nEvent: FAXStats\r\n{id}Current: 0\r\n\r\n");
  const ami_reply_t* reply = reply_to(world, client, action("FAXStats", NULL));
  assert_reply(reply, 0, AMI_ANSWERED);
  assert_int_equal(ami_reply_count(reply), 1);
  assert_string_equal(field(ami_reply_at(reply, 0), "Current"), "0");
  world_end(world);
}

static void two_responses(void** state) {
  world_t* world = world_new(state, NULL);
  ami_t* client = client_ready(world, NULL);
  sink_t* responses = listen_to(world, client, "response");
  ami_mock_fault(world->mock, "double_response", 1);
  settle(world, client);
  settle(world, client);
  assert_int_equal(count_of(responses), 3);
  until_stat(client, AMI_STAT_STRAYS, 1);
  world_end(world); /* which sees that there was one reply */
}

static void responses_without_or_with_wrong_ids(void** state) {
  world_t* world = world_new(state, NULL);
  ami_t* client = client_ready(world, NULL);
  ami_mock_fault(world->mock, "no_id", 1);
  settle(world, client);
  ami_mock_fault(world->mock, "wrong_id", 1);
  sink_t* sent = send_action(world, client, action("Ping", NULL));
  settle(world, client);
  until_reply(world, sent);
  assert_reply(sent->reply, AMI_ENORESPONSE, AMI_MAYBE_RUN);
  world_end(world);
}

/* Events with the ids of others, or with ours, are no answers. */
static void ids_in_events_of_the_stream(void** state) {
  world_t* world = world_new(state, NULL);
  ami_t* client = client_ready(world, NULL);
  sink_t* hellos = listen_to(world, client, "Hello");
  ami_mock_fault(world->mock, "no_response", 1);
  sink_t* sent = send_action(world, client, action("Ping", "ActionID", "mine", NULL));
  until_mock(world, "action:Ping", 1);
  ami_mock_emit(world->mock,
                "Event: Hello\r\nPrivilege: user,all\r\nActionID: mine\r\nResponse: Error\r\n\r\n");
  until_count(world, hellos, 1);
  assert_int_equal(sent->replies, 0);
  settle(world, client);
  until_reply(world, sent);
  assert_reply(sent->reply, AMI_ENORESPONSE, AMI_MAYBE_RUN);
  world_end(world);
}

/* A byte at a time, and with noise between the messages. */
static void answers_in_pieces_and_noise(void** state) {
  world_t* world = world_new(state, NULL);
  ami_t* client = client_ready(world, NULL);
  ami_mock_fault_with(world->mock, "garbage", 100, AMI_MOCK_EVERY);
  ami_mock_fault(world->mock, "one_byte", 1);
  const ami_reply_t* reply = reply_to(world, client, action("CoreShowChannels", "Items", "2", NULL));
  assert_reply(reply, 0, AMI_ANSWERED);
  ami_mock_clear(world->mock);
  assert_string_equal(ami_msg_name(ami_reply_end(reply)), "CoreShowChannelsComplete");
  settle(world, client);
  assert_true(ami_stat(client, AMI_STAT_STRAYS) + ami_stat(client, AMI_STAT_RESYNCS) > 0);
  world_end(world);
}

static const struct CMUnitTest tests[] = {
    IN_ALL(a_response),
    IN_ALL(an_error),
    IN(words_of_success, BY_THREAD),
    IN_ALL(a_logoff_of_the_callers),
    IN_ALL(a_list),
    IN_ALL(an_empty_list),
    IN_ALL(items_also_as_events),
    IN_ALL(an_error_in_place_of_a_list),
    IN_ALL(an_error_within_a_list),
    IN_ALL(an_error_and_then_the_rest),
    IN(a_list_canceled_by_the_server, BY_LOOP),
    IN_ALL(a_streamed_list),
    IN_ALL(a_response_to_who_awaits_items),
    IN_ALL(a_list_over_its_bound),
    IN_ALL(the_output_of_a_command),
    IN(output_of_any_form, BY_THREAD),
    IN_ALL(the_event_of_an_async_originate),
    IN_ALL(calls_at_the_same_time),
    IN_ALL(an_error_in_place_of_the_event),
    IN_ALL(events_on_the_way),
    IN_ALL(the_event_before_the_response),
    IN_ALL(an_event_that_cannot_come),
    IN(a_synchronous_originate, BY_THREAD),
    IN(a_synchronous_originate, BY_LOOP),
    IN_ALL(actions_without_an_answer_are_refused),
    IN_ALL(an_action_that_is_passed_over),
    IN_ALL(an_event_in_place_of_a_response),
    IN_ALL(one_event_behind_a_response),
    IN_ALL(two_responses),
    IN_ALL(responses_without_or_with_wrong_ids),
    IN_ALL(ids_in_events_of_the_stream),
    IN_ALL(answers_in_pieces_and_noise),
};
RUN(tests)
