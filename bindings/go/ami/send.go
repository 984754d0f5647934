package ami

// #include "glue.h"
import "C"

import (
	"context"
	"io"
	"sync"
	"unsafe"
)

// A Reply is what came of an action.
type Reply struct {
	// Response is the response; zero when there was none.
	Response Message
	// Items are those of a list, without the message that ends it.
	Items []Message
	// End is the event that ended the action: a list's last, or that of Action.Until. Zero when the response did.
	End Message

	output string
}

// Output returns the text of a Command, its lines joined by "\n", whatever the server's age.
func (r *Reply) Output() string { return r.output }

// pending is an action whose reply is to come.
type pending struct {
	name  string
	id    uint64
	token uintptr
	items *mailbox // of a List
	reply chan item
	err   error // when reply was closed instead
}

// The pump's two ways to end an action.
func (p *pending) end(reply item) {
	p.reply <- reply
	if p.items != nil {
		p.items.end(io.EOF)
	}
}

func (p *pending) fail(err error) {
	p.err = err
	close(p.reply)
	if p.items != nil {
		p.items.end(io.EOF)
	}
}

// Send sends an action and waits for its reply: the response, or the end of the list that it begins, or the event of
// Action.Until. When ctx ends before, the action is canceled, and if no byte of it has left, not sent at all.
//
// The error tells what prevented the answer, and FateOf(err) whether the action may have run. It is ErrReply when
// Asterisk answered with an error. The Reply is nil only when the action was refused, that is not even accepted;
// with an error it holds what had come.
//
// To have many actions in flight, send from many goroutines.
func (c *Conn) Send(ctx context.Context, action Action) (*Reply, error) {
	p, err := c.submit(ctx, &action, nil)
	if err != nil {
		return nil, err
	}
	return c.await(ctx, p)
}

// Command runs a command of Asterisk's command line and returns what it says.
func (c *Conn) Command(ctx context.Context, command string) (string, error) {
	reply, err := c.Send(ctx, Action{Name: "Command", Fields: Fields{{"Command", command}}})
	if reply == nil {
		return "", err
	}
	return reply.output, err
}

// submit sends; items is for a list.
func (c *Conn) submit(ctx context.Context, action *Action, items *mailbox) (*pending, error) {
	if err := ctx.Err(); err != nil {
		return nil, &Error{Op: action.Name, Code: ErrCanceled, Fate: NotSent, Cause: err}
	}
	o := outgoings.Get().(*outgoing)
	defer o.giveBack()
	if err := o.fill(action); err != nil {
		return nil, err
	}
	p := &pending{name: action.Name, items: items, reply: make(chan item, 1)}
	if items != nil {
		o.about.each = 1
	}
	c.mu.Lock()
	c.lastToken++
	p.token = c.lastToken
	c.actions[p.token] = p
	c.mu.Unlock()
	err := c.use(action.Name, func(handle *C.ami_t) error { return p.send(handle, o) })
	if err != nil {
		c.mu.Lock()
		delete(c.actions, p.token)
		c.mu.Unlock()
		err.(*Error).Fate = NotSent
		return nil, err
	}
	return p, nil
}

func (p *pending) send(handle *C.ami_t, o *outgoing) error {
	// In Go's memory, and C's only while the call lasts: it copies everything.
	text := (*C.char)(unsafe.Pointer(&o.text[0]))
	id := (*C.uint64_t)(unsafe.Pointer(&p.id))
	err := C.go_send(handle, text, &o.about, C.uintptr_t(p.token), id, &o.why[0], C.size_t(len(o.why)))
	if err != 0 {
		return &Error{Op: p.name, Code: Code(err), Detail: C.GoString(&o.why[0])}
	}
	return nil
}

// await waits for the one reply.
func (c *Conn) await(ctx context.Context, p *pending) (*Reply, error) {
	select {
	case reply, ok := <-p.reply:
		return c.result(p, reply, ok, nil)
	case <-ctx.Done():
	}
	c.urgent.count.Add(1)
	signal(c.urgent.bell)
	c.cancel(p)
	reply, ok := <-p.reply
	c.urgent.count.Add(-1)
	return c.result(p, reply, ok, ctx.Err())
}

func (c *Conn) cancel(p *pending) {
	_ = c.use(p.name, func(handle *C.ami_t) error {
		C.ami_cancel(handle, C.uint64_t(p.id))
		return nil
	})
}

var copiers = sync.Pool{New: func() any { return new(copier) }}

// result takes a reply out of C. cause is the error of a context that ended meanwhile; a reply that came nevertheless
// goes first.
func (c *Conn) result(p *pending, it item, ok bool, cause error) (*Reply, error) {
	if !ok {
		failed := *p.err.(*Error)
		failed.Op, failed.Fate = p.name, MaybeRun
		return &Reply{}, &failed
	}
	var info C.go_reply_info_t
	C.go_reply_info(it.reply, &info)
	copies := copiers.Get().(*copier)
	messages := copies.reply(it.reply, int(info.messages))
	copiers.Put(copies)
	reply := &Reply{Response: messages[0], End: messages[1], Items: messages[2:]}
	if info.output != nil {
		reply.output = C.GoStringN(info.output, C.int(info.output_len))
	}
	status, fate := Code(info.status), Fate(info.fate)
	held := [1]item{it}
	release(held[:])
	if status == 0 {
		return reply, nil
	}
	err := &Error{Op: p.name, Code: status, Fate: fate}
	switch status {
	case ErrReply:
		err.Detail = reply.complaint()
	case ErrCanceled:
		err.Cause = cause
	case ErrLost, ErrLimit:
		_ = c.use(p.name, func(handle *C.ami_t) error {
			err.Detail = detail(handle)
			return nil
		})
	}
	return reply, err
}

// complaint is what Asterisk says of an action that failed.
func (r *Reply) complaint() string {
	text := r.End.Get("Message")
	if reason := r.End.Get("Reason"); text == "" && reason != "" {
		text = r.End.Name() + ", Reason " + reason
	}
	if text == "" {
		text = r.Response.Get("Message")
	}
	if r.output != "" {
		text += ": " + r.output
	}
	return text
}
