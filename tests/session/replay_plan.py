#!/usr/bin/env python3
"""Says when each action of the recorded conversations was sent, and what its reply must be. Usage: replay_plan.py DIRECTORY OUTPUT

Written from the rules, and from nothing of the library: what belongs to an action carries its ActionID, a list begins
with EventList: start and ends with EventList: Complete, an answer without an ActionID is the oldest action's, and an
event with neither ActionID nor Privilege (IAXpeers) is an item of the list that is open.

    recording NAME
    send OFFSET ACTION "ID"      submitted when that many bytes had been received
    reply N STATUS FATE response=SEQ items=SEQ,SEQ end=SEQ at=SEQ
    messages EVENTS RESPONSES ITEMS

N counts the actions, SEQ the messages; at is the message that completes the reply, 0 the end of the connection.
Actions that the library refuses (an ActionID that is too long, unprintable or in use, Queues) are left out.
"""

import pathlib
import re
import sys

sys.dont_write_bytecode = True
sys.path.insert(0, str(pathlib.Path(__file__).parents[1] / "transcripts"))
import expect  # noqa: E402

REFUSED = ("queues", "iaxnetstats")
SUCCESS = (b"success", b"follows", b"goodbye")
SINGLE = ("faxstats", "faxsession")


class Action:
    def __init__(self, offset, name, action_id):
        self.offset, self.name, self.id = offset, name, action_id
        self.state, self.response, self.items, self.end = "waiting", 0, [], 0
        self.status, self.at = "", 0

    def done(self, status, at):
        self.state, self.status, self.at = "done", status, at

    def lost(self):
        if self.state != "done":
            self.done("ELOST", 0)

    def reply(self, number):
        fate = "answered" if self.response else "maybe-run"
        items = ",".join(map(str, self.items))
        return f"reply {number} {self.status} {fate} response={self.response} items={items} end={self.end} at={self.at}"


def sent_actions(sent, timeline):
    """The blocks that the server read, each with how much had been received when its last byte was written."""
    received, writes = 0, []
    for line in timeline.splitlines():
        words = line.split()
        if len(words) == 4 and words[1] == ">":
            writes.append((int(words[2]) + int(words[3]), received))
        elif len(words) == 4:
            received = int(words[2]) + int(words[3])
    for block in re.finditer(rb"(?:[^\n]+\n)*?\r?\n", sent):
        headers = {}
        for line in block.group().split(b"\n"):
            key, colon, value = line.removesuffix(b"\r").partition(b":")
            if colon:
                headers.setdefault(key.lower(), value.lstrip(bytes(range(33))))
        offset = next((at for end, at in writes if end >= block.end()), None)
        if offset is not None and headers.get(b"action"):
            yield Action(offset, headers[b"action"].decode("latin-1"), headers.get(b"actionid", b""))


def sendable(actions):
    ids = set()
    for action in actions:
        fits = len(action.id) <= 64 and all(32 <= byte < 127 for byte in action.id)
        if fits and action.id not in ids and action.name.lower() not in REFUSED:
            yield action
        if action.id:
            ids.add(action.id)


def value_of(fields, wanted):
    return next((value for key, value in fields if key.lower() == wanted), b"")


def answer(action, actions, fields, at):
    for earlier in actions[: actions.index(action)]:
        if earlier.state == "waiting":
            earlier.done("ENORESPONSE", at)
        assert earlier.state == "done", "a list that was cut"
    action.response = at
    start = value_of(fields, b"eventlist").lower() == b"start"
    if value_of(fields, b"response").lower() not in SUCCESS:
        action.done("EREPLY", at)
    elif start or action.name.lower() in ("waitevent", *SINGLE):
        action.state = "list"
    else:
        action.done("OK", at)


def take(action, name, fields, at):
    """An event with the ActionID of an action whose list is open."""
    if action.name.lower() in SINGLE:
        action.items.append(at)
        action.done("OK", at)
    elif value_of(fields, b"eventlist").lower() == b"complete" or name == b"WaitEventComplete":
        action.end = at
        action.done("OK", at)
    else:
        action.items.append(at)


def play(data, actions):
    counts = {"event": 0, "response": 0, "item": 0}
    at, end = 0, data.find(b"\n") + 1
    for message in expect.messages(data):
        if isinstance(message, int):
            break
        at, end = at + 1, data.index(message, end) + len(message)
        fields, _ = expect.fields(message)
        kind, name = expect.kind_and_name(fields)
        known = [action for action in actions if action.offset < end]
        action_id = value_of(fields, b"actionid")
        owner = next((action for action in known if action_id and action.id == action_id), None)
        if kind == 1 and not action_id and not value_of(fields, b"privilege"):
            owner = next((action for action in known if action.state == "list"), None)
        if kind == 2:
            counts["response"] += 1
            if not action_id:
                owner = next((action for action in known if action.state == "waiting"), None)
            if owner and owner.state == "waiting":
                answer(owner, known, fields, at)
            elif owner and owner.state == "list" and value_of(fields, b"response").lower() == b"error":
                owner.response = at
                owner.done("EREPLY", at)
        elif kind == 1 and owner and owner.state == "list" and name != b"UserEvent":
            counts["item"] += 1
            take(owner, name, fields, at)
        elif kind == 1:
            counts["event"] += 1
    return counts


def plans(directory):
    for path in sorted(directory.glob("*.ami")):
        data = path.read_bytes()
        sent, timeline = path.with_suffix(".sent"), path.with_suffix(".tl")
        if not timeline.exists() or not data.startswith(b"Asterisk Call Manager/"):
            continue
        actions = list(sendable(sent_actions(sent.read_bytes(), timeline.read_text(encoding="ascii"))))
        if not actions:
            continue
        counts = play(data, actions)
        yield f"recording {path.name}"
        for action in actions:
            yield f'send {action.offset} {action.name} "{action.id.decode("ascii")}"'
        for number, action in enumerate(actions, 1):
            action.lost()
            yield action.reply(number)
        yield f"messages {counts['event']} {counts['response']} {counts['item']}"


def main():
    directory, output = map(pathlib.Path, sys.argv[1:])
    output.write_text("".join(f"{line}\n" for line in plans(directory)), encoding="ascii")


if __name__ == "__main__":
    main()
