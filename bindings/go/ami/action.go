package ami

// #include "glue.h"
import "C"

import (
	"fmt"
	"sort"
	"strings"
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

// records holds an action as C reads it.
type records struct {
	text  []byte
	about C.go_action_t
}

func (a *Action) records() (*records, error) {
	var r records
	for _, field := range a.Fields {
		r.text = appendRecord(r.text, field[0], field[1])
	}
	names := make([]string, 0, len(a.Variables))
	for name := range a.Variables {
		names = append(names, name)
	}
	sort.Strings(names)
	for _, name := range names {
		if err := a.refuseNUL("the variable "+name, name+a.Variables[name]); err != nil {
			return nil, err
		}
		r.text = appendRecord(r.text, name+"\x00", a.Variables[name]+"\x00")
	}
	for _, text := range []string{a.Name, a.Until} {
		if err := a.refuseNUL("the name "+text, text); err != nil {
			return nil, err
		}
	}
	r.text = append(r.text, 0) // never empty
	r.about.fields, r.about.variables = C.size_t(len(a.Fields)), C.size_t(len(names))
	if a.Timeout != 0 {
		r.about.has_timeout = 1
	}
	if a.Timeout > 0 {
		const most = 1<<31 - 1
		r.about.timeout_ms = most
		if ms := milliseconds(a.Timeout); ms < most {
			r.about.timeout_ms = C.int32_t(ms)
		}
	}
	return &r, nil
}

// C would see the text up to the NUL only.
func (a *Action) refuseNUL(what, text string) error {
	if strings.IndexByte(text, 0) < 0 {
		return nil
	}
	return &Error{Op: a.Name, Code: ErrInjection, Fate: NotSent, Detail: fmt.Sprintf("%q: a NUL in it", what)}
}
