// Package process drives programs by lines, for tests.
package process

import (
	"bufio"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
)

// A Process is a program that runs until the test is over, unless it ends before.
type Process struct {
	testing.TB
	name    string
	command *exec.Cmd
	in      io.WriteCloser
	out     *bufio.Reader
}

// Start runs a program. When the test is over its input is closed, at which it has to end.
func Start(t testing.TB, program string, arguments ...string) *Process {
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
		_ = command.Wait()
	})
	return &Process{t, filepath.Base(program), command, in, bufio.NewReader(out)}
}

// StartNamed runs the program that an environment variable names, as the project's tests set it.
func StartNamed(t testing.TB, variable string, arguments ...string) *Process {
	t.Helper()
	program := os.Getenv(variable)
	if program == "" {
		t.Fatalf("%s does not name a program; ./dev test -L go sets it", variable)
	}
	return Start(t, program, arguments...)
}

// Line reads a line.
func (p *Process) Line() string {
	p.Helper()
	line, err := p.out.ReadString('\n')
	if err != nil {
		p.Fatalf("%s has ended: %v", p.name, err)
	}
	return strings.TrimSuffix(line, "\n")
}

// Expect reads a line that has this in it.
func (p *Process) Expect(part string) {
	p.Helper()
	if line := p.Line(); !strings.Contains(line, part) {
		p.Fatalf("%s says %q, without %q", p.name, line, part)
	}
}

// Say writes a line.
func (p *Process) Say(line string) {
	p.Helper()
	if _, err := io.WriteString(p.in, line+"\n"); err != nil {
		p.Fatal(err)
	}
}

// Do writes a line and reads one.
func (p *Process) Do(command string) string {
	p.Helper()
	p.Say(command)
	return p.Line()
}

// CloseInput ends what the program reads.
func (p *Process) CloseInput() { p.in.Close() }

// Interrupt is Ctrl-C. Nothing, when the program has ended.
func (p *Process) Interrupt() { _ = p.command.Process.Signal(os.Interrupt) }

// Wait is for the program's end, which has to be well.
func (p *Process) Wait() {
	p.Helper()
	if err := p.command.Wait(); err != nil {
		p.Fatalf("%s: %v", p.name, err)
	}
}
