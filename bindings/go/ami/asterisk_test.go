//go:build asterisk

package ami

import (
	"context"
	"errors"
	"os"
	"strings"
	"testing"
)

// On a real Asterisk, which tests/asterisk/run brings: go test -tags asterisk -run Asterisk

func dialAsterisk(t *testing.T, options ...Option) *Conn {
	t.Helper()
	url := "ami://admin:secret@" + os.Getenv("ASTERISK_HOST") + ":" + os.Getenv("ASTERISK_PORT")
	conn, err := Dial(within(t), url, options...)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { conn.Close() })
	return conn
}

func TestAsteriskCommandAndList(t *testing.T) {
	conn := dialAsterisk(t)
	ping(t, conn)
	text, err := conn.Command(within(t), "core show version")
	if err != nil || !strings.HasPrefix(text, "Asterisk ") {
		t.Errorf("%q, %v", text, err)
	}
	reply, err := conn.Send(within(t), Action{Name: "QueueStatus", Fields: Fields{{"Queue", "support"}}})
	if err != nil || reply.End.Name() != "QueueStatusComplete" || len(reply.Items) == 0 {
		t.Errorf("%+v, %v", reply, err)
	}
}

func TestAsteriskCall(t *testing.T) {
	conn := dialAsterisk(t)
	sub := subscribe(t, conn, "Hangup", "VarSet")
	const tricky = `a,b "c" \d`
	reply, err := conn.Send(within(t), Action{
		Name:      "Originate",
		Fields:    Fields{{"Channel", "Local/hold@test"}, {"Application", "Wait"}, {"Data", "0.1"}, {"Async", "true"}},
		Variables: map[string]string{"TRICKY": tricky},
		Until:     "OriginateResponse",
	})
	if err != nil || reply.End.Get("Response") != "Success" {
		t.Fatalf("%+v, %v", reply, err)
	}
	for seen := ""; ; {
		message := next(t, sub)
		if message.Get("Variable") == "TRICKY" {
			seen = message.Get("Value")
		}
		if message.Name() == "Hangup" {
			// Asterisk itself escapes what VarSet shows.
			if seen != `a,b \"c\" \\d` {
				t.Errorf("%q", seen)
			}
			return
		}
	}
}

func TestAsteriskRefuses(t *testing.T) {
	_, err := Dial(within(t), "ami://admin:wrong@"+os.Getenv("ASTERISK_HOST")+":"+os.Getenv("ASTERISK_PORT"))
	if !errors.Is(err, ErrAuth) {
		t.Error(err)
	}
	conn := dialAsterisk(t)
	if _, err := conn.Send(within(t), Action{Name: "Nonsense"}); !errors.Is(err, ErrReply) || FateOf(err) != Answered {
		t.Error(err)
	}
	ctx, cancel := context.WithCancel(context.Background())
	cancel()
	if _, err := conn.Send(ctx, Action{Name: "Ping"}); FateOf(err) != NotSent {
		t.Error(err)
	}
}
