/* What cgo would cross for once for every field or message, done in one call for many. */
#ifndef AMI_GO_GLUE_H
#define AMI_GO_GLUE_H

#include <ami/ami.h>

/* Beside each item that was polled: what a subscription needs to keep its bounds, and to see the same message
   that matched twice. */
typedef struct go_weight {
  uint64_t seq;
  uint64_t bytes;
} go_weight_t;

/* Where a copied message stands in the buffer: size bytes from offset, 0 for no message. */
typedef struct go_copied {
  uint64_t seq, time_ns;
  uint64_t offset, size;
  int32_t kind;
  int32_t reserved;
} go_copied_t;

/* An action as Go hands it over, beside its text: name and the event to wait for (or nothing), each with a NUL behind;
   then records (see go_copy_items) of the fields, then of the variables. */
typedef struct go_action {
  size_t fields, variables;
  int32_t has_timeout, timeout_ms;
  int32_t each; /* items one by one */
} go_action_t;

typedef struct go_reply_info {
  int32_t status, fate;
  uint64_t messages; /* response, end and items */
  const char *output;
  uint64_t output_len;
} go_reply_info_t;

/* ami_on() with a number for user, and no callback: for a queue that is polled. */
int go_on(ami_t *ami, const char *name, uintptr_t token, uint64_t *sub);

int go_poll(ami_queue_t *queue, ami_item_t *out, go_weight_t *weights, size_t max);

/* Builds the action, sends it and frees it. An error's text comes in detail. */
int go_send(ami_t *ami, const char *text, const go_action_t *about, uintptr_t token, uint64_t *id, char *detail,
            size_t detail_cap);

/*
 * Copies the messages of items to buffer while there is room: returns how many. A message is a row of records: length
 * of key, length of value (32 bits each, the low byte first), key, value. When the first does not fit, *needed is
 * the room that it wants.
 */
size_t go_copy_items(const ami_item_t *items, size_t count, char *buffer, size_t cap, go_copied_t *copied,
                     uint64_t *needed);
/* The same for a reply's messages from number first on: 0 the response, 1 the end, then the items. */
size_t go_copy_reply(const ami_reply_t *reply, size_t first, size_t count, char *buffer, size_t cap, go_copied_t *copied,
                     uint64_t *needed);
void go_reply_info(const ami_reply_t *reply, go_reply_info_t *info);

/* ami_items_get(), and the kind of each message. */
int go_read_items(const ami_item_t *items, size_t count, const char *const *keys, size_t key_count, ami_field_t *out,
                  int32_t *kinds);

/* Releases the events among items and moves the notices to the front: returns how many those are. from and to are
   the times of the first and the last event released. */
size_t go_drop_events(ami_item_t *items, size_t count, uint64_t *from_ns, uint64_t *to_ns);

/* The queue's descriptor once more, for a poller that closes what it was given. */
int go_queue_fd(const ami_queue_t *queue);

/* Frees a string after wiping it. */
void go_free_secret(char *text);

#endif
