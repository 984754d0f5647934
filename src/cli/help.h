#pragma once

namespace ami::cli {

// What --help says beneath the options: of the program, and of each verb.
extern const char* const kProgramHelp;
extern const char* const kEventsHelp;
extern const char* const kSendHelp;
extern const char* const kCommandHelp;
extern const char* const kListHelp;
extern const char* const kOriginateHelp;
extern const char* const kPingHelp;
extern const char* const kDoctorHelp;
extern const char* const kRecordHelp;
extern const char* const kReplayHelp;
extern const char* const kTopHelp;
extern const char* const kShellHelp;
extern const char* const kShellKeys;

}  // namespace ami::cli
