package ami

import (
	"context"
	"io"
)

// A List gives the items of a list one by one, as they come; nothing of it is collected. One goroutine at a time
// reads it.
type List struct {
	conn     *Conn
	ctx      context.Context // of the action, as that of a request
	action   *pending
	copies   copier
	messages []Message
	buffer   []Message
	reply    *Reply
	err      error
}

// List sends an action that is answered by a list, such as CoreShowChannels, to be read item by item. When ctx ends,
// the action is canceled. A list that is not read to its end wants a Close.
func (c *Conn) List(ctx context.Context, action Action) (*List, error) {
	p, err := c.submit(ctx, &action, newMailbox(bounds{}))
	if err != nil {
		return nil, err
	}
	return &List{conn: c, ctx: ctx, action: p}, nil
}

// Next returns the next item. The error is io.EOF behind the last, else what Send would return.
func (l *List) Next() (Message, error) {
	if len(l.messages) == 0 && l.err == nil {
		l.refill()
	}
	if len(l.messages) == 0 {
		return Message{}, l.err
	}
	item := l.messages[0]
	l.messages = l.messages[1:]
	return item, nil
}

func (l *List) refill() {
	if ended := l.ctx.Err(); ended != nil { // which items that come on and on must not hide
		if l.finish(l.ctx); l.err == io.EOF {
			l.err = ended // the list is whole, but was not read to its end
		}
		return
	}
	c, err := l.action.items.take(l.ctx)
	if err != nil {
		// io.EOF: all items were taken, and the reply is there. Else ctx has ended, and await cancels.
		l.finish(l.ctx)
		return
	}
	l.messages = l.copies.items(c.items, l.buffer[:0])
	l.buffer = l.messages
	l.action.items.giveBack(c)
}

func (l *List) finish(ctx context.Context) {
	l.reply, l.err = l.conn.await(ctx, l.action)
	l.action.items.close(io.EOF)
	if l.err == nil {
		l.err = io.EOF
	}
}

// Reply returns the response and the end of the list, once Next has returned an error.
func (l *List) Reply() *Reply { return l.reply }

// Close cancels the action unless it has ended, and discards what was not read.
func (l *List) Close() error {
	if l.err == nil {
		ended, cancel := context.WithCancel(l.ctx)
		cancel()
		l.finish(ended)
	}
	l.messages = nil
	return nil
}
