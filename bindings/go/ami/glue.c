#include "glue.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>

int go_on(ami_t *ami, const char *name, uintptr_t token, uint64_t *sub) {
  return ami_on(ami, name, NULL, (void *)token, NULL, sub);
}

/* ----------------------------------------------------------------------------------------------- items */

static uint64_t bytes_of(const ami_msg_t *msg) {
  const ami_field_t *fields = NULL;
  const size_t count = ami_msg_fields(msg, &fields);
  if (count == 0) return 0;
  uint64_t bytes = count * sizeof *fields;
  for (size_t i = 0; i < count; i++) bytes += (uint64_t)fields[i].key_len + fields[i].value_len + 2;
  return bytes;
}

int go_poll(ami_queue_t *queue, ami_item_t *out, go_weight_t *weights, size_t max) {
  const int count = ami_queue_poll(queue, out, max, 0);
  for (int i = 0; i < count; i++) {
    weights[i].seq = ami_msg_seq(out[i].msg);
    weights[i].bytes = bytes_of(out[i].msg);
  }
  return count;
}

int go_read_items(const ami_item_t *items, size_t count, const char *const *keys, size_t key_count, ami_field_t *out,
                  int32_t *kinds) {
  for (size_t i = 0; i < count; i++) kinds[i] = ami_msg_kind(items[i].msg);
  return ami_items_get(items, count, keys, key_count, out);
}

size_t go_drop_events(ami_item_t *items, size_t count, uint64_t *from_ns, uint64_t *to_ns) {
  size_t kept = 0;
  *from_ns = *to_ns = 0;
  for (size_t i = 0; i < count; i++) {
    if (ami_msg_kind(items[i].msg) == AMI_MSG_NOTICE) {
      items[kept++] = items[i];
      continue;
    }
    *to_ns = ami_msg_time(items[i].msg);
    if (*from_ns == 0) *from_ns = *to_ns;
    ami_queue_release(&items[i], 1);
  }
  return kept;
}

int go_queue_fd(const ami_queue_t *queue) {
  const int fd = ami_queue_fd(queue);
  if (fd < 0) return fd;
  const int copy = fcntl(fd, F_DUPFD_CLOEXEC, 0);
  return copy < 0 ? -errno : copy;
}

/* -------------------------------------------------------------------------------------------- messages */

/* Two lengths of 32 bits, the low byte first. */
enum { RECORD_HEAD = 8 };

static char *put_length(char *at, uint32_t length) {
  for (int i = 0; i < 4; i++) *at++ = (char)(length >> (8 * i));
  return at;
}

static uint32_t get_length(const char *at) {
  uint32_t length = 0;
  for (int i = 0; i < 4; i++) length |= (uint32_t)(unsigned char)at[i] << (8 * i);
  return length;
}

static uint64_t room_for(const ami_field_t *fields, size_t count) {
  uint64_t size = 0;
  for (size_t i = 0; i < count; i++)
    size += RECORD_HEAD + (uint64_t)fields[i].key_len + fields[i].value_len;
  return size;
}

/* 0 when there is no room. */
static int copy_message(const ami_msg_t *msg, char *buffer, size_t cap, size_t *used, go_copied_t *copied,
                        uint64_t *needed) {
  const ami_field_t *fields = NULL;
  const size_t count = ami_msg_fields(msg, &fields);
  const uint64_t size = room_for(fields, count);
  if (size > cap - *used) {
    *needed = size;
    return 0;
  }
  *copied = (go_copied_t){ami_msg_seq(msg), ami_msg_time(msg), *used, size, ami_msg_kind(msg), 0};
  char *at = buffer + *used;
  for (size_t i = 0; i < count; i++) {
    at = put_length(put_length(at, fields[i].key_len), fields[i].value_len);
    memcpy(at, fields[i].key, fields[i].key_len);
    at += fields[i].key_len;
    memcpy(at, fields[i].value, fields[i].value_len);
    at += fields[i].value_len;
  }
  *used += size;
  return 1;
}

size_t go_copy_items(const ami_item_t *items, size_t count, char *buffer, size_t cap, go_copied_t *copied,
                     uint64_t *needed) {
  size_t used = 0;
  size_t done = 0;
  while (done < count && copy_message(items[done].msg, buffer, cap, &used, &copied[done], needed)) done++;
  return done;
}

static const ami_msg_t *message_of(const ami_reply_t *reply, size_t index) {
  if (index == 0) return ami_reply_response(reply);
  if (index == 1) return ami_reply_end(reply);
  return ami_reply_at(reply, index - 2);
}

size_t go_copy_reply(const ami_reply_t *reply, size_t first, size_t count, char *buffer, size_t cap, go_copied_t *copied,
                     uint64_t *needed) {
  size_t used = 0;
  size_t done = 0;
  while (done < count &&
         copy_message(message_of(reply, first + done), buffer, cap, &used, &copied[done], needed))
    done++;
  return done;
}

void go_reply_info(const ami_reply_t *reply, go_reply_info_t *info) {
  size_t length = 0;
  info->status = ami_reply_status(reply);
  info->fate = ami_reply_fate(reply);
  info->messages = 2 + ami_reply_count(reply);
  info->output = ami_msg_output(ami_reply_response(reply), &length);
  info->output_len = length;
}

/* --------------------------------------------------------------------------------------------- actions */

typedef struct record {
  const char *key, *value;
  uint32_t key_len, value_len;
} record_t;

static const char *next_record(const char *at, record_t *record) {
  record->key_len = get_length(at);
  record->value_len = get_length(at + 4);
  record->key = at + RECORD_HEAD;
  record->value = record->key + record->key_len;
  return record->value + record->value_len;
}

/* Fields go in with their lengths; variables end in NUL, which their lengths include. */
static int fill(ami_action_t *action, const char *text, const go_action_t *about) {
  record_t record;
  int err = 0;
  for (size_t i = 0; err == 0 && i < about->fields; i++) {
    text = next_record(text, &record);
    err = ami_action_addn(action, record.key, record.key_len, record.value, record.value_len);
  }
  for (size_t i = 0; err == 0 && i < about->variables; i++) {
    text = next_record(text, &record);
    err = ami_action_variable(action, record.key, record.value);
  }
  return err;
}

int go_send(ami_t *ami, const char *text, const go_action_t *about, uintptr_t token, uint64_t *id, char *detail,
            size_t detail_cap) {
  detail[0] = '\0';
  const char *until = text + strlen(text) + 1;
  ami_action_t *action = ami_action_new(text);
  if (action == NULL) return AMI_ENOMEM;
  int err = fill(action, until + strlen(until) + 1, about);
  if (err == 0 && about->has_timeout) err = ami_action_timeout(action, about->timeout_ms);
  if (err == 0 && until[0] != '\0') err = ami_action_until(action, until);
  if (err == 0) {
    err = about->each ? ami_send_each(ami, action, NULL, NULL, (void *)token, NULL, id)
                      : ami_send(ami, action, NULL, (void *)token, NULL, id);
  }
  if (err != 0) {
    const char *of_action = ami_action_detail(action);
    if (of_action[0] != '\0') {
      const size_t length = strlen(of_action) < detail_cap ? strlen(of_action) : detail_cap - 1;
      memcpy(detail, of_action, length);
      detail[length] = '\0';
    } else {
      ami_detail(ami, detail, detail_cap);
    }
  }
  ami_action_free(action);
  return err;
}

void go_free_secret(char *text) {
  volatile char *at = text;
  while (*at != '\0') *at++ = '\0';
  free(text);
}
