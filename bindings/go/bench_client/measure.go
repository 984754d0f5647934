package main

import (
	"bufio"
	"fmt"
	"os"
	"strings"
	"syscall"
	"unsafe"
)

// What measure.c measures: time, the processor's time of all threads, memory.
type measured struct{ wall, cpu, resident, peak int64 }

const (
	clockMonotonic = 1
	clockProcess   = 2
)

// clock is clock_gettime(): the server's stamps are of the same clock, which Go's time does not show.
func clock(which uintptr) int64 {
	var at syscall.Timespec
	if _, _, errno := syscall.RawSyscall(syscall.SYS_CLOCK_GETTIME, which, uintptr(unsafe.Pointer(&at)), 0); errno != 0 {
		panic(errno)
	}
	return at.Nano()
}

func now() int64 { return clock(clockMonotonic) }

func startMeasure() measured { return measured{wall: now(), cpu: clock(clockProcess)} }

func (m measured) stop() measured {
	m.wall, m.cpu = now()-m.wall, clock(clockProcess)-m.cpu
	m.resident, m.peak = status("VmRSS"), status("VmHWM")
	return m
}

// status reads a size in kB that the system tells of this process; 0 where it does not.
func status(name string) (kb int64) {
	file, err := os.Open("/proc/self/status")
	if err != nil {
		return 0
	}
	defer file.Close()
	for lines := bufio.NewScanner(file); lines.Scan(); {
		if strings.HasPrefix(lines.Text(), name+":") {
			_, _ = fmt.Sscanf(lines.Text(), name+": %d", &kb)
		}
	}
	return kb
}
