package ami

// #include <stdlib.h>
// #include "glue.h"
import "C"

import (
	"fmt"
	"strconv"
	"strings"
	"time"
	"unsafe"
)

// An Option is given to Dial and New.
type Option struct{ name, value string }

// With sets any option of the library by its name: With("tls.verify", "ca"). ami.h lists them under OPTIONS.
func With(name, value string) Option { return Option{name, value} }

// WithPassword sets the secret of the login, which then need not stand in the URL.
func WithPassword(secret string) Option { return With("password", secret) }

// WithReconnect makes a lost connection come back. first is the first delay, 0 the library's default of a second; it
// doubles up to reconnect.max_ms, with jitter.
func WithReconnect(first time.Duration) Option {
	if first <= 0 {
		return With("reconnect", "true")
	}
	return With("reconnect", strconv.FormatInt(milliseconds(first), 10))
}

// WithEvents asks Asterisk for events of these classes only: WithEvents("call", "agent"). None are no events at all.
func WithEvents(classes ...string) Option {
	if len(classes) == 0 {
		return With("events", "off")
	}
	return With("events", strings.Join(classes, ","))
}

// WithFilter adds an event filter as of Action: Filter, such as "Event: Queue.*". It may be given many times.
func WithFilter(filter string) Option { return With("filter", filter) }

// milliseconds rounds up: a limit that is not over is never 0.
func milliseconds(d time.Duration) int64 { return int64((d + time.Millisecond - 1) / time.Millisecond) }

func set(handle *C.ami_t, name, value string) error {
	if strings.IndexByte(name, 0) >= 0 || strings.IndexByte(value, 0) >= 0 {
		return &Error{Op: "option", Code: ErrOption, Detail: fmt.Sprintf("%q: a NUL in it", name)}
	}
	cName, cValue := C.CString(name), C.CString(value)
	defer C.free(unsafe.Pointer(cName))
	defer C.go_free_secret(cValue)
	if err := C.ami_set(handle, cName, cValue); err != 0 {
		return &Error{Op: "option", Code: Code(err), Detail: detail(handle)}
	}
	return nil
}

func get(handle *C.ami_t, name string) (string, error) {
	cName := C.CString(name)
	defer C.free(unsafe.Pointer(cName))
	buffer := make([]byte, 256)
	for {
		size := C.ami_get(handle, cName, (*C.char)(unsafe.Pointer(&buffer[0])), C.size_t(len(buffer)))
		if size < 0 {
			return "", &Error{Op: "option", Code: Code(size), Detail: detail(handle)}
		}
		if int(size) < len(buffer) {
			return string(buffer[:size]), nil
		}
		buffer = make([]byte, int(size)+1)
	}
}

func detail(handle *C.ami_t) string {
	var buffer [1024]C.char
	if C.ami_detail(handle, &buffer[0], C.size_t(len(buffer))) <= 0 {
		return ""
	}
	return C.GoString(&buffer[0])
}
