//go:build go1.23

// Logs every hang-up, over restarts of the PBX, and names the spans of which it knows nothing.
//
//	hangups ami://user:secret@pbx >>hangups.log
package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/signal"
	"strconv"
	"time"

	"example.org/libami/bindings/go/ami"
)

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt)
	defer stop()
	if err := log(ctx, os.Args[1]); err != nil && !errors.Is(err, context.Canceled) {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}

func log(ctx context.Context, url string) error {
	// Only calls are asked for; a lost connection is taken up again, for ever.
	conn, err := ami.New(url, ami.WithEvents("call"), ami.WithReconnect(100*time.Millisecond))
	if err != nil {
		return err
	}
	defer conn.Close()
	events, err := conn.Subscribe("Hangup", "gap", "ready")
	if err != nil {
		return err
	}
	defer events.Close()
	if err := conn.Connect(ctx); err != nil {
		return err
	}
	for ev, err := range events.All(ctx) {
		if err != nil {
			return err
		}
		at := ev.Time().Format(time.RFC3339)
		switch ev.Name() {
		case "ready":
			fmt.Println(at, "listening")
		case "Hangup":
			fmt.Println(at, ev.Get("Channel"), ev.Get("Uniqueid"), ev.Get("Cause"), ev.Get("Cause-txt"))
		case "gap":
			fmt.Printf("%s GAP from %s to %s: %s%s\n", at, stamp(ev.Get("From")), stamp(ev.Get("To")), ev.Get("Cause"), dropped(ev))
		}
	}
	return nil
}

// stamp reads seconds since 1970.
func stamp(text string) string {
	seconds, err := strconv.ParseFloat(text, 64)
	if err != nil {
		return "?"
	}
	return time.UnixMicro(int64(seconds * 1e6)).Format(time.RFC3339)
}

func dropped(gap ami.Message) string {
	if count, ok := gap.Lookup("Dropped"); ok {
		return ", " + count + " events dropped"
	}
	return ""
}
