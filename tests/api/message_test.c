/* ami_msg_new(): messages that came off no wire. */
#include "api_client.h"

#define HANGUP "Event: Hangup\r\nChannel: PJSIP/1\r\n\r\n"

static ami_msg_t* made(int kind, const char* bytes) {
  return ami_msg_new(kind, bytes, strlen(bytes), 7, 8, "pbx1");
}

static void has_what_it_was_given(void** state) {
  (void)state;
  size_t len = 0;
  char bytes[] = HANGUP;
  ami_msg_t* msg = made(AMI_MSG_LISTITEM, bytes);
  memset(bytes, 'x', sizeof bytes); /* copied */
  assert_int_equal(ami_msg_kind(msg), AMI_MSG_LISTITEM);
  assert_int_equal(ami_msg_seq(msg), 7);
  assert_int_equal(ami_msg_time(msg), 8);
  assert_string_equal(ami_msg_label(msg), "pbx1");
  assert_string_equal(ami_msg_name(msg), "Hangup");
  assert_string_equal(ami_msg_get(msg, "channel", NULL), "PJSIP/1");
  assert_string_equal(ami_msg_raw(msg, &len), HANGUP);
  assert_int_equal(len, strlen(HANGUP));
  ami_msg_unref(msg);
}

static void tells_the_kind_by_the_bytes(void** state) {
  (void)state;
  const struct {
    const char* bytes;
    int kind;
  } cases[] = {{HANGUP, AMI_MSG_EVENT},
               {"Response: Success\r\n\r\n", AMI_MSG_RESPONSE},
               {"Channel: neither\r\n\r\n", 0}};
  for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
    ami_msg_t* msg = ami_msg_new(0, cases[i].bytes, strlen(cases[i].bytes), 1, 2, NULL);
    assert_int_equal(ami_msg_kind(msg), cases[i].kind);
    assert_string_equal(ami_msg_label(msg), "");
    ami_msg_unref(msg);
  }
}

static void makes_odd_messages_too(void** state) {
  (void)state;
  const char* cases[] = {
      "Response: Follows\r\nPrivilege: Command\r\nActionID: 1\r\none\n\ntwo\n--END COMMAND--\r\n\r\n",
      "Event: A\r\nno colon\r\nEmpty: \r\nLF: a\nb\r\n\n", "Event: A\r\n\r\n"};
  for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
    ami_msg_t* msg = made(0, cases[i]);
    assert_string_equal(ami_msg_raw(msg, NULL), cases[i]);
    ami_msg_unref(msg);
  }
  ami_msg_t* old = made(0, cases[0]);
  assert_string_equal(ami_msg_output(old, NULL), "one\n\ntwo");
  ami_msg_unref(old);
}

static void what_a_client_received_can_be_made_again(void** state) {
  world_t* world = world_new(state, NULL);
  ami_t* client = client_ready(world, NULL);
  const ami_msg_t* response = ami_reply_response(reply_to(world, client, action("ListCommands", NULL)));
  size_t len = 0, len_again = 0;
  const char* raw = ami_msg_raw(response, &len);
  ami_msg_t* again = ami_msg_new(ami_msg_kind(response), raw, len, ami_msg_seq(response),
                                 ami_msg_time(response), ami_msg_label(response));
  const ami_field_t *fields, *fields_again;
  size_t count = ami_msg_fields(response, &fields);
  assert_int_equal(ami_msg_fields(again, &fields_again), count);
  for (size_t i = 0; i < count; i++) {
    assert_string_equal(fields_again[i].key, fields[i].key);
    assert_string_equal(fields_again[i].value, fields[i].value);
  }
  assert_string_equal(ami_msg_raw(again, &len_again), raw);
  assert_int_equal(len_again, len);
  ami_msg_unref(again);
  world_end(world);
}

static void refuses_what_is_not_one_message(void** state) {
  (void)state;
  const char* cases[] = {"",
                         "\r\n",
                         "Event: A",
                         "Event: A\r\n",
                         "Event: A\r\n\r\nx",
                         "\r\n" HANGUP,
                         HANGUP HANGUP,
                         HANGUP "\r\n",
                         "rubbish\r\n" HANGUP,
                         "Response: Follows\r\n\r\n"};
  for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) assert_null(made(0, cases[i]));
  assert_null(made(-1, HANGUP));
  assert_null(made(AMI_MSG_LISTITEM + 1, HANGUP));
  assert_null(ami_msg_new(0, NULL, 5, 1, 2, NULL));
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(has_what_it_was_given),
      cmocka_unit_test(tells_the_kind_by_the_bytes),
      cmocka_unit_test(makes_odd_messages_too),
      IN(what_a_client_received_can_be_made_again, BY_THREAD),
      cmocka_unit_test(refuses_what_is_not_one_message),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
