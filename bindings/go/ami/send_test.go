package ami

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/textproto"
	"strconv"
	"strings"
	"testing"
	"time"
)

func TestContextCancelsTheAction(t *testing.T) {
	t.Parallel()
	m := startMock(t)
	conn := m.dial()
	m.must("fault hold 1")
	ctx, cancel := context.WithCancel(context.Background())
	go func() {
		m.must("wait action:Ping 1")
		cancel()
	}()
	reply, err := conn.Send(ctx, Action{Name: "Ping"})
	if !errors.Is(err, context.Canceled) || !errors.Is(err, ErrCanceled) || FateOf(err) != MaybeRun {
		t.Fatalf("%v, %v", reply, err)
	}
	if reply == nil || !reply.Response.IsZero() {
		t.Errorf("%+v", reply)
	}
	if stats := conn.Stats(); stats.InFlight != 0 {
		t.Errorf("%d actions in flight: it was not canceled", stats.InFlight)
	}
	m.must("release")
	ping(t, conn)
}

func TestDeadlineOfTheContext(t *testing.T) {
	t.Parallel()
	m := startMock(t)
	conn := m.dial()
	m.must("fault hold 1")
	ctx, cancel := context.WithTimeout(context.Background(), 20*time.Millisecond)
	defer cancel()
	_, err := conn.Send(ctx, Action{Name: "Ping"})
	if !errors.Is(err, context.DeadlineExceeded) || !errors.Is(err, ErrTimeout) {
		t.Fatal(err)
	}
	m.must("release")
}

func TestContextThatHasEnded(t *testing.T) {
	t.Parallel()
	m := startMock(t)
	conn := m.dial()
	ctx, cancel := context.WithCancel(context.Background())
	cancel()
	if reply, err := conn.Send(ctx, Action{Name: "Ping"}); reply != nil || !errors.Is(err, ErrCanceled) || FateOf(err) != NotSent {
		t.Errorf("%v, %v", reply, err)
	}
	if got := m.must("count action:Ping"); got != 0 {
		t.Errorf("%d Pings were sent", got)
	}
}

func TestTimeout(t *testing.T) {
	t.Parallel()
	m := startMock(t)
	conn := m.dial()
	m.must("fault no_response 1")
	_, err := conn.Send(within(t), Action{Name: "Ping", Timeout: 20 * time.Millisecond})
	var e *Error
	if !errors.Is(err, ErrTimeout) || !errors.As(err, &e) || !e.Timeout() || e.Fate != MaybeRun || e.Op != "Ping" {
		t.Fatal(err)
	}
	if text := err.Error(); !strings.Contains(text, "Ping") || !strings.Contains(text, "may have run") {
		t.Error(text)
	}
}

func TestRefusedActions(t *testing.T) {
	t.Parallel()
	m := startMock(t)
	conn := m.dial()
	for name, action := range map[string]Action{
		"NUL in name":     {Name: "Pi\x00ng"},
		"NUL in until":    {Name: "Ping", Until: "Po\x00ng"},
		"NUL in field":    {Name: "Ping", Fields: Fields{{"Data", "a\x00b"}}},
		"NUL in variable": {Name: "Ping", Variables: map[string]string{"a": "b\x00c"}},
		"line in field":   {Name: "Ping", Fields: Fields{{"Data", "a\r\nAction: Logoff"}}},
	} {
		reply, err := conn.Send(within(t), action)
		if reply != nil || !errors.Is(err, ErrInjection) || FateOf(err) != NotSent {
			t.Errorf("%s: %v, %v", name, reply, err)
		}
	}
	reply, err := conn.Send(within(t), Action{Name: "Ping", Fields: Fields{{"Data", strings.Repeat("a", 2000)}}})
	if reply != nil || !errors.Is(err, ErrTooBig) {
		t.Errorf("%v, %v", reply, err)
	}
	ping(t, conn)
	if got := m.must("count action:Ping"); got != 1 {
		t.Errorf("%d Pings were sent", got)
	}
}

// Larger than the buffer through which messages cross, and many of them.
func TestLargeReplies(t *testing.T) {
	t.Parallel()
	m := startMock(t)
	conn := m.dial()
	reply, err := conn.Send(within(t), Action{Name: "CoreShowChannels", Fields: Fields{{"Items", "3000"}}})
	if err != nil || len(reply.Items) != 3000 || reply.End.Get("ListItems") != "3000" {
		t.Fatalf("%d items, %s, %v", len(reply.Items), reply.End, err)
	}
	for i, item := range reply.Items {
		if item.Kind() != ListItem || item.Name() != "CoreShowChannel" || item.Get("Uniqueid") == "" {
			t.Fatalf("%d: %s", i, item)
		}
	}
}

// More than the buffer through which messages cross.
func TestLargeMessages(t *testing.T) {
	t.Parallel()
	large := strings.Repeat("0123456789abcdef", copyBuffer/16*2)
	url := fake(t, map[string]string{
		"Challenge": "Response: Success\r\n{id}Challenge: 1\r\n\r\n",
		"Login":     "Response: Success\r\n{id}Message: Authentication accepted\r\n\r\n",
		"Ping": "Event: Large\r\nPrivilege: user,all\r\nText: " + large + "\r\nLast: yes\r\n\r\n" +
			"Response: Success\r\n{id}Text: " + large + "\r\nPing: Pong\r\n\r\n",
	})
	conn, err := Dial(within(t), url)
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close()
	sub := subscribe(t, conn, "Large")
	reply, err := conn.Send(within(t), Action{Name: "Ping"})
	if err != nil || reply.Response.Get("text") != large || reply.Response.Get("ping") != "Pong" {
		t.Errorf("%d bytes of %d, %v", len(reply.Response.Get("text")), len(large), err)
	}
	if message := next(t, sub); message.Get("text") != large || message.Get("last") != "yes" {
		t.Errorf("%d bytes of %d", len(message.Get("text")), len(large))
	}
}

// fake is a server that gives these answers, {id} being the header ActionID; to what is not there it gives none.
func fake(t *testing.T, answers map[string]string) string {
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { listener.Close() })
	go func() {
		conn, err := listener.Accept()
		if err != nil {
			return
		}
		defer conn.Close()
		fmt.Fprint(conn, "Asterisk Call Manager/11.0.0\r\n")
		requests := textproto.NewReader(bufio.NewReader(conn))
		for {
			request, err := requests.ReadMIMEHeader()
			if err != nil {
				return
			}
			id := "ActionID: " + request.Get("ActionID") + "\r\n"
			fmt.Fprint(conn, strings.ReplaceAll(answers[request.Get("Action")], "{id}", id))
		}
	}()
	return "ami://admin:secret@" + listener.Addr().String() + "?disconnect.grace_ms=1"
}

func TestCommand(t *testing.T) {
	t.Parallel()
	conn := startMock(t).dial()
	if text, err := conn.Command(within(t), "core show version"); err != nil || !strings.HasPrefix(text, "Asterisk 22") {
		t.Errorf("%q, %v", text, err)
	}
	if text, err := conn.Command(within(t), "nonsense now"); !errors.Is(err, ErrReply) || !strings.Contains(text, "No such command") {
		t.Errorf("%q, %v", text, err)
	}
	if text, err := conn.Command(within(t), "a\nb"); text != "" || !errors.Is(err, ErrInjection) {
		t.Errorf("%q, %v", text, err)
	}
}

func TestList(t *testing.T) {
	t.Parallel()
	conn := startMock(t).dial()
	list, err := conn.List(within(t), Action{Name: "CoreShowChannels", Fields: Fields{{"Items", "1000"}}})
	if err != nil {
		t.Fatal(err)
	}
	defer list.Close()
	for count := 0; ; count++ {
		item, err := list.Next()
		if err == io.EOF && count == 1000 {
			break
		}
		if err != nil || item.Name() != "CoreShowChannel" {
			t.Fatalf("%d: %s, %v", count, item, err)
		}
	}
	if end := list.Reply().End; end.Get("ListItems") != strconv.Itoa(1000) {
		t.Errorf("%s", end)
	}
	if _, err := list.Next(); err != io.EOF {
		t.Error(err)
	}
}

func TestListThatBreaksOff(t *testing.T) {
	t.Parallel()
	m := startMock(t)
	conn := m.dial()
	m.must("fault error_in_list 2")
	list, err := conn.List(within(t), Action{Name: "CoreShowChannels", Fields: Fields{{"Items", "5"}}})
	if err != nil {
		t.Fatal(err)
	}
	defer list.Close()
	for i := 0; i < 2; i++ {
		if _, err := list.Next(); err != nil {
			t.Fatal(err)
		}
	}
	if _, err := list.Next(); !errors.Is(err, ErrReply) {
		t.Error(err)
	}
}

func TestListIsCanceled(t *testing.T) {
	t.Parallel()
	m := startMock(t)
	// So that it is not a bound that ends the list.
	conn := m.dial(With("list.max_items", "1073741824"), With("list.max_bytes", "4294967296"))
	m.must("fault endless_list")
	ctx, cancel := context.WithCancel(context.Background())
	list, err := conn.List(ctx, Action{Name: "CoreShowChannels", Fields: Fields{{"Items", "5"}}})
	if err != nil {
		t.Fatal(err)
	}
	if _, err := list.Next(); err != nil {
		t.Fatal(err)
	}
	cancel()
	for err == nil {
		_, err = list.Next()
	}
	if !errors.Is(err, context.Canceled) {
		t.Error(err)
	}
	list.Close()
	if stats := conn.Stats(); stats.InFlight != 0 {
		t.Errorf("%+v", stats)
	}
}

func TestListIsClosedEarly(t *testing.T) {
	t.Parallel()
	m := startMock(t)
	conn := m.dial()
	m.must("fault hold 1")
	list, err := conn.List(within(t), Action{Name: "CoreShowChannels"})
	if err != nil {
		t.Fatal(err)
	}
	m.must("wait action:CoreShowChannels 1")
	list.Close()
	if _, err := list.Next(); !errors.Is(err, ErrCanceled) {
		t.Error(err)
	}
	m.must("release")
	ping(t, conn)
}

func TestErrors(t *testing.T) {
	t.Parallel()
	for code := ErrInvalid; code >= ErrNoResponse; code-- {
		if codeNamed(code.Name()) != code || code.Error() == "" {
			t.Errorf("%d: %s", code, code.Name())
		}
	}
	if FateOf(nil) != Answered || FateOf(io.EOF) != 0 {
		t.Error(FateOf(nil), FateOf(io.EOF))
	}
	for fate, text := range map[Fate]string{NotSent: "not sent", MaybeRun: "may have run", Answered: "answered", 7: "Fate(7)"} {
		if fate.String() != text {
			t.Error(fate.String())
		}
	}
}
