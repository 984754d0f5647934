/* What src/protocol does, for tests in C. Nothing here throws, and nothing here asserts: it records and
 * returns. */
#ifndef CORE_PROTOCOL_H
#define CORE_PROTOCOL_H

#include <stddef.h>
#include <stdint.h>

#include "ami/ami.h"

#ifndef __cplusplus
/* cmocka.h wants these before it. */
/* clang-format off */
#include <setjmp.h>
#include <stdarg.h>
#include <cmocka.h>
/* clang-format on */
#endif

#ifdef __cplusplus
extern "C" {
#endif

enum { CORE_BYTES = 0, CORE_UTF8 = 1, CORE_LATIN1 = 2 }; /* ami::Encoding */

/* ---- parser: what the sink hears is kept as text, a line each:
     greeting LINE / skipped BYTES / event NAME, response NAME or unknown, and below each of those
     "  KEY=VALUE", "  =LINE" for one without a key, and "  output OUTPUT". Odd bytes are \xNN. ---- */
typedef struct core_parser core_parser_t;
/* Limits of 0 are the default ones. */
core_parser_t* core_parser_new(size_t message, size_t line, size_t greeting);
void core_parser_free(core_parser_t* parser);
/* on_frame() returns false for messages of this name. */
void core_parser_stop_at(core_parser_t* parser, const char* name);
int core_parser_feed(core_parser_t* parser, const char* bytes, size_t size);
const char* core_parser_heard(const core_parser_t* parser);
const char* core_parser_detail(const core_parser_t* parser);
size_t core_parser_held(const core_parser_t* parser);

/* ---- transcript: a recording, parsed whole at first ---- */
typedef struct core_transcript core_transcript_t;
/* bytes must outlive it. */
core_transcript_t* core_transcript_new(const char* bytes, size_t size);
void core_transcript_free(core_transcript_t* transcript);
/* As tests/transcripts/expect.py writes it. */
const char* core_transcript_summary(const core_transcript_t* transcript);
/* Whether raw() of every message is what came. */
int core_transcript_restores_raw(const core_transcript_t* transcript);
/* Whether the same is heard when the bytes come as one piece of "first" bytes and then in pieces of "step".
 */
int core_transcript_same_in_pieces(const core_transcript_t* transcript, size_t first, size_t step);
/* Whether the messages around this split in two are the same when they are split there. */
int core_transcript_same_around(const core_transcript_t* transcript, size_t split);

/* ---- frame: the wire text is one message ---- */
/* The value is copied to out; returns its length, or -1 when there is none. */
int core_frame_get(const char* wire, size_t size, const char* key, char* out, size_t cap);

/* ---- returned memory ---- */
typedef struct core_returned core_returned_t;
core_returned_t* core_returned_new(void);
void core_returned_free(core_returned_t* returned);
void core_returned_add_maker(core_returned_t* returned);
void core_returned_remove_maker(core_returned_t* returned);
void core_returned_give(core_returned_t* returned, void* memory, size_t size);
void core_returned_free_all(core_returned_t* returned);
size_t core_returned_bytes(const core_returned_t* returned);
size_t core_returned_most(void);

/* ---- message: seq 7, time 8, label "pbx" ---- */
ami_msg_t* core_msg_new(const char* wire, size_t size, int encoding);
ami_msg_t* core_msg_notice(const char* lines);
void core_msg_ref(const ami_msg_t* msg);
void core_msg_unref(const ami_msg_t* msg);
int core_msg_kind(const ami_msg_t* msg);
const char* core_msg_name(const ami_msg_t* msg);
const char* core_msg_label(const ami_msg_t* msg);
uint64_t core_msg_seq(const ami_msg_t* msg);
uint64_t core_msg_time(const ami_msg_t* msg);
int core_msg_status(const ami_msg_t* msg);
size_t core_msg_size(const ami_msg_t* msg);
const char* core_msg_get(const ami_msg_t* msg, const char* key, size_t* len);
const ami_field_t* core_msg_find(const ami_msg_t* msg, const char* key, size_t nth);
size_t core_msg_fields(const ami_msg_t* msg, const ami_field_t** out);
const char* core_msg_raw(const ami_msg_t* msg, size_t* len);
const char* core_msg_output(const ami_msg_t* msg, size_t* len);

/* ---- action ---- */
ami_action_t* core_action_new(const char* name, size_t size);
void core_action_free(ami_action_t* action);
int core_action_add(ami_action_t* action, const char* key, const char* value);
int core_action_addn(ami_action_t* action, const char* key, size_t key_len, const char* value,
                     size_t value_len);
int core_action_add_all(ami_action_t* action, const char* const* key_value, size_t pairs);
int core_action_variable(ami_action_t* action, const char* name, const char* value);
int core_action_timeout(ami_action_t* action, int ms);
int core_action_until(ami_action_t* action, const char* event);
int core_action_refuse(ami_action_t* action, int err, const char* detail);
int core_action_status(const ami_action_t* action);
int core_action_timeout_ms(const ami_action_t* action);
const char* core_action_detail(const ami_action_t* action);
const char* core_action_name(const ami_action_t* action);
const char* core_action_own_id(const ami_action_t* action);
const char* core_action_until_event(const ami_action_t* action);
/* Writes the value to out, cut to cap; returns its length, or -1 when there is none. */
int core_action_get(const ami_action_t* action, const char* key, char* out, size_t cap);
/* The reason is copied to detail, cut to cap. */
int core_action_check(const ami_action_t* action, char* detail, size_t cap);
/* Writes the wire text behind "before", which stands for what was to be sent already. Free it with free(). */
char* core_action_write(const ami_action_t* action, const char* id, int encoding, int* err, char* detail,
                        size_t cap);
int core_check_field(const char* key, const char* value);

/* ---- encoding: length of what was written to out, which must have the room; -1 when it cannot be said ----
 */
int core_is_plain(int encoding, const char* wire, size_t size);
int core_decode(int encoding, const char* wire, size_t size, char* out);
int core_encode(int encoding, const char* text, size_t size, char* out);

/* ---- lists: the shape as its number in ami::Shape ---- */
enum { CORE_PLAIN, CORE_LIST, CORE_REGEX_LIST, CORE_SINGLE_EVENT, CORE_EVENT_ONLY, CORE_NO_ANSWER };
int core_answer(const char* action, const char** end);

/* ---- digest ---- */
typedef int (*core_md5)(const char* text, size_t size, unsigned char out[16]);
/* Writes the key and a NUL to out, of 33 bytes; returns its length. */
size_t core_challenge_key(core_md5 md5, const char* challenge, const char* secret, char* out);
/* Wipes a string that holds text, and a longer one before; returns how many of its bytes are left. */
size_t core_wipe(const char* longer, const char* text);

/* ---- text ---- */
int core_equal_nocase(const char* a, const char* b);
int core_starts_nocase(const char* text, const char* prefix);
int core_contains_nocase(const char* text, const char* part);
int core_lower_copy(const char* text, char* out, size_t cap);
int core_parse_number(const char* text, uint64_t max, uint64_t* out);
int core_printable(const char* text, size_t size, size_t limit, char* out, size_t cap);

/* ---- scan ---- */
/* From now on all scans are this processor's kernel of that index; returns its name, or NULL behind the last.
 */
const char* core_use_kernel(size_t index);
size_t core_count_lines(const char* text, size_t size);
size_t core_line_begin(const char* text, size_t size, size_t from, char one, char other);
/* The ends of the lines and the first colon of each; returns how many, or -1 for no outline. */
int core_outline(const char* text, size_t size, size_t* ends, size_t* colons);
/* The first message end of text, which comes behind "before", or SIZE_MAX. Adds the LFs of text up to there.
 */
size_t core_message_end(const char* before, size_t before_size, const char* text, size_t size,
                        size_t* line_feeds);

#ifdef __cplusplus
}
#endif
#endif
