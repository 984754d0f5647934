#include <stdio.h>
#include <string.h>

#include "core_protocol.h"

static void gets(const char* wire, const char* key, const char* expected) {
  char value[256];
  const int length = core_frame_get(wire, strlen(wire), key, value, sizeof value);
  if (expected == NULL) {
    assert_int_equal(length, -1);
  } else {
    assert_int_equal(length, strlen(expected));
    assert_string_equal(value, expected);
  }
}

static void finds_headers_without_case(void** state) {
  static const char wire[] =
      "Response: Success\r\nActionID: 17\r\nEventList: start\r\nMessage: Channels will follow\r\n\r\n";
  (void)state;
  gets(wire, "ActionID", "17");
  gets(wire, "actionid", "17");
  gets(wire, "EVENTLIST", "start");
  gets(wire, "Response", "Success");
  gets(wire, "Message", "Channels will follow");
  gets(wire, "Mess", NULL);
  gets(wire, "Messages", NULL);
  gets(wire, "Success", NULL);
  gets(wire, "17", NULL);
  gets("event: A\r\nactionid: 17\r\n\r\n", "ActionID", "17");
  gets("event: A\r\n4-a: x\r\n\r\n", "4-A", "x");
}

static void gives_the_first_of_many(void** state) {
  (void)state;
  gets("Event: A\r\nVariable: a=1\r\nVariable: b=2\r\n\r\n", "Variable", "a=1");
}

static void reads_values_as_a_message_does(void** state) {
  (void)state;
  gets("Event: A\r\nX:  y \r\n\r\n", "X", " y ");
  gets("Event: A\r\nX:y\r\n\r\n", "X", "y");
  gets("Event: A\r\nX: \r\n\r\n", "X", "");
  gets("Event: A\r\nX:\r\n\n", "X", "");
  gets("Event: A\r\nX: text\n\r\n\r\n", "X", "text");
  gets("Event: A\r\nX: a\nY: b\r\n\r\n", "Y", NULL); /* no header of its own: anyone could forge it */
  gets("Event: A\r\nChanVariable(IAX2/h:1): v=1\r\n\r\n", "ChanVariable(IAX2/h:1)", "v=1");
  gets("Event: A\r\nChanVariable(IAX2/h:1): v=1\r\n\r\n", "ChanVariable(IAX2/h", NULL);
}

static void lines_without_a_key_are_no_headers(void** state) {
  (void)state;
  gets("Event: A\r\nActionID\r\n: x\r\n\r\n", "ActionID", NULL);
  gets("Event: A\r\nActionID\r\n: x\r\n\r\n", "", NULL);
}

static void finds_headers_wherever_they_stand(void** state) {
  char wire[400];
  char value[256];
  (void)state;
  for (int before = 0; before < 200; before++) {
    snprintf(wire, sizeof wire, "Event: A\r\nX: %0*d\r\nActionID: 17\r\nAction: x\r\n\r\n", before + 1, 0);
    gets(wire, "actionid", "17");
    gets(wire, "Action", "x");
    gets(wire, "ACTIONI", NULL);
    snprintf(value, sizeof value, "%0*d", before + 1, 0);
    gets(wire, "X", value);
    snprintf(wire, sizeof wire, "Event: A\r\nX: %0*d\nActionID: 17\r\n\r\n", before + 1, 0);
    gets(wire, "ActionID", NULL);
  }
}

static void old_command_text_is_no_header(void** state) {
  (void)state;
  gets("Response: Follows\r\nActionID: 1\r\nMessage: x\r\n--END COMMAND--\r\n\r\n", "ActionID", "1");
  gets("Response: Follows\r\nActionID: 1\r\nMessage: x\r\n--END COMMAND--\r\n\r\n", "Message", NULL);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(finds_headers_without_case),     cmocka_unit_test(gives_the_first_of_many),
      cmocka_unit_test(reads_values_as_a_message_does), cmocka_unit_test(lines_without_a_key_are_no_headers),
      cmocka_unit_test(old_command_text_is_no_header),  cmocka_unit_test(finds_headers_wherever_they_stand),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
