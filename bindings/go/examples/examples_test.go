//go:build go1.23

// Runs the examples, as programs, against the mock.
package examples

import (
	"bytes"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"sort"
	"strings"
	"testing"

	"example.org/libami/bindings/go/internal/process"
)

var programs string // the folder of the built examples

func TestMain(m *testing.M) {
	os.Exit(func() int {
		folder, err := os.MkdirTemp("", "examples")
		if err != nil {
			panic(err)
		}
		defer os.RemoveAll(folder)
		programs = folder
		build := exec.Command("go", "build", "-o", folder+"/", "./...")
		if text, err := build.CombinedOutput(); err != nil {
			fmt.Fprintf(os.Stderr, "%s%v\n", text, err)
			return 1
		}
		return m.Run()
	}())
}

func startMock(t *testing.T, arguments ...string) (mock *process.Process, url string) {
	t.Helper()
	mock = process.StartNamed(t, "SCENARIO_MOCK", arguments...)
	address, _, _ := strings.Cut(strings.TrimPrefix(mock.Line(), "listening on "), " ")
	return mock, "ami://admin:secret@" + address
}

func example(t *testing.T, name string, arguments ...string) *process.Process {
	t.Helper()
	program := process.Start(t, filepath.Join(programs, name), arguments...)
	t.Cleanup(program.Interrupt)
	return program
}

// The README shows the first program as it is.
func TestReadme(t *testing.T) {
	readme, err := os.ReadFile("../README.md")
	if err != nil {
		t.Fatal(err)
	}
	program, err := os.ReadFile("first/main.go")
	if err != nil {
		t.Fatal(err)
	}
	_, program, _ = bytes.Cut(program, []byte("package main"))
	if !bytes.Contains(readme, append([]byte("package main"), program...)) {
		t.Error("README.md shows another first program than first/main.go")
	}
}

// As somebody uses the package who has a checkout, and an empty folder.
func TestCheckout(t *testing.T) {
	t.Parallel()
	checkout, err := filepath.Abs("..")
	if err != nil {
		t.Fatal(err)
	}
	program, err := os.ReadFile("first/main.go")
	if err != nil {
		t.Fatal(err)
	}
	folder := t.TempDir()
	if err := os.WriteFile(filepath.Join(folder, "main.go"), program, 0o644); err != nil {
		t.Fatal(err)
	}
	for _, words := range [][]string{
		{"mod", "init", "hello"},
		{"mod", "edit", "-replace", "example.org/libami/bindings/go=" + checkout},
		{"mod", "tidy"},
		{"build", "-o", filepath.Join(programs, "checkout"), "."},
	} {
		command := exec.Command("go", words...)
		command.Dir = folder
		command.Env = append(os.Environ(), "GOPROXY=off")
		if text, err := command.CombinedOutput(); err != nil {
			t.Fatalf("go %s: %v\n%s", strings.Join(words, " "), err, text)
		}
	}
	testFirst(t, "checkout")
}

func TestFirst(t *testing.T) {
	t.Parallel()
	testFirst(t, "first")
}

func testFirst(t *testing.T, name string) {
	mock, url := startMock(t)
	program := example(t, name, url)
	mock.Do("wait logins 1")
	// It has subscribed at some time after the login.
	stop := make(chan struct{})
	stopped := make(chan struct{})
	go func() {
		defer close(stopped)
		for {
			select {
			case <-stop:
				return
			default:
				mock.Do(`emit Event: Hangup\nPrivilege: call,all\nChannel: SIP/1\nCause-txt: Normal Clearing\n`)
			}
		}
	}()
	program.Expect("SIP/1 Normal Clearing")
	close(stop)
	<-stopped
}

func TestClick(t *testing.T) {
	t.Parallel()
	mock, url := startMock(t)
	example(t, "click", url, "Local/100@test", "200@default").Expect("answered")
	example(t, "click", url, "Local/103@test", "200@default").Expect("busy")
	if calls := mock.Do("count action:Originate"); calls != "2" {
		t.Errorf("%s calls", calls)
	}
}

func TestQueues(t *testing.T) {
	t.Parallel()
	mock, url := startMock(t)
	program := example(t, "queues", url)
	program.Expect("support: 0 waiting")
	program.Expect("empty: 0 waiting")
	mock.Do(`emit Event: QueueCallerJoin\nPrivilege: agent,all\nQueue: support\nCallerIDName: Bob\nPosition: 1\n`)
	program.Expect("support: Bob waits at 1")
	mock.Do(`emit Event: AgentConnect\nPrivilege: agent,all\nQueue: support\nCallerIDName: Bob\nMemberName: Alice\n`)
	program.Expect("support: Bob is served by Alice")
	mock.Do("kick")
	program.Expect("support: 0 waiting") // behind the gap
	program.Expect("empty: 0 waiting")
	program.Interrupt()
	program.Wait()
}

func TestHangups(t *testing.T) {
	t.Parallel()
	const hangup = `emit Event: Hangup\nPrivilege: call,all\nChannel: SIP/%d\nUniqueid: 1.1\nCause: 16\nCause-txt: Normal Clearing\n`
	mock, url := startMock(t)
	program := example(t, "hangups", url)
	program.Expect("listening")
	mock.Do(fmt.Sprintf(hangup, 1))
	program.Expect("SIP/1 1.1 16 Normal Clearing")
	mock.Do("restart")
	lines := []string{program.Line(), program.Line()}
	sort.Slice(lines, func(i, j int) bool { return strings.Contains(lines[i], "GAP") })
	if !strings.Contains(lines[0], "GAP from 20") || !strings.Contains(lines[0], "reconnect") || !strings.Contains(lines[1], "listening") {
		t.Errorf("%q", lines)
	}
	mock.Do(fmt.Sprintf(hangup, 2))
	program.Expect("SIP/2 1.1 16 Normal Clearing")
	program.Interrupt()
	program.Wait()
}

func TestBulk(t *testing.T) {
	t.Parallel()
	mock, url := startMock(t, "speed=10")
	program := example(t, "bulk", url, "3")
	expected := map[string]int{"answered": 5, "failed": 2}
	for _, channel := range []string{"100", "103", "100", "101", "102", "104", "100"} {
		program.Say("Local/" + channel + "@test")
	}
	program.CloseInput()
	for range 7 {
		_, outcome, _ := strings.Cut(program.Line(), ": ")
		outcome, _, _ = strings.Cut(outcome, ":")
		expected[outcome]--
	}
	if expected["answered"] != 0 || expected["failed"] != 0 {
		t.Error(expected)
	}
	if calls := mock.Do("count action:Originate"); calls != "7" {
		t.Errorf("%s calls", calls)
	}
}
