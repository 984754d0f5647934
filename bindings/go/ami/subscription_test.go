package ami

import (
	"context"
	"errors"
	"reflect"
	"strings"
	"testing"
	"time"
)

func TestMessage(t *testing.T) {
	t.Parallel()
	m := startMock(t)
	conn := m.dial()
	sub := subscribe(t, conn, "hello")
	before := time.Now()
	m.must(`emit Event: Hello\nPrivilege: user,all\nVariable: a=1\nEmpty: \nVariable: b=2\n`)
	message := next(t, sub)
	if message.Kind() != Event || message.Name() != "Hello" || message.IsZero() || message.Seq() == 0 {
		t.Errorf("%d %s", message.Kind(), message)
	}
	if message.Time().Before(before.Add(-time.Minute)) || message.Time().After(time.Now().Add(time.Minute)) {
		t.Error(message.Time())
	}
	if value, ok := message.Lookup("EMPTY"); value != "" || !ok {
		t.Errorf("%q, %v", value, ok)
	}
	if value, ok := message.Lookup("Missing"); value != "" || ok {
		t.Errorf("%q, %v", value, ok)
	}
	if values := message.Values("variable"); !reflect.DeepEqual(values, []string{"a=1", "b=2"}) {
		t.Error(values)
	}
	expected := Fields{{"Event", "Hello"}, {"Privilege", "user,all"}, {"Variable", "a=1"}, {"Empty", ""}, {"Variable", "b=2"}}
	if fields := message.Fields(); !reflect.DeepEqual(fields, expected) {
		t.Error(fields)
	}
	if text := message.String(); text != "Event: Hello\nPrivilege: user,all\nVariable: a=1\nEmpty: \nVariable: b=2\n" {
		t.Errorf("%q", text)
	}
	var none Message
	if !none.IsZero() || none.Name() != "" || none.Fields() != nil || none.String() != "" {
		t.Errorf("%q", none)
	}
}

func TestOneMessageForTwoNames(t *testing.T) {
	t.Parallel()
	m := startMock(t)
	conn := m.dial()
	sub := subscribe(t, conn, "Hello", "H*", "*")
	m.must("emit_many 1000 " + hello)
	for i := int64(0); i < 1000; i++ {
		message := next(t, sub)
		for message.Name() != "Hello" { // FullyBooted and the like
			message = next(t, sub)
		}
		if got := number(t, message, "Number"); got != i {
			t.Fatalf("%d: number %d", i, got)
		}
	}
}

func TestClosedSubscription(t *testing.T) {
	t.Parallel()
	m := startMock(t)
	conn := m.dial()
	sub := subscribe(t, conn, "Hello")
	m.must("emit_many 1000 " + hello)
	next(t, sub)
	sub.Close()
	sub.Close()
	if _, err := sub.Next(within(t)); !errors.Is(err, ErrClosed) {
		t.Error(err)
	}
	if _, err := conn.Subscribe("a\x00b"); !errors.Is(err, ErrInvalid) {
		t.Error(err)
	}
	if _, err := conn.Subscribe(""); err == nil {
		t.Error("an empty name")
	}
	ping(t, conn)
}

func TestNextEndsWithItsContext(t *testing.T) {
	t.Parallel()
	conn := startMock(t).dial()
	sub := subscribe(t, conn, "Hello")
	ctx, cancel := context.WithTimeout(context.Background(), time.Millisecond)
	defer cancel()
	for i := 0; i < 2; i++ {
		if _, err := sub.Next(ctx); err != context.DeadlineExceeded {
			t.Error(err)
		}
	}
}

func TestCloseWakesTheReader(t *testing.T) {
	t.Parallel()
	conn := startMock(t).dial()
	sub := subscribe(t, conn, "Hello")
	ended := make(chan error)
	go func() {
		_, err := sub.Next(context.Background())
		ended <- err
	}()
	sub.Close()
	if err := <-ended; !errors.Is(err, ErrClosed) {
		t.Error(err)
	}
}

func TestChan(t *testing.T) {
	t.Parallel()
	m := startMock(t)
	conn := m.dial()
	sub := subscribe(t, conn, "Hello")
	ctx, cancel := context.WithCancel(context.Background())
	defer cancel()
	messages := sub.Chan(ctx)
	m.must("emit_many 1000 " + hello)
	for i := int64(0); i < 1000; i++ {
		if got := number(t, <-messages, "Number"); got != i {
			t.Fatalf("%d: number %d", i, got)
		}
	}
	cancel()
	if message, ok := <-messages; ok {
		t.Errorf("%s", message)
	}
	if sub.Err() != context.Canceled {
		t.Error(sub.Err())
	}
}

// A reader of a channel that goes away without a word: closing the subscription ends the goroutine.
func TestChanThatIsNotRead(t *testing.T) {
	t.Parallel()
	m := startMock(t)
	conn := m.dial()
	sub := subscribe(t, conn, "Hello")
	messages := sub.Chan(context.Background())
	m.must("emit_many 10 " + hello)
	<-messages
	sub.Close()
	for range messages {
	}
	if !errors.Is(sub.Err(), ErrClosed) {
		t.Error(sub.Err())
	}
}

func TestBatch(t *testing.T) {
	t.Parallel()
	m := startMock(t)
	conn := m.dial()
	sub := subscribe(t, conn, "Hello")
	batch := sub.Batch("number", "Missing", "Event")
	defer batch.Close()
	m.must("emit_many 1000 " + hello)
	ctx, cancel := context.WithCancel(context.Background())
	defer cancel()
	row := 0
	for row < 1000 && batch.Next(ctx) {
		for i := 0; i < batch.Len(); i, row = i+1, row+1 {
			if batch.Text(i, 0) != batch.Message(i).Get("Number") || number(t, batch.Message(i), "Number") != int64(row) {
				t.Fatalf("%d: %s", row, batch.Message(i))
			}
			if batch.Bytes(i, 1) != nil || batch.Text(i, 1) != "" || string(batch.Bytes(i, 2)) != "Hello" || batch.Kind(i) != Event {
				t.Fatalf("%d: %s", row, batch.Message(i))
			}
		}
	}
	cancel()
	if batch.Next(ctx) || batch.Err() != context.Canceled || batch.Len() != 0 {
		t.Error(batch.Len(), batch.Err())
	}
	batch.Close()
	batch.Close()
	if batch.Next(within(t)) {
		t.Error("a closed batch goes on")
	}
}

func TestBatchRefusesWhatIsNotThere(t *testing.T) {
	t.Parallel()
	m := startMock(t)
	conn := m.dial()
	batch := subscribe(t, conn, "Hello").Batch("Number")
	defer batch.Close()
	m.must("emit " + hello)
	if !batch.Next(within(t)) {
		t.Fatal(batch.Err())
	}
	for _, at := range [][2]int{{0, 1}, {1, 0}, {-1, 0}, {0, -1}} {
		func() {
			defer func() {
				if recover() == nil {
					t.Errorf("%v", at)
				}
			}()
			batch.Bytes(at[0], at[1])
		}()
	}
}

// Over the bound of a subscription the oldest go, and the gap stands in their place and adds up.
func TestOverflow(t *testing.T) {
	t.Parallel()
	m := startMock(t)
	conn := m.dial(With("queue.max_items", "1000"))
	sub := subscribe(t, conn, "Hello", "gap", "ready")
	m.must("emit_many 20000 " + hello)
	settle(t, conn, 20000)
	var expected, dropped int64
	for expected < 20000 {
		message := next(t, sub)
		if message.Name() == "gap" {
			gap := number(t, message, "Dropped")
			if message.Get("Cause") != "overflow" || message.Get("Generation") != "1" || message.Get("From") > message.Get("To") {
				t.Errorf("%s", message)
			}
			dropped += gap
			expected += gap
			continue
		}
		if got := number(t, message, "Number"); got != expected {
			t.Fatalf("number %d stands where %d should", got, expected)
		}
		expected++
	}
	if dropped == 0 || dropped < 18000 {
		t.Errorf("%d dropped", dropped)
	}
}

// Of what one without "gap" has lost, another one hears who has it.
func TestOverflowIsToldToOthers(t *testing.T) {
	t.Parallel()
	m := startMock(t)
	conn := m.dial(With("queue.max_items", "1000"))
	sub := subscribe(t, conn, "Hello")
	other := subscribe(t, conn, "gap")
	m.must("emit_many 20000 " + hello)
	settle(t, conn, 20000)
	var read, dropped, last int64
	for last < 19999 {
		last = number(t, next(t, sub), "Number")
		read++
	}
	for read+dropped < 20000 {
		dropped += number(t, next(t, other), "Dropped")
	}
	if read+dropped != 20000 || read > 2000 {
		t.Errorf("%d read, %d dropped", read, dropped)
	}
}

func TestOverflowOfBytes(t *testing.T) {
	t.Parallel()
	m := startMock(t)
	conn := m.dial(With("queue.max_bytes", "1000000"))
	sub := subscribe(t, conn, "Hello", "gap")
	m.must("emit_many 5000 Event: Hello\\nPrivilege: user,all\\nNumber: {n}\\nText: %s\\n", strings.Repeat("a", 1000))
	settle(t, conn, 5000)
	var read, dropped int64
	for read+dropped < 5000 {
		if message := next(t, sub); message.Name() == "gap" {
			dropped += number(t, message, "Dropped")
		} else {
			read++
		}
	}
	if read > 1000 || read+dropped != 5000 {
		t.Errorf("%d dropped, %d read", dropped, read)
	}
}

// A batch can be one gap.
func TestBatchWithGap(t *testing.T) {
	t.Parallel()
	m := startMock(t)
	conn := m.dial(With("queue.max_items", "100"))
	sub := subscribe(t, conn, "Hello", "gap")
	m.must("emit_many 5000 " + hello)
	settle(t, conn, 5000)
	batch := sub.Batch("Event", "Dropped", "Missing")
	defer batch.Close()
	if !batch.Next(within(t)) {
		t.Fatal(batch.Err())
	}
	if batch.Text(0, 0) != "gap" || batch.Text(0, 1) == "" || batch.Bytes(0, 2) != nil || batch.Message(0).Name() != "gap" {
		t.Errorf("%s", batch.Message(0))
	}
}

// However many events come, they take no notice's place.
func TestOverflowKeepsNotices(t *testing.T) {
	t.Parallel()
	m := startMock(t)
	conn, err := New(m.url(), With("queue.max_items", "50"))
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close()
	sub := subscribe(t, conn, "Hello", "ready")
	if err := conn.Connect(within(t)); err != nil {
		t.Fatal(err)
	}
	m.must("emit_many 5000 " + hello)
	settle(t, conn, 5000)
	if message := next(t, sub); message.Name() != "ready" {
		t.Errorf("%s", message)
	}
}

// With queue.overflow=wait nothing is dropped; and an action that is canceled comes back although nobody reads.
func TestWait(t *testing.T) {
	t.Parallel()
	m := startMock(t, "writetimeout_ms=60000")
	conn := m.dial(With("queue.overflow", "wait"), With("queue.max_items", "100"))
	sub := subscribe(t, conn, "Hello", "gap")
	m.must("emit_many 5000 " + hello)
	for conn.Stats().Queued < 100 {
		m.must("count open")
	}
	ctx, cancel := context.WithTimeout(context.Background(), 10*time.Millisecond)
	defer cancel()
	if _, err := conn.Send(ctx, Action{Name: "Ping"}); err != nil && !errors.Is(err, ErrTimeout) {
		t.Error(err)
	}
	for i := int64(0); i < 5000; i++ {
		if got := number(t, next(t, sub), "Number"); got != i {
			t.Fatalf("%d: number %d", i, got)
		}
	}
	ping(t, conn)
}

func TestCloseDoesNotWaitForReaders(t *testing.T) {
	t.Parallel()
	m := startMock(t, "writetimeout_ms=60000")
	conn := m.dial(With("queue.overflow", "wait"), With("queue.max_items", "100"))
	sub := subscribe(t, conn, "Hello")
	m.must("emit_many 5000 " + hello)
	for conn.Stats().Queued < 100 {
		m.must("count open")
	}
	conn.Close()
	if message := next(t, sub); message.Name() != "Hello" {
		t.Errorf("%s", message)
	}
}

func TestMatches(t *testing.T) {
	t.Parallel()
	for glob, expected := range map[string]bool{
		"gap": true, "g*": true, "*": true, "*ap": true, "g?p": true, "???": true, "*a*": true, "gap*": true,
		"": false, "ga": false, "gaps": false, "?": false, "????": false, "g*x": false, "hangup": false,
	} {
		if matches(glob, "gap") != expected {
			t.Errorf("%q", glob)
		}
	}
}
