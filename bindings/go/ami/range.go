//go:build go1.23

package ami

import (
	"context"
	"io"
	"iter"
)

// Events gives the messages with these names (see Subscribe) to a range loop, from the moment the loop begins, and
// ends the subscription with it. The loop's last round has an error: that of ctx, or why the connection has ended for
// good.
//
//	for ev, err := range conn.Events(ctx, "Queue*", "gap") {
//		if err != nil {
//			return err
//		}
//		fmt.Println(ev.Name(), ev.Get("Queue"))
//	}
func (c *Conn) Events(ctx context.Context, names ...string) iter.Seq2[Message, error] {
	return func(yield func(Message, error) bool) {
		sub, err := c.Subscribe(names...)
		if err != nil {
			yield(Message{}, err)
			return
		}
		defer sub.Close()
		sub.All(ctx)(yield)
	}
}

// All gives the messages to a range loop, whose last round has an error. A loop that is left can be taken up by
// another one.
func (s *Subscription) All(ctx context.Context) iter.Seq2[Message, error] {
	return func(yield func(Message, error) bool) {
		for {
			message, err := s.Next(ctx)
			if !yield(message, err) || err != nil {
				return
			}
		}
	}
}

// Items sends an action and gives the items of its list to a range loop, as they come. The last round has an error
// if the list broke off. A loop that is left early cancels the action.
func (c *Conn) Items(ctx context.Context, action Action) iter.Seq2[Message, error] {
	return func(yield func(Message, error) bool) {
		list, err := c.List(ctx, action)
		if err != nil {
			yield(Message{}, err)
			return
		}
		defer list.Close()
		for {
			item, err := list.Next()
			if err == io.EOF || !yield(item, err) || err != nil {
				return
			}
		}
	}
}

// Each gives the fields to a range loop, in wire order.
func (m Message) Each() iter.Seq2[string, string] { return m.each }
