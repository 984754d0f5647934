// Items of lists. "@LIST" begins one, a list may have many. {id} is the ActionID line; the items of things
// that live (channels, bridges, queues) are filled with their values.
#include "data.h"

namespace ami::mock {

const char* const item_data = R"(
@CoreShowChannels
Event: CoreShowChannel
{id}
{1}
Application: {app}
ApplicationData: {data}
Duration: {duration}
BridgeId: {bridge}

@Status
Event: Status
Privilege: Call
{1}
Type: {type}
DNID: 
EffectiveConnectedLineNum: {line_num}
EffectiveConnectedLineName: {line_name}
TimeToHangup: 0
BridgeID: {bridge}
Application: {app}
Data: {data}
Nativeformats: (slin)
Readformat: slin
Readtrans: 
Writeformat: slin
Writetrans: 
Callgroup: 0
Pickupgroup: 0
Seconds: {seconds}
{variables}
{id}

@BridgeList
Event: BridgeListItem
{id}
{1}

@BridgeInfo
Event: BridgeInfoChannel
{id}
{1}

@QueueParams
Event: QueueParams
Queue: {queue}
Max: 0
Strategy: {strategy}
Calls: {calls}
Holdtime: 0
TalkTime: 0
Completed: {completed}
Abandoned: {abandoned}
ServiceLevel: 0
ServicelevelPerf: 0.0
ServicelevelPerf2: 0.0
Weight: 0
{id}

@QueueMember
Event: QueueMember
Queue: {queue}
Name: {name}
Location: {interface}
StateInterface: {state_interface}
Membership: {membership}
Penalty: {penalty}
CallsTaken: {calls}
LastCall: 0
LastPause: {last_pause}
LoginTime: {login_time}
InCall: 0
Status: {status}
Paused: {paused}
PausedReason: {paused_reason}
Wrapuptime: 0
{id}

@MemberHeaders
Queue: {queue}
MemberName: {name}
Interface: {interface}
StateInterface: {state_interface}
Membership: {membership}
Penalty: {penalty}
CallsTaken: {calls}
LastCall: 0
LastPause: {last_pause}
LoginTime: {login_time}
InCall: 0
Status: {status}
Paused: {paused}
PausedReason: {paused_reason}
Ringinuse: 1
Wrapuptime: 0

@QueueEntry
Event: QueueEntry
Queue: {queue}
Position: {position}
Channel: {channel}
Uniqueid: {uniqueid}
CallerIDNum: {caller_num}
CallerIDName: {caller_name}
ConnectedLineNum: unknown
ConnectedLineName: unknown
Wait: {wait}
Priority: 0
{id}

@QueueSummary
Event: QueueSummary
Queue: {queue}
LoggedIn: {logged_in}
Available: {available}
Callers: {calls}
HoldTime: 0
TalkTime: 0
LongestHoldTime: 0
{id}

@PJSIPShowEndpoints
Event: EndpointList
{id}
ObjectType: endpoint
ObjectName: alice
Transport: 
Aor: alice
Auths: alice
OutboundAuths: 
Contacts: 
DeviceState: Unavailable
ActiveChannels: 0

@PJSIPShowEndpoints
Event: EndpointList
{id}
ObjectType: endpoint
ObjectName: bob
Transport: 
Aor: bob
Auths: bob
OutboundAuths: 
Contacts: 
DeviceState: Unavailable
ActiveChannels: 0

@PJSIPShowEndpoints
Event: EndpointList
{id}
ObjectType: endpoint
ObjectName: loop
Transport: t-udp
Aor: loop
Auths: 
OutboundAuths: 
Contacts: loop/sip:127.0.0.1:5060,
DeviceState: Not in use
ActiveChannels: 0

@Parkinglots
Event: Parkinglot
{id}
Name: default
StartSpace: 701
StopSpace: 720
Timeout: 20

@DeviceStateList
Event: DeviceStateChange
{id}
Device: PJSIP/loop
State: NOT_INUSE

@DeviceStateList
Event: DeviceStateChange
{id}
Device: PJSIP/alice
State: UNAVAILABLE

@DeviceStateList
Event: DeviceStateChange
{id}
Device: Queue:support_avail
State: INUSE

@DeviceStateList
Event: DeviceStateChange
{id}
Device: MWI:1234@default
State: NOT_INUSE

@ExtensionStateList
Event: ExtensionStatus
{id}
Exten: 300
Context: test
Hint: Custom:dev300
Status: 0
StatusText: Idle

@ExtensionStateList
Event: ExtensionStatus
{id}
Exten: 301
Context: test
Hint: PJSIP/alice,CustomPresence:alice
Status: 4
StatusText: Unavailable

@Agents
Event: Agents
{id}
Agent: 1001
Name: Agent One
Status: AGENT_LOGGEDOFF
TalkingToChan: n/a
CallStarted: n/a
LoggedInTime: 0

@DBGet
Event: DBGetResponse
Family: {family}
Key: {key}
Val: {value}
{id}

@DBGetTree
Event: DBGetTreeResponse
Key: {key}
Val: {value}
{id}

@ChannelHungup
Event: ChannelHungup
Channel: {channel}
{id}
)";

}  // namespace ami::mock
