package ami

import (
	"context"
	"fmt"
	"strconv"
	"strings"
	"testing"
	"time"

	"example.org/libami/bindings/go/internal/process"
)

// limit is far beyond what anything here takes, also on a loaded machine: it only keeps a broken test from hanging.
const limit = 60 * time.Second

// A mock is the mock PBX, a process of its own that is driven by lines; bindings/scenarios/README.md has the commands.
type mock struct {
	*process.Process
	address   string
	authority string
}

func startMock(t testing.TB, arguments ...string) *mock {
	t.Helper()
	m := &mock{Process: process.StartNamed(t, "SCENARIO_MOCK", arguments...)}
	first := strings.Fields(strings.TrimPrefix(m.Line(), "listening on "))
	m.address = first[0]
	if len(first) > 1 {
		m.authority = first[1]
	}
	return m
}

// do gives a command and returns what the mock answers.
func (m *mock) do(format string, arguments ...any) string {
	m.Helper()
	return m.Do(fmt.Sprintf(format, arguments...))
}

// must is do for what cannot go wrong.
func (m *mock) must(format string, arguments ...any) int {
	m.Helper()
	answer := m.do(format, arguments...)
	number, err := strconv.Atoi(answer)
	if err != nil {
		m.Fatalf("%s: %s", fmt.Sprintf(format, arguments...), answer)
	}
	return number
}

func (m *mock) url() string { return "ami://admin:secret@" + m.address }

func (m *mock) dial(options ...Option) *Conn {
	m.Helper()
	conn, err := Dial(within(m), m.url(), options...)
	if err != nil {
		m.Fatal(err)
	}
	m.Cleanup(func() { conn.Close() })
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
