package ami

// #include <stdlib.h>
// #include "glue.h"
import "C"

import (
	"context"
	"runtime"
	"unsafe"
)

// A Batch reads a subscription many messages at a time and a few headers of each, which is the fastest way: nothing
// else is taken out of the library's memory.
//
//	batch := sub.Batch("Event", "Uniqueid")
//	defer batch.Close()
//	for batch.Next(ctx) {
//		for row := 0; row < batch.Len(); row++ {
//			count(batch.Bytes(row, 0), batch.Bytes(row, 1))
//		}
//	}
//	return batch.Err()
type Batch struct {
	sub    *Subscription
	keys   []string
	cKeys  **C.char        // in C's memory, with what they point to
	fields []C.ami_field_t // in C's memory too: it points there
	kinds  [chunkItems]C.int32_t
	chunk  *chunk
	gap    Message // when the batch is one gap
	rows   int
	err    error
}

// Batch begins to read s by batches of these keys. Use either Batch or Next on a subscription.
func (s *Subscription) Batch(keys ...string) *Batch {
	b := &Batch{sub: s, keys: keys}
	count := chunkItems*len(keys) + 1
	b.fields = unsafe.Slice((*C.ami_field_t)(C.calloc(C.size_t(count), C.sizeof_ami_field_t)), count)
	b.cKeys = (**C.char)(C.calloc(C.size_t(len(keys)+1), C.size_t(unsafe.Sizeof((*C.char)(nil)))))
	for i, key := range keys {
		b.keySlots()[i] = C.CString(key)
	}
	return b
}

func (b *Batch) keySlots() []*C.char { return unsafe.Slice(b.cKeys, len(b.keys)) }

// Next takes what has come, 256 messages at most, and waits for the first until ctx ends. False: there is an error.
func (b *Batch) Next(ctx context.Context) bool {
	b.giveBack()
	if b.err != nil {
		return false
	}
	if b.err = b.sub.check(ctx); b.err != nil {
		return false
	}
	c, err := b.sub.box.take(ctx)
	if err != nil {
		b.err = err
		return false
	}
	if c.gap != nil {
		b.gap, b.rows = c.gap.notice(b.sub.conn.generation()), 1
		return true
	}
	// Slices of it may be all that the caller holds: it is never collected.
	runtime.SetFinalizer(c, nil)
	b.chunk, b.rows = c, len(c.items)
	C.go_read_items(cItems(c.items), C.size_t(b.rows), b.cKeys, C.size_t(len(b.keys)), &b.fields[0], &b.kinds[0])
	return true
}

// Err returns why Next returned false: the error of ctx, or why the stream has ended.
func (b *Batch) Err() error { return b.err }

// Len returns how many messages there are.
func (b *Batch) Len() int { return b.rows }

// Kind returns where the message of a row comes from.
func (b *Batch) Kind(row int) Kind {
	if b.chunk == nil {
		return b.gap.Kind()
	}
	return Kind(b.kinds[row])
}

// Bytes returns the first value of the key with that number in the message of that row; nil where it has none. It is
// the library's memory: not to be changed, and gone at the next call of Next or Close.
func (b *Batch) Bytes(row, key int) []byte {
	if b.chunk == nil {
		value, ok := b.gap.Lookup(b.keys[key])
		if !ok {
			return nil
		}
		return []byte(value)
	}
	if uint(key) >= uint(len(b.keys)) || uint(row) >= uint(b.rows) {
		panic("ami: no such row or key in this batch")
	}
	field := &b.fields[row*len(b.keys)+key]
	if field.value == nil {
		return nil
	}
	return unsafe.Slice((*byte)(unsafe.Pointer(field.value)), int(field.value_len))
}

// Text returns the same as a string of one's own; "" where there is none.
func (b *Batch) Text(row, key int) string { return string(b.Bytes(row, key)) }

// Message returns the whole message of a row.
func (b *Batch) Message(row int) Message {
	if b.chunk == nil {
		return b.gap
	}
	return b.sub.copies.items(b.chunk.items[row:row+1], nil)[0]
}

// Close gives back what the batch holds. The subscription stays.
func (b *Batch) Close() error {
	b.giveBack()
	if b.cKeys == nil {
		return nil
	}
	for _, key := range b.keySlots() {
		C.free(unsafe.Pointer(key))
	}
	C.free(unsafe.Pointer(b.cKeys))
	C.free(unsafe.Pointer(&b.fields[0]))
	b.cKeys, b.fields = nil, nil
	b.err = errClosed
	return nil
}

func (b *Batch) giveBack() {
	if b.chunk != nil {
		runtime.SetFinalizer(b.chunk, (*chunk).free)
		b.sub.box.giveBack(b.chunk)
	}
	b.chunk, b.rows = nil, 0
}
