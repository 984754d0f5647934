// Click to call: rings CHANNEL, connects it with EXTENSION, and tells what became of it.
//
//	click ami://user:secret@pbx PJSIP/alice 200@default
package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/signal"
	"strings"
	"time"

	"example.org/libami/bindings/go/ami"
)

func main() {
	if len(os.Args) != 4 {
		fmt.Fprintln(os.Stderr, "usage: click ami://user:secret@pbx CHANNEL EXTENSION@CONTEXT")
		os.Exit(2)
	}
	// Ctrl-C cancels the action.
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt)
	defer stop()
	outcome, err := call(ctx, os.Args[1], os.Args[2], os.Args[3])
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
	fmt.Println(outcome)
}

// What OriginateResponse gives as Reason.
var reasons = map[string]string{"0": "no such channel", "1": "hung up", "3": "no answer", "4": "answered", "5": "busy", "8": "congested"}

func call(ctx context.Context, url, channel, to string) (string, error) {
	extension, place, _ := strings.Cut(to, "@")
	conn, err := ami.Dial(ctx, url)
	if err != nil {
		return "", err
	}
	defer conn.Close()
	reply, err := conn.Send(ctx, ami.Action{
		Name: "Originate",
		Fields: ami.Fields{
			{"Channel", channel}, {"Context", place}, {"Exten", extension}, {"Priority", "1"},
			{"CallerID", "Click to call <" + extension + ">"}, {"Async", "true"}, {"Timeout", "30000"},
		},
		Variables: map[string]string{"CLICK_AT": time.Now().Format("2 Jan 2006, 15:04")},
		Until:     "OriginateResponse", // the response alone says no more than that it was queued
		Timeout:   40 * time.Second,
	})
	// Asterisk's word that the call has failed is an outcome here, not an error.
	if err != nil && (!errors.Is(err, ami.ErrReply) || reply.End.IsZero()) {
		return "", err
	}
	reason := reply.End.Get("Reason")
	if text, ok := reasons[reason]; ok {
		return text, nil
	}
	return "reason " + reason, nil
}
