package ami

// #include "glue.h"
import "C"

import (
	"errors"
	"os"
	"time"
)

// pump empties the library's queue into the mailboxes of those who wait. It is the only goroutine of a Conn. It
// sleeps in Go's poller, not in C, and takes no thread while nothing comes.
func (c *Conn) pump() {
	defer close(c.pumped)
	arrived := newChunk()
	items := arrived.items[:chunkItems]
	defer arrived.free()
	weights := new([chunkItems]C.go_weight_t)
	bell, err := c.bell.SyscallConn()
	count := 0
	poll := func(uintptr) bool {
		count = int(C.go_poll(c.queue, cItems(items), &weights[0], chunkItems))
		return count != 0 || c.last != nil || c.stopping.Load()
	}
	for err == nil {
		err = bell.Read(poll)
		if errors.Is(err, os.ErrDeadlineExceeded) { // by wake(), and from then on
			poll(0)
			err = nil
		}
		switch {
		case err != nil:
		case count < 0:
			c.fail(&Error{Op: "receive", Code: Code(count)})
			return
		case count > 0:
			c.route(items[:count], weights[:count])
		case c.last != nil:
			c.finish(c.last)
			c.last = nil
		case c.stopping.Load():
			return
		}
	}
	c.fail(&Error{Op: "receive", Code: ErrState, Detail: err.Error()})
}

// wake makes the pump look up: it sleeps no more.
func wake(bell *os.File) { _ = bell.SetReadDeadline(time.Now()) }

// route gives each run of items to whom it belongs.
func (c *Conn) route(items []item, weights []C.go_weight_t) {
	for len(items) > 0 {
		run := 1
		for run < len(items) && items[run].user == items[0].user && items[run].kind == items[0].kind {
			run++
		}
		c.deliver(items[:run], weights[:run])
		items, weights = items[run:], weights[run:]
	}
}

func (c *Conn) deliver(items []item, weights []C.go_weight_t) {
	token := items[0].user
	switch {
	case items[0].kind == C.AMI_ITEM_EVENT && token == ownToken:
		c.notice(items)
	case items[0].kind == C.AMI_ITEM_EVENT:
		c.mu.Lock()
		sub := c.mailboxes[token]
		c.mu.Unlock()
		if sub == nil {
			release(items)
			return
		}
		if c.bounds.wait {
			sub.box.waitRoom(&c.urgent, c.closing)
		}
		if dropped := sub.box.put(items, weights); dropped.dropped > 0 {
			c.tellGap(sub, dropped)
		}
	case items[0].kind == C.AMI_ITEM_REPLY: // one, since each action has its token
		c.mu.Lock()
		action := c.actions[token]
		delete(c.actions, token)
		c.mu.Unlock()
		action.end(items[0])
	default:
		c.mu.Lock()
		action := c.actions[token]
		c.mu.Unlock()
		action.items.put(items, weights)
	}
}

// notice hears how the connection fares.
func (c *Conn) notice(items []item) {
	var copies copier
	for _, message := range copies.items(items, nil) {
		switch {
		case message.Name() == "ready":
			select {
			case <-c.ready:
			default:
				close(c.ready)
			}
		case message.Get("Final") == "true":
			// Others may have subscribed to this notice too: they get it before they hear of the end.
			c.last = &Error{Op: "connection", Code: codeNamed(message.Get("Error")), Detail: message.Get("Reason")}
		}
	}
	release(items)
}

// tellGap tells of dropped events in the stream that has lost them, if "gap" is among its names, else in those of
// others who have it.
func (c *Conn) tellGap(of *Subscription, dropped gap) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.dropped += int64(dropped.dropped)
	if of.gaps {
		of.box.tellGap(dropped, true)
		return
	}
	for _, each := range c.mailboxes {
		if each.gaps {
			each.box.tellGap(dropped, false)
		}
	}
}

// fail ends everything when nothing can be received any more.
func (c *Conn) fail(reason *Error) {
	c.finish(reason)
	c.mu.Lock()
	defer c.mu.Unlock()
	for token, action := range c.actions {
		delete(c.actions, token)
		action.fail(reason)
	}
}
