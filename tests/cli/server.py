"""A server that says what a test tells it to: for the misbehaviour that `ami mock` has no option for."""

import socket
import threading

from program import LIMIT

SUCCESS = b"Response: Success\r\n{id}Message: ok\r\n\r\n"
ANSWERS = {
    "challenge": b"Response: Success\r\n{id}Challenge: 123456789\r\n\r\n",
    "login": b"Response: Success\r\n{id}Message: Authentication accepted\r\n\r\n",
    "logoff": b"Response: Goodbye\r\n{id}Message: Thanks for all the fish.\r\n\r\n",
}


class Server:
    """Answers every action with Success, or with what answers has under its name in small letters: bytes in which
    {id} is the ActionID header; b"" is no answer, None closes the connection."""

    def __init__(self, answers=None, banner=b"Asterisk Call Manager/11.0.0\r\n"):
        self.answers = {**ANSWERS, **(answers or {})}
        self.banner = banner
        self.listener = socket.create_server(("127.0.0.1", 0))
        self.port = self.listener.getsockname()[1]
        self.changed = threading.Condition()
        self.sessions = []
        self.accepted = 0
        self.actions = []  # (name in small letters, lines)
        self.acceptor = threading.Thread(target=self._accept, daemon=True)
        self.acceptor.start()

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.listener.shutdown(socket.SHUT_RDWR)  # close() alone would leave accept() waiting, perhaps on the next server
        self.acceptor.join()
        self.listener.close()
        self.drop()

    def url(self, user="admin"):
        return f"ami://{user}@127.0.0.1:{self.port}"

    def wait_for(self, name, count=1):
        """Waits until that many actions of the name were read and answered; returns the lines of the last."""
        def seen():
            return [lines for known, lines in self.actions if known == name]
        self._wait_until(lambda: len(seen()) >= count)
        return seen()[-1]

    def wait_for_connection(self):
        self._wait_until(lambda: self.accepted > 0)

    def wait_for_end(self):
        """Waits until all who connected are gone."""
        self._wait_until(lambda: self.accepted > 0 and not self.sessions)

    def push(self, data):
        """Sends bytes to all who are connected."""
        with self.changed:
            for session in self.sessions:
                session.sendall(data)

    def drop(self):
        """Closes every connection."""
        with self.changed:
            for session in self.sessions:
                session.shutdown(socket.SHUT_RDWR)
            self.sessions.clear()

    def _wait_until(self, condition):
        with self.changed:
            if not self.changed.wait_for(condition, LIMIT):
                raise TimeoutError(f"{self.accepted} connections, {len(self.sessions)} open, read: {self.actions}")

    def _accept(self):
        while True:
            try:
                session, _ = self.listener.accept()
            except OSError:
                return
            threading.Thread(target=self._serve, args=(session,), daemon=True).start()

    def _serve(self, session):
        with self.changed:
            self.accepted += 1
            self.sessions.append(session)
            self.changed.notify_all()
        try:
            session.sendall(self.banner)
            with session.makefile("rb") as stream:
                while lines := self._read(stream):
                    self._answer(session, lines)
        except OSError:
            pass
        with self.changed:
            if session in self.sessions:
                self.sessions.remove(session)
            self.changed.notify_all()
        session.close()

    @staticmethod
    def _read(stream):
        lines = []
        for line in stream:
            if line == b"\r\n":
                return lines
            lines.append(line.rstrip(b"\r\n"))
        return []

    def _answer(self, session, lines):
        fields = {key.lower(): value for key, _, value in (line.partition(b": ") for line in lines)}
        name = fields[b"action"].decode().lower()
        answer = self.answers.get(name, SUCCESS)
        with self.changed:  # who waits for the action finds it answered
            self.actions.append((name, lines))
            self.changed.notify_all()
            session.sendall(self._with_id(answer or b"", fields))
        if answer is None or name == "logoff":
            raise ConnectionAbortedError

    @staticmethod
    def _with_id(answer, fields):
        own = fields.get(b"actionid")
        return answer.replace(b"{id}", b"ActionID: " + own + b"\r\n" if own else b"")
