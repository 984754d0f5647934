//go:build go1.23

package ami

import (
	"context"
	"errors"
	"testing"
)

func TestEvents(t *testing.T) {
	t.Parallel()
	m := startMock(t)
	conn := m.dial()
	ctx, cancel := context.WithCancel(within(t))
	defer cancel()
	read := make(chan error)
	numbers := make(chan int64, 100)
	go func() {
		var last error // told when the loop is over, not within it
		for event, err := range conn.Events(ctx, "Hello") {
			if last = err; err == nil {
				select {
				case numbers <- number(t, event, "Number"):
				default: // enough came before this was asked
				}
			}
		}
		read <- last
	}()
	for len(numbers) == 0 {
		m.must("emit_many 1 " + hello)
	}
	cancel()
	if err := <-read; !errors.Is(err, context.Canceled) {
		t.Error(err)
	}
	conn.mu.Lock()
	defer conn.mu.Unlock()
	if len(conn.mailboxes) != 0 {
		t.Error("the loop has left its subscription behind")
	}
}

func TestAll(t *testing.T) {
	t.Parallel()
	m := startMock(t)
	conn := m.dial()
	sub := subscribe(t, conn, "Hello")
	m.must("emit_many 1000 " + hello)
	expected := int64(0)
	for expected < 1000 { // each loop is left, and the next goes on behind it
		for event, err := range sub.All(within(t)) {
			if err != nil {
				t.Fatal(err)
			}
			if got := number(t, event, "Number"); got != expected {
				t.Fatalf("number %d, not %d", got, expected)
			}
			if expected++; expected%10 == 0 {
				break
			}
		}
	}
	m.must("kick")
	for event, err := range sub.All(within(t)) {
		if !errors.Is(err, ErrLost) {
			t.Fatalf("%s, %v", event, err)
		}
	}
}

// What the loop's body sends is answered while the loop goes on.
func TestSendWithinALoop(t *testing.T) {
	t.Parallel()
	m := startMock(t)
	conn := m.dial()
	sub := subscribe(t, conn, "Hello")
	m.must("emit_many 100 " + hello)
	count := 0
	for _, err := range sub.All(within(t)) {
		if err != nil {
			t.Fatal(err)
		}
		ping(t, conn)
		if count++; count == 100 {
			break
		}
	}
}

func TestEventsOfABadName(t *testing.T) {
	t.Parallel()
	conn := startMock(t).dial()
	rounds := 0
	for _, err := range conn.Events(within(t), "a\x00b") {
		if rounds++; !errors.Is(err, ErrInvalid) {
			t.Error(err)
		}
	}
	if rounds != 1 {
		t.Errorf("%d rounds", rounds)
	}
}

func TestItems(t *testing.T) {
	t.Parallel()
	m := startMock(t)
	conn := m.dial()
	action := Action{Name: "CoreShowChannels", Fields: Fields{{"Items", "500"}}}
	count := 0
	for item, err := range conn.Items(within(t), action) {
		if err != nil || item.Kind() != ListItem {
			t.Fatalf("%s, %v", item, err)
		}
		count++
	}
	if count != 500 {
		t.Errorf("%d items", count)
	}
	for range conn.Items(within(t), action) {
		break
	}
	if stats := conn.Stats(); stats.InFlight != 0 {
		t.Errorf("%+v", stats)
	}
	m.must("fault error_in_list 2")
	var failed error
	for _, err := range conn.Items(within(t), action) {
		failed = err
	}
	if !errors.Is(failed, ErrReply) {
		t.Error(failed)
	}
	for _, err := range conn.Items(within(t), Action{Name: "a\nb"}) {
		if !errors.Is(err, ErrInjection) {
			t.Error(err)
		}
	}
}

func TestEach(t *testing.T) {
	t.Parallel()
	m := startMock(t)
	conn := m.dial()
	sub := subscribe(t, conn, "Hello")
	m.must(`emit Event: Hello\nPrivilege: user,all\nA: 1\nA: 2\n`)
	text := ""
	for key, value := range next(t, sub).Each() {
		text += key + value + " "
	}
	if text != "EventHello Privilegeuser,all A1 A2 " {
		t.Error(text)
	}
}
