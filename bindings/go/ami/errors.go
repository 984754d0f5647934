package ami

// #include "glue.h"
import "C"

import (
	"context"
	"errors"
	"fmt"
)

// A Code is one of the library's error numbers. It is an error itself, so that errors.Is(err, ami.ErrTimeout) tells
// what went wrong whatever is wrapped around it.
type Code int

// What can go wrong. ami.h says more of each.
const (
	ErrInvalid    Code = C.AMI_EINVAL      // an argument makes no sense
	ErrMemory     Code = C.AMI_ENOMEM      // out of memory
	ErrOption     Code = C.AMI_EOPTION     // an unknown option or a bad value
	ErrThread     Code = C.AMI_ETHREAD     // a blocking call on a thread that delivers
	ErrState      Code = C.AMI_ESTATE      // not possible now, as sending without a login
	ErrInjection  Code = C.AMI_EINJECT     // text that would break out of its line
	ErrTooBig     Code = C.AMI_ETOOBIG     // larger than Asterisk accepts
	ErrFull       Code = C.AMI_EFULL       // a bound of this client is reached
	ErrExists     Code = C.AMI_EEXIST      // this ActionID is still in use
	ErrEncoding   Code = C.AMI_EENCODING   // text that the connection's encoding cannot say
	ErrResolve    Code = C.AMI_ERESOLVE    // the host name could not be resolved
	ErrConnect    Code = C.AMI_ECONNECT    // no connection
	ErrTLS        Code = C.AMI_ETLS        // TLS failed
	ErrAuth       Code = C.AMI_EAUTH       // login refused
	ErrFilter     Code = C.AMI_EFILTER     // event filter refused
	ErrProtocol   Code = C.AMI_EPROTO      // the peer does not speak AMI
	ErrLimit      Code = C.AMI_ELIMIT      // a bound on received data was exceeded
	ErrLost       Code = C.AMI_ELOST       // the connection was lost
	ErrTimeout    Code = C.AMI_ETIMEDOUT   // time is over
	ErrCanceled   Code = C.AMI_ECANCELED   // canceled by this side
	ErrClosed     Code = C.AMI_ECLOSED     // closed by this side
	ErrReply      Code = C.AMI_EREPLY      // Asterisk answered with an error
	ErrFork       Code = C.AMI_EFORK       // not usable in a forked child
	ErrNotFound   Code = C.AMI_ENOENT      // no such id
	ErrNoResponse Code = C.AMI_ENORESPONSE // Asterisk went on without answering
)

// Error returns the library's text, such as "timed out".
func (c Code) Error() string { return C.GoString(C.ami_strerror(C.int(c))) }

// Name returns the library's name, such as "AMI_ETIMEDOUT".
func (c Code) Name() string { return C.GoString(C.ami_err_name(C.int(c))) }

// codeNamed is the reverse of Name, for notices, which carry names.
func codeNamed(name string) Code {
	for c := ErrInvalid; c >= ErrNoResponse; c-- {
		if c.Name() == name {
			return c
		}
	}
	return ErrLost
}

// A Fate tells what became of an action.
type Fate int

const (
	NotSent  Fate = C.AMI_NOT_SENT  // no byte of it left this process: safe to send again
	MaybeRun Fate = C.AMI_MAYBE_RUN // sent, not answered: Asterisk may or may not have run it
	Answered Fate = C.AMI_ANSWERED  // a response came
)

func (f Fate) String() string {
	switch f {
	case NotSent:
		return "not sent"
	case MaybeRun:
		return "may have run"
	case Answered:
		return "answered"
	}
	return fmt.Sprintf("Fate(%d)", int(f))
}

// An Error is what this package returns. Its text names what was tried, what happened, with which value, and, for
// an action without an answer, whether it may have run.
type Error struct {
	Op     string // "connect", "subscribe", the name of an action ...
	Code   Code
	Fate   Fate   // of an action; 0 for what is none
	Detail string // the library's or Asterisk's text; may be empty
	Cause  error  // the error of the context that ended the call, or nil
}

func (e *Error) Error() string {
	text := "ami: " + e.Op + ": " + e.Code.Error()
	if e.Cause != nil {
		text = "ami: " + e.Op + ": " + e.Cause.Error()
	}
	if e.Detail != "" {
		text += ": " + e.Detail
	}
	if e.Fate == MaybeRun || e.Fate == NotSent {
		text += " (" + e.Fate.String() + ")"
	}
	return text
}

// Unwrap returns the context's error when it was the context that ended the call, else the Code.
func (e *Error) Unwrap() error {
	if e.Cause != nil {
		return e.Cause
	}
	return e.Code
}

// Is makes errors.Is find the Code, also beside the error of a context. A context's deadline is ErrTimeout too.
func (e *Error) Is(target error) bool {
	code, ok := target.(Code)
	return ok && (code == e.Code || code == ErrTimeout && e.Timeout())
}

// Timeout reports whether time was over: the library's, or the context's.
func (e *Error) Timeout() bool {
	return e.Code == ErrTimeout || errors.Is(e.Cause, context.DeadlineExceeded)
}

// FateOf tells what became of the action that failed with err: Answered for nil, and 0 for an error that is not of an
// action.
func FateOf(err error) Fate {
	if err == nil {
		return Answered
	}
	var e *Error
	if errors.As(err, &e) {
		return e.Fate
	}
	return 0
}
