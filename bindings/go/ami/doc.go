// Package ami talks to Asterisk's Manager Interface (AMI) through libami.
//
// Dial connects and logs in. Conn.Send sends an action and waits for its reply, be it a response, a whole list, or
// the event that tells what became of a call. Conn.Subscribe, and for range loops Conn.Events, give the events of the
// names that are asked for. Everything may be called from any goroutine, and a context that ends also ends, on the
// wire, what was begun with it.
//
//	conn, err := ami.Dial(ctx, "ami://user:secret@pbx.example", ami.WithReconnect(0))
//	if err != nil {
//		return err
//	}
//	defer conn.Close()
//
//	reply, err := conn.Send(ctx, ami.Action{Name: "QueueStatus", Fields: ami.Fields{{"Queue", "support"}}})
//
//	for ev, err := range conn.Events(ctx, "Queue*", "gap") { // Go 1.23; before: Subscribe and Next
//		...
//	}
//
// # What can be relied on
//
// An action gets exactly one reply, whatever happens, and its error has a Fate: FateOf(err) is NotSent (safe to send
// again), MaybeRun or Answered. The library never repeats an action by itself.
//
// Messages come in the order of the wire. Nothing is lost silently: where events were dropped, or may have been missed
// while the connection was down, stands a notice "gap" for those who subscribed to it.
//
// Every buffer has a bound; the options tell which. No field of an action can become a second line or a second action.
//
// # Options
//
// What has no function of its own here is set by name with With, or in the URL's query: ami.h, under OPTIONS, has all
// of them.
//
// # How it works
//
// The library reads the socket on a thread of its own. One goroutine for each Conn takes what has come, hundreds of
// messages in one crossing, and hands it to those who wait; it sleeps in Go's poller meanwhile. C calls nothing of
// Go's and keeps no pointer of Go's. A Message holds nothing of C's.
package ami
