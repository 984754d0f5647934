package ami

// #cgo pkg-config: ami
// #include <stdlib.h>
// #include "glue.h"
import "C"

import (
	"context"
	"os"
	"strconv"
	"sync"
	"sync/atomic"
	"unsafe"
)

// A Conn is a login on one Asterisk. It may be used by any number of goroutines. It holds memory outside of Go and
// one goroutine, until Close.
type Conn struct {
	queue  *C.ami_queue_t
	bell   *os.File // readable while the queue is not empty
	bounds bounds

	handle struct { // C's; whoever uses it holds the lock, since Close frees it
		sync.RWMutex
		ami *C.ami_t
	}

	mu        sync.Mutex
	lastToken uintptr
	mailboxes map[uintptr]*Subscription
	actions   map[uintptr]*pending
	started   bool
	finished  error // why the connection ended for good
	dropped   int64 // here, besides those that the library dropped

	ready    chan struct{} // closed at the first login
	done     chan struct{} // closed when the connection has ended for good
	closing  chan struct{} // closed by Close
	urgent   urgency
	last     error         // the pump's: why the connection ended, when that is still to be told
	stopping atomic.Bool   // the pump is to end when the queue is empty
	pumped   chan struct{} // closed when the pump has ended

	closeOnce sync.Once
}

// The names under which the pump itself hears how the connection fares. No other token is so low.
const ownToken = 1

// Dial connects to url, ami[s]://user:secret@host:port?option=value, and returns when the login is done. It returns
// the reason when it cannot be, or when ctx ends before; with WithReconnect only a refused login is final, so give ctx
// a limit. ctx does not matter afterwards.
func Dial(ctx context.Context, url string, options ...Option) (*Conn, error) {
	conn, err := New(url, options...)
	if err != nil {
		return nil, err
	}
	if err := conn.Connect(ctx); err != nil {
		conn.Close()
		return nil, err
	}
	return conn, nil
}

// New is Dial without connecting, for those who want to Subscribe before anything can happen. url may be empty when
// options tell all. The Conn wants a Close in any case.
func New(url string, options ...Option) (*Conn, error) {
	c := &Conn{
		mailboxes: map[uintptr]*Subscription{},
		actions:   map[uintptr]*pending{},
		lastToken: ownToken,
		ready:     make(chan struct{}),
		done:      make(chan struct{}),
		closing:   make(chan struct{}),
		urgent:    urgency{bell: make(chan struct{}, 1)},
		pumped:    make(chan struct{}),
	}
	if c.handle.ami, c.queue = C.ami_new(), C.ami_queue_new(); c.handle.ami == nil || c.queue == nil {
		c.free()
		return nil, &Error{Op: "new", Code: ErrMemory}
	}
	if err := c.prepare(url, options); err != nil {
		c.free()
		return nil, err
	}
	return c, nil
}

func (c *Conn) prepare(url string, options []Option) error {
	handle := c.handle.ami
	if url != "" {
		options = append([]Option{With("url", url)}, options...)
	}
	for _, option := range options {
		if err := set(handle, option.name, option.value); err != nil {
			return err
		}
	}
	if err := C.ami_set_queue(handle, c.queue); err != 0 {
		return &Error{Op: "new", Code: Code(err), Detail: detail(handle)}
	}
	for _, name := range []string{"ready", "connection-close"} {
		if _, err := c.on(name, ownToken); err != nil {
			return err
		}
	}
	fd := C.go_queue_fd(c.queue)
	if fd < 0 {
		return &Error{Op: "new", Code: ErrMemory, Detail: "no more file descriptors"}
	}
	c.bell = os.NewFile(uintptr(fd), "queue of events")
	return c.readBounds()
}

func (c *Conn) readBounds() error {
	text := func(name string) (value string) {
		value, _ = get(c.handle.ami, name)
		return value
	}
	items, err := strconv.Atoi(text("queue.max_items"))
	if err != nil {
		return &Error{Op: "new", Code: ErrOption, Detail: err.Error()}
	}
	bytes, err := strconv.ParseUint(text("queue.max_bytes"), 10, 64)
	if err != nil {
		return &Error{Op: "new", Code: ErrOption, Detail: err.Error()}
	}
	c.bounds = bounds{items, bytes, text("queue.overflow") == "wait"}
	return nil
}

// Connect connects a Conn of New, as Dial does. It can be called once.
func (c *Conn) Connect(ctx context.Context) error {
	if err := c.start(); err != nil {
		return err
	}
	select {
	case <-c.ready:
		return nil
	case <-c.done:
		return c.Err()
	case <-ctx.Done():
	}
	failed := &Error{Op: "connect", Code: ErrCanceled, Cause: ctx.Err()}
	c.handle.RLock()
	defer c.handle.RUnlock()
	if c.handle.ami != nil {
		failed.Detail = detail(c.handle.ami)
		C.ami_disconnect(c.handle.ami)
	}
	return failed
}

func (c *Conn) start() error {
	c.handle.RLock()
	defer c.handle.RUnlock()
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.started || isClosed(c.closing) {
		return &Error{Op: "connect", Code: ErrState, Detail: "a Conn connects once: take a new one"}
	}
	if err := C.ami_connect(c.handle.ami); err != 0 {
		return &Error{Op: "connect", Code: Code(err), Detail: detail(c.handle.ami)}
	}
	c.started = true
	go c.pump()
	return nil
}

// Close ends the connection in good order: actions in flight may finish (for disconnect.grace_ms at most), then
// Logoff. It returns when everything has ended, the Conn's goroutine too. What a Subscription has received can still
// be read from it. Further calls do nothing.
func (c *Conn) Close() error {
	c.closeOnce.Do(c.close)
	return nil
}

func (c *Conn) close() {
	close(c.closing) // the pump waits for no reader any more
	c.mu.Lock()
	started := c.started
	c.mu.Unlock()
	if started {
		c.handle.RLock()
		C.ami_disconnect(c.handle.ami)
		c.handle.RUnlock()
		<-c.done
	}
	c.handle.Lock()
	handle := c.handle.ami
	c.handle.ami = nil
	c.handle.Unlock()
	C.ami_destroy(handle)
	if started {
		c.stopping.Store(true)
		wake(c.bell)
		<-c.pumped
	}
	c.finish(&Error{Op: "connection", Code: ErrClosed})
	c.free()
}

// free gives back what C holds.
func (c *Conn) free() {
	if c.handle.ami != nil {
		C.ami_destroy(c.handle.ami)
		c.handle.ami = nil
	}
	if c.bell != nil {
		c.bell.Close()
	}
	C.ami_queue_free(c.queue)
}

// finish tells everybody that the connection has ended for good. The first reason holds.
func (c *Conn) finish(reason error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.finished == nil {
		c.finished = reason
		close(c.done)
	}
	for _, each := range c.mailboxes {
		each.box.end(c.finished)
	}
}

// Done is closed when the connection has ended for good: by Close, or without WithReconnect when it was lost.
func (c *Conn) Done() <-chan struct{} { return c.done }

// Err returns why the connection has ended for good; nil while it has not.
func (c *Conn) Err() error {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.finished
}

// use calls work with C's handle, unless the Conn is closed.
func (c *Conn) use(op string, work func(handle *C.ami_t) error) error {
	c.handle.RLock()
	defer c.handle.RUnlock()
	if c.handle.ami == nil {
		return &Error{Op: op, Code: ErrClosed}
	}
	return work(c.handle.ami)
}

// Set changes an option. While connected that is possible for "events", whose change is sent, and for "debug".
func (c *Conn) Set(name, value string) error {
	return c.use("option", func(handle *C.ami_t) error { return set(handle, name, value) })
}

// Get reads an option, or "server.banner" (the greeting) or "server.version" (the AMI version in it).
func (c *Conn) Get(name string) (value string, err error) {
	err = c.use("option", func(handle *C.ami_t) error {
		value, err = get(handle, name)
		return err
	})
	return value, err
}

// A State is what a Conn is at.
type State int

const (
	Idle       State = C.AMI_STATE_IDLE       // not connected, and not trying
	Connecting State = C.AMI_STATE_CONNECTING // on the way
	LoggingIn  State = C.AMI_STATE_LOGIN      // connected; greeting, login, filters and mask under way
	Ready      State = C.AMI_STATE_READY
	BackOff    State = C.AMI_STATE_BACKOFF // waiting for the next attempt
	Closing    State = C.AMI_STATE_CLOSING // Close under way
)

var stateNames = [...]string{"idle", "connecting", "logging in", "ready", "back-off", "closing"}

func (s State) String() string {
	if s < 0 || int(s) >= len(stateNames) {
		return "State(" + strconv.Itoa(int(s)) + ")"
	}
	return stateNames[s]
}

// State returns what the Conn is at; it may have changed by the time it is read.
func (c *Conn) State() (state State) {
	_ = c.use("state", func(handle *C.ami_t) error {
		state = State(C.ami_state(handle))
		return nil
	})
	return state
}

// on subscribes token to a name.
func (c *Conn) on(name string, token uintptr) (sub uint64, err error) {
	err = c.use("subscribe", func(handle *C.ami_t) error {
		cName := C.CString(name)
		defer C.free(unsafe.Pointer(cName))
		if err := C.go_on(handle, cName, C.uintptr_t(token), (*C.uint64_t)(unsafe.Pointer(&sub))); err != 0 {
			return &Error{Op: "subscribe", Code: Code(err), Detail: detail(handle)}
		}
		return nil
	})
	return sub, err
}
