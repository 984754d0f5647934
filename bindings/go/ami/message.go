package ami

// #include "glue.h"
import "C"

import (
	"encoding/binary"
	"fmt"
	"strconv"
	"strings"
	"time"
	"unsafe"
)

// A Kind tells where a message comes from.
type Kind int

const (
	Event    Kind = C.AMI_MSG_EVENT    // an event of Asterisk's
	Response Kind = C.AMI_MSG_RESPONSE // the response to an action
	Notice   Kind = C.AMI_MSG_NOTICE   // the library's own: ready, gap, connection-close ...
	ListItem Kind = C.AMI_MSG_LISTITEM // an event that belongs to an action of ours
)

// A Message is an event, a response, a list item or a notice. It is a small value, immutable, and holds nothing of C:
// copy it, keep it, hand it to other goroutines. The zero Message stands for none; it has no fields.
type Message struct {
	text string // records: length of key, length of value, key, value
	seq  uint64
	time uint64
	kind Kind
}

// Kind returns where the message comes from, 0 for none.
func (m Message) Kind() Kind { return m.kind }

// IsZero reports whether there is no message.
func (m Message) IsZero() bool { return m.kind == 0 }

// Seq returns the place in the order of the connection's messages, over all reconnects.
func (m Message) Seq() uint64 { return m.seq }

// Time returns when the message was received.
func (m Message) Time() time.Time { return time.Unix(0, int64(m.time)) }

// Name returns the event's or notice's name, or a response's status, such as "Success".
func (m Message) Name() string {
	if m.kind == Response {
		return m.Get("Response")
	}
	return m.Get("Event")
}

// Get returns the first value of key, whatever the case; "" if there is none.
func (m Message) Get(key string) string {
	value, _ := m.Lookup(key)
	return value
}

// Lookup returns the first value of key, whatever the case, and whether there is one.
func (m Message) Lookup(key string) (string, bool) {
	for text := m.text; text != ""; {
		name, value, rest := nextRecord(text)
		if len(name) == len(key) && (name == key || strings.EqualFold(name, key)) {
			return value, true
		}
		text = rest
	}
	return "", false
}

// Values returns all values of key, in order: Variable, ChanVariable, Output and others repeat.
func (m Message) Values(key string) []string {
	var values []string
	m.each(func(name, value string) bool {
		if strings.EqualFold(name, key) {
			values = append(values, value)
		}
		return true
	})
	return values
}

// Fields returns all fields in wire order. A line without a colon has an empty key.
func (m Message) Fields() Fields {
	var fields Fields
	m.each(func(key, value string) bool {
		fields = append(fields, [2]string{key, value})
		return true
	})
	return fields
}

// String returns the message as lines of "Key: value".
func (m Message) String() string {
	var text strings.Builder
	m.each(func(key, value string) bool {
		if key != "" {
			text.WriteString(key + ": ")
		}
		text.WriteString(value + "\n")
		return true
	})
	return text.String()
}

func (m Message) each(yield func(key, value string) bool) {
	for text := m.text; text != ""; {
		key, value, rest := nextRecord(text)
		if !yield(key, value) {
			return
		}
		text = rest
	}
}

// The two lengths, of 32 bits each, the low byte first.
const recordHead = 8

func nextRecord(text string) (key, value, rest string) {
	keyEnd := recordHead + length(text)
	valueEnd := keyEnd + length(text[4:])
	return text[recordHead:keyEnd], text[keyEnd:valueEnd], text[valueEnd:]
}

func length(text string) int {
	_ = text[3]
	return int(uint32(text[0]) | uint32(text[1])<<8 | uint32(text[2])<<16 | uint32(text[3])<<24)
}

// ---------------------------------------------------------------------------------------- out of C

// A copier takes messages out of C, many at once, through a buffer that it uses again.
type copier struct {
	buffer []byte
	copied [chunkItems]C.go_copied_t
}

const copyBuffer = 128 << 10

func (c *copier) reserve(size int) {
	if size > len(c.buffer) {
		c.buffer = make([]byte, size)
	}
}

func (c *copier) chars() (*C.char, C.size_t) {
	return (*C.char)(unsafe.Pointer(&c.buffer[0])), C.size_t(len(c.buffer))
}

// items appends the messages of items to out.
func (c *copier) items(items []item, out []Message) []Message {
	c.reserve(copyBuffer)
	for len(items) > 0 {
		var needed C.uint64_t
		buffer, size := c.chars()
		done := int(C.go_copy_items(cItems(items), C.size_t(len(items)), buffer, size, &c.copied[0], &needed))
		if done == 0 {
			c.reserve(int(needed))
			continue
		}
		out = c.append(done, out)
		items = items[done:]
	}
	c.shrink()
	return out
}

// reply returns all messages of a reply: response, end, items.
func (c *copier) reply(reply *C.ami_reply_t, count int) []Message {
	c.reserve(copyBuffer)
	out := make([]Message, 0, count)
	for len(out) < count {
		var needed C.uint64_t
		want := count - len(out)
		if want > len(c.copied) {
			want = len(c.copied)
		}
		buffer, size := c.chars()
		done := int(C.go_copy_reply(reply, C.size_t(len(out)), C.size_t(want), buffer, size, &c.copied[0], &needed))
		if done == 0 {
			c.reserve(int(needed))
			continue
		}
		out = c.append(done, out)
	}
	c.shrink()
	return out
}

func (c *copier) append(count int, out []Message) []Message {
	for i := range c.copied[:count] {
		at := &c.copied[i]
		text := string(c.buffer[at.offset : at.offset+at.size])
		out = append(out, Message{text, uint64(at.seq), uint64(at.time_ns), Kind(at.kind)})
	}
	return out
}

// One large message does not keep a large buffer.
func (c *copier) shrink() {
	if len(c.buffer) > copyBuffer {
		c.buffer = nil
	}
}

// makeNotice makes a message of this package's own.
func makeNotice(at uint64, fields Fields) Message {
	return Message{string(appendRecords(nil, fields)), 0, at, Notice}
}

func appendRecords(to []byte, fields Fields) []byte {
	for _, field := range fields {
		to = appendRecord(to, field[0], field[1])
	}
	return to
}

func appendRecord(to []byte, key, value string) []byte {
	to = binary.LittleEndian.AppendUint32(to, uint32(len(key)))
	to = binary.LittleEndian.AppendUint32(to, uint32(len(value)))
	return append(append(to, key...), value...)
}

// A gap as the library tells it, for events that were dropped on this side.
func (g *gap) notice(generation int64) Message {
	return makeNotice(g.to, Fields{
		{"Event", "gap"},
		{"Cause", "overflow"},
		{"From", seconds(g.from)},
		{"To", seconds(g.to)},
		{"Generation", strconv.FormatInt(generation, 10)},
		{"Dropped", strconv.Itoa(g.dropped)},
	})
}

// seconds since 1970 with a fraction.
func seconds(ns uint64) string { return fmt.Sprintf("%d.%06d", ns/1e9, ns/1e3%1e6) }
