// Events. "@NAME CLASSES" begins one: its Event and Privilege lines are made of that, the rest follows here.
// {1}, {2} ... : the headers of the first, second ... channel or bridge that the script names; {Dest:2}: with
// "Dest" before each key. Other placeholders are values that the script or the code gives.
#include "data.h"

namespace ami::mock {

const char* const event_data = R"(
@SuccessfulAuth security
EventTV: {time}
Severity: {severity}
Service: AMI
EventVersion: 1
AccountID: {account}
SessionID: {session}
LocalAddress: {local}
RemoteAddress: {remote}
UsingPassword: 0
SessionTV: {time}

@RequestNotAllowed security
EventTV: {time}
Severity: {severity}
Service: AMI
EventVersion: 1
AccountID: {account}
SessionID: {session}
LocalAddress: {local}
RemoteAddress: {remote}
{extra}
SessionTV: {time}

@Shutdown system
Shutdown: Cleanly
Restart: True

@Reload system
Module: All
Status: 0

@UserEvent user
{body}

@Newchannel call
{1}

@Newstate call
{1}

@Newexten {newexten}
{1}
Extension: {exten}
Application: {app}
AppData: {data}

@VarSet dialplan
{1}
Variable: {name}
Value: {value}

@NewCallerid call
{1}
CID-CallingPres: 0 (Presentation Allowed, Not Screened)

@NewConnectedLine call
{1}

@LocalBridge call
{LocalOne:1}
{LocalTwo:2}
Context: {context}
Exten: {exten}
LocalOptimization: Yes

@DialBegin call
{1}
{Dest:2}
DialString: {dial}

@DialState call
{1}
{Dest:2}
DialStatus: RINGING

@DialEnd call
{1}
{Dest:2}
DialStatus: {status}

@BridgeCreate call
{1}

@BridgeEnter call
{1}
{2}

@BridgeLeave call
{1}
{2}

@BridgeDestroy call
{1}

@BlindTransfer call
Result: Success
{Transferer:1}
{Transferee:2}
{3}
IsExternal: Yes
Context: {context}
Extension: {exten}

@AttendedTransfer call
Result: Success
{OrigTransferer:1}
{Orig:3}
{SecondTransferer:2}
{Second:4}
DestType: Bridge
DestBridgeUniqueid: {dest_bridge}

@DTMFBegin dtmf
{1}
Digit: {digit}
Direction: Received

@DTMFEnd dtmf
{1}
Digit: {digit}
DurationMs: 100
Direction: Received

@Hold call
{1}
MusicClass: default

@Unhold call
{1}

@MusicOnHoldStart call
{1}
Class: default

@MusicOnHoldStop call
{1}

@SoftHangupRequest call
{1}
Cause: {cause}

@HangupRequest call
{1}
Cause: {cause}

@Hangup call
{1}
Cause: {cause}
Cause-txt: {cause_text}

@Cdr cdr
AccountCode: {account}
Source: {source}
Destination: {destination}
DestinationContext: {context}
CallerID: "{caller_name}" <{source}>
Channel: {channel}
DestinationChannel: {dest_channel}
LastApplication: {app}
LastData: {data}
StartTime: {start}
AnswerTime: {answer}
EndTime: {end}
Duration: {duration}
BillableSeconds: {billable}
Disposition: {disposition}
AMAFlags: DOCUMENTATION
UniqueID: {uniqueid}
UserField: 
AmiVar: 

@OriginateResponse call
{id}
Response: {response}
Channel: {channel}
{target}
Reason: {reason}
Uniqueid: {uniqueid}
CallerIDNum: {caller_num}
CallerIDName: {caller_name}
{vars}

@QueueCallerJoin agent
{1}
Queue: {queue}
Position: {position}
Count: {count}

@QueueCallerLeave agent
{1}
Queue: {queue}
Position: {position}
Count: {count}

@QueueCallerAbandon agent
{1}
Queue: {queue}
Position: {position}
OriginalPosition: {position}
HoldTime: {hold}

@AgentCalled agent
{1}
{Dest:2}
Queue: {queue}
Interface: {interface}
MemberName: {member}

@AgentRingNoAnswer agent
{1}
{Dest:2}
Queue: {queue}
Interface: {interface}
MemberName: {member}
RingTime: 1000

@AgentConnect agent
{1}
{Dest:2}
Queue: {queue}
Interface: {interface}
MemberName: {member}
HoldTime: {hold}
RingTime: 1

@AgentComplete agent
{1}
{Dest:2}
Queue: {queue}
Interface: {interface}
MemberName: {member}
HoldTime: {hold}
TalkTime: {talk}
Reason: caller

@QueueMemberAdded agent
{member}

@QueueMemberRemoved agent
{member}

@QueueMemberPause agent
{member}
{reason}
)";

}  // namespace ami::mock
