#pragma once

#include <string>
#include <vector>

#include "ami/ami.h"
#include "cli/key.h"

namespace ami::cli {

/*
 * One line of JSON, with its line end. A message is
 *
 *   {"seq":17,"time":"2026-11-24T04:45:56.123Z","label":"pbx1","kind":"event","name":"Newchannel","fields":{...}}
 *
 * label only when the client has an identifier; kind is event, response, listitem or notice. fields holds
 * every header in wire order; one that repeats has an array of its values, where it first stood. Where the
 * repeats of a header are not neighbours, "order" lists all keys as they came, so that nothing of the order
 * is lost. A line without a colon has the key "". Bytes that are not UTF-8: see restorable() in utf8.h.
 * Where keys are named, fields holds these alone.
 */
std::string json_line(const ami_msg_t* message, const Keys& keys = {});

/*
 *   {"action":"Ping","status":0,"error":null,"fate":"answered","response":{...},"items":[...],"end":null,"output":null}
 *
 * status is 0 or an AMI_E* number, error its name, fate not_sent, maybe_run or answered; response and end are
 * messages or null, items are messages, output is the text of a Command or null. Of a line of input that was
 * refused there is no reply (null): its status is AMI_EINVAL, its fate not_sent, and its action null if that
 * is what could not be read. "line" stands first, unless 0.
 */
std::string json_line(const char* action, const ami_reply_t* reply, size_t line = 0);

struct NamedFields {
  std::string name;
  std::vector<std::string> fields;  // Key=Value
};

// An action as JSON: {"Action":"Originate","Channel":"PJSIP/100","Priority":1,"Variable":["a=1","b=2"]}, with
// bytes that are no UTF-8 as restorable() leaves them. Throws Failure for what is anything else.
NamedFields read_action(const std::string& line);

// "2026-11-24T04:45:56.123Z", and what kind stands for, as in the JSON.
std::string utc_time(uint64_t unix_ns);
const char* kind_text(int kind);

}  // namespace ami::cli
