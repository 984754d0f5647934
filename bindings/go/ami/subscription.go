package ami

// #include "glue.h"
import "C"

import (
	"context"
	"fmt"
	"strings"
)

// A Subscription is a stream of messages: those that have one of its names. One goroutine at a time reads it, and
// Close may be called by any.
//
// It keeps what was not read yet within the bounds of the options queue.max_items and queue.max_bytes. Over them the
// oldest events are dropped, and a notice "gap" stands in their place if "gap" is one of the names; if not, the
// connection's other subscriptions to "gap" get it.
//
// With queue.overflow=wait nothing is dropped, but nothing is read from the server either until there is room. An
// answer that is waited for in the very loop that reads then may not come: give its context a limit.
type Subscription struct {
	conn  *Conn
	token uintptr
	ids   []uint64 // as ami_on() gave them
	gaps  bool     // "gap" is among the names
	box   *mailbox

	copies   copier
	messages []Message // taken, and not yet given
	buffer   []Message
	err      error // which ended Chan
}

// Subscribe begins a stream of the messages with these names: of events ("Hangup"), globs with * and ? ("Queue*"), or
// names of the library's ("gap", "ready", "connection-close"; ami.h has all). Case does not matter; without a name it
// is "*". A message that matches two names comes once.
func (c *Conn) Subscribe(names ...string) (*Subscription, error) {
	if len(names) == 0 {
		names = []string{"*"}
	}
	for _, name := range names {
		if strings.IndexByte(name, 0) >= 0 {
			return nil, &Error{Op: "subscribe", Code: ErrInvalid, Detail: fmt.Sprintf("%q: a NUL in it", name)}
		}
	}
	s := &Subscription{conn: c, box: newMailbox(c.bounds)}
	c.mu.Lock()
	c.lastToken++
	s.token = c.lastToken
	for _, name := range names {
		s.gaps = s.gaps || matches(strings.ToLower(name), "gap")
	}
	if c.finished != nil {
		s.box.end(c.finished)
	}
	c.mailboxes[s.token] = s
	c.mu.Unlock()
	for _, name := range names {
		id, err := c.on(name, s.token)
		if err != nil {
			s.Close()
			return nil, err
		}
		s.ids = append(s.ids, id)
	}
	return s, nil
}

var errClosed = &Error{Op: "subscription", Code: ErrClosed}

// Close ends the stream: what was not read is discarded, and Next returns ErrClosed.
func (s *Subscription) Close() error {
	c := s.conn
	_ = c.use("unsubscribe", func(handle *C.ami_t) error {
		for _, id := range s.ids {
			C.ami_off(handle, C.uint64_t(id))
		}
		return nil
	})
	c.mu.Lock()
	delete(c.mailboxes, s.token)
	c.mu.Unlock()
	s.box.close(errClosed)
	return nil
}

// Next returns the next message. It waits for one until ctx ends, and then returns the error of ctx. When the
// connection has ended for good, and all was read, it returns why.
func (s *Subscription) Next(ctx context.Context) (Message, error) {
	if err := s.check(ctx); err != nil {
		return Message{}, err
	}
	if len(s.messages) == 0 {
		if err := s.refill(ctx); err != nil {
			return Message{}, err
		}
	}
	message := s.messages[0]
	s.messages = s.messages[1:]
	return message, nil
}

// check returns why the reader is to stop although there may be more.
func (s *Subscription) check(ctx context.Context) error {
	if isClosed(s.box.closed) {
		return errClosed
	}
	return ctx.Err()
}

// refill copies the next chunk out of C.
func (s *Subscription) refill(ctx context.Context) error {
	c, err := s.box.take(ctx)
	if err != nil {
		return err
	}
	if c.gap != nil {
		s.messages = append(s.buffer[:0], c.gap.notice(s.conn.generation()))
		return nil
	}
	s.messages = s.copies.items(c.items, s.buffer[:0])
	s.buffer = s.messages
	s.box.giveBack(c)
	return nil
}

// Chan gives the messages through a channel, which is closed when ctx ends, when s is closed, or when the connection
// has ended for good and all was read; s.Err tells which. The goroutine behind it ends with it: a reader that stops
// early has to end ctx or close s.
func (s *Subscription) Chan(ctx context.Context) <-chan Message {
	out := make(chan Message)
	go func() {
		defer close(out)
		for {
			message, err := s.Next(ctx)
			if err != nil {
				s.err = err
				return
			}
			select {
			case out <- message:
			case <-s.box.closed:
			case <-ctx.Done():
			}
		}
	}()
	return out
}

// Err returns why the channel of Chan was closed.
func (s *Subscription) Err() error { return s.err }

func (c *Conn) generation() (generation int64) {
	_ = c.use("stats", func(handle *C.ami_t) error {
		generation = int64(C.ami_stat(handle, C.AMI_STAT_GENERATION))
		return nil
	})
	return generation
}

// matches reports whether a glob with * and ? matches text.
func matches(glob, text string) bool {
	for i := 0; i < len(glob); i++ {
		switch {
		case glob[i] == '*':
			for rest := 0; rest <= len(text); rest++ {
				if matches(glob[i+1:], text[rest:]) {
					return true
				}
			}
			return false
		case text == "" || glob[i] != '?' && glob[i] != text[0]:
			return false
		}
		text = text[1:]
	}
	return text == ""
}
