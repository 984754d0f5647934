"""What the load server floods with, read a second time: what a client must have counted."""


class Corpus:
    def __init__(self, folder):
        self.events = [event for path in sorted(folder.glob("call_*.ami")) for event in events_of(path)]

    def sums(self, count, only="*"):
        """Of so many events what a handler on that name counts."""
        sums = dict.fromkeys(("events", "evlen", "uid", "uidlen", "vlen"), 0)
        rounds, rest = divmod(count, len(self.events))
        for number, event in enumerate(self.events):
            if only not in ("*", event["event"]):
                continue
            times = rounds + (number < rest)
            uid = event.get("uniqueid")
            sums["events"] += times
            sums["evlen"] += times * len(event["event"])
            sums["uid"] += times * (uid is not None)
            sums["uidlen"] += times * len(uid or "")
            sums["vlen"] += times * sum(len(event.get(key, "")) for key in ("calleridname", "value", "appdata"))
        return sums


def events_of(path):
    """Each a dictionary: the first value of each key, in small letters. Bytes are characters here."""
    _banner, _, text = path.read_bytes().decode("latin-1").partition("\r\n")
    for message in text.split("\r\n\r\n")[:-1]:
        if not message.startswith("Event: ") or message.startswith("Event: FullyBooted"):
            continue
        event = {}
        for line in message.split("\r\n"):
            key, _, value = line.partition(":")
            event.setdefault(key.lower(), value.removeprefix(" "))
        yield event
