#pragma once

#include <string>

namespace ami::cli {

/*
 * The grammar of the command line, from which the man page is made:
 *
 *   {"name":"ami","text":"...","help":"...","arguments":[],"options":[...],"verbs":[{"name":"events",...}]}
 *
 * help is what stands beneath the options. An option is
 *   {"names":["-p","--profile"],"value":"PROFILE","text":"...","group":"Server"}
 * where value is "" for a flag, and an argument {"name":"GLOB","text":"...","required":false,"many":true}.
 */
std::string grammar_json();

}  // namespace ami::cli
