package main

import (
	"context"
	"os"
	"strings"
	"testing"

	"example.org/libami/bindings/go/ami"
	"example.org/libami/bindings/go/internal/process"
)

func startServer(t *testing.T) (port string) {
	t.Helper()
	line := process.StartNamed(t, "BENCH_SERVER", os.Getenv("BENCH_CORPUS")).Line()
	return line[strings.LastIndex(line, ":")+1:]
}

func measure(t *testing.T, port string, words ...string) sums {
	t.Helper()
	a, err := parse(append([]string{"127.0.0.1", port}, words...))
	if err != nil {
		t.Fatal(err)
	}
	work, err := workOf(a)
	if err != nil {
		t.Fatal(err)
	}
	conn, err := ami.Dial(context.Background(), "ami://bench:bench@127.0.0.1:"+port, append(a.options, ami.With("queue.overflow", "wait"))...)
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close()
	found, err := work(context.Background(), conn)
	if err != nil {
		t.Fatal(err)
	}
	return found
}

// Each way of reading finds the same in the same flood.
func TestFlood(t *testing.T) {
	port := startServer(t)
	for _, mode := range []string{"flood", "verify", "paced"} {
		var first sums
		for delivery := range readers {
			spec := "5000"
			if mode == "paced" {
				spec += ",rate=50000"
			}
			found := measure(t, port, mode, spec, "--delivery", delivery)
			if mode == "paced" && len(found.samples) != 5000 {
				t.Errorf("%s: %d samples", delivery, len(found.samples))
			}
			found.samples = nil
			if found.events != 5000 || found.evlen < 5000 || found.uid == 0 || found.uidlen < found.uid || (mode == "verify") != (found.vlen > 0) {
				t.Errorf("%s, %s: %+v", mode, delivery, found)
			}
			if first.events == 0 {
				first = found
			}
			if found.evlen != first.evlen || found.uid != first.uid || found.uidlen != first.uidlen || found.vlen != first.vlen {
				t.Errorf("%s, %s: %+v, not %+v", mode, delivery, found, first)
			}
		}
	}
}

func TestOtherModes(t *testing.T) {
	port := startServer(t)
	if found := measure(t, port, "ping", "1000", "10"); found.ok != 1000 || len(found.samples) != 1000 {
		t.Errorf("%d answers, %d samples", found.ok, len(found.samples))
	}
	for _, words := range [][]string{{"list", "3", "100"}, {"list", "3", "100", "--each"}} {
		if found := measure(t, port, words...); found.items != 300 || found.uidlen == 0 {
			t.Errorf("%s: %+v", words, found)
		}
	}
	if found := measure(t, port, "flood", "100", "--only", "Hangup"); found.events == 0 || found.events == 100 {
		t.Errorf("%d events", found.events)
	}
}

func TestWrongUsage(t *testing.T) {
	for _, words := range []string{"", "h p", "h p flood 1 2 3", "h p flood --nonsense 1", "h p flood --only", "h p flood --connections x"} {
		if _, err := parse(strings.Fields(words)); err == nil {
			t.Errorf("%q", words)
		}
	}
	for _, words := range []string{"h p nonsense", "h p flood 1 --delivery nonsense"} {
		a, err := parse(strings.Fields(words))
		if err != nil {
			t.Fatal(err)
		}
		if _, err := workOf(a); err == nil {
			t.Errorf("%q", words)
		}
	}
}
