#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core_protocol.h"

#define GREETING "Asterisk Call Manager/5.0.4\r\n"
#define GREETED "greeting Asterisk Call Manager/5.0.4\n"

/* Feeds a copy that ends where the bytes end, so that a sanitizer notices when more is read. */
static int feed(core_parser_t* parser, const char* bytes, size_t size) {
  char* copy = malloc(size);
  if (size != 0) memcpy(copy, bytes, size);
  const int err = core_parser_feed(parser, copy, size);
  free(copy);
  return err;
}

/* What a parser hears of bytes that come in the pieces [0, first), [first, first + step), [.. + step) ... */
static core_parser_t* listen(const char* bytes, size_t size, size_t first, size_t step) {
  core_parser_t* parser = core_parser_new(0, 0, 0);
  size_t at = first;
  assert_int_equal(feed(parser, bytes, first), 0);
  while (at < size) {
    const size_t piece = size - at < step ? size - at : step;
    assert_int_equal(feed(parser, bytes + at, piece), 0);
    at += piece;
  }
  return parser;
}

/* Whole, at every split in two, byte by byte and in threes: always the same. */
static void hears_bytes(const char* bytes, size_t size, const char* expected, size_t held) {
  for (size_t split = 0; split <= size + 2; split++) {
    core_parser_t* parser = split <= size ? listen(bytes, size, split, size + 1)
                                          : listen(bytes, size, 0, split == size + 1 ? 1 : 3);
    if (strcmp(core_parser_heard(parser), expected) != 0) {
      print_error("split at %zu of %zu\n", split, size);
      assert_string_equal(core_parser_heard(parser), expected);
    }
    assert_int_equal(core_parser_held(parser), held);
    core_parser_free(parser);
  }
}

static void hears_held(const char* bytes, const char* expected, size_t held) {
  char all[4096];
  char all_expected[4096];
  snprintf(all, sizeof all, GREETING "%s", bytes);
  snprintf(all_expected, sizeof all_expected, GREETED "%s", expected);
  hears_bytes(all, strlen(all), all_expected, held);
}

static void hears(const char* bytes, const char* expected) {
  hears_held(bytes, expected, 0);
}

/* ---------------------------------------------------------------------------------------- greeting */

static void takes_any_first_line_as_greeting(void** state) {
  (void)state;
  hears("", "");
  hears_bytes("SSH-2.0-OpenSSH_9\r\n", 19, "greeting SSH-2.0-OpenSSH_9\n", 0);
  hears_bytes("220 mail\n", 9, "greeting 220 mail\n", 0);
  hears_bytes("\r\n", 2, "greeting \n", 0);
  hears_bytes("Asterisk Call", 13, "", 13);
  hears_bytes("", 0, "", 0);
}

static void greeting_has_a_bound(void** state) {
  char line[300];
  (void)state;
  memset(line, 'x', sizeof line);
  for (size_t step = 1; step <= sizeof line; step += 7) {
    for (int with_cr = 0; with_cr < 2; with_cr++) {
      core_parser_t* parser = core_parser_new(0, 0, 20);
      int err = 0;
      for (size_t at = 0; at < 20; at += step) {
        err = feed(parser, line + at, 20 - at < step ? 20 - at : step);
      }
      assert_int_equal(err, 0);
      assert_int_equal(feed(parser, with_cr ? "\r" : "", (size_t)with_cr), 0);
      assert_int_equal(feed(parser, "\n", 1), 0);
      assert_string_equal(core_parser_heard(parser), "greeting xxxxxxxxxxxxxxxxxxxx\n");
      core_parser_free(parser);
    }
    core_parser_t* parser = core_parser_new(0, 0, 20);
    int err = 0;
    for (size_t at = 0; at < 22 && err == 0; at += step) {
      err = feed(parser, line + at, 22 - at < step ? 22 - at : step);
    }
    assert_int_equal(err, AMI_EPROTO);
    assert_int_equal(feed(parser, "\r\n", 2), AMI_EPROTO);
    assert_string_equal(core_parser_heard(parser), "");
    assert_non_null(strstr(core_parser_detail(parser), "20 bytes"));
    core_parser_free(parser);
  }
}

/* --------------------------------------------------------------------------------------- messages */

static void takes_messages_apart(void** state) {
  (void)state;
  hears(
      "Response: Success\r\nActionID: 1\r\nMessage: Authentication accepted\r\n\r\n"
      "Event: FullyBooted\r\nPrivilege: system,all\r\nStatus: Fully Booted\r\n\r\n",
      "response Success\n  Response=Success\n  ActionID=1\n  Message=Authentication accepted\n"
      "event FullyBooted\n  Event=FullyBooted\n  Privilege=system,all\n  Status=Fully Booted\n");
}

static void strips_one_blank_and_nothing_else(void** state) {
  (void)state;
  hears("Event: A\r\nEmpty: \r\nBare:\r\nB:nospace\r\nTwo:  x\r\nTrail: x   \r\nTab:\ty\r\n\r\n",
        "event A\n  Event=A\n  Empty=\n  Bare=\n  B=nospace\n  Two= x\n  Trail=x   \n  Tab=\\x09y\n");
}

static void splits_at_the_first_colon(void** state) {
  (void)state;
  hears("Event: A\r\nTime: 10:20:30\r\nURI: sip:a@b:5060\r\nD : spacebefore\r\n\r\n",
        "event A\n  Event=A\n  Time=10:20:30\n  URI=sip:a@b:5060\n  D =spacebefore\n");
}

static void channel_names_may_hold_a_colon(void** state) {
  (void)state;
  hears(
      "Event: A\r\nChanVariable(IAX2/host:4569-12): a=b: c\r\nchanvariable(SIP/1;2): x=): y\r\n"
      "ChanVariable(a):b): c=d\r\n"
      "ChanVariable(odd: z\r\nChanVariable: p=q\r\nDestChanVariable: r=s\r\n\r\n",
      "event A\n  Event=A\n  ChanVariable(IAX2/host:4569-12)=a=b: c\n  chanvariable(SIP/1;2)=x=): y\n"
      "  ChanVariable(a):b)=c=d\n"
      "  ChanVariable(odd=z\n  ChanVariable=p=q\n  DestChanVariable=r=s\n");
}

static void keeps_order_and_duplicates(void** state) {
  (void)state;
  hears(
      "Response: Success\r\nMessage: one\r\nVariable: a=1\r\nMessage: two\r\nVariable: a=1\r\nvariable: "
      "c\r\n\r\n",
      "response Success\n  Response=Success\n  Message=one\n  Variable=a=1\n  Message=two\n  Variable=a=1\n"
      "  variable=c\n");
}

static void keeps_lines_without_a_colon(void** state) {
  (void)state;
  hears("Response: Success\r\nNo categories found\r\n: no key\r\n:\r\n\r\n",
        "response Success\n  Response=Success\n  =No categories found\n  =: no key\n  =:\n");
}

static void a_bare_lf_belongs_to_the_value(void** state) {
  (void)state;
  hears("Response: Success\r\nValue: a\nActionID: forged\nEvent: Fake\n\nb\r\nNext: 1\r\n\r\n",
        "response Success\n  Response=Success\n  Value=a\\x0aActionID: forged\\x0aEvent: Fake\\x0a\\x0ab\n  "
        "Next=1\n");
}

static void a_bare_cr_belongs_to_the_value(void** state) {
  (void)state;
  hears("Event: A\r\nOutput: Event: SuccessfulAuth\r\r\nX: \ra\rb\r\n\r\n",
        "event A\n  Event=A\n  Output=Event: SuccessfulAuth\\x0d\n  X=\\x0da\\x0db\n  output Event: "
        "SuccessfulAuth\\x0d\n");
}

static void trims_one_lf_at_the_end_of_a_value(void** state) {
  (void)state;
  hears(
      "Response: Error\r\nActionID: 1\r\nMessage: No Contacts found\n\r\n\r\n"
      "Response: Error\r\nMessage: x\n\n\r\nBare: \n\r\nno colon\n\r\n\r\n",
      "response Error\n  Response=Error\n  ActionID=1\n  Message=No Contacts found\n"
      "response Error\n  Response=Error\n  Message=x\\x0a\n  Bare=\n  =no colon\n");
}

static void a_blank_line_may_be_a_bare_lf(void** state) {
  (void)state; /* CoreShowChannelMap, issue 761 */
  hears(
      "Event: CoreShowChannelMap\r\nActionID: 1\r\n\nEvent: CoreShowChannelMap\r\nActionID: 2\r\n\n"
      "Event: CoreShowChannelMapComplete\r\n\r\n",
      "event CoreShowChannelMap\n  Event=CoreShowChannelMap\n  ActionID=1\n"
      "event CoreShowChannelMap\n  Event=CoreShowChannelMap\n  ActionID=2\n"
      "event CoreShowChannelMapComplete\n  Event=CoreShowChannelMapComplete\n");
}

static void skips_blank_lines_between_messages(void** state) {
  (void)state;
  hears(
      "\r\n\n\r\nResponse: Success\r\nActionID: L-1\r\n\r\n\r\n\r\n\n\n\r\n\n\nEvent: A\r\n\n\n\r\n\r\n\n"
      "Event: B\r\n\r\n\r\n",
      "response Success\n  Response=Success\n  ActionID=L-1\nevent A\n  Event=A\nevent B\n  Event=B\n");
}

static void holds_what_is_incomplete(void** state) {
  (void)state;
  hears_held("Event: A\r\n\r\n\r", "event A\n  Event=A\n", 1);
  hears_held("Event: A\r\n\r\nEvent: B\r\nCut: in the mid", "event A\n  Event=A\n", 25);
  hears_held("Response: Follows\r\nPrivilege: Command\r\ntext\n\r\n\r\n--END COMMAND--\r\n", "", 65);
}

static void a_lone_cr_between_messages_is_data(void** state) {
  (void)state;
  hears("\rEvent: A\r\nX: y\r\n\r\n", "unknown\n  \\x0dEvent=A\n  X=y\n");
}

static void nuls_stay(void** state) {
  static const char bytes[] = GREETING "Event: A\0B\r\nK\0y: v\0\r\n\r\n";
  (void)state;
  hears_bytes(bytes, sizeof bytes - 1, GREETED "event A\\x00B\n  Event=A\\x00B\n  K\\x00y=v\\x00\n", 0);
}

static void an_agent_on_a_call_has_two_headers_in_a_line(void** state) {
  (void)state;
  hears("Event: Agents\r\nAgent: 1\r\nCallStarted: 12\nLoggedInTime: 34\r\nActionID: 5\r\n\r\n",
        "event Agents\n  Event=Agents\n  Agent=1\n  CallStarted=12\n  LoggedInTime=34\n  ActionID=5\n");
  hears(
      "Event: Agents\r\nCallStarted: 12\n\nLoggedInTime: 34\n\r\nCallStarted: 5\nOther: 6\r\n\r\n",
      "event Agents\n  Event=Agents\n  CallStarted=12\\x0a\\x0aLoggedInTime: 34\n  CallStarted=5\\x0aOther: "
      "6\n");
  hears("Event: Other\r\nCallStarted: 12\nLoggedInTime: 34\r\n\r\n",
        "event Other\n  Event=Other\n  CallStarted=12\\x0aLoggedInTime: 34\n");
}

/* ---------------------------------------------------------------------------------- kind and name */

static void the_first_of_event_and_response_tells_the_kind(void** state) {
  (void)state;
  hears("Event: OriginateResponse\r\nResponse: Failure\r\n\r\n",
        "event OriginateResponse\n  Event=OriginateResponse\n  Response=Failure\n");
  hears("Response: Success\r\nEvents: Off\r\nEvent: x\r\n\r\n",
        "response Success\n  Response=Success\n  Events=Off\n  Event=x\n");
  hears("ActionID: 1\r\nEvent: VoicemailUserEntry\r\nResponse: x\r\n\r\n",
        "event VoicemailUserEntry\n  ActionID=1\n  Event=VoicemailUserEntry\n  Response=x\n");
  hears("EVENT:Odd\r\n\r\nresponse: Success\r\n\r\n",
        "event Odd\n  EVENT=Odd\nresponse Success\n  response=Success\n");
  hears("Event: Cut\n\r\n\r\n", "event Cut\n  Event=Cut\n");
}

static void a_block_of_neither_is_unknown(void** state) {
  (void)state;
  hears("Channel: SIP/1\r\nState: Up\r\n\r\n", "unknown\n  Channel=SIP/1\n  State=Up\n");
  hears("some text without a colon\r\n\r\n", "unknown\n  =some text without a colon\n");
  hears("Eventful: 1\r\nEvent\r\nMyResponse: Success\r\n\r\n",
        "unknown\n  Eventful=1\n  =Event\n  MyResponse=Success\n");
}

/* ----------------------------------------------------------------------------------------- resync */

static void rubbish_before_a_message_is_skipped(void** state) {
  (void)state;
  hears("cut in the midd\r\nmore rubbish\r\nEvent: A\r\nX: y\r\n\r\nEvent: B\r\n\r\n",
        "skipped cut in the midd\\x0d\\x0amore rubbish\\x0d\\x0a\nevent A\n  Event=A\n  X=y\nevent B\n  "
        "Event=B\n");
  hears("a blank in the key: x\r\nResponse: Success\r\n\r\n",
        "skipped a blank in the key: x\\x0d\\x0a\nresponse Success\n  Response=Success\n");
  hears(": no key\r\nEvent: A\r\n\r\n", "skipped : no key\\x0d\\x0a\nevent A\n  Event=A\n");
}

static void restarts_only_where_it_is_sure(void** state) {
  (void)state;
  hears("rubbish\r\nevent: a\r\n\r\n", "event a\n  =rubbish\n  event=a\n");
  hears("rubbish\r\nEvent:a\r\n\r\n", "event a\n  =rubbish\n  Event=a\n");
  hears("rubbish\nEvent: a\r\n\r\n", "unknown\n  rubbish\\x0aEvent=a\n");
  hears("Channel: 1\r\nEvent: a\r\n\r\n", "event a\n  Channel=1\n  Event=a\n");
}

static void a_message_is_never_split_by_its_own_headers(void** state) {
  (void)state;
  hears(
      "Event: UserEvent\r\na line without a colon\r\nEvent: Hangup\r\nResponse: Success\r\n\r\n",
      "event UserEvent\n  Event=UserEvent\n  =a line without a colon\n  Event=Hangup\n  Response=Success\n");
}

/* ------------------------------------------------------------------------------ Command up to 13 */

#define END "--END COMMAND--\r\n\r\n"
#define FOLLOWS "Response: Follows\r\nPrivilege: Command\r\nActionID: 9\r\n"
#define HEARD_FOLLOWS "response Follows\n  Response=Follows\n  Privilege=Command\n  ActionID=9\n"

static void old_command_output_is_taken_raw(void** state) {
  (void)state;
  hears(FOLLOWS "line 1\nline 2\n" END "Event: A\r\n\r\n",
        HEARD_FOLLOWS "  output line 1\\x0aline 2\nevent A\n  Event=A\n");
  hears(FOLLOWS "no last LF" END, HEARD_FOLLOWS "  output no last LF\n");
  hears(FOLLOWS END, HEARD_FOLLOWS "  output \n");
  hears(FOLLOWS "\n" END, HEARD_FOLLOWS "  output \n");
  hears(FOLLOWS "two\n\n" END, HEARD_FOLLOWS "  output two\\x0a\n");
}

static void old_command_output_may_look_like_anything(void** state) {
  (void)state;
  hears(FOLLOWS "a\n\nb\r\n\r\nEvent: Fake\r\nActionID: 1\r\n\r\n--END COMMAND--\r\nPrivilege: x\n-" END,
        HEARD_FOLLOWS
        "  output a\\x0a\\x0ab\\x0d\\x0a\\x0d\\x0aEvent: Fake\\x0d\\x0aActionID: 1\\x0d\\x0a\\x0d\\x0a"
        "--END COMMAND--\\x0d\\x0aPrivilege: x\\x0a-\n");
}

static void old_command_headers_come_at_most_once(void** state) {
  (void)state;
  hears("Response: Follows\r\nActionID: 9\r\nActionID: text\r\n" END,
        "response Follows\n  Response=Follows\n  ActionID=9\n  output ActionID: text\\x0d\n");
  hears("Response: Follows\r\nPrivilege: Command\r\nPrivilege: text\n" END,
        "response Follows\n  Response=Follows\n  Privilege=Command\n  output Privilege: text\n");
  hears("response: FOLLOWS\r\nactionid: 9\r\nprivilege: Command\r\ntext\n" END,
        "response FOLLOWS\n  response=FOLLOWS\n  actionid=9\n  privilege=Command\n  output text\n");
  hears("Response: Follows\r\ntext\nActionID: 1\r\n" END,
        "response Follows\n  Response=Follows\n  output text\\x0aActionID: 1\\x0d\n");
  hears("Response: Follows\r\nActionID: " END "x" END,
        "response Follows\n  Response=Follows\n  ActionID=--END COMMAND--\n  output \\x0d\\x0ax\n");
}

static void old_command_is_found_behind_rubbish(void** state) {
  (void)state;
  hears("rubbish\r\n" FOLLOWS "a\r\n\r\nb\n" END "Event: A\r\n\r\n",
        "skipped rubbish\\x0d\\x0a\n" HEARD_FOLLOWS "  output a\\x0d\\x0a\\x0d\\x0ab\nevent A\n  Event=A\n");
  hears("rubbish\r\n" FOLLOWS "a\n" END "Event: A\r\n\r\n",
        "skipped rubbish\\x0d\\x0a\n" HEARD_FOLLOWS "  output a\nevent A\n  Event=A\n");
}

static void what_only_begins_like_it_is_no_old_command(void** state) {
  (void)state;
  hears("Response: Followsx\r\n\r\nResponse: Follow\r\n\r\nR: \r\n\r\nResponse:Follows\r\n\r\n",
        "response Followsx\n  Response=Followsx\nresponse Follow\n  Response=Follow\nunknown\n  R=\n"
        "response Follows\n  Response=Follows\n");
}

static void new_command_output_is_headers(void** state) {
  (void)state;
  hears(
      "Response: Success\r\nActionID: 9\r\nMessage: Command output follows\r\nOutput:   padded  \r\nOutput: "
      "\r\n"
      "Output: a: b\r\n\r\n",
      "response Success\n  Response=Success\n  ActionID=9\n  Message=Command output follows\n  Output=  "
      "padded  \n"
      "  Output=\n  Output=a: b\n  output   padded  \\x0a\\x0aa: b\n");
  hears("Response: Success\r\nOutput: \r\n\r\n",
        "response Success\n  Response=Success\n  Output=\n  output \n");
}

/* ----------------------------------------------------------------------------------------- bounds */

/* Feeds wire in pieces until an error; the message before it must have been heard. */
static void breaks(const char* wire, size_t size, size_t message, size_t line, size_t step,
                   const char* bound) {
  core_parser_t* parser = core_parser_new(message, line, 0);
  int err = feed(parser, GREETING "Event: A\r\n\r\n", strlen(GREETING) + 12);
  for (size_t at = 0; at < size && err == 0; at += step) {
    err = feed(parser, wire + at, size - at < step ? size - at : step);
  }
  assert_int_equal(err, bound == NULL ? 0 : AMI_ELIMIT);
  if (bound == NULL) {
    assert_non_null(strstr(core_parser_heard(parser), "event B\n"));
  } else {
    assert_string_equal(core_parser_heard(parser), GREETED "event A\n  Event=A\n");
    assert_non_null(strstr(core_parser_detail(parser), bound));
    assert_int_equal(feed(parser, "Event: C\r\n\r\n", 12), AMI_ELIMIT);
    assert_string_equal(core_parser_heard(parser), GREETED "event A\n  Event=A\n");
  }
  core_parser_free(parser);
}

static void breaks_at_any_step(const char* wire, size_t message, size_t line, const char* bound) {
  const size_t size = strlen(wire);
  const size_t steps[] = {1, 2, 3, 7, 64, 65, size};
  for (size_t i = 0; i < sizeof steps / sizeof *steps; i++)
    breaks(wire, size, message, line, steps[i], bound);
}

static void messages_have_a_bound(void** state) {
  char wire[400];
  (void)state;
  for (int more = 0; more < 2; more++) { /* 200 and 201 bytes */
    snprintf(wire, sizeof wire, "Event: B\r\nX: %0*d\r\n\r\n", 183 + more, 0);
    assert_int_equal(strlen(wire), 200 + more);
    breaks_at_any_step(wire, 200, 0, more ? "message.max_bytes" : NULL);
  }
  snprintf(wire, sizeof wire, "Event: B\r\nX: %0*d", 300, 0); /* no end in sight */
  breaks_at_any_step(wire, 200, 0, "message.max_bytes");
  snprintf(wire, sizeof wire, "Response: Follows\r\n%0*d" END, 300, 0);
  breaks_at_any_step(wire, 200, 0, "message.max_bytes");
}

static void lines_have_a_bound(void** state) {
  char wire[400];
  (void)state;
  for (int more = 0; more < 2; more++) { /* 100 and 101 bytes: the first, a middle and the last line */
    const char* bound = more ? "line.max_bytes" : NULL;
    snprintf(wire, sizeof wire, "X: %0*d\r\nEvent: B\r\n\r\n", 97 + more, 0);
    breaks_at_any_step(wire, 0, 100, bound);
    snprintf(wire, sizeof wire, "Event: B\r\nX: %0*d\r\nY: 1\r\n\r\n", 97 + more, 0);
    breaks_at_any_step(wire, 0, 100, bound);
    snprintf(wire, sizeof wire, "Event: B\r\nY: 1\r\nX: %0*d\r\n\n", 97 + more, 0);
    breaks_at_any_step(wire, 0, 100, bound);
    snprintf(wire, sizeof wire, "Event: B\r\nX: \n%0*d\r\n\r\n", 96 + more, 0); /* a bare LF ends no line */
    breaks_at_any_step(wire, 0, 100, bound);
  }
  snprintf(wire, sizeof wire, "Event: B\r\nX: %0*d", 99, 0);
  breaks_at_any_step(wire, 0, 100, "line.max_bytes");
}

static void the_bound_of_lines_starts_anew_with_each_message(void** state) {
  static const char wire[] =
      "Event: A\r\nX: 1234\r\nY: 1234\r\nZ: 1234\r\n\r\nEvent: B\r\nX: 1234\r\nY: 1234\r\nZ: 1234\r\n\r\n";
  (void)state;
  breaks_at_any_step(wire, 0, 12, NULL);
}

static void the_text_of_an_old_command_is_not_lines(void** state) {
  char wire[400];
  (void)state;
  snprintf(wire, sizeof wire, FOLLOWS "%0*d" END "Event: B\r\n\r\n", 200, 0);
  breaks_at_any_step(wire, 0, 100, NULL);
}

static void blank_lines_count_for_no_bound(void** state) {
  char wire[400];
  (void)state;
  memset(wire, '\n', 300);
  snprintf(wire + 300, sizeof wire - 300, "Event: B\r\n\r\n");
  breaks_at_any_step(wire, 20, 10, NULL);
}

/* ------------------------------------------------------------------------------------------- stop */

static void a_sink_that_says_so_is_left_alone(void** state) {
  static const char bytes[] = GREETING "Event: A\r\n\r\nEvent: B\r\n\r\nEvent: C\r\n\r\nEvent: D";
  (void)state;
  for (size_t split = 0; split < sizeof bytes - 1; split++) {
    core_parser_t* parser = core_parser_new(0, 0, 0);
    core_parser_stop_at(parser, "B");
    feed(parser, bytes, split);
    if (strstr(core_parser_heard(parser), "event B") == NULL) {
      assert_int_equal(feed(parser, bytes + split, sizeof bytes - 1 - split), 0);
    }
    assert_string_equal(core_parser_heard(parser), GREETED "event A\n  Event=A\nevent B\n  Event=B\n");
    assert_int_equal(core_parser_held(parser), 0);
    core_parser_free(parser);
  }
}

/* --------------------------------------------------------------------------------------- any bytes */

static uint32_t seed = 2463534242U;

static uint32_t draw(uint32_t below) {
  seed ^= seed << 13;
  seed ^= seed >> 17;
  seed ^= seed << 5;
  return seed % below;
}

static void any_bytes_are_heard_the_same_at_any_split(void** state) {
  static const char* const parts[] = {
      "\r",
      "\n",
      "\r\n",
      "\r\n\r\n",
      "\r\n\n",
      ":",
      ": ",
      "x",
      "Event: A",
      "Event: ",
      "Response: Success",
      "Response: Follows\r\n",
      "Response: Fol",
      "Privilege: Command\r\n",
      "ActionID: 1\r\n",
      "--END COMMAND--",
      END,
      "ChanVariable(",
      "): ",
      "\nLoggedInTime: 1",
      "Event: Agents\r\nCallStarted: ",
      "a value of more than sixty-four bytes, so that it lies across a block of the scan"};
  (void)state;
  for (int round = 0; round < 2000; round++) {
    char bytes[1500] = GREETING;
    const uint32_t count = 1 + draw(12);
    for (uint32_t i = 0; i < count; i++) strcat(bytes, parts[draw(sizeof parts / sizeof *parts)]);
    const size_t size = strlen(bytes);
    core_parser_t* whole = listen(bytes, size, size, 1);
    for (int way = 0; way < 12; way++) {
      const size_t first = draw((uint32_t)size);
      core_parser_t* parser = listen(bytes, size, first, 1 + draw(way < 4 ? 1 : 80));
      assert_string_equal(core_parser_heard(parser), core_parser_heard(whole));
      assert_int_equal(core_parser_held(parser), core_parser_held(whole));
      core_parser_free(parser);
    }
    assert_null(strstr(core_parser_heard(whole), "WRONG"));
    core_parser_free(whole);
  }
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(takes_any_first_line_as_greeting),
      cmocka_unit_test(greeting_has_a_bound),
      cmocka_unit_test(takes_messages_apart),
      cmocka_unit_test(strips_one_blank_and_nothing_else),
      cmocka_unit_test(splits_at_the_first_colon),
      cmocka_unit_test(channel_names_may_hold_a_colon),
      cmocka_unit_test(keeps_order_and_duplicates),
      cmocka_unit_test(keeps_lines_without_a_colon),
      cmocka_unit_test(a_bare_lf_belongs_to_the_value),
      cmocka_unit_test(a_bare_cr_belongs_to_the_value),
      cmocka_unit_test(trims_one_lf_at_the_end_of_a_value),
      cmocka_unit_test(a_blank_line_may_be_a_bare_lf),
      cmocka_unit_test(skips_blank_lines_between_messages),
      cmocka_unit_test(holds_what_is_incomplete),
      cmocka_unit_test(a_lone_cr_between_messages_is_data),
      cmocka_unit_test(nuls_stay),
      cmocka_unit_test(an_agent_on_a_call_has_two_headers_in_a_line),
      cmocka_unit_test(the_first_of_event_and_response_tells_the_kind),
      cmocka_unit_test(a_block_of_neither_is_unknown),
      cmocka_unit_test(rubbish_before_a_message_is_skipped),
      cmocka_unit_test(restarts_only_where_it_is_sure),
      cmocka_unit_test(a_message_is_never_split_by_its_own_headers),
      cmocka_unit_test(old_command_output_is_taken_raw),
      cmocka_unit_test(old_command_output_may_look_like_anything),
      cmocka_unit_test(old_command_headers_come_at_most_once),
      cmocka_unit_test(old_command_is_found_behind_rubbish),
      cmocka_unit_test(what_only_begins_like_it_is_no_old_command),
      cmocka_unit_test(new_command_output_is_headers),
      cmocka_unit_test(messages_have_a_bound),
      cmocka_unit_test(lines_have_a_bound),
      cmocka_unit_test(the_bound_of_lines_starts_anew_with_each_message),
      cmocka_unit_test(the_text_of_an_old_command_is_not_lines),
      cmocka_unit_test(blank_lines_count_for_no_bound),
      cmocka_unit_test(a_sink_that_says_so_is_left_alone),
      cmocka_unit_test(any_bytes_are_heard_the_same_at_any_split),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
