package ami

import (
	"bytes"
	"encoding/json"
	"errors"
	"os"
	"reflect"
	"strconv"
	"strings"
	"testing"
	"time"
)

// The table of bindings/scenarios, which all languages play; its README.md tells what the words mean.

type scenario struct {
	Name   string
	Mock   []string
	Client map[string]string
	Steps  []step
}

// A fields is what is expected of a message: a string, nil for a key that is not there, or the values in order.
type fields map[string]any

type step struct {
	Mock   *string
	Answer *string

	On string
	As string

	Connect    *bool
	Disconnect *bool
	Error      string
	Says       string

	Event string
	Await string
	Is    fields
	Off   string
	None  string

	Flood  string
	Count  int64
	Events string
	Gaps   string

	Send      string
	Fields    Fields
	Variables map[string]string
	Until     string
	TimeoutMS int `json:"timeout_ms"`
	Refused   string
	Fate      string
	Response  json.RawMessage
	End       json.RawMessage
	Items     *[]fields
	Output    *string
}

func TestScenarios(t *testing.T) {
	t.Parallel()
	text, err := os.ReadFile("../../scenarios/scenarios.json")
	if err != nil {
		t.Fatal(err)
	}
	var table []scenario
	decoder := json.NewDecoder(bytes.NewReader(text))
	decoder.DisallowUnknownFields()
	if err := decoder.Decode(&table); err != nil {
		t.Fatal(err)
	}
	if len(table) == 0 {
		t.Fatal("no scenarios")
	}
	for _, each := range table {
		each := each
		t.Run(each.Name, func(t *testing.T) {
			t.Parallel()
			newPlayer(t, each).play(each.Steps)
		})
	}
}

type player struct {
	*testing.T
	mock   *mock
	conn   *Conn
	err    error // of New
	words  map[string]*Subscription
	closed bool
}

func newPlayer(t *testing.T, of scenario) *player {
	p := &player{T: t, mock: startMock(t, of.Mock...), words: map[string]*Subscription{}}
	settings := map[string]string{
		"host": "127.0.0.1", "port": p.mock.address[strings.LastIndex(p.mock.address, ":")+1:],
		"username": "admin", "password": "secret",
	}
	for name, value := range of.Client {
		settings[name] = strings.ReplaceAll(value, "$AUTHORITY", p.mock.authority)
	}
	var options []Option
	for name, value := range settings {
		options = append(options, With(name, value))
	}
	p.conn, p.err = New("", options...)
	if p.err == nil {
		t.Cleanup(func() { p.conn.Close() })
	}
	return p
}

func (p *player) play(steps []step) {
	for i, s := range steps {
		p.Logf("step %d", i+1)
		switch {
		case s.Mock != nil:
			if got := p.mock.do("%s", *s.Mock); s.Answer != nil && got != *s.Answer {
				p.Fatalf("%s: %s, not %s", *s.Mock, got, *s.Answer)
			}
		case s.On != "":
			p.words[s.As] = subscribe(p, p.conn, s.On)
		case s.Connect != nil:
			p.connect(s)
		case s.Disconnect != nil:
			p.conn.Close()
		case s.Event != "":
			p.compare(next(p, p.word(s.Event)), s.Is)
		case s.Await != "":
			for differs(next(p, p.word(s.Await)), s.Is) != "" {
			}
		case s.Off != "":
			p.word(s.Off).Close()
		case s.None != "":
			p.none(s.None)
		case s.Flood != "":
			p.flood(s)
		case s.Send != "":
			p.send(s)
		default:
			p.Fatalf("no verb that is known: %+v", s)
		}
	}
}

func (p *player) word(word string) *Subscription {
	if p.words[word] == nil {
		p.Fatalf("nothing was subscribed as %s", word)
	}
	return p.words[word]
}

func (p *player) connect(s step) {
	err := p.err
	if err == nil {
		err = p.conn.Connect(within(p))
	}
	if *s.Connect {
		if err != nil {
			p.Fatal(err)
		}
		return
	}
	p.compareError(err, s.Error, s.Says)
}

func (p *player) compareError(err error, name, says string) {
	var e *Error
	switch {
	case name == "" && err != nil:
		p.Fatal(err)
	case name == "":
	case !errors.As(err, &e):
		p.Fatalf("%v, not %s", err, name)
	case e.Code.Name() != name || !errors.Is(err, e.Code):
		p.Fatalf("%s (%v), not %s", e.Code.Name(), err, name)
	}
	if err != nil && !strings.Contains(err.Error(), strings.ReplaceAll(says, "\r\n", `\r\n`)) {
		p.Fatalf("%q does not say %q", err, says)
	}
}

// none: what Close has discarded cannot come.
func (p *player) none(word string) {
	sub := p.word(word)
	if message, err := sub.Next(within(p)); !errors.Is(err, ErrClosed) {
		p.Fatalf("%s, %v", message, err)
	}
}

func (p *player) flood(s step) {
	before := p.conn.Stats().Events
	p.mock.must("emit_many %d %s", s.Count, s.Flood)
	settle(p, p.conn, before+s.Count)
	var read, dropped, last int64
	for _, message := range p.all(s.Events) {
		read++
		last = number(p, message, "Number")
	}
	gaps := p.all(s.Gaps)
	for _, message := range gaps {
		p.compare(message, fields{"Event": "gap", "Cause": "overflow"})
		dropped += number(p, message, "Dropped")
	}
	if len(gaps) == 0 || dropped == 0 || read+dropped != s.Count || last != s.Count-1 {
		p.Fatalf("%d read, %d dropped in %d gaps, the last is number %d", read, dropped, len(gaps), last)
	}
	if stats := p.conn.Stats(); stats.Dropped != dropped {
		p.Fatalf("%d were dropped, and the counter says %d", dropped, stats.Dropped)
	}
}

// all returns what is there.
func (p *player) all(word string) (messages []Message) {
	sub := p.word(word)
	for len(sub.messages) > 0 || holds(sub.box) {
		messages = append(messages, next(p, sub))
	}
	return messages
}

func holds(box *mailbox) bool {
	box.mu.Lock()
	defer box.mu.Unlock()
	return len(box.chunks) > 0
}

func number(t testing.TB, message Message, key string) int64 {
	t.Helper()
	value, err := strconv.ParseInt(message.Get(key), 10, 64)
	if err != nil {
		t.Fatalf("%s: %v", message, err)
	}
	return value
}

func (p *player) send(s step) {
	action := Action{Name: s.Send, Fields: s.Fields, Variables: s.Variables, Until: s.Until,
		Timeout: time.Duration(s.TimeoutMS) * time.Millisecond}
	reply, err := p.conn.Send(within(p), action)
	if s.Refused != "" {
		if reply != nil || FateOf(err) != NotSent {
			p.Fatalf("%+v, %v: not refused", reply, err)
		}
		p.compareError(err, s.Refused, s.Says)
		return
	}
	p.compareError(err, s.Error, s.Says)
	fate := s.Fate
	if fate == "" {
		fate = "answered"
	}
	if got := map[Fate]string{NotSent: "not_sent", MaybeRun: "maybe_run", Answered: "answered"}[FateOf(err)]; got != fate {
		p.Fatalf("%s, not %s", got, fate)
	}
	p.compareMaybe(reply.Response, s.Response)
	p.compareMaybe(reply.End, s.End)
	if s.Items != nil {
		if len(reply.Items) != len(*s.Items) {
			p.Fatalf("%d items, not %d: %s", len(reply.Items), len(*s.Items), reply.Items)
		}
		for i, item := range *s.Items {
			p.compare(reply.Items[i], item)
		}
	}
	if s.Output != nil && reply.Output() != *s.Output {
		p.Fatalf("%q, not %q", reply.Output(), *s.Output)
	}
}

// compareMaybe: absent, null, or FIELDS.
func (p *player) compareMaybe(message Message, expected json.RawMessage) {
	if expected == nil {
		return
	}
	var is fields
	if err := json.Unmarshal(expected, &is); err != nil {
		p.Fatal(err)
	}
	if is == nil && !message.IsZero() || is != nil && message.IsZero() {
		p.Fatalf("%q, not %s", message, expected)
	}
	p.compare(message, is)
}

func (p *player) compare(message Message, is fields) {
	p.Helper()
	if difference := differs(message, is); difference != "" {
		p.Fatalf("%s in\n%s", difference, message)
	}
}

func differs(message Message, is fields) string {
	for key, expected := range is {
		value, ok := message.Lookup(key)
		var got any = value
		if !ok {
			got = nil
		}
		if _, many := expected.([]any); many {
			values := []any{}
			for _, value := range message.Values(key) {
				values = append(values, value)
			}
			got = values
		}
		if !reflect.DeepEqual(got, expected) {
			wanted, _ := json.Marshal(expected)
			return key + " is not " + string(wanted)
		}
	}
	return ""
}
