package ami

import (
	"bufio"
	"context"
	"fmt"
	"io"
	"os"
	"os/exec"
	"strconv"
	"strings"
	"testing"
	"time"
)

// limit is far beyond what anything here takes, also on a loaded machine: it only keeps a broken test from hanging.
const limit = 60 * time.Second

// A mock is the mock PBX, a process of its own that is driven by lines; bindings/scenarios/README.md has the commands.
type mock struct {
	t         testing.TB
	in        io.WriteCloser
	out       *bufio.Reader
	address   string
	authority string
}

func startMock(t testing.TB, arguments ...string) *mock {
	t.Helper()
	program := os.Getenv("SCENARIO_MOCK")
	if program == "" {
		t.Fatal("SCENARIO_MOCK does not name the mock; ./dev test -L go sets it")
	}
	command := exec.Command(program, arguments...)
	command.Stderr = os.Stderr
	in, err := command.StdinPipe()
	if err != nil {
		t.Fatal(err)
	}
	out, err := command.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := command.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		in.Close()
		_ = command.Wait()
	})
	m := &mock{t: t, in: in, out: bufio.NewReader(out)}
	first := strings.Fields(strings.TrimPrefix(m.line(), "listening on "))
	m.address = first[0]
	if len(first) > 1 {
		m.authority = first[1]
	}
	return m
}

func (m *mock) line() string {
	m.t.Helper()
	line, err := m.out.ReadString('\n')
	if err != nil {
		m.t.Fatalf("the mock has ended: %v", err)
	}
	return strings.TrimSuffix(line, "\n")
}

// do gives a command and returns what the mock answers.
func (m *mock) do(format string, arguments ...any) string {
	m.t.Helper()
	if _, err := fmt.Fprintf(m.in, format+"\n", arguments...); err != nil {
		m.t.Fatal(err)
	}
	return m.line()
}

// must is do for what cannot go wrong.
func (m *mock) must(format string, arguments ...any) int {
	m.t.Helper()
	answer := m.do(format, arguments...)
	number, err := strconv.Atoi(answer)
	if err != nil {
		m.t.Fatalf("%s: %s", fmt.Sprintf(format, arguments...), answer)
	}
	return number
}

func (m *mock) url() string { return "ami://admin:secret@" + m.address }

func (m *mock) dial(options ...Option) *Conn {
	m.t.Helper()
	conn, err := Dial(within(m.t), m.url(), options...)
	if err != nil {
		m.t.Fatal(err)
	}
	m.t.Cleanup(func() { conn.Close() })
	return conn
}

func within(t testing.TB) context.Context {
	ctx, cancel := context.WithTimeout(context.Background(), limit)
	t.Cleanup(cancel)
	return ctx
}

func subscribe(t testing.TB, conn *Conn, names ...string) *Subscription {
	t.Helper()
	sub, err := conn.Subscribe(names...)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { sub.Close() })
	return sub
}

func next(t testing.TB, sub *Subscription) Message {
	t.Helper()
	message, err := sub.Next(within(t))
	if err != nil {
		t.Fatal(err)
	}
	return message
}

func ping(t testing.TB, conn *Conn) {
	t.Helper()
	reply, err := conn.Send(within(t), Action{Name: "Ping"})
	if err != nil {
		t.Fatal(err)
	}
	if got := reply.Response.Get("Ping"); got != "Pong" {
		t.Fatalf("Ping: %q", got)
	}
}

// settle returns when everything that the mock has sent so far is in the mailboxes: the answer to a Ping comes behind.
func settle(t testing.TB, conn *Conn, events int64) {
	t.Helper()
	for ping(t, conn); conn.Stats().Events < events; {
		ping(t, conn)
	}
}

const hello = `Event: Hello\nPrivilege: user,all\nNumber: {n}\n`
