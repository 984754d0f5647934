// Calls many channels, a few at a time, and tells what became of each. The channels come one a line on stdin.
//
//	bulk ami://user:secret@pbx 10 <channels
package main

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/signal"
	"strconv"
	"sync"
	"time"

	"example.org/libami/bindings/go/ami"
)

func main() {
	if len(os.Args) != 3 {
		fmt.Fprintln(os.Stderr, "usage: bulk ami://user:secret@pbx AT-ONCE <channels")
		os.Exit(2)
	}
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt)
	defer stop()
	if err := callAll(ctx, os.Args[1], os.Args[2], os.Stdin, os.Stdout); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}

func callAll(ctx context.Context, url, atOnce string, in io.Reader, out io.Writer) error {
	workers, err := strconv.Atoi(atOnce)
	if err != nil || workers < 1 {
		return fmt.Errorf("%q is no number of calls at once", atOnce)
	}
	conn, err := ami.Dial(ctx, url, ami.WithReconnect(0))
	if err != nil {
		return err
	}
	defer conn.Close()

	channels := make(chan string)
	results := make(chan string)
	var running sync.WaitGroup
	for i := 0; i < workers; i++ { // as many calls at once as there are workers
		running.Add(1)
		go func() {
			defer running.Done()
			for channel := range channels {
				results <- channel + ": " + call(ctx, conn, channel)
			}
		}()
	}
	lines := bufio.NewScanner(in)
	go func() {
		for lines.Scan() {
			channels <- lines.Text()
		}
		close(channels)
		running.Wait()
		close(results)
	}()
	for result := range results {
		fmt.Fprintln(out, result)
	}
	return lines.Err()
}

func call(ctx context.Context, conn *ami.Conn, channel string) string {
	_, err := conn.Send(ctx, ami.Action{
		Name:    "Originate",
		Fields:  ami.Fields{{"Channel", channel}, {"Application", "Playback"}, {"Data", "demo-congrats"}, {"Async", "true"}},
		Until:   "OriginateResponse",
		Timeout: time.Minute,
	})
	switch {
	case err == nil:
		return "answered"
	case errors.Is(err, ami.ErrReply):
		return "failed: " + err.Error()
	case ami.FateOf(err) == ami.NotSent:
		return "not called, so try again: " + err.Error()
	default: // calling again might ring twice
		return "unknown: " + err.Error()
	}
}
