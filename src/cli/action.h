#pragma once

#include <string>
#include <vector>

#include "cli/connection.h"
#include "cli/handle.h"

namespace ami::cli {

// An action from the command line's Key=Value texts. Throws Failure for what Asterisk would misread.
ActionHandle make_action(const std::string& name, const std::vector<std::string>& fields);

// What sending it would write. Throws Failure when it cannot be sent.
std::string bytes_of(ami_action_t* action);

// Of a call on an action that gave err: throws Failure with the action's detail, unless it is AMI_OK.
void check(const ami_action_t* action, int err);

// Sends on an open connection and waits for the reply. Throws Failure when the action is refused or a signal
// comes.
ReplyHandle perform(const Connection& connection, const ami_action_t* action);

// What is to be said on stderr of a reply that is no success; "" of a success.
std::string trouble_of(const std::string& name, const ami_reply_t* reply);

}  // namespace ami::cli
