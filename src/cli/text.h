#pragma once

#include <string>

#include "ami/ami.h"
#include "cli/key.h"

namespace ami::cli {

// For people: "14:03:07.123  Newchannel            Channel=PJSIP/100-1 ...", local time, with a line end.
// What says nothing to a reader is left out: the name's own header, ActionID, Privilege, EventList and empty
// values; where keys are named, these alone are shown.
std::string text_line(const ami_msg_t* message, bool coloured, const Keys& keys = {});

// A reply: the response as a block of aligned headers, then a line for each item and for the event that ended
// it.
std::string text_block(const ami_reply_t* reply, bool coloured);

}  // namespace ami::cli
