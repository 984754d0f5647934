package ami

// #include "glue.h"
import "C"

import (
	"fmt"
	"sort"
	"strings"
	"sync"
	"time"
)

// Fields are headers in order: key and value. Keys may repeat.
type Fields [][2]string

// An Action is what is to be sent. It can be sent any number of times, from any goroutine.
//
//	ami.Action{
//		Name:      "Originate",
//		Fields:    ami.Fields{{"Channel", "PJSIP/100"}, {"Exten", "200"}, {"Async", "true"}},
//		Variables: map[string]string{"CALLER": `Bob, "the" boss`},
//		Until:     "OriginateResponse",
//	}
//
// Nothing that Asterisk would misread can get out: line ends and NULs anywhere, blanks or a colon in a key are
// ErrInjection, and too long a line is ErrTooBig. An action that is refused is not sent at all.
type Action struct {
	Name string
	// Fields go out as they are. An "ActionID" replaces the generated one.
	Fields Fields
	// Variables go out as "Variable: name=value", sorted by name and escaped as Asterisk reads them.
	Variables map[string]string
	// Until names the event that ends the action: OriginateResponse tells what became of a call. "" is the
	// response, or the end of the list that it begins.
	Until string
	// Timeout is the longest time until the reply; 0 is the option action.timeout_ms, negative none. A deadline
	// of the context holds besides.
	Timeout time.Duration
}

// An outgoing is an action as C reads it, and the room for C's text when it refuses; used again and again.
type outgoing struct {
	text  []byte // the name and Until, each with a NUL behind, then records
	about C.go_action_t
	why   [1024]C.char
}

var outgoings = sync.Pool{New: func() any { return new(outgoing) }}

func (o *outgoing) fill(a *Action) error {
	names := make([]string, 0, len(a.Variables))
	for name := range a.Variables {
		names = append(names, name)
	}
	sort.Strings(names)
	for _, text := range []string{a.Name, a.Until} {
		if strings.IndexByte(text, 0) >= 0 {
			return a.hasNUL(text)
		}
		o.text = append(append(o.text, text...), 0)
	}
	for _, field := range a.Fields {
		o.text = appendRecord(o.text, field[0], field[1])
	}
	for _, name := range names {
		if value := a.Variables[name]; strings.IndexByte(name+value, 0) >= 0 {
			return a.hasNUL(name + "=" + value)
		}
		o.text = appendRecord(o.text, name+"\x00", a.Variables[name]+"\x00")
	}
	o.about.fields, o.about.variables = C.size_t(len(a.Fields)), C.size_t(len(names))
	if a.Timeout != 0 {
		o.about.has_timeout = 1
	}
	if a.Timeout > 0 {
		const most = 1<<31 - 1
		o.about.timeout_ms = most
		if ms := milliseconds(a.Timeout); ms < most {
			o.about.timeout_ms = C.int32_t(ms)
		}
	}
	return nil
}

func (o *outgoing) giveBack() {
	if cap(o.text) > copyBuffer {
		return
	}
	o.text, o.about = o.text[:0], C.go_action_t{}
	outgoings.Put(o)
}

// hasNUL refuses text of which C would see what stands before the NUL only.
func (a *Action) hasNUL(text string) error {
	return &Error{Op: a.Name, Code: ErrInjection, Fate: NotSent, Detail: fmt.Sprintf("%q: a NUL in it", text)}
}
