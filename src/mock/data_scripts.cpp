// Courses of calls. "@NAME" begins one. Each line is a verb and its words; {value} is filled in when the line
// runs.
//   channel ROLE NAME STATE          a new channel, which the following lines call ROLE
//   state ROLE STATE                 0 down, 4 ring, 5 ringing, 6 up, 7 busy
//   app ROLE APPLICATION DATA        the dialplan's next step
//   goto ROLE EXTEN                  another extension, from priority 1
//   set ROLE NAME VALUE              a channel variable
//   caller ROLE NUMBER NAME          caller id;  line ROLE NUMBER NAME  connected line
//   let NAME VALUE                   a value for templates and later lines
//   raise EVENT ROLE...              an event ("-": none in that place; bridges are roles too)
//   bridge ROLE                      a new bridge;  enter BRIDGE ROLE, leave BRIDGE ROLE, destroy BRIDGE
//   join ROLE, unjoin ROLE           the queue {queue}
//   hangup ROLE CAUSE                one channel ends, with its Cdr (DISPOSITION is {status})
//   variables ROLE                   those that the Originate gave
//   answered ROLE, failed REASON     how the Originate ended
//   wait MS                          (scaled by the "speed" option)
//   stay                             until it is hung up from outside
//   then NAME                        goes on with another course
// At the end of its course whatever is left of a call is hung up.
#include "data.h"

namespace ami::mock {

const char* const script_data = R"(
@local
channel a Local/{exten}@{context}-{serial};1 0
channel b Local/{exten}@{context}-{serial};2 4
app a AppDial2 (Outgoing Line)
variables a
variables b
raise LocalBridge a b
let dial {exten}@{context}
raise DialBegin - a
then local {exten}

@local 100
app b NoOp answer, set, wait, hang up
app b Answer
then local up

@local 101
app b Answer
then local up

@local 102
app b Answer
then local up

@local up
state b 6
state a 6
let status ANSWER
raise DialEnd - a
answered a
then target

@local 103
app b Busy 1
state b 7
let status BUSY
raise DialEnd - a
failed 5
hangup a 0
hangup b 17

@local 104
app b Congestion 1
state b 7
let status CONGESTION
raise DialEnd - a
failed 8
hangup a 0
hangup b 34

@local 105
app b Ringing
state a 5
app b Wait 30
raise DialState - a
wait {timeout}
let status NOANSWER
raise DialEnd - a
failed 3
hangup a 19
hangup b 19

@local 106
app b Dial Local/101@test,10
channel c Local/101@{context}-{serial2};1 0
channel d Local/101@{context}-{serial2};2 4
app c AppDial (Outgoing Line)
caller c 106 <unknown>
line d 106 <unknown>
let dial 101@{context}/n
raise LocalBridge c d
raise DialBegin b c
app d Answer
state d 6
state c 6
let status ANSWER
raise DialEnd b c
state b 6
bridge x
state a 6
raise DialEnd - a
answered a
enter x c
enter x b
set c BRIDGEPEER Local/106@{context}-{serial};2
set b BRIDGEPEER Local/101@{context}-{serial2};1
then target

@local nowhere
failed 0
hangup b 0
hangup a 0

@none
failed 0

@target exten 100
goto a 100
app a Answer
app a Set AMIVAR=hello
set a AMIVAR hello
app a Set PLAIN=a value: with, odd = things
set a PLAIN a value: with, odd = things
app a Wait 0.3
wait 300
app a Hangup 16

@target exten
goto a {to_exten}
app a Answer
app a Wait 3600
stay

@target app
app a {to_app} {to_data}
wait {to_wait}

@redirected
goto a {to_exten}
app a Wait 3600
stay

@call answered
channel a PJSIP/{from}-{serial} 4
app a Dial PJSIP/{to},20
channel b PJSIP/{to}-{serial2} 0
caller b {number} {name}
line b {number} {name}
let dial {to}
raise DialBegin a b
state b 5
raise DialState a b
wait 150
state b 6
let status ANSWER
raise DialEnd a b
state a 6
bridge x
enter x b
enter x a
set a BRIDGEPEER PJSIP/{to}-{serial2}
set b BRIDGEPEER PJSIP/{from}-{serial}
wait 300
let digit {digit}
raise DTMFBegin a
raise DTMFEnd a
wait {talk}
leave x a
leave x b
destroy x
hangup b 16
hangup a 16

@call busy
channel a PJSIP/{from}-{serial} 4
app a Dial PJSIP/{to},20
channel b PJSIP/{to}-{serial2} 0
let dial {to}
raise DialBegin a b
wait 100
let status BUSY
raise DialEnd a b
hangup b 17
app a Busy 5
hangup a 17

@call unanswered
channel a PJSIP/{from}-{serial} 4
app a Dial PJSIP/{to},1
channel b PJSIP/{to}-{serial2} 0
let dial {to}
raise DialBegin a b
state b 5
raise DialState a b
wait 600
let status NOANSWER
raise DialEnd a b
hangup b 0
app a VoiceMail {to}@default,u
hangup a 16

@storm
channel a PJSIP/{from}-{serial} 4
app a Dial PJSIP/{to},20
channel b PJSIP/{to}-{serial2} 0
caller b {number} {name}
let dial {to}
raise DialBegin a b
state b 5
raise DialState a b
state b 6
let status ANSWER
raise DialEnd a b
state a 6
bridge x
enter x b
enter x a
set a BRIDGEPEER PJSIP/{to}-{serial2}
set b BRIDGEPEER PJSIP/{from}-{serial}
wait 50
leave x a
leave x b
destroy x
hangup b 16
hangup a 16

@queue answered
channel a PJSIP/{from}-{serial} 4
app a Answer
state a 6
app a Queue {queue},t,,,60
join a
raise MusicOnHoldStart a
wait 200
channel b PJSIP/{to}-{serial2} 0
app b AppQueue (Outgoing Line)
caller b {number} {name}
let dial {to}
raise AgentCalled a b
raise DialBegin a b
state b 5
raise DialState a b
wait 300
state b 6
let status ANSWER
raise DialEnd a b
raise MusicOnHoldStop a
unjoin a
raise AgentConnect a b
bridge x
enter x b
enter x a
wait {talk}
leave x a
leave x b
destroy x
raise AgentComplete a b
hangup b 16
hangup a 16

@queue second
channel a PJSIP/{from}-{serial} 4
app a Answer
state a 6
app a Queue {queue},t,,,60
join a
raise MusicOnHoldStart a
wait 100
channel c Local/105@test-{serial3};1 0
let interface Local/105@test/n
let member Local One
let dial 105@test/n
raise AgentCalled a c
raise DialBegin a c
state c 5
wait 400
let status NOANSWER
raise DialEnd a c
raise AgentRingNoAnswer a c
hangup c 0
channel b PJSIP/{to}-{serial2} 0
let interface PJSIP/{to}
let member {to}
let dial {to}
raise AgentCalled a b
raise DialBegin a b
state b 5
wait 200
state b 6
let status ANSWER
raise DialEnd a b
raise MusicOnHoldStop a
unjoin a
raise AgentConnect a b
bridge x
enter x b
enter x a
wait {talk}
leave x a
leave x b
destroy x
raise AgentComplete a b
hangup b 16
hangup a 16

@queue abandoned
channel a PJSIP/{from}-{serial} 4
app a Answer
state a 6
app a Queue {queue},t,,,60
join a
raise MusicOnHoldStart a
wait 500
raise MusicOnHoldStop a

@bridge blind
channel a PJSIP/{from}-{serial} 4
app a Dial PJSIP/{to},20
channel b PJSIP/{to}-{serial2} 0
let dial {to}
raise DialBegin a b
state b 6
let status ANSWER
raise DialEnd a b
state a 6
bridge x
enter x b
enter x a
wait 250
raise Hold a
wait 150
raise Unhold a
let exten {third_exten}
raise BlindTransfer b a x
leave x b
leave x a
destroy x
hangup b 16
goto a {third_exten}
app a Dial PJSIP/{third},20
channel c PJSIP/{third}-{serial3} 0
let dial {third}
raise DialBegin a c
state c 6
let status ANSWER
raise DialEnd a c
bridge y
enter y c
enter y a
wait {talk}
leave y a
leave y c
destroy y
hangup c 16
hangup a 16

@bridge attended
channel a PJSIP/{from}-{serial} 4
app a Dial PJSIP/{to},20
channel b PJSIP/{to}-{serial2} 0
let dial {to}
raise DialBegin a b
state b 6
let status ANSWER
raise DialEnd a b
state a 6
bridge x
enter x b
enter x a
wait 200
raise Hold b
channel d PJSIP/{to}-{serial4} 4
app d Dial PJSIP/{third},20
channel c PJSIP/{third}-{serial3} 0
let dial {third}
raise DialBegin d c
state c 6
raise DialEnd d c
state d 6
bridge y
enter y c
enter y d
wait 200
let dest_bridge {id:y}
raise AttendedTransfer b d x y
leave x b
leave x a
destroy x
leave y d
enter y a
hangup b 16
hangup d 16
wait {talk}
leave y a
leave y c
destroy y
hangup c 16
hangup a 16
)";

}  // namespace ami::mock
