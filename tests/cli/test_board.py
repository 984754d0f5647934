"""The model of `ami top`: messages, lists, keys and times go in, the screen comes out."""

import os
import re
import subprocess
import unicodedata
import unittest

DRIVER = os.environ["BOARD_DRIVER"]
READY = "see ready|Generation=1"
ALL_LISTED = [READY, "asked calls", "listed calls", "asked queues", "listed queues"]
DIM, GOOD, WARNING, ALARM, SELECTED = 2, 3, 4, 5, 8  # of the styles
HEAD = 3  # lines above the tables, with a blank one behind them


def event(name, **fields):
    return "see " + message(name, **fields)


def message(name, **fields):
    return "|".join([name, *(f"{key.replace('__', '-')}={value}" for key, value in fields.items())])


def channel(number, state="Up", call=1, **more):
    """The headers of a channel in Asterisk 12 and later."""
    return {"Channel": f"PJSIP/{number}00-{number:08x}", "ChannelStateDesc": state, "CallerIDNum": f"{number}00",
            "CallerIDName": f"Name {number}", "ConnectedLineNum": "<unknown>", "ConnectedLineName": "<unknown>",
            "Exten": "555", "Uniqueid": f"1700000000.{number}", "Linkedid": f"1700000000.{call}", **more}


def listed(part, *items):
    return [f"asked {part}", *("item " + item for item in items), f"listed {part}"]


class BoardTest(unittest.TestCase):
    maxDiff = None

    def output(self, *script):
        """The lines that a script brings; steps are lines or lists of them."""
        def flat(steps):
            return [steps] if isinstance(steps, str) else [line for step in steps for line in flat(step)]
        lines = flat(script)
        result = subprocess.run([DRIVER], input="\n".join(lines).encode(), capture_output=True, timeout=30,
                                env={"TZ": "UTC"}, check=True)
        return result.stdout.decode().splitlines()

    def calls(self, *script, width=100):
        """The rows of the calls, each as its columns."""
        lines = self.output(*script, f"show {width} 40")
        start = next(i for i, line in enumerate(lines) if line.startswith("STATE"))
        return [re.split(r"  +", line.strip()) for line in lines[start + 1:-1] if line.strip()]

    def queues(self, *script):
        lines = self.output(*script, "show 100 40")
        start = next(i for i, line in enumerate(lines) if line.startswith("QUEUE"))
        rows = []
        for line in lines[start + 1:]:
            if not line.strip():
                return rows
            rows.append(line.split())
        return rows

    def head(self, *script, width=100):
        return self.output(*script, f"show {width} 24")[:HEAD + 2]


class Calls(BoardTest):
    def test_a_call_from_its_begin_to_its_end(self):
        begin = [*ALL_LISTED, "now 5000", event("Newchannel", **channel(1, "Ring"))]
        self.assertEqual(self.calls(begin, "now 8000"),
                         [["Ring", "0:03", "100 Name 1", "555", "PJSIP/100-00000001", "?"]])
        rings = [*begin, event("Newchannel", **channel(2, "Down")), event("Newstate", **channel(2, "Ringing"))]
        self.assertEqual(self.calls(rings)[0][:4], ["Ringing", "0:00", "100 Name 1", "200 Name 2"])
        talks = [*rings, event("Newstate", **channel(2)), event("Newstate", **channel(1)),
                 event("BridgeEnter", BridgeUniqueid="b", **channel(1))]
        self.assertEqual(self.calls(talks)[0][0], "Up")
        talks.append(event("BridgeEnter", BridgeUniqueid="b", **channel(2)))
        self.assertEqual(self.calls(talks)[0][0], "Talking")
        apart = [*talks, event("BridgeLeave", BridgeUniqueid="b", **channel(2))]
        self.assertEqual(self.calls(apart)[0][0], "Up")
        one = [*apart, event("Hangup", **channel(2))]
        self.assertEqual(self.calls(one)[0][:4], ["Up", "0:00", "100 Name 1", "555"])
        self.assertEqual(self.calls(one, event("Hangup", **channel(1))), [])

    def test_a_bridge_that_was_left_late(self):
        rows = self.calls(ALL_LISTED, event("BridgeEnter", BridgeUniqueid="a", **channel(1)),
                          event("BridgeEnter", BridgeUniqueid="b", **channel(2)),
                          event("BridgeEnter", BridgeUniqueid="b", **channel(1)),
                          event("BridgeLeave", BridgeUniqueid="a", **channel(1)))
        self.assertEqual(rows[0][0], "Talking")

    def test_channels_of_a_call(self):
        rows = self.calls(ALL_LISTED, event("Newchannel", **channel(1, "Ring")), event("Newchannel", **channel(2, "Ringing")),
                          "press c")
        self.assertEqual([row[0] for row in rows], ["Ring", "Ringing"])

    def test_a_party_that_was_given_the_callers_number(self):
        rows = self.calls(ALL_LISTED, event("Newchannel", **channel(1)),
                          event("Newchannel", **channel(2, CallerIDNum="100", CallerIDName="Name 1")))
        self.assertEqual(rows[0][2:4], ["100 Name 1", "PJSIP/200"])

    def test_local_channels_only_pass_on(self):
        rows = self.calls(ALL_LISTED, event("Newchannel", **channel(1, Channel="Local/5@a-1;1")),
                          event("Newchannel", **channel(2)), event("Newchannel", **channel(3)),
                          event("Newchannel", **channel(4, Channel="Local/5@a-1;2")))
        self.assertEqual(rows[0][2:5], ["200 Name 2", "300 Name 3", "PJSIP/200-00000002"])

    def test_what_is_not_known(self):
        rows = self.calls(ALL_LISTED, event("Newstate", Channel="SIP/a-1", Uniqueid="1.1"))
        self.assertEqual(rows, [["?", "?", "SIP/a", "?", "SIP/a-1", "?"]])
        rows = self.calls(ALL_LISTED, event("Newstate", Channel="SIP/a-1", Uniqueid="1.1", ChannelState="5"))
        self.assertEqual(rows[0][0], "Ringing")

    def test_application(self):
        rows = self.calls(ALL_LISTED, event("Newexten", Application="Playback", AppData="hello", **channel(1)))
        self.assertEqual(rows[0][5], "Playback(hello)")

    def test_a_list(self):
        script = ["now 100000", READY, listed("calls", message("CoreShowChannel", Duration="00:01:05", BridgeId="b",
                                                               Application="Dial", **channel(1)),
                                              message("CoreShowChannel", Duration="00:00:05", BridgeId="b", **channel(2)))]
        self.assertEqual(self.calls(script), [["Talking", "1:05", "100 Name 1", "200 Name 2", "PJSIP/100-00000001", "Dial"]])
        script = ["now 9000000", READY, listed("calls", message("Status", Seconds="3605", **channel(1)))]
        self.assertEqual(self.calls(script)[0][1], "1:00:05")

    def test_rename(self):
        rows = self.calls(ALL_LISTED, event("Newchannel", **channel(1)),
                          event("Rename", Channel="PJSIP/100-00000001", Newname="SIP/x-1", Uniqueid="1700000000.1"))
        self.assertEqual(rows[0][4], "SIP/x-1")


class OldCalls(BoardTest):
    """Asterisk before 12, which has no Linkedid in its events."""

    def test_1_4(self):
        script = [*ALL_LISTED,
                  event("Newchannel", Channel="SIP/a-1", State="Ring", CallerIDNum="10", CallerIDName="A", Uniqueid="1.1"),
                  event("Newchannel", Channel="SIP/b-2", State="Down", CallerIDNum="20", CallerIDName="B", Uniqueid="1.2"),
                  event("Dial", Source="SIP/a-1", Destination="SIP/b-2", SrcUniqueID="1.1", DestUniqueID="1.2"),
                  event("Newstate", Channel="SIP/b-2", State="Ringing", CallerID="20", CallerIDName="B", Uniqueid="1.2")]
        self.assertEqual(self.calls(script)[0][:4], ["Ringing", "0:00", "10 A", "20 B"])
        script += [event("Newstate", Channel="SIP/b-2", State="Up", Uniqueid="1.2"),
                   event("Link", Channel1="SIP/a-1", Channel2="SIP/b-2", Uniqueid1="1.1", Uniqueid2="1.2")]
        self.assertEqual([row[0] for row in self.calls(script)], ["Talking"])
        script.append(event("Unlink", Channel1="SIP/a-1", Channel2="SIP/b-2", Uniqueid1="1.1", Uniqueid2="1.2"))
        self.assertEqual([row[0] for row in self.calls(script)], ["Ring"])
        script.append(event("Rename", Oldname="SIP/a-1", Newname="SIP/c-3", Uniqueid="1.1"))
        self.assertEqual(self.calls(script)[0][4], "SIP/c-3")

    def test_1_8(self):
        script = [*ALL_LISTED, event("Newchannel", Channel="SIP/a-1", ChannelStateDesc="Up", Uniqueid="1.9"),
                  event("Newchannel", Channel="SIP/b-2", ChannelStateDesc="Up", Uniqueid="1.10"),
                  event("Dial", SubEvent="End", Uniqueid="1.9", DestUniqueID="1.10")]
        self.assertEqual(len(self.calls(script)), 2)
        script.append(event("Dial", SubEvent="Begin", Uniqueid="1.9", DestUniqueID="1.10"))
        self.assertEqual([row[2] for row in self.calls(script)], ["SIP/a"])
        linked = {"Channel1": "SIP/a-1", "Channel2": "SIP/b-2", "Uniqueid1": "1.9", "Uniqueid2": "1.10"}
        script.append(event("Bridge", Bridgestate="Link", **linked))
        self.assertEqual(self.calls(script)[0][0], "Talking")
        self.assertEqual(self.calls(script, event("Bridge", Bridgestate="Unlink", **linked))[0][0], "Up")

    def test_lists(self):
        for key in ("BridgedChannel", "Link"):
            rows = self.calls(READY, listed(
                "calls", message("", Channel="SIP/a-1", Uniqueid="1.1", State="Up", **{key: "SIP/b-2"}),
                message("", Channel="SIP/b-2", Uniqueid="1.2", State="Up", **{key: "SIP/a-1"})))
            self.assertEqual([row[:4] for row in rows], [["Talking", "?", "SIP/a", "SIP/b"]])

    def test_queues(self):
        script = [*ALL_LISTED, "now 1000", event("Join", Channel="SIP/a-1", CallerID="1", Queue="q", Position="1", Count="1"),
                  event("QueueMemberPaused", Queue="q", Location="SIP/x", MemberName="X", Paused="1"), "now 3000"]
        self.assertEqual(self.queues(script), [["q", "1", "0:02", "1", "0", "0", "1", "0", "0"]])
        script.append(event("Rename", Oldname="SIP/a-1", Newname="SIP/b-2", Uniqueid="1.1"))
        script.append(event("Leave", Channel="SIP/b-2", Queue="q", Count="0"))
        self.assertEqual(self.queues(script)[0][:3], ["q", "0", "-"])


class Refill(BoardTest):
    """Lists that are taken while events come in."""

    def names(self, *script):
        return sorted(row[4] for row in self.calls(*script))

    def test_what_the_list_lacks_is_gone(self):
        before = [*ALL_LISTED, event("Newchannel", **channel(1)), event("Newchannel", **channel(2, call=2))]
        after = listed("calls", message("CoreShowChannel", **channel(2, call=2)))
        self.assertEqual(self.names(before, event("gap", Cause="overflow"), after), ["PJSIP/200-00000002"])

    def test_what_came_meanwhile_stays_though_the_list_lacks_it(self):
        self.assertEqual(self.names(READY, "asked calls", event("Newchannel", **channel(1)), "listed calls"),
                         ["PJSIP/100-00000001"])

    def test_what_went_meanwhile_stays_away_though_the_list_has_it(self):
        for begin in ([], [event("Newchannel", **channel(1))]):
            self.assertEqual(self.names(READY, begin, "asked calls", event("Hangup", **channel(1)),
                                        "item " + message("CoreShowChannel", **channel(1)), "listed calls"), [])

    def test_what_both_have_is_there_once(self):
        rows = self.calls(READY, "asked calls", event("Newchannel", **channel(1, "Down")),
                          "item " + message("CoreShowChannel", Duration="00:00:00", **channel(1)), "listed calls",
                          event("Newchannel", **channel(1, "Down")), event("Newstate", **channel(1)))
        self.assertEqual([row[0] for row in rows], ["Up"])

    def test_a_late_event_of_the_past_is_put_right_by_those_behind_it(self):
        rows = self.calls(READY, listed("calls"), event("Newstate", **channel(1)), event("Hangup", **channel(1)))
        self.assertEqual(rows, [])

    def test_callers_and_agents_of_queues(self):
        join = {"Queue": "q", "Channel": "PJSIP/1-1", "Position": "1", "Count": "1"}
        entry = "item " + message("QueueEntry", Queue="q", Channel="PJSIP/1-1", Wait="7")
        agent = message("QueueMember", Queue="q", Location="PJSIP/a", Status="1", Paused="0")
        script = ["now 10000", READY, "asked queues", "item " + message("QueueParams", Queue="q", Calls="1"), "item " + agent]
        row = self.queues(script, entry, "listed queues", event("QueueCallerJoin", **join))[0]
        self.assertEqual(row, ["q", "1", "0:07", "1", "1", "0", "0", "0", "0"])
        self.assertEqual(self.queues(script, event("QueueCallerLeave", **join), entry, "listed queues")[0][1], "0")
        self.assertEqual(self.queues(script, event("QueueCallerJoin", **join), "listed queues")[0][1], "1")
        removed = event("QueueMemberRemoved", Queue="q", Interface="PJSIP/a")
        self.assertEqual(self.queues(script, removed, "listed queues")[0][3], "0")

    def test_asked_after_a_login_and_after_a_gap(self):
        asks = ["wanted calls", "wanted queues"]
        followed = [event("Newchannel", **channel(1)), event("QueueMemberStatus", Queue="q", Interface="a")]
        self.assertEqual(self.output(asks), ["-", "-"])
        self.assertEqual(self.output(READY, asks), ["CoreShowChannels", "QueueStatus"])
        self.assertEqual(self.output(READY, "asked calls", asks), ["-", "QueueStatus"])
        self.assertEqual(self.output(ALL_LISTED, followed, "now 900000", asks), ["-", "-"])
        self.assertEqual(self.output(ALL_LISTED, followed, event("gap", Cause="overflow"), asks),
                         ["CoreShowChannels", "QueueStatus"])

    def test_a_gap_while_a_list_is_under_way(self):
        self.assertEqual(self.output(READY, event("Newchannel", **channel(1)), "asked calls", event("gap", Cause="overflow"),
                                     "wanted calls", "listed calls", "wanted calls"), ["-", "CoreShowChannels"])

    def test_a_lost_connection(self):
        lost = [READY, "now 1000", event("Newchannel", **channel(1)), "asked calls", event("connection-close", Reason="it broke"),
                "failed calls connection lost"]
        self.assertEqual(self.output(lost, "now 99000", "wanted calls"), ["-"])
        lines = self.output(lost, "now 3000", "styles 80 24")
        self.assertIn(f"{ALARM}|NO CONNECTION for 0:02", lines[0])
        self.assertEqual(lines[1], f"{ALARM}|it broke")
        rows = [line for line in self.output(lost, "press Tab", "now 3000", "styles 80 24") if "PJSIP/" in line]
        self.assertEqual([set(re.findall(r"(\d)\|", row)) for row in rows], [{str(DIM)}])
        self.assertEqual(self.output(lost, READY, "wanted calls"), ["CoreShowChannels"])
        self.assertEqual(self.calls(lost, READY, listed("calls")), [])


class Limits(BoardTest):
    """A login that may not see everything."""

    def test_who_may_not_list(self):
        script = [READY, "asked calls", "refused calls Permission denied (CoreShowChannels)"]
        self.assertEqual(self.output(script, "wanted calls"), ["Status"])
        script += ["asked calls", "refused calls Permission denied (Status)"]
        self.assertEqual(self.output(script, "wanted calls", "now 10000", "wanted calls"), ["-", "Status"])
        lines = self.head(script)
        self.assertTrue(lines[1].startswith("Calls ?  channels ?  waiting ?"), lines)
        self.assertEqual(lines[3], "No list of calls: Permission denied (Status)")
        self.assertEqual(self.output(script, "see FullyBooted", "wanted calls"), ["Status"])

    def test_no_answer_is_no_refusal(self):
        script = [READY, "asked calls", "failed calls timed out"]
        self.assertEqual(self.output(script, "wanted calls", "now 10000", "wanted calls"), ["-", "CoreShowChannels"])

    def test_looked_up_where_no_events_come(self):
        script = [*ALL_LISTED, "now 4999", "wanted calls", "now 5000", "wanted calls", "wanted queues"]
        self.assertEqual(self.output(script), ["-", "CoreShowChannels", "QueueStatus"])

    def test_a_change_without_an_event_is_told(self):
        news = [*ALL_LISTED, "now 5000", listed("calls", message("CoreShowChannel", **channel(1)))]
        self.assertNotIn("No events", "".join(self.head(news)))  # it may be on its way
        self.assertIn("No events of calls: no read class call? Looked up every 5 s instead", self.head(news, "now 6000"))
        self.assertNotIn("No events", "".join(self.head(news, event("Newchannel", **channel(1)), "now 6000")))
        gone = [READY, listed("calls", message("CoreShowChannel", **channel(1))), "now 5000", listed("calls"), "now 6000"]
        self.assertIn("No events of calls", "".join(self.head(gone)))
        queue = [*ALL_LISTED, "now 5000", listed("queues", message("QueueParams", Queue="q")), "now 6000"]
        self.assertIn("No events of queues: no read class agent?", "".join(self.head(queue)))


class Queues(BoardTest):
    def test_callers(self):
        script = [*ALL_LISTED, "now 1000", event("Newchannel", **channel(1)),
                  event("QueueCallerJoin", Queue="sales", Position="1", Count="1", **channel(1)), "now 62000",
                  event("QueueCallerJoin", Queue="sales", Position="2", Count="2", **channel(2, call=2))]
        self.assertEqual(self.queues(script)[0][:3], ["sales", "2", "1:01"])
        self.assertEqual(self.calls(script)[0][:4], ["Queued", "1:01", "100 Name 1", "queue sales"])
        left = [*script, event("QueueCallerLeave", Queue="sales", Position="1", Count="1", **channel(1))]
        self.assertEqual(self.queues(left)[0][:3], ["sales", "1", "0:00"])
        self.assertEqual(self.calls(left)[0][0], "Up")

    def test_agents(self):
        states = ["0", "1", "2", "3", "4", "5", "6", "7", "8"]
        script = [*ALL_LISTED] + [event("QueueMemberStatus", Queue="q", Interface=f"PJSIP/{state}", Status=state, Paused="0")
                                  for state in states]
        self.assertEqual(self.queues(script), [["q", "0", "-", "9", "1", "5", "0", "2", "1"]])
        paused = event("QueueMemberPause", Queue="q", Interface="PJSIP/1", Paused="1")
        self.assertEqual(self.queues(script, paused)[0][3:], ["9", "0", "5", "1", "2", "1"])
        in_call = event("QueueMemberStatus", Queue="q", Interface="PJSIP/1", Status="1", InCall="1")
        self.assertEqual(self.queues(script, in_call)[0][3:], ["9", "0", "6", "0", "2", "1"])
        self.assertEqual(self.queues(script, event("QueueMemberRemoved", Queue="q", Interface="PJSIP/0"))[0][3:],
                         ["8", "1", "5", "0", "2", "0"])


class Pace(BoardTest):
    def test_sparkline(self):
        line = self.head(READY, "count 100 0", "now 1000", "count 108 0", "now 2000", "count 108 0", "now 3000",
                         "count 109 0")[1]
        self.assertTrue(line.endswith("events 1/s \u2588 \u2581"), line)

    def test_a_time_without_counting(self):
        line = self.head(READY, "count 0 0", "now 10000", "count 50 0")[1]
        self.assertTrue(line.endswith("events 5/s " + "\u2588" * 10), line)

    def test_gaps_and_drops(self):
        self.assertEqual(self.output(READY, "styles 80 24")[2], f"{DIM}|No gaps, no events dropped")
        gap = event("gap", Cause="overflow", From="3661.5", To="3662", Dropped="7")
        self.assertEqual(self.output(READY, gap, "count 0 7", "styles 80 24")[2],
                         f"{ALARM}|Gaps 1, events dropped 7; last gap 01:01:01 to 01:01:02, overflow")


class Keys(BoardTest):
    def setUp(self):
        self.three = list(ALL_LISTED)
        for number, name in enumerate(("Carl", "Ann", "Bob"), 1):
            self.three += [f"now {number * 1000}",
                           event("Newchannel", **channel(number, call=number, CallerIDName=name, CallerIDNum=""))]

    def order(self, *script):
        return [row[2] for row in self.calls(self.three, *script)]

    def selected(self, *script):
        lines = self.output(self.three, *script, "styles 100 20")
        return [re.split(r"\d\|", line)[3].strip() for line in lines if line.startswith(f"{SELECTED}|")]

    def test_sort(self):
        self.assertEqual(self.order(), ["Carl", "Ann", "Bob"])
        self.assertEqual(self.order("press r"), ["Bob", "Ann", "Carl"])
        self.assertEqual(self.order("press s"), ["Carl", "Bob", "Ann"])
        self.assertEqual(self.order("press F6", "press F7"), ["Ann", "Bob", "Carl"])

    def test_filter(self):
        self.assertEqual(self.order("press /", "press A", "press N"), ["Ann"])
        self.assertEqual(self.order("press F4", "press \\xc3\\xa9", "press Erase", "press b", "press Enter", "press r"), ["Bob"])
        self.assertEqual(len(self.order("press /", "press b", "press Escape")), 3)
        self.assertEqual(len(self.order("press /", "press b", "press Enter", "press Escape")), 3)
        self.assertIn("Filter: b", self.output(self.three, "press /", "press b", "press Enter", "show 80 24")[-1])

    def test_selection_stays_with_its_row(self):
        self.assertEqual(self.selected("show 80 24"), ["Carl"])
        self.assertEqual(self.selected("show 80 24", "press Down"), ["Ann"])
        self.assertEqual(self.selected("show 80 24", "press Down", "press r"), ["Ann"])
        self.assertEqual(self.selected("show 80 24", "press End"), ["Bob"])
        self.assertEqual(self.selected("show 80 24", "press End", "press Home"), ["Carl"])
        self.assertEqual(self.selected("show 80 24", "press Down", event("Hangup", **channel(2))), ["Bob"])
        self.assertEqual(self.selected("press Tab"), [])

    def test_scrolling(self):
        many = [*ALL_LISTED] + [event("Newchannel", **channel(number, call=number)) for number in range(1, 51)]
        lines = self.output(many, "show 100 15", "press End", "show 100 15")
        self.assertIn("1-9/50", "".join(lines[:15]))
        self.assertIn("42-50/50", "".join(lines[15:]))
        lines = self.output(many, "show 100 15", "press PageDown", "show 100 15")
        self.assertIn("2-10/50", "".join(lines[15:]))

    def test_hang_up_asks_first(self):
        asked = [*self.three, "show 80 24", "press Down", "press k"]
        self.assertEqual(self.output(asked, "styles 80 24")[-1],
                         f"{ALARM}|Hang up PJSIP/200-00000002 (Ann)? y/n")
        self.assertEqual(self.output(asked, "press y")[24:], ["hang up PJSIP/200-00000002"])
        for key in ("n", "Enter", "Escape", "k", "q"):
            lines = self.output(asked, f"press {key}", "show 80 24")[24:]
            self.assertEqual(lines[-1], "Nothing was hung up")
            self.assertEqual(len(lines), 24)

    def test_the_question_keeps_to_its_channel(self):
        asked = [*self.three, "show 80 24", "press k", event("Rename", Uniqueid="1700000000.1", Newname="PJSIP/new-1"),
                 "show 80 24"]
        self.assertEqual(self.output(asked, "press y")[48:], ["hang up PJSIP/new-1"])
        lines = self.output(self.three, "show 80 24", "press F9", event("Hangup", **channel(1)), "press y", "show 80 24")
        self.assertEqual(lines[-1], "That channel is gone already")

    def test_a_forged_name_hangs_up_nothing(self):
        forged = event("Newchannel", **channel(1, Channel="/.*/"))
        lines = self.output(ALL_LISTED, forged, "show 80 24", "press k", "press y", "show 80 24")
        self.assertNotIn("hang up /.*/", lines)
        self.assertEqual(self.output(ALL_LISTED, forged, "show 80 24", "press k", "show 80 24")[-1],
                         "This is no name of a channel: /.*/")

    def test_nothing_to_hang_up(self):
        self.assertEqual(self.output(ALL_LISTED, "show 80 24", "press k", "show 80 24")[-1], "No call is selected")
        self.assertIn("Tab goes", self.output(self.three, "press Tab", "press k", "show 80 24")[-1])

    def test_quit(self):
        self.assertEqual(self.output(self.three, "press q"), ["quit"])
        self.assertEqual(self.output(self.three, "press F10"), ["quit"])

    def test_help(self):
        lines = self.output(self.three, "press ?", "show 80 24", "press x", "show 80 24")
        self.assertIn("hang up the selected channel", "".join(lines[:24]))
        self.assertTrue(any(line.startswith("STATE") for line in lines[24:]))


class Sizes(BoardTest):
    def setUp(self):
        self.script = [*ALL_LISTED, event("QueueCallerJoin", Queue="sales", **channel(1)), event("gap", Cause="overflow")]
        for number in range(1, 30):
            wide = channel(number, call=number, CallerIDName="\\xe4\\xb8\\xad\\xe6\\x96\\x87" * 9)
            self.script.append(event("Newchannel", **wide))

    @staticmethod
    def width(text):
        return sum(0 if unicodedata.combining(c) else 2 if unicodedata.east_asian_width(c) == "W" else 1 for c in text)

    def test_all(self):
        heights = (1, 2, 3, 5, 8, 12, 24, 60, 150)
        shows = [f"show {width} {height}" for width in (1, 2, 7, 20, 40, 79, 80, 200, 500) for height in heights]
        for keys in ([], ["press ?"], ["press Tab"], ["press k"], ["press /"]):
            self.assertEqual(len(self.output(self.script, keys, shows)), 9 * sum(heights), keys)

    def test_tables_keep_to_the_width(self):
        for width in (20, 40, 79, 80, 200):
            lines = self.output(self.script, f"show {width} 24")
            rows = [line for line in lines if "PJSIP" in line or line.startswith(("STATE", "QUEUE", "Up ", "sales"))]
            self.assertGreater(len(rows), 5)
            self.assertEqual({self.width(row) for row in rows}, {width})

    def test_a_small_screen_shows_rows(self):
        lines = self.output(self.script, "show 40 6")
        self.assertTrue(any(line.startswith("Queued ") for line in lines), lines)

    def test_columns_line_up(self):
        lines = self.output(self.script, "show 80 24")
        head = next(line for line in lines if line.startswith("STATE"))
        place = head.index("CHANNEL")
        for row in (line for line in lines if line.startswith("Up ")):
            self.assertEqual(self.width(row[:row.index("PJSIP/")]), place)


class Hostile(BoardTest):
    def test_nothing_commands_the_terminal(self):
        name = "\\x1b]0;owned\\x07\\x0a\\xc2\\x9b31m\\xff\\xe2\\x80\\xaeevil"
        hostile = channel(1, CallerIDName=name, CallerIDNum="1", Channel="SIP/\\x1b[2J-1", Application="\\x0d")
        script = [*ALL_LISTED, event("Newchannel", **hostile), event("QueueCallerJoin", Queue="\\x1bc", **hostile),
                  event("connection-close", Reason="\\x1bM")]
        text = "\n".join(self.output(script, "show 200 24", "press k", "show 200 24"))
        for character in text:
            self.assertTrue(character == "\n" or unicodedata.category(character) not in ("Cc", "Cf"), repr(text))
        self.assertIn("\\x1b]0;owned\\x07\\n\\xc2\\x9b31m\\xff", text)


if __name__ == "__main__":
    unittest.main()
