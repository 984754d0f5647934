package ami

// #include "glue.h"
import "C"

import (
	"context"
	"sync"
	"sync/atomic"
)

// A mailbox is what waits for one consumer: the items of a subscription, or of a list. The pump puts in, the consumer
// takes out.
type mailbox struct {
	bounds bounds
	ready  chan struct{} // holds one when there may be something to take
	room   chan struct{} // holds one when something was taken
	closed chan struct{} // closed when the consumer wants no more

	mu      sync.Mutex
	chunks  []*chunk
	spare   []*chunk // empty, to be used again
	count   int      // items in chunks
	bytes   uint64
	last    item // the one put in last, to know it again
	lastSeq uint64
	err     error // why no more will come
}

// The bounds of a subscription's mailbox; the zero value has none, for lists have theirs in the library.
type bounds struct {
	items int
	bytes uint64
	wait  bool // queue.overflow
}

func newMailbox(limits bounds) *mailbox {
	return &mailbox{
		bounds: limits,
		ready:  make(chan struct{}, 1),
		room:   make(chan struct{}, 1),
		closed: make(chan struct{}),
	}
}

func signal(to chan struct{}) {
	select {
	case to <- struct{}{}:
	default:
	}
}

// chunkSize is smaller where the bound is small, since what is dropped are whole chunks.
func (b *mailbox) chunkSize() int {
	if size := b.bounds.items / 4; b.bounds.items > 0 && size < chunkItems {
		return size + 1
	}
	return chunkItems
}

// put takes the items over. It returns what it dropped to stay within its bounds.
func (b *mailbox) put(items []item, weights []C.go_weight_t) gap {
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.err != nil {
		release(items)
		return gap{}
	}
	for i := range items {
		seq := uint64(weights[i].seq)
		// A message that two names of one subscription match comes twice, one behind the other.
		if items[i].msg == b.last.msg && seq == b.lastSeq && items[i].id != b.last.id {
			release(items[i : i+1])
			continue
		}
		b.last, b.lastSeq = items[i], seq
		b.append(items[i], uint64(weights[i].bytes))
	}
	signal(b.ready)
	if b.bounds.wait {
		return gap{}
	}
	return b.drop()
}

func (b *mailbox) append(it item, bytes uint64) {
	end := len(b.chunks) - 1
	if end < 0 || b.chunks[end].gap != nil || len(b.chunks[end].items) >= b.chunkSize() {
		b.chunks = append(b.chunks, b.newChunk())
		end++
	}
	last := b.chunks[end]
	last.items = append(last.items, it)
	last.bytes += bytes
	b.count++
	b.bytes += bytes
}

func (b *mailbox) newChunk() *chunk {
	end := len(b.spare) - 1
	if end < 0 {
		return newChunk()
	}
	c := b.spare[end]
	b.spare = b.spare[:end]
	return c
}

// giveBack ends the use of a chunk.
func (b *mailbox) giveBack(c *chunk) {
	c.clear()
	b.mu.Lock()
	defer b.mu.Unlock()
	b.recycle(c)
}

func (b *mailbox) recycle(c *chunk) {
	const spare = 8
	if len(b.spare) < spare && !isClosed(b.closed) {
		b.spare = append(b.spare, c)
	} else {
		c.free()
	}
}

func isClosed(channel <-chan struct{}) bool {
	select {
	case <-channel:
		return true
	default:
		return false
	}
}

func (b *mailbox) over() bool {
	return b.bounds.items > 0 && (b.count > b.bounds.items || b.bytes > b.bounds.bytes)
}

// drop releases the oldest events until the bounds hold. Notices stay; they weigh little, and count as items alone.
func (b *mailbox) drop() gap {
	var all gap
	for i := 0; i < len(b.chunks) && b.over(); {
		c := b.chunks[i]
		if c.gap != nil {
			i++
			continue
		}
		count := len(c.items)
		var from, to C.uint64_t
		kept := int(C.go_drop_events(cItems(c.items), C.size_t(count), &from, &to))
		all.add(gap{count - kept, uint64(from), uint64(to)})
		b.count -= count - kept
		b.bytes -= c.bytes
		c.items, c.bytes = c.items[:kept], 0
		if kept > 0 {
			i++
			continue
		}
		b.recycle(c)
		b.chunks = append(b.chunks[:i], b.chunks[i+1:]...)
	}
	return all
}

// tellGap makes a gap part of the stream: at the front where these items were dropped, else behind all.
func (b *mailbox) tellGap(g gap, here bool) {
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.err != nil {
		return
	}
	at := len(b.chunks)
	if here {
		at = 0
	}
	switch {
	case at < len(b.chunks) && b.chunks[at].gap != nil:
		b.chunks[at].gap.add(g)
	case at > 0 && b.chunks[at-1].gap != nil:
		b.chunks[at-1].gap.add(g)
	default:
		b.chunks = append(b.chunks, nil)
		copy(b.chunks[at+1:], b.chunks[at:])
		b.chunks[at] = &chunk{gap: &g}
	}
	signal(b.ready)
}

// An urgency lets the pump go on although a mailbox is full: while the reply to a canceled action is awaited. That
// reply is in the library's queue already, whose bounds so hold for what is taken beyond those of the mailbox.
type urgency struct {
	count atomic.Int32
	bell  chan struct{} // holds one when there is a new one
}

// waitRoom waits until the bounds leave room, or until it is urgent, or end is closed.
func (b *mailbox) waitRoom(urgent *urgency, end <-chan struct{}) {
	for urgent.count.Load() == 0 && b.isFull() {
		select {
		case <-b.room:
		case <-urgent.bell:
		case <-end:
			return
		}
	}
}

func (b *mailbox) isFull() bool {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.over() && b.err == nil
}

// take returns the oldest chunk, which then is the caller's. It waits for one until ctx ends.
func (b *mailbox) take(ctx context.Context) (*chunk, error) {
	for {
		if c, err := b.tryTake(); c != nil || err != nil {
			return c, err
		}
		select {
		case <-b.ready:
		case <-ctx.Done():
			return nil, ctx.Err()
		}
	}
}

func (b *mailbox) tryTake() (*chunk, error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	if len(b.chunks) == 0 {
		if b.err != nil {
			signal(b.ready) // for whoever asks again
		}
		return nil, b.err
	}
	c := b.chunks[0]
	b.chunks[0] = nil
	b.chunks = b.chunks[1:]
	b.count -= len(c.items)
	b.bytes -= c.bytes
	signal(b.room)
	return c, nil
}

// end says that no more will come, and why. What is there can still be taken.
func (b *mailbox) end(err error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.err == nil {
		b.err = err
	}
	signal(b.ready)
}

// close is the consumer's: what is there is released, and nothing is taken any more.
func (b *mailbox) close(err error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	if isClosed(b.closed) {
		return
	}
	close(b.closed)
	b.err = err
	for _, c := range append(b.chunks, b.spare...) {
		c.free()
	}
	b.chunks, b.spare, b.count, b.bytes = nil, nil, 0, 0
	signal(b.ready)
	signal(b.room)
}

func (b *mailbox) level() int {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.count
}
