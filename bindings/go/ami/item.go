package ami

// #include <stdlib.h>
// #include "glue.h"
import "C"

import (
	"runtime"
	"unsafe"
)

// An item is ami_item_t, whose layout is frozen, with user as the number that this package puts there: Go would take
// it for a pointer.
type item struct {
	client, id uint64
	user       uintptr
	msg        *C.ami_msg_t
	reply      *C.ami_reply_t
	kind       uint32
	reserved   uint32
}

// Fails to compile when the two differ in size.
var _ = [1]struct{}{}[unsafe.Sizeof(item{})-unsafe.Sizeof(C.ami_item_t{})]

func cItems(items []item) *C.ami_item_t { return (*C.ami_item_t)(unsafe.Pointer(&items[0])) }

func release(items []item) {
	if len(items) > 0 {
		C.ami_queue_release(cItems(items), C.size_t(len(items)))
	}
}

// chunkItems is how many items are polled, and cross to the consumer, at once.
const chunkItems = 256

// A chunk holds items, in memory of C's, which thus can be handed back in one call; or a gap. A chunk that is dropped
// on the way is freed with its items when Go collects it.
type chunk struct {
	items []item // of capacity chunkItems; nil for a gap
	bytes uint64
	gap   *gap
}

func newChunk() *chunk {
	memory := C.calloc(chunkItems, C.size_t(unsafe.Sizeof(item{})))
	c := &chunk{items: (*[chunkItems]item)(memory)[:0]}
	runtime.SetFinalizer(c, (*chunk).free)
	return c
}

// clear releases the items.
func (c *chunk) clear() {
	release(c.items)
	c.items = c.items[:0]
	c.bytes = 0
}

func (c *chunk) free() {
	if c.items == nil {
		return
	}
	c.clear()
	C.free(unsafe.Pointer(&c.items[:1][0]))
	c.items = nil
	runtime.SetFinalizer(c, nil)
}

// A gap stands for events that were dropped: how many, and when the first and the last were received.
type gap struct {
	dropped  int
	from, to uint64
}

func (g *gap) add(other gap) {
	if g.dropped == 0 {
		g.from = other.from
	}
	g.dropped += other.dropped
	if other.dropped > 0 {
		g.to = other.to
	}
}
