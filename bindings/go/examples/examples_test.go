//go:build go1.23

// Runs the examples, as programs, against the mock.
package examples

import (
	"bufio"
	"bytes"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"sort"
	"strings"
	"testing"
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

// A process is a program whose lines are read one by one.
type process struct {
	*testing.T
	name    string
	command *exec.Cmd
	in      io.WriteCloser
	out     *bufio.Reader
}

func start(t *testing.T, program string, arguments ...string) *process {
	t.Helper()
	command := exec.Command(program, arguments...)
	command.Stderr = os.Stderr
	in, err := command.StdinPipe()
	if err != nil {
		t.Fatal(err)
	}
	out, err := command.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := command.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		in.Close()
		_ = command.Process.Signal(os.Interrupt)
		_ = command.Wait()
	})
	return &process{t, filepath.Base(program), command, in, bufio.NewReader(out)}
}

func (p *process) line() string {
	p.Helper()
	line, err := p.out.ReadString('\n')
	if err != nil {
		p.Fatalf("%s has ended: %v", p.name, err)
	}
	return strings.TrimSuffix(line, "\n")
}

// expect reads a line that has this in it.
func (p *process) expect(part string) {
	p.Helper()
	if line := p.line(); !strings.Contains(line, part) {
		p.Fatalf("%s says %q, without %q", p.name, line, part)
	}
}

func (p *process) do(command string) string {
	p.Helper()
	if _, err := io.WriteString(p.in, command+"\n"); err != nil {
		p.Fatal(err)
	}
	return p.line()
}

// interrupt is Ctrl-C, at which it has to end well.
func (p *process) interrupt() {
	p.Helper()
	if err := p.command.Process.Signal(os.Interrupt); err != nil {
		p.Fatal(err)
	}
	if err := p.command.Wait(); err != nil {
		p.Fatalf("%s: %v", p.name, err)
	}
}

func startMock(t *testing.T, arguments ...string) (mock *process, url string) {
	t.Helper()
	program := os.Getenv("SCENARIO_MOCK")
	if program == "" {
		t.Fatal("SCENARIO_MOCK does not name the mock; ./dev test -L go sets it")
	}
	mock = start(t, program, arguments...)
	address, _, _ := strings.Cut(strings.TrimPrefix(mock.line(), "listening on "), " ")
	return mock, "ami://admin:secret@" + address
}

func example(t *testing.T, name string, arguments ...string) *process {
	t.Helper()
	return start(t, filepath.Join(programs, name), arguments...)
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
	mock.do("wait logins 1")
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
				mock.do(`emit Event: Hangup\nPrivilege: call,all\nChannel: SIP/1\nCause-txt: Normal Clearing\n`)
			}
		}
	}()
	program.expect("SIP/1 Normal Clearing")
	close(stop)
	<-stopped
}

func TestClick(t *testing.T) {
	t.Parallel()
	mock, url := startMock(t)
	example(t, "click", url, "Local/100@test", "200@default").expect("answered")
	example(t, "click", url, "Local/103@test", "200@default").expect("busy")
	if calls := mock.do("count action:Originate"); calls != "2" {
		t.Errorf("%s calls", calls)
	}
}

func TestQueues(t *testing.T) {
	t.Parallel()
	mock, url := startMock(t)
	program := example(t, "queues", url)
	program.expect("support: 0 waiting")
	program.expect("empty: 0 waiting")
	mock.do(`emit Event: QueueCallerJoin\nPrivilege: agent,all\nQueue: support\nCallerIDName: Bob\nPosition: 1\n`)
	program.expect("support: Bob waits at 1")
	mock.do(`emit Event: AgentConnect\nPrivilege: agent,all\nQueue: support\nCallerIDName: Bob\nMemberName: Alice\n`)
	program.expect("support: Bob is served by Alice")
	mock.do("kick")
	program.expect("support: 0 waiting") // behind the gap
	program.expect("empty: 0 waiting")
	program.interrupt()
}

func TestHangups(t *testing.T) {
	t.Parallel()
	const hangup = `emit Event: Hangup\nPrivilege: call,all\nChannel: SIP/%d\nUniqueid: 1.1\nCause: 16\nCause-txt: Normal Clearing\n`
	mock, url := startMock(t)
	program := example(t, "hangups", url)
	program.expect("listening")
	mock.do(fmt.Sprintf(hangup, 1))
	program.expect("SIP/1 1.1 16 Normal Clearing")
	mock.do("restart")
	lines := []string{program.line(), program.line()}
	sort.Slice(lines, func(i, j int) bool { return strings.Contains(lines[i], "GAP") })
	if !strings.Contains(lines[0], "GAP from 20") || !strings.Contains(lines[0], "reconnect") || !strings.Contains(lines[1], "listening") {
		t.Errorf("%q", lines)
	}
	mock.do(fmt.Sprintf(hangup, 2))
	program.expect("SIP/2 1.1 16 Normal Clearing")
	program.interrupt()
}

func TestBulk(t *testing.T) {
	t.Parallel()
	mock, url := startMock(t, "speed=10")
	program := example(t, "bulk", url, "3")
	expected := map[string]int{"answered": 5, "failed": 2}
	for _, channel := range []string{"100", "103", "100", "101", "102", "104", "100"} {
		fmt.Fprintf(program.in, "Local/%s@test\n", channel)
	}
	program.in.Close()
	for range 7 {
		_, outcome, _ := strings.Cut(program.line(), ": ")
		outcome, _, _ = strings.Cut(outcome, ":")
		expected[outcome]--
	}
	if expected["answered"] != 0 || expected["failed"] != 0 {
		t.Error(expected)
	}
	if calls := mock.do("count action:Originate"); calls != "7" {
		t.Errorf("%s calls", calls)
	}
}
