package ami

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"net"
	"os"
	"runtime"
	"strings"
	"testing"
	"time"
)

// After all tests no goroutine of a Conn's or a Subscription's may be left.
func TestMain(m *testing.M) {
	code := m.Run()
	left := goroutines()
	for end := time.Now().Add(10 * time.Second); len(left) > 0 && time.Now().Before(end); left = goroutines() {
		runtime.Gosched() // the last act of one is to say that it ends
	}
	if code == 0 && len(left) > 0 {
		fmt.Fprintf(os.Stderr, "goroutines were left behind:\n%s\n", strings.Join(left, "\n\n"))
		code = 1
	}
	os.Exit(code)
}

// goroutines returns the stacks of those that this package started and did not end.
func goroutines() (left []string) {
	stacks := make([]byte, 1<<20)
	stacks = stacks[:runtime.Stack(stacks, true)]
	for _, stack := range bytes.Split(stacks, []byte("\n\n")) {
		if bytes.Contains(stack, []byte("created by example.org/libami/bindings/go/ami.(")) {
			left = append(left, string(stack))
		}
	}
	return left
}

func TestGoroutinesAreFound(t *testing.T) {
	conn := startMock(t).dial()
	if len(goroutines()) == 0 {
		t.Fatal("the pump of an open Conn is not found, so none that is left behind would be")
	}
	conn.Close()
}

// A silent server: it accepts, and says nothing.
func silent(t *testing.T) string {
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { listener.Close() })
	return "ami://admin:secret@" + listener.Addr().String()
}

func TestDialEndsWithItsContext(t *testing.T) {
	t.Parallel()
	ctx, cancel := context.WithCancel(context.Background())
	conn, err := New(silent(t))
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close()
	sub := subscribe(t, conn, "connection-connect")
	go func() {
		_, _ = sub.Next(within(t))
		cancel()
	}()
	err = conn.Connect(ctx)
	if !errors.Is(err, context.Canceled) || !errors.Is(err, ErrCanceled) || errors.Is(err, ErrTimeout) {
		t.Fatalf("%v", err)
	}
}

func TestDialOverdue(t *testing.T) {
	t.Parallel()
	ctx, cancel := context.WithTimeout(context.Background(), 1)
	defer cancel()
	conn, err := Dial(ctx, silent(t))
	if conn != nil || !errors.Is(err, context.DeadlineExceeded) || !errors.Is(err, ErrTimeout) {
		t.Fatalf("%v, %v", conn, err)
	}
}

func TestBadOptions(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		url    string
		option Option
		says   string
	}{
		"unknown":     {"", With("nonsense", "1"), "nonsense"},
		"bad value":   {"", WithEvents("nonsense"), "nonsense"},
		"bad url":     {"http://pbx", With("port", "1"), "amis://"},
		"NUL":         {"", With("username", "a\x00b"), "NUL"},
		"NUL in name": {"", With("user\x00name", "a"), "NUL"},
	} {
		conn, err := New(c.url, c.option)
		var e *Error
		if conn != nil || !errors.As(err, &e) || e.Code != ErrOption || !strings.Contains(err.Error(), c.says) {
			t.Errorf("%s: %v, %v", name, conn, err)
		}
	}
}

func TestSecretsStaySecret(t *testing.T) {
	t.Parallel()
	const secret = "hunter2\x00"
	if _, err := New("", WithPassword(secret)); err == nil || strings.Contains(err.Error(), "hunter") {
		t.Errorf("%v", err)
	}
	if _, err := New("ami://u:hunter2@h:99999999"); err == nil || strings.Contains(err.Error(), "hunter") {
		t.Errorf("%v", err)
	}
	conn := startMock(t).dial()
	if value, err := conn.Get("password"); err == nil {
		t.Errorf("password: %q", value)
	}
}

func TestOptions(t *testing.T) {
	t.Parallel()
	conn := startMock(t).dial(WithEvents("user", "call"), WithReconnect(1500000), WithFilter("!Drop: yes"))
	for name, expected := range map[string]string{"reconnect": "2", "username": "admin", "server.version": "11.0.0"} {
		if value, err := conn.Get(name); err != nil || value != expected {
			t.Errorf("%s: %q, %v", name, value, err)
		}
	}
	if err := conn.Set("events", "off"); err != nil {
		t.Error(err)
	}
	if err := conn.Set("host", "x"); !errors.Is(err, ErrState) {
		t.Error(err)
	}
	if conn.State() != Ready || conn.State().String() != "ready" {
		t.Error(conn.State())
	}
}

func TestClose(t *testing.T) {
	t.Parallel()
	m := startMock(t)
	conn := m.dial()
	if conn.Err() != nil {
		t.Error(conn.Err())
	}
	conn.Close()
	conn.Close()
	<-conn.Done()
	if !errors.Is(conn.Err(), ErrClosed) {
		t.Error(conn.Err())
	}
	m.must("wait open 0")
	if got := m.must("count action:Logoff"); got != 1 {
		t.Errorf("%d Logoffs", got)
	}
	if reply, err := conn.Send(within(t), Action{Name: "Ping"}); reply != nil || !errors.Is(err, ErrClosed) || FateOf(err) != NotSent {
		t.Errorf("%v, %v", reply, err)
	}
	if _, err := conn.Subscribe("*"); !errors.Is(err, ErrClosed) {
		t.Error(err)
	}
	if err := conn.Connect(within(t)); !errors.Is(err, ErrState) {
		t.Error(err)
	}
	if conn.State() != Idle || conn.Stats() != (Stats{}) {
		t.Error(conn.State(), conn.Stats())
	}
}

func TestCloseWithoutConnect(t *testing.T) {
	t.Parallel()
	conn, err := New("ami://127.0.0.1")
	if err != nil {
		t.Fatal(err)
	}
	sub := subscribe(t, conn, "*")
	conn.Close()
	if _, err := sub.Next(within(t)); !errors.Is(err, ErrClosed) {
		t.Error(err)
	}
}

// A Connect that comes while Close is under way begins nothing that Close would not end.
func TestConnectUnderClose(t *testing.T) {
	t.Parallel()
	conn, err := New(silent(t))
	if err != nil {
		t.Fatal(err)
	}
	conn.mu.Lock()
	closed, connected := make(chan struct{}), make(chan error)
	go func() {
		conn.Close()
		close(closed)
	}()
	<-conn.closing
	go func() { connected <- conn.Connect(within(t)) }()
	for conn.handle.TryLock() { // it is in Connect when that fails
		conn.handle.Unlock()
		runtime.Gosched()
	}
	conn.mu.Unlock()
	if err := <-connected; !errors.Is(err, ErrState) {
		t.Error(err)
	}
	<-closed
}

// What Close tells the pump, and when, loses nothing that is in the library's queue by then.
func TestPumpThatIsWoken(t *testing.T) {
	t.Parallel()
	conn := startMock(t).dial()
	wake(conn.bell)
	ping(t, conn)
}

func TestLoss(t *testing.T) {
	t.Parallel()
	m := startMock(t)
	conn := m.dial()
	sub := subscribe(t, conn, "Hello", "connection-close")
	m.must("emit_many 3 " + hello)
	m.must("kick")
	<-conn.Done()
	if !errors.Is(conn.Err(), ErrLost) {
		t.Error(conn.Err())
	}
	for i := 0; i < 3; i++ {
		if message := next(t, sub); message.Name() != "Hello" {
			t.Errorf("%s", message)
		}
	}
	if message := next(t, sub); message.Get("Final") != "true" || message.Kind() != Notice {
		t.Errorf("%s", message)
	}
	for i := 0; i < 2; i++ {
		if _, err := sub.Next(within(t)); !errors.Is(err, ErrLost) {
			t.Error(err)
		}
	}
}

func TestManyUseOneConn(t *testing.T) {
	t.Parallel()
	m := startMock(t)
	conn := m.dial()
	const each = 50
	failed := make(chan error)
	for i := 0; i < 8; i++ {
		go func() {
			for n := 0; n < each; n++ {
				sub, err := conn.Subscribe("Hello")
				if err == nil {
					_, err = conn.Send(within(t), Action{Name: "Ping"})
					sub.Close()
				}
				if err != nil {
					failed <- err
					return
				}
			}
			failed <- nil
		}()
	}
	for i := 0; i < 8; i++ {
		if err := <-failed; err != nil {
			t.Error(err)
		}
	}
	if stats := conn.Stats(); stats.Actions < 8*each || stats.Actions != stats.Replies {
		t.Errorf("%+v", stats)
	}
}

// Close while others are in the midst of using it.
func TestCloseUnderUse(t *testing.T) {
	t.Parallel()
	m := startMock(t)
	conn := m.dial(With("disconnect.grace_ms", "1"))
	ended := make(chan error)
	begun := make(chan struct{}, 100)
	for i := 0; i < 4; i++ {
		go func() {
			for {
				begun <- struct{}{}
				if _, err := conn.Send(context.Background(), Action{Name: "Ping"}); err != nil {
					ended <- err
					return
				}
			}
		}()
	}
	go func() {
		for range begun {
		}
	}()
	ping(t, conn)
	conn.Close()
	for i := 0; i < 4; i++ {
		if err := <-ended; !errors.Is(err, ErrClosed) && !errors.Is(err, ErrState) {
			t.Error(err)
		}
	}
	close(begun)
}
