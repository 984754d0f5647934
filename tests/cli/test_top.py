"""`ami top`: the board on a terminal."""

import contextlib
import os
import re
import signal
import time
import unittest

from program import LIMIT, Mock, ProgramTest, run
from server import Server
from terminal import Terminal

START = b"Response: Success\r\n{id}EventList: start\r\nMessage: will follow\r\n\r\n"
SIZES = ((80, 24), (200, 60))


def block(name, *fields):
    return "".join(f"{field}\r\n" for field in (f"Event: {name}", *fields)).encode() + b"\r\n"


def channel(number, caller, state="Up", call=None):
    return (f"Channel: PJSIP/{number}-{number:08x}", f"ChannelStateDesc: {state}", f"CallerIDNum: {number}",
            f"CallerIDName: {caller}", "ConnectedLineNum: <unknown>", "Exten: 900", f"Uniqueid: 17.{number}",
            f"Linkedid: 17.{call or number}")


def with_ids(*blocks):
    return START + b"".join(each.replace(b"\r\n", b"\r\n{id}", 1) for each in blocks)


def channels(*items):
    return with_ids(*(block("CoreShowChannel", *item) for item in items),
                    block("CoreShowChannelsComplete", "EventList: Complete"))


QUEUES = with_ids(block("QueueParams", "Queue: sales", "Calls: 1"),
                  block("QueueMember", "Queue: sales", "Name: A", "Location: PJSIP/a", "Status: 1", "Paused: 0"),
                  block("QueueMember", "Queue: sales", "Name: B", "Location: PJSIP/b", "Status: 2", "Paused: 0"),
                  block("QueueEntry", "Queue: sales", "Channel: PJSIP/103-00000067", "Wait: 75"),
                  block("QueueStatusComplete", "EventList: Complete"))
THREE = channels((*channel(101, "Ann"), "Duration: 01:00:05", "BridgeId: b"),
                 (*channel(102, "中文名字", call=101), "Duration: 01:00:01", "BridgeId: b"),
                 (*channel(103, "Zoe"), "Duration: 00:02:00"))


def sleeps_in_a_picture(pid):
    """Whether the process waits for the terminal to take what ncurses writes."""
    with open(f"/proc/{pid}/status", encoding="ascii") as file:
        status = dict(line.rstrip("\n").split(":\t", 1) for line in file)
    is_ignored = int(status["SigIgn"], 16) >> (signal.SIGTSTP - 1) & 1
    return is_ignored and status["State"].startswith("S")


def until_told_of_size(terminal, size):
    """tmux keeps a size back that comes soon after another."""
    limit = time.monotonic() + LIMIT
    file = os.open(terminal.tell("display-message -p '#{pane_tty}'")[0], os.O_RDONLY | os.O_NOCTTY)
    while os.get_terminal_size(file) != size:
        assert time.monotonic() < limit
    os.close(file)


class TopTest(ProgramTest):
    def setUp(self):
        self.server = self.enterContext(Server({"coreshowchannels": THREE, "queuestatus": QUEUES}))

    @contextlib.contextmanager
    def top(self, *arguments, size=(80, 24), url=None, extra=None):
        """The board on a terminal that, when it ends, is compared with what it was."""
        line = f"(echo $BASHPID > $PID; exec $AMI top --url {url or self.server.url()} {' '.join(arguments)})"
        with Terminal(f"was=$(stty -g); {line}; echo ended with $?; [ $was = $(stty -g) ] && echo restored; read",
                      *size, extra) as terminal:
            yield terminal

    def assert_ended_with(self, terminal, code, text="restored"):
        lines = terminal.wait_for(f"^ended with {code}$", "^restored$", text)
        self.assertEqual(terminal.modes(), "0 1")
        self.assertFalse(any("STATE" in line for line in lines), lines)


class Board(TopTest):
    def test_fills_itself_and_follows(self):
        for size in SIZES:
            with self.subTest(size), self.top(size=size) as terminal:
                # Up to the end of the last that is drawn.
                lines = terminal.wait_for("^Talking ", "^sales ", "^Queued .*PJSIP/103-00000067", "F10Quit$")
                self.assertEqual(len(lines), size[1])
                self.assertRegex(lines[0], r"^ami top  admin@127.0.0.1:\d+  Asterisk Call Manager/11.0.0 +connected \d:\d\d$")
                self.assertRegex(lines[1], r"^Calls 2  channels 3  waiting 1  events ")
                self.assertRegex(lines[5], r"^sales +1 +1:\d\d +2 +1 +1 +0 +0 +0$")
                self.assertRegex(lines[8], r"^Talking +1:00:\d\d  101 Ann +102 中文名字 +PJSIP/101-00000065")
                self.assertRegex(lines[9], r"^Queued +2:\d\d  103 Zoe +queue sales +PJSIP/103-00000067")
                self.assertRegex(lines[-1], "^F1Help F4Filter F5Channels F6Sort F7Reverse F9Hang up F10Quit$")
                self.server.push(block("Newchannel", "Privilege: call,all", *channel(104, "Bob", "Ring")) +
                                 block("Hangup", "Privilege: call,all", *channel(103, "Zoe")))
                lines = terminal.wait_for("^Ring  +0:.* 104 Bob", "^Calls 2  channels 3", but_not="103 Zoe")
                self.assertEqual(lines[9].index("104 Bob"), lines[8].index("101 Ann"))

    def test_nothing_in_a_message_commands_the_terminal(self):
        self.server.answers["coreshowchannels"] = channels(channel(101, "\x1b]0;owned\x07\x9b31m"))
        with self.top() as terminal:
            terminal.wait_for(r"101 \\x1b\]0;own")
            self.assertNotIn(rb"\033]0", terminal.output)
            self.assertNotIn(rb"\007", terminal.output)

    def test_sort_and_filter(self):
        with self.top() as terminal:
            terminal.wait_for("^Talking .*\n^Queued ")
            terminal.keys("r")
            terminal.wait_for("^Queued .*\n^Talking ", "TIME▲")
            terminal.keys("F6")
            terminal.wait_for("^Talking .*\n^Queued ", "FROM▲")
            terminal.keys("/", "Z", "o", "e", "Enter")
            terminal.wait_for("^Queued ", "Filter: Zoe$", but_not="^Talking ")
            terminal.keys("Escape")
            terminal.wait_for("^Talking ", but_not="Filter: ")

    def test_channels_and_help(self):
        with self.top() as terminal:
            terminal.wait_for("^Talking ")
            terminal.keys("c")
            terminal.wait_for("^Up .* 102 中文", but_not="^Talking ")
            terminal.keys("?")
            terminal.wait_for("hang up the selected channel", but_not="STATE")
            terminal.keys("x")
            terminal.wait_for("STATE")

    def test_new_sizes(self):
        with self.top() as terminal:
            terminal.wait_for("^Talking ")
            for size in ((200, 60), (40, 12), (20, 5), (5, 2), (1, 1), (80, 24)):
                terminal.resize(*size)
                terminal.wait_for(re.escape("F1Help F4Filter F5Channels F6Sort"[:size[0]].split("F")[1]) if size[0] > 20
                                  else "")
                self.assertEqual(len(terminal.lines()), size[1])
            terminal.wait_for("^Talking .*PJSIP/101-00000065", "F10Quit$")

    def test_as_large_as_before(self):
        """The terminal was smaller meanwhile, and has forgotten what did not fit; the program hears of it too late to see
        another size."""
        with self.top() as terminal:
            terminal.wait_for("^Talking ", "F10Quit$")
            os.kill(terminal.pid(), signal.SIGSTOP)
            for size in ((81, 24), (1, 1), (80, 24)):
                terminal.resize(*size)
            until_told_of_size(terminal, (80, 24))
            os.kill(terminal.pid(), signal.SIGCONT)
            terminal.wait_for("^ami top ", "^Talking .*PJSIP/101-00000065", "F10Quit$")


class HangUp(TopTest):
    def test_asks_first(self):
        self.server.answers["hangup"] = b"Response: Success\r\n{id}Message: Channel Hungup\r\n\r\n"
        with self.top() as terminal:
            terminal.wait_for("^Talking ", "^Queued ")
            terminal.keys("k")
            terminal.wait_for(r"^Hang up PJSIP/101-00000065 \(101 Ann\)\? y/n$")
            terminal.keys("n")
            terminal.wait_for("^Nothing was hung up$")
            terminal.keys("Down", "F9")
            terminal.wait_for("^Hang up PJSIP/103-00000067")
            terminal.keys("y")
            terminal.wait_for("^Hung up PJSIP/103-00000067$")
        hangups = [lines for name, lines in self.server.actions if name == "hangup"]
        self.assertEqual([[line for line in lines if b"ID" not in line] for lines in hangups],
                         [[b"Action: Hangup", b"Channel: PJSIP/103-00000067"]])

    def test_refused(self):
        self.server.answers["hangup"] = b"Response: Error\r\n{id}Message: Permission denied\r\n\r\n"
        with self.top() as terminal:
            terminal.wait_for("^Talking ")
            terminal.keys("k", "y")
            terminal.wait_for(r"^Asterisk answered Hangup with an error \(Permission denied\)$")


class Loss(TopTest):
    def test_right_again_after_a_reconnect(self):
        for size in SIZES:
            with self.subTest(size), self.top("-o reconnect=1", size=size) as terminal:
                terminal.wait_for("^Talking ", "^No gaps, no events dropped")
                self.server.answers["coreshowchannels"] = channels(channel(105, "New"))
                self.server.drop()
                terminal.wait_for("^Up .* 105 New", "^Gaps 1, events dropped 0; last gap ..:..:.. to ..:..:.., reconnect",
                                  r"connected \d", but_not="Talking")
                coloured = terminal.wait_for("Gaps 1", with_colours=True)
                self.assertRegex(next(line for line in coloured if "Gaps 1" in line), "\x1b\\[1m.*\x1b\\[31m.*Gaps|\x1b\\[1;31mGaps")
                terminal.wait_for("^Calls 1  channels 1 ")
            self.server.answers["coreshowchannels"] = THREE

    def test_no_connection(self):
        with self.top("-o reconnect=600000 -o reconnect.jitter=none -o reconnect.max_ms=600000") as terminal:
            terminal.wait_for("^Talking ")
            self.server.drop()
            terminal.wait_for(r"NO CONNECTION for \d", "^Talking ")
            terminal.keys("k", "y")
            terminal.wait_for("^No connection: nothing was hung up$")

    def test_without_permission(self):
        denied = b"Response: Error\r\n{id}Message: Permission denied\r\n\r\n"
        self.server.answers.update(coreshowchannels=denied, status=denied)
        with self.top() as terminal:
            terminal.wait_for(r"^No list of calls: Permission denied \(Status\)$", "^Calls \\?  channels \\?  waiting 1")

    def test_a_scene_of_the_mock(self):
        with Mock("--scene", "call") as mock, self.top(url=mock.url()) as terminal:
            terminal.wait_for("^Talking .* PJSIP/", "^support ")


class Ends(TopTest):
    def test_quit(self):
        for key, code in (("q", 0), ("F10", 0), ("C-c", 130)):
            with self.subTest(key), self.top() as terminal:
                terminal.wait_for("^Talking ")
                self.assertEqual(terminal.modes(), "1 0")
                terminal.keys(key)
                self.assert_ended_with(terminal, code)

    def test_signals(self):
        for number in (signal.SIGTERM, signal.SIGHUP):
            with self.subTest(number), self.top() as terminal:
                terminal.wait_for("^Talking ")
                os.kill(terminal.pid(), number)
                self.assert_ended_with(terminal, 128 + number)

    def test_the_connection_ends_for_good(self):
        with self.top("-o reconnect=false") as terminal:
            terminal.wait_for("^Talking ")
            self.server.drop()
            self.assert_ended_with(terminal, 3, "^ami: ")

    def test_stopped_and_continued(self):
        line = f"set -m; $AMI top --url {self.server.url()}; echo stopped; read; fg; echo ended with $?; read"
        with Terminal(line) as terminal:
            terminal.wait_for("^Talking ")
            terminal.keys("C-z")
            terminal.wait_for("^stopped$")
            self.assertEqual(terminal.modes(), "0 1")
            self.server.push(block("Hangup", "Privilege: call,all", *channel(103, "Zoe")))
            terminal.keys("Enter")
            terminal.wait_for("^Talking ", but_not="103 Zoe")
            terminal.keys("q")
            terminal.wait_for("^ended with 0$")

    def test_stopped_while_it_draws(self):
        """ncurses ignores SIGTSTP as long as it writes; here until Ctrl-Z, which ends what Ctrl-S has halted."""
        line = (f"set -m; (echo $BASHPID > $PID; exec $AMI top --url {self.server.url()}); echo stopped; read; fg; "
                "echo ended with $?; read")
        with Terminal(line) as terminal:
            terminal.wait_for("^Talking ")
            terminal.keys("C-s")
            limit = time.monotonic() + LIMIT
            while not sleeps_in_a_picture(terminal.pid()):
                self.assertLess(time.monotonic(), limit)
            terminal.keys("C-z")
            terminal.wait_for("^stopped$")
            terminal.keys("Enter")
            terminal.wait_for("^Talking ")
            terminal.keys("q")
            terminal.wait_for("^ended with 0$")


class Refused(ProgramTest):
    def test_no_terminal(self):
        with Server() as server:
            self.assert_ended(run("top", "--url", server.url()), 2, out=b"", err="use ami list or ami events")
            self.assertEqual(server.accepted, 0)

    def test_a_terminal_that_cannot_be_drawn_on(self):
        with Server() as server:
            for kind in ("dumb", "no-such-terminal"):
                with Terminal(f"TERM={kind} $AMI top --url {server.url()}; echo ended with $?; read") as terminal:
                    terminal.wait_for(r"\(TERM=" + kind, "^ended with 2$")

    def test_no_login(self):
        refusal = b"Response: Error\r\n{id}Message: Authentication failed\r\n\r\n"
        with Server({"login": refusal}) as server:
            with Terminal(f"$AMI top --url {server.url()}; echo ended with $?; read") as terminal:
                terminal.wait_for("^ami: .*Authentication failed", "^ended with 4$")


if __name__ == "__main__":
    unittest.main()
