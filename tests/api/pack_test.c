/* ami_items_pack(): items as flat words and text, for languages that do not follow pointers. */
#include "api_client.h"

enum { ITEM = 10, MESSAGE = 9, WORDS = 4096, TEXT = 65536 };

static uint32_t words[WORDS];
static char text[TEXT];

static uint64_t long_at(const uint32_t* at) {
  return at[0] | (uint64_t)at[1] << 32;
}

/* Polls one item, which has to be there. */
static ami_item_t poll_one(world_t* world) {
  ami_item_t item;
  assert_int_equal(ami_queue_poll(world->queue, &item, 1, WAIT_MS), 1);
  return item;
}

static ami_item_t one_hello(world_t* world, ami_t* client, const char* event) {
  settle(world, client);
  assert_int_equal(ami_on(client, "Hello", NULL, NULL, NULL, NULL), 0);
  assert_int_equal(ami_mock_emit(world->mock, event), 1);
  return poll_one(world);
}

/* A message in words and text is this one; returns the words behind it. */
static const uint32_t* check_message(const uint32_t* at, const char** byte, const ami_msg_t* msg) {
  const ami_field_t* fields = NULL;
  const size_t count = ami_msg_fields(msg, &fields);
  assert_int_equal(at[0], ami_msg_kind(msg));
  assert_int_equal((int32_t)at[1], ami_msg_status(msg));
  assert_int_equal(long_at(at + 2), ami_msg_seq(msg));
  assert_int_equal(long_at(at + 4), ami_msg_time(msg));
  assert_int_equal(at[8], count);
  const char* keys = *byte;
  for (size_t i = 0; i < count; i++) {
    assert_memory_equal(*byte, fields[i].key, fields[i].key_len);
    assert_memory_equal(*byte + fields[i].key_len, "\r\n", 2);
    *byte += fields[i].key_len + 2;
  }
  assert_int_equal(at[6], *byte - keys);
  for (size_t i = 0; i < count; i++) {
    assert_int_equal(at[MESSAGE + i], fields[i].value_len);
    assert_memory_equal(*byte, fields[i].value, fields[i].value_len);
    *byte += fields[i].value_len;
  }
  return at + MESSAGE + count;
}

static void an_event_is_all_there(void** state) {
  world_t* world = world_new(state, NULL);
  ami_t* client = client_ready(world, NULL);
  ami_item_t item =
      one_hello(world, client, "Event: Hello\r\nPrivilege: user,all\r\nA: 1\r\nEmpty: \r\nA: 22\r\n\r\n");
  assert_int_equal(ami_items_pack(&item, 1, NULL, 0, words, WORDS, text, TEXT), 1);
  assert_int_equal(words[1], AMI_ITEM_EVENT);
  assert_int_equal(long_at(words + 2), item.client);
  assert_int_equal(long_at(words + 4), item.id);
  assert_int_equal(words[8], 1);
  assert_int_equal(words[9], UINT32_MAX);
  const char* byte = text;
  assert_ptr_equal(check_message(words + ITEM, &byte, item.msg), words + words[0]);
  ami_queue_release(&item, 1);
  world_end(world);
}

static void a_reply_has_its_response_its_end_and_its_output(void** state) {
  world_t* world = world_new(state, NULL);
  ami_t* client = client_ready(world, NULL);
  ami_action_t* list = action("CoreShowChannels", "Items", "0", NULL);
  assert_int_equal(ami_send(client, list, NULL, NULL, NULL, NULL), 0);
  ami_action_free(list);
  ami_item_t item = poll_one(world);
  assert_int_equal(ami_items_pack(&item, 1, NULL, 0, words, WORDS, text, TEXT), 1);
  assert_int_equal(words[1], AMI_ITEM_REPLY);
  assert_int_equal(long_at(words + 4), ami_reply_id(item.reply));
  assert_int_equal(words[6], 0);
  assert_int_equal(words[7], AMI_ANSWERED);
  assert_int_equal(words[8], 3);
  const char* byte = text;
  const uint32_t* end = check_message(words + ITEM, &byte, ami_reply_response(item.reply));
  assert_ptr_equal(check_message(end, &byte, ami_reply_end(item.reply)), words + words[0]);
  ami_queue_release(&item, 1);

  ami_action_t* command = action("Command", "Command", "core show version", NULL);
  assert_int_equal(ami_send(client, command, NULL, NULL, NULL, NULL), 0);
  ami_action_free(command);
  item = poll_one(world);
  assert_int_equal(ami_items_pack(&item, 1, NULL, 0, words, WORDS, text, TEXT), 1);
  assert_int_equal(words[8], 1);
  byte = text;
  check_message(words + ITEM, &byte, ami_reply_response(item.reply));
  size_t length = 0;
  const char* output = ami_msg_output(ami_reply_response(item.reply), &length);
  assert_int_equal(words[9], length);
  assert_memory_equal(byte, output, length);
  ami_queue_release(&item, 1);
  world_end(world);
}

static void a_reply_without_an_answer_is_bare(void** state) {
  world_t* world = world_new(state, NULL);
  ami_t* client = client_ready(world, NULL);
  ami_mock_fault(world->mock, "cut_on_action", 1);
  ami_action_t* ping = action("Ping", NULL);
  assert_int_equal(ami_send(client, ping, NULL, NULL, NULL, NULL), 0);
  ami_action_free(ping);
  ami_item_t item = poll_one(world);
  assert_int_equal(ami_items_pack(&item, 1, NULL, 0, words, WORDS, text, TEXT), 1);
  assert_int_equal(words[0], ITEM);
  assert_error((int32_t)words[6], AMI_ELOST);
  assert_int_equal(words[7], AMI_MAYBE_RUN);
  assert_int_equal(words[8], 0);
  ami_queue_release(&item, 1);
  world_end(world);
}

static void chosen_fields_only(void** state) {
  static const char* const keys[] = {"b", "Missing", "A", "Empty"};
  world_t* world = world_new(state, NULL);
  ami_t* client = client_ready(world, NULL);
  ami_item_t item = one_hello(
      world, client, "Event: Hello\r\nPrivilege: user,all\r\nA: 1\r\nEmpty: \r\nA: 22\r\nB: bee\r\n\r\n");
  assert_int_equal(ami_items_pack(&item, 1, keys, 4, words, WORDS, text, TEXT), 1);
  assert_int_equal(words[0], ITEM + MESSAGE + 4);
  assert_int_equal(words[ITEM + 6], 0);
  assert_int_equal(words[ITEM + 8], 4);
  const uint32_t lengths[] = {3, UINT32_MAX, 1, 0};
  assert_memory_equal(words + ITEM + MESSAGE, lengths, sizeof lengths);
  assert_memory_equal(text, "bee1", 4);
  ami_queue_release(&item, 1);
  world_end(world);
}

static void equal_keys_have_equal_hashes(void** state) {
  world_t* world = world_new(state, NULL);
  ami_t* client = client_ready(world, NULL);
  settle(world, client);
  assert_int_equal(ami_on(client, "Hello", NULL, NULL, NULL, NULL), 0);
  ami_mock_emit(world->mock, "Event: Hello\r\nPrivilege: user,all\r\nA: 1\r\n\r\n");
  ami_mock_emit(world->mock, "Event: Hello\r\nPrivilege: user,all\r\nA: other\r\n\r\n");
  ami_mock_emit(world->mock, "Event: Hello\r\nPrivilege: user,all\r\nB: 1\r\n\r\n");
  ami_item_t items[] = {poll_one(world), poll_one(world), poll_one(world)};
  assert_int_equal(ami_items_pack(items, 3, NULL, 0, words, WORDS, text, TEXT), 3);
  const uint32_t* second = words + words[0];
  const uint32_t* third = second + second[0];
  assert_int_equal(words[ITEM + 7], second[ITEM + 7]);
  assert_int_not_equal(words[ITEM + 7], third[ITEM + 7]);
  ami_queue_release(items, 3);
  world_end(world);
}

static void what_does_not_fit_tells_its_size(void** state) {
  enum { COUNT = 5 };
  world_t* world = world_new(state, NULL);
  ami_t* client = client_ready(world, NULL);
  settle(world, client);
  assert_int_equal(ami_on(client, "Hello", NULL, NULL, NULL, NULL), 0);
  ami_mock_emit_many(world->mock, "Event: Hello\r\nPrivilege: user,all\r\nN: {n}\r\n\r\n", COUNT);
  ami_item_t items[COUNT];
  for (int i = 0; i < COUNT; i++) items[i] = poll_one(world);

  assert_int_equal(ami_items_pack(items, COUNT, NULL, 0, words, 2, NULL, 0), 0);
  const uint32_t need = words[0];
  const uint32_t bytes = words[1];
  assert_int_equal(need, ITEM + MESSAGE + 3);
  assert_int_equal(bytes, strlen("Event\r\nPrivilege\r\nN\r\nHellouser,all0"));
  /* Just enough for one, too little by one, and room for two and a half. Nothing is written past the room. */
  memset(text, '-', TEXT);
  words[need] = 99;
  assert_int_equal(ami_items_pack(items, COUNT, NULL, 0, words, need, text, bytes), 1);
  assert_int_equal(words[need], 99);
  assert_int_equal(text[bytes], '-');
  assert_int_equal(ami_items_pack(items, COUNT, NULL, 0, words, need - 1, text, TEXT), 0);
  assert_int_equal(words[0], need);
  memset(text, '-', TEXT);
  assert_int_equal(ami_items_pack(items, COUNT, NULL, 0, words, WORDS, text, bytes - 1), 0);
  assert_int_equal(words[1], bytes);
  assert_int_equal(text[bytes - 1], '-');
  assert_int_equal(ami_items_pack(items, COUNT, NULL, 0, words, WORDS, text, bytes * 5 / 2), 2);
  assert_int_equal(ami_items_pack(items, COUNT, NULL, 0, words, need * 5 / 2, text, TEXT), 2);
  assert_int_equal(ami_items_pack(items + 2, COUNT - 2, NULL, 0, words, WORDS, text, TEXT), 3);
  ami_queue_release(items, COUNT);
  world_end(world);
}

static void bad_arguments_are_refused(void** state) {
  ami_item_t item = {.kind = AMI_ITEM_EVENT};
  (void)state;
  assert_int_equal(ami_items_pack(NULL, 0, NULL, 0, words, WORDS, text, TEXT), 0);
  assert_error(ami_items_pack(NULL, 1, NULL, 0, words, WORDS, text, TEXT), AMI_EINVAL);
  assert_error(ami_items_pack(&item, 1, NULL, 0, NULL, WORDS, text, TEXT), AMI_EINVAL);
  assert_error(ami_items_pack(&item, 1, NULL, 0, words, 1, text, TEXT), AMI_EINVAL);
  assert_error(ami_items_pack(&item, 1, NULL, 0, words, WORDS, NULL, TEXT), AMI_EINVAL);
  assert_int_equal(ami_items_pack(&item, 1, NULL, 0, words, WORDS, NULL, 0), 1);
  assert_int_equal(words[0], ITEM);
}

static const struct CMUnitTest tests[] = {
    IN(an_event_is_all_there, BY_POLL),
    IN(a_reply_has_its_response_its_end_and_its_output, BY_POLL),
    IN(a_reply_without_an_answer_is_bare, BY_POLL),
    IN(chosen_fields_only, BY_POLL),
    IN(equal_keys_have_equal_hashes, BY_POLL),
    IN(what_does_not_fit_tells_its_size, BY_POLL),
    cmocka_unit_test(bad_arguments_are_refused),
};
RUN(tests)
