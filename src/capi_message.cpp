#include "protocol/lone_message.h"
#include "protocol/reply.h"

int ami_reply_status(const ami_reply_t* reply) {
  return reply == nullptr ? AMI_EINVAL : reply->status;
}

int ami_reply_fate(const ami_reply_t* reply) {
  return reply == nullptr ? AMI_EINVAL : reply->fate;
}

uint64_t ami_reply_id(const ami_reply_t* reply) {
  return reply == nullptr ? 0 : reply->id;
}

const ami_msg_t* ami_reply_response(const ami_reply_t* reply) {
  return reply == nullptr ? nullptr : reply->response.get();
}

size_t ami_reply_count(const ami_reply_t* reply) {
  return reply == nullptr ? 0 : reply->items.size();
}

const ami_msg_t* ami_reply_at(const ami_reply_t* reply, size_t index) {
  return index < ami_reply_count(reply) ? reply->items[index].get() : nullptr;
}

const ami_msg_t* ami_reply_end(const ami_reply_t* reply) {
  return reply == nullptr ? nullptr : reply->end.get();
}

ami_reply_t* ami_reply_ref(const ami_reply_t* reply) {
  if (reply != nullptr) reply->ref();
  return const_cast<ami_reply_t*>(reply);
}

void ami_reply_unref(ami_reply_t* reply) {
  if (reply != nullptr) reply->unref();
}

int ami_msg_kind(const ami_msg_t* msg) {
  return msg == nullptr ? 0 : msg->kind();
}

const char* ami_msg_name(const ami_msg_t* msg) {
  return msg == nullptr ? "" : msg->name();
}

const char* ami_msg_get(const ami_msg_t* msg, const char* key, size_t* len) {
  if (len != nullptr) *len = 0;
  if (msg == nullptr || key == nullptr) return nullptr;
  const auto value = msg->get(key);
  if (len != nullptr) *len = value.size();
  return value.data();
}

const ami_field_t* ami_msg_find(const ami_msg_t* msg, const char* key, size_t nth) {
  return msg == nullptr || key == nullptr ? nullptr : msg->find(key, nth);
}

size_t ami_msg_fields(const ami_msg_t* msg, const ami_field_t** out) {
  if (out != nullptr) *out = msg == nullptr ? nullptr : msg->fields();
  return msg == nullptr ? 0 : msg->field_count();
}

const char* ami_msg_raw(const ami_msg_t* msg, size_t* len) {
  const auto raw = msg == nullptr ? std::string_view() : msg->raw();
  if (len != nullptr) *len = raw.size();
  return raw.data();
}

const char* ami_msg_output(const ami_msg_t* msg, size_t* len) {
  const auto output = msg == nullptr ? std::string_view() : msg->output();
  if (len != nullptr) *len = output.size();
  return output.data();
}

int ami_msg_status(const ami_msg_t* msg) {
  return msg == nullptr ? AMI_EINVAL : msg->status();
}

uint64_t ami_msg_seq(const ami_msg_t* msg) {
  return msg == nullptr ? 0 : msg->seq();
}

uint64_t ami_msg_time(const ami_msg_t* msg) {
  return msg == nullptr ? 0 : msg->time_ns();
}

const char* ami_msg_label(const ami_msg_t* msg) {
  return msg == nullptr ? "" : msg->label();
}

ami_msg_t* ami_msg_new(int kind, const char* bytes, size_t len, uint64_t seq, uint64_t time,
                       const char* label) {
  if (kind < 0 || kind > AMI_MSG_LISTITEM || bytes == nullptr) return nullptr;
  const ami::Stamp stamp{.kind = kind, .seq = seq, .time_ns = time, .label = label == nullptr ? "" : label};
  return ami::lone_message({bytes, len}, stamp).release();
}

ami_msg_t* ami_msg_ref(const ami_msg_t* msg) {
  if (msg != nullptr) msg->ref();
  return const_cast<ami_msg_t*>(msg);
}

void ami_msg_unref(ami_msg_t* msg) {
  if (msg != nullptr) msg->unref();
}
