package main

import (
	"context"
	"fmt"
	"io"
	"strconv"

	"example.org/libami/bindings/go/ami"
)

// A counter reads of each event what its mode is about.
type counter struct {
	sums
	verify, paced bool
	done          bool
}

// readers are the ways to read a subscription, by name.
var readers = map[string]func(context.Context, *ami.Subscription, *counter) error{
	"batch": readBatches,
	"next":  readNext,
	"chan":  readChan,
}

func flood(ctx context.Context, conn *ami.Conn, a arguments,
	read func(context.Context, *ami.Subscription, *counter) error) (sums, error) {
	names := []string{a.only}
	if a.only != "*" {
		names = append(names, "FloodDone")
	}
	sub, err := conn.Subscribe(names...)
	if err != nil {
		return sums{}, err
	}
	defer sub.Close()
	c := counter{verify: a.mode == "verify", paced: a.mode == "paced"}
	// Not waited for here: the answer comes with the flood, which is read below.
	answered := make(chan error, 1)
	go func() {
		_, err := conn.Send(ctx, ami.Action{Name: "UserEvent", Fields: ami.Fields{{"UserEvent", "bench"}, {"Flood", a.first}}})
		answered <- err
	}()
	if err := read(ctx, sub, &c); err != nil {
		return c.sums, err
	}
	return c.sums, <-answered
}

// counts reports whether this is an event of the flood.
func (c *counter) counts(name string, kind ami.Kind) bool {
	c.done = c.done || name == "FloodDone"
	return kind == ami.Event && name != "FullyBooted" && name != "FloodDone"
}

func (c *counter) message(m ami.Message) {
	name := m.Get("Event")
	if !c.counts(name, m.Kind()) {
		return
	}
	uid, ok := m.Lookup("Uniqueid")
	c.count(len(name), ok, len(uid))
	if c.verify {
		c.vlen += int64(len(m.Get("CallerIDName")) + len(m.Get("Value")) + len(m.Get("AppData")))
	}
	if c.paced {
		c.sample(m.Get("BenchTs"))
	}
}

func (c *counter) count(name int, hasUID bool, uid int) {
	c.events++
	c.evlen += int64(name)
	c.uidlen += int64(uid)
	if hasUID {
		c.uid++
	}
}

func (c *counter) sample(stamp string) {
	if sent, err := strconv.ParseInt(stamp, 10, 64); err == nil {
		c.samples = append(c.samples, now()-sent)
	}
}

func readBatches(ctx context.Context, sub *ami.Subscription, c *counter) error {
	keys := []string{"Event", "Uniqueid"}
	switch {
	case c.verify:
		keys = append(keys, "CallerIDName", "Value", "AppData")
	case c.paced:
		keys = append(keys, "BenchTs")
	}
	batch := sub.Batch(keys...)
	defer batch.Close()
	for !c.done && batch.Next(ctx) {
		for row := 0; row < batch.Len(); row++ {
			name, uid := batch.Bytes(row, 0), batch.Bytes(row, 1)
			if !c.counts(string(name), batch.Kind(row)) {
				continue
			}
			c.count(len(name), uid != nil, len(uid))
			if c.verify {
				c.vlen += int64(len(batch.Bytes(row, 2)) + len(batch.Bytes(row, 3)) + len(batch.Bytes(row, 4)))
			}
			if c.paced {
				c.sample(batch.Text(row, 2))
			}
		}
	}
	return batch.Err()
}

func readNext(ctx context.Context, sub *ami.Subscription, c *counter) error {
	for !c.done {
		message, err := sub.Next(ctx)
		if err != nil {
			return err
		}
		c.message(message)
	}
	return nil
}

func readChan(ctx context.Context, sub *ami.Subscription, c *counter) error {
	for message := range sub.Chan(ctx) {
		if c.message(message); c.done {
			return nil
		}
	}
	return fmt.Errorf("the channel has ended: %w", sub.Err())
}

func streamList(ctx context.Context, conn *ami.Conn, action ami.Action, found *sums) error {
	list, err := conn.List(ctx, action)
	if err != nil {
		return err
	}
	defer list.Close()
	for {
		item, err := list.Next()
		if err == io.EOF {
			return nil
		}
		if err != nil {
			return err
		}
		found.item(item)
	}
}
