//go:build go1.23

// Watches queues live: who waits, who is served, who gives up.
//
//	queues ami://user:secret@pbx
package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/signal"

	"example.org/libami/bindings/go/ami"
)

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt)
	defer stop()
	if err := watch(ctx, os.Args[1]); err != nil && !errors.Is(err, context.Canceled) {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}

func watch(ctx context.Context, url string) error {
	conn, err := ami.Dial(ctx, url, ami.WithReconnect(0))
	if err != nil {
		return err
	}
	defer conn.Close()
	// First the events, then the state: what changes in between is not missed.
	events, err := conn.Subscribe("QueueCaller*", "AgentConnect", "gap", "ready")
	if err != nil {
		return err
	}
	defer events.Close()
	if err := showState(ctx, conn); err != nil {
		return err
	}
	for ev, err := range events.All(ctx) {
		if err != nil {
			return err
		}
		switch ev.Name() {
		case "QueueCallerJoin":
			fmt.Printf("%s: %s waits at %s\n", ev.Get("Queue"), caller(ev), ev.Get("Position"))
		case "AgentConnect":
			fmt.Printf("%s: %s is served by %s\n", ev.Get("Queue"), caller(ev), ev.Get("MemberName"))
		case "QueueCallerAbandon":
			fmt.Printf("%s: %s has given up after %s s\n", ev.Get("Queue"), caller(ev), ev.Get("HoldTime"))
		case "gap", "ready": // what happened meanwhile is not known, the state now is
			if ev.Get("Cause") == "reconnect" { // ready follows that one, when the login is done
				continue
			}
			if err := showState(ctx, conn); err != nil && !errors.Is(err, ami.ErrLost) && !errors.Is(err, ami.ErrState) {
				return err
			}
		}
	}
	return nil
}

func showState(ctx context.Context, conn *ami.Conn) error {
	for item, err := range conn.Items(ctx, ami.Action{Name: "QueueStatus"}) {
		if err != nil {
			return err
		}
		switch item.Name() {
		case "QueueParams":
			fmt.Printf("%s: %s waiting\n", item.Get("Queue"), item.Get("Calls"))
		case "QueueEntry":
			fmt.Printf("%s: %s waits at %s\n", item.Get("Queue"), caller(item), item.Get("Position"))
		}
	}
	return nil
}

func caller(m ami.Message) string {
	if name := m.Get("CallerIDName"); name != "" && name != "<unknown>" {
		return name
	}
	return m.Get("CallerIDNum")
}
