// A client of libami for load harnesses: in Go what tests/bench/client.c is in C, with its arguments and figures.
//
//	bench_client HOST PORT MODE ARGUMENTS... [--delivery batch|next|range|chan] [--only NAME] [--each] [--tls]
//	             [--set NAME=VALUE] [--connections N]
//
// MODE is flood SPEC, verify SPEC, paced SPEC, ping K W, list K N or idle. See the head of client.c.
package main

import (
	"context"
	"encoding/json"
	"fmt"
	"os"
	"sort"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"

	"example.org/libami/bindings/go/ami"
)

type arguments struct {
	host, port, mode, first, second string
	delivery, only                  string
	each                            bool
	connections                     int
	options                         []ami.Option
}

// sums are what has to come out the same for every client and delivery.
type sums struct {
	events, evlen, uid, uidlen, vlen, items, ok int64
	samples                                     []int64
}

func (s *sums) add(other sums) {
	s.events += other.events
	s.evlen += other.evlen
	s.uid += other.uid
	s.uidlen += other.uidlen
	s.vlen += other.vlen
	s.items += other.items
	s.ok += other.ok
	s.samples = append(s.samples, other.samples...)
}

func main() {
	a, err := parse(os.Args[1:])
	if err != nil {
		fmt.Fprintf(os.Stderr, "bench_client: %v\n", err)
		os.Exit(2)
	}
	if err := run(a); err != nil {
		fmt.Fprintf(os.Stderr, "bench_client: %v\n", err)
		os.Exit(1)
	}
}

func parse(words []string) (arguments, error) {
	a := arguments{first: "0", second: "1", delivery: "batch", only: "*", connections: 1}
	plain := []*string{&a.host, &a.port, &a.mode, &a.first, &a.second}
	count := 0
	for i := 0; i < len(words); i++ {
		word := words[i]
		if !strings.HasPrefix(word, "--") {
			if count == len(plain) {
				return a, fmt.Errorf("%s: one argument too many", word)
			}
			*plain[count] = word
			count++
			continue
		}
		switch word {
		case "--each":
			a.each = true
			continue
		case "--tls":
			a.options = append(a.options, ami.With("tls", "on"), ami.With("tls.verify", "none"))
			continue
		}
		if i++; i == len(words) {
			return a, fmt.Errorf("%s wants a value", word)
		}
		value := words[i]
		switch word {
		case "--delivery":
			a.delivery = value
		case "--only":
			a.only = value
		case "--connections":
			connections, err := strconv.Atoi(value)
			if err != nil || connections < 1 {
				return a, fmt.Errorf("--connections: %q is no number of them", value)
			}
			a.connections = connections
		case "--set":
			name, value, _ := strings.Cut(value, "=")
			a.options = append(a.options, ami.With(name, value))
		default:
			return a, fmt.Errorf("%s is unknown", word)
		}
	}
	if count < 3 {
		return a, fmt.Errorf("usage: bench_client HOST PORT MODE ARGUMENTS...; see the head of its source")
	}
	return a, nil
}

func run(a arguments) error {
	ctx := context.Background()
	conns := make([]*ami.Conn, a.connections)
	options := append([]ami.Option{ami.With("host", a.host), ami.With("port", a.port), ami.With("username", "bench"),
		ami.With("password", "bench"), ami.With("inflight.max", "1000000"), ami.With("queue.overflow", "wait")},
		a.options...)
	for i := range conns {
		conn, err := ami.Dial(ctx, "", options...)
		if err != nil {
			return err
		}
		defer conn.Close()
		conns[i] = conn
	}
	work, err := workOf(a)
	if err != nil {
		return err
	}
	var total sums
	var mutex sync.Mutex
	failed := make(chan error, len(conns))
	measured := startMeasure()
	for _, conn := range conns {
		conn := conn
		go func() {
			found, err := work(ctx, conn)
			mutex.Lock()
			total.add(found)
			mutex.Unlock()
			failed <- err
		}()
	}
	for range conns {
		if err := <-failed; err != nil {
			return err
		}
	}
	return printLine(a.mode, total, measured.stop())
}

type job func(ctx context.Context, conn *ami.Conn) (sums, error)

func workOf(a arguments) (job, error) {
	switch a.mode {
	case "flood", "verify", "paced":
		read := readers[a.delivery]
		if read == nil {
			return nil, fmt.Errorf("--delivery: there is no %q here", a.delivery)
		}
		return func(ctx context.Context, conn *ami.Conn) (sums, error) { return flood(ctx, conn, a, read) }, nil
	case "ping":
		return func(ctx context.Context, conn *ami.Conn) (sums, error) { return pings(ctx, conn, a) }, nil
	case "list":
		return func(ctx context.Context, conn *ami.Conn) (sums, error) { return lists(ctx, conn, a) }, nil
	case "idle":
		return func(context.Context, *ami.Conn) (sums, error) { return sums{}, nil }, nil
	}
	return nil, fmt.Errorf("there is no mode %q", a.mode)
}

// pings keeps second of them in flight until first are answered.
func pings(ctx context.Context, conn *ami.Conn, a arguments) (sums, error) {
	count, err := strconv.ParseInt(a.first, 10, 64)
	if err != nil {
		return sums{}, err
	}
	window, err := strconv.Atoi(a.second)
	if err != nil {
		return sums{}, err
	}
	var begun atomic.Int64
	results := make([]sums, window)
	failed := make(chan error, window)
	for i := range results {
		found := &results[i]
		go func() {
			for begun.Add(1) <= count {
				sent := now()
				if _, err := conn.Send(ctx, ami.Action{Name: "Ping"}); err != nil {
					failed <- err
					return
				}
				found.samples = append(found.samples, now()-sent)
				found.ok++
			}
			failed <- nil
		}()
	}
	var total sums
	for range results {
		if err := <-failed; err != nil {
			return sums{}, err
		}
	}
	for _, found := range results {
		total.add(found)
	}
	return total, nil
}

func lists(ctx context.Context, conn *ami.Conn, a arguments) (found sums, err error) {
	count, err := strconv.Atoi(a.first)
	if err != nil {
		return found, err
	}
	action := ami.Action{Name: "CoreShowChannels", Fields: ami.Fields{{"Items", a.second}}}
	for ; count > 0; count-- {
		if a.each {
			err = streamList(ctx, conn, action, &found)
		} else {
			err = collectList(ctx, conn, action, &found)
		}
		if err != nil {
			return found, err
		}
	}
	return found, nil
}

func collectList(ctx context.Context, conn *ami.Conn, action ami.Action, found *sums) error {
	reply, err := conn.Send(ctx, action)
	if err != nil {
		return err
	}
	for _, item := range reply.Items {
		found.item(item)
	}
	return nil
}

func (s *sums) item(item ami.Message) {
	s.items++
	s.uidlen += int64(len(item.Get("Uniqueid")))
}

func printLine(mode string, total sums, m measured) error {
	line := map[string]any{"mode": mode, "wall_ns": m.wall, "cpu_ns": m.cpu, "resident_kb": m.resident, "peak_kb": m.peak}
	if total.events > 0 {
		line["events"], line["evlen"], line["uid"], line["uidlen"] = total.events, total.evlen, total.uid, total.uidlen
	}
	switch mode {
	case "verify":
		line["vlen"] = total.vlen
	case "list":
		line["items"] = total.items
	case "ping":
		line["ok"] = total.ok
	}
	if count := len(total.samples); count > 0 {
		sort.Slice(total.samples, func(i, j int) bool { return total.samples[i] < total.samples[j] })
		rank := func(perMille int) int64 { return total.samples[(count*perMille+999)/1000-1] }
		line["p50_ns"], line["p99_ns"], line["max_ns"] = rank(500), rank(990), total.samples[count-1]
	}
	text, err := json.Marshal(line)
	fmt.Println(string(text))
	return err
}
