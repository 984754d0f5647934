#include "cli/help.h"

namespace ami::cli {

const char* const kProgramHelp = R"(Examples:
  export AMI_URL=ami://admin@pbx.example    the password: AMI_PASSWORD, or asked for
  ami events 'Queue*'                      every event of the queues, until Ctrl-C
  ami send Originate Channel=PJSIP/100 Context=default Exten=200 Priority=1
  ami command 'core show channels'
  ami list CoreShowChannels                a table of what a list holds
  ami originate PJSIP/100 --exten 200      a call, and what becomes of it
  ami doctor                               what is right, wrong and risky about a server
  ami record office.rec                    a session, to be looked at later: ami replay
  ami top                                  calls and queues on the whole terminal
  ami mock --port 5038                     a fake Asterisk to try things on

The server is that of --url; else of -p, a profile of ~/.config/ami/config (or
$XDG_CONFIG_HOME/ami/config); else of AMI_URL; else of the profile that AMI_PROFILE names,
or the one named default. With -p, a --url takes the place of the profile's own.
  [office]
  url = amis://admin@pbx.example        # any option of the library: tls.ca = office.pem
  password-command = secret-tool lookup service ami
The password is that of --password-file, of the URL, or of the profile: its password-file
(relative to the configuration), its password-command (run by sh, the first line counts),
or password, in a file that nobody else can read; else of AMI_PASSWORD; else it is asked
for. A # or ; begins a comment, at the end of a line behind a blank ; alone does.

Exit codes: 0 done, 1 Asterisk said Error, 2 wrong usage, 3 no connection,
4 no login, 5 time-out, 6 output cannot be written, 7 something is wrong (ami doctor),
128 + N ended by signal N.
'ami VERB --help' tells more about each.)";

const char* const kEventsHelp = R"(Examples:
  ami events --url ami://admin@pbx.example
  ami events 'Queue*' 'Agent*'
  ami events Newchannel | jq -r .fields.Channel
  ami events --where 'Channel=PJSIP/100-*' --not 'VarSet' --not 'RTCP*'
  ami events Hangup --format '%t %{Channel} %{Cause-txt}'
  ami events 'Queue*' --format csv --fields Queue,Position,CallerIDNum > queue.csv
  ami events --count 1 FullyBooted --for 30 > /dev/null

A GLOB is an event's name, with * and ? for any text and any character; case does
not matter. What the library tells (login, ready, connection-..., gap where events may
have been missed) is part of the stream. The first login must succeed; from then on the
stream lives through restarts of Asterisk, unless -o reconnect=false.

A format is json, text, raw, csv (whose columns --fields names), or a pattern: %t time,
%n name, %k kind, %s number, %l label, %{Key} the first value of that header, %% percent.

With several --url or -p each line has a label: the option identifier of the server, or
else the name of its profile, or else host and port.

Exit codes: 0 at the end of --count or --for, or when nobody reads any more; 130 at
Ctrl-C, 143 at SIGTERM; others as in 'ami --help'.

JSON, one line for each message:
  {"seq":17,"time":"2026-11-24T04:45:56.123Z","kind":"event","name":"Newchannel",
   "fields":{"Event":"Newchannel","Channel":"PJSIP/100-1","ChanVariable":["a=1","b=2"]}}
fields keeps the order of the wire; a header that repeats has an array. If the repeats
were not neighbours, "order" lists all the keys as they came. "label" is the option
identifier. Bytes that are not UTF-8 appear as the characters U+EF80 to U+EFFF, whose
last two hexadecimal digits are the byte (and so does a text that held those already).

On a terminal, Privilege, ActionID, EventList and empty headers are left out.)";

const char* const kSendHelp = R"(Examples:
  ami send Ping
  ami send CoreShowChannels | jq -r '.items[].fields.Channel'
  ami send Originate Channel=PJSIP/100 Application=Playback Data=hello-world \
      Async=true --until OriginateResponse
  ami send SetVar Variable=greeting Value='a = b'
  ami send --dry-run Hangup Channel=PJSIP/100-00000001 Cause=16
  ami send --jobs 20 < actions.jsonl > replies.jsonl

The first = parts key and value. A key may be given many times. The action and its
headers are looked up first in what Asterisk 1.4 to 24 have. The JSON holds the
response, the items of a list and the event that ended it:
  {"action":"Ping","status":0,"error":null,"fate":"answered","response":{...},
   "items":[],"end":null,"output":null}
fate tells whether to send again is safe: not_sent, maybe_run (sent, no answer seen),
answered. The messages in it look as in 'ami events --help'.

Without an ACTION stdin holds them, each a line of JSON, with a header that repeats as an
array; the options hold for all of them:
  {"Action":"Originate","Channel":"PJSIP/100","Exten":"200","Variable":["a=1","b=2"]}
Up to --jobs of them are under way at a time. Each has a line of output, in the order in
which their ends come: "line" says which line of the input it belongs to. A line that is
no action is not sent (stderr says why), and the others go on. Exit code: the greatest of
what each would have alone.

--dry-run needs no server. The ActionID is not yet there.)";

const char* const kCommandHelp = R"(Examples:
  ami command 'core show channels'
  ami command core show uptime
  ami command 'pjsip show endpoints' | grep Avail

Prints the text as Asterisk's own console would, also in a pipe; --json prints the whole
reply. When Asterisk says Error (Asterisk 14 and later) the exit code is 1.)";

const char* const kListHelp = R"(Examples:
  ami list CoreShowChannels
  ami list QueueStatus Queue=support --fields Event,Name,Status,CallsTaken
  ami list PJSIPShowEndpoints --csv > endpoints.csv
  ami list SIPpeers --json | jq -r .fields.ObjectName

A row for each item, a column for each header that has a value in one of them; values of
a header that repeats stand with commas between them.)";

const char* const kOriginateHelp = R"(Examples:
  ami originate PJSIP/100 --exten 200
  ami originate PJSIP/100 --app Playback --data hello-world --caller-id '"Door" <17>'
  ami originate Local/100@sales --exten s --context queue --var customer=4711

Asterisk calls the channel, and when it answers sends it to the extension or the
application. Exit code 0: it has answered; 1: it has not.)";

const char* const kPingHelp = R"(Examples:
  ami ping
  ami ping --count 100 --interval 0

Until Ctrl-C, or --count. The time is that from sending to the answer: of the network, and
of whatever Asterisk was at. Exit code 5 when none was answered.)";

const char* const kDoctorHelp = R"(Examples:
  ami doctor
  ami doctor --url amis://admin@pbx.example --for 60
  ami doctor --for-use queues
  ami doctor --json | jq -r 'select(.level == "wrong").text'

Connects, logs in and looks at: connection, TLS and its certificate, what the account may do,
the event mask, the settings of manager.conf, writetimeout, the release and its advisories,
the round trip, and the events. It changes nothing. Where the account may not ask for
something, it says so. Own settings in manager.conf are read on this machine or with TLS
alone, as the account's secret comes along.

Exit codes: 0 nothing is wrong, though something may be risky; 7 something is wrong; others
as in 'ami --help' when there is no connection or login.)";

const char* const kRecordHelp = R"(Examples:
  ami record office.rec
  ami record --rotate 1d /var/log/asterisk/ami.rec
  ami record - | zstd > office.rec.zst

Every message from the server is written as it came, with its time, and what the library
tells beside it. In the place of passwords, challenges and our own ActionIDs stands ***.
A file that is there is added to, behind its last whole message. With --rotate a full file
is put away as FILE.20261128T041700Z, by the time of its first entry. What has come is
handed to the kernel at once, and to the disk after a second at most.

The first login must succeed; from then on it lives through restarts of Asterisk. Exit codes
as in 'ami events --help'; 6 when the file cannot be written. The format of the file is
described in ami-recording(5).)";

const char* const kReplayHelp = R"(Examples:
  ami replay office.rec
  ami replay office.rec 'Queue*' --where Queue=support --text
  ami replay office.rec --format csv --fields Queue,Position > queue.csv
  ami mock --port 5038 --serve office.rec    a server that says it all again

Prints a recording as 'ami events' would have printed the session, whose --help tells of
GLOB, --format and JSON. --all adds the answers and list items, so that with --raw it is all
that came. Of a recording that was cut short, all that is whole is printed.)";

const char* const kTopHelp = R"(Examples:
  ami top
  ami top -o events=call,agent             no other events, so less traffic

Calls with their state, length and parties; queues with who waits and who may answer;
events per second; gaps, where events were missed, in red. It looks the lists up when it
connects (CoreShowChannels or Status, QueueStatus), follows events from then on, and looks
them up again after a gap. The login needs the read classes call and agent, one of the
write classes call, reporting and system, and to hang up call or system; what it may not
see is told on the board. The first login must succeed; from then on the board lives
through restarts of Asterisk, unless -o reconnect=false.

Keys: ? or F1 tells them all; q ends. To hang up a channel (k or F9) it asks first.)";

const char* const kShellHelp = R"(Examples:
  ami shell --url ami://admin@pbx.example
  ami shell 'Queue*' 'Agent*'              with these events alone
  ami shell -- '-RTCP*'                    with all but these
  echo '!core show uptime' | ami shell
  ami shell < actions.txt > replies.jsonl

)";

const char* const kShellKeys = R"(What can be typed:
  Action Key=Value ...     an action, as behind 'ami send'; also --until, --timeout, --force,
                           --dry-run, --json, --text, --raw
  !core show channels      a command of Asterisk's command line
  \l Action Key=Value ...  the items of a list as a table
  \f GLOB ... -GLOB ... Key=GLOB ...
                           show only events of these names, not of those, with such a header
  \f on, \f off, \f        all events, none; what is shown
  \? \q                    this help; the end, as Ctrl-D
A value with blanks stands in quotes, as in sh: Data="hello world". # begins a comment.

Tab completes actions that the server has, and their headers. Up and Ctrl-R bring back
what was typed; Ctrl-C gives up a line, or an action under way. The lines are kept in
~/.local/state/ami/history, except those that begin with a blank or speak of a secret.

Where stdin is no terminal there is no prompt, events are shown only if asked for, and
the exit code is the greatest that one of the actions would have alone.
)";

}  // namespace ami::cli
