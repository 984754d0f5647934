package ami

// #include "glue.h"
import "C"

// Stats are counters since the Conn was made, and levels of the moment.
type Stats struct {
	Events     int64 // events received, list items not counted
	Responses  int64 // responses received
	BytesIn    int64
	BytesOut   int64
	Actions    int64 // actions accepted
	Replies    int64 // replies given
	InFlight   int64 // level: actions accepted and not yet replied
	Dropped    int64 // events dropped at a bound
	Queued     int64 // level: items waiting for their readers
	Connects   int64 // connections established
	Generation int64 // successful logins
	Resyncs    int64 // times garbage was skipped
	Strays     int64 // responses that belonged to no action
	Writes     int64 // system calls that sent bytes
}

// Stats returns the counters; after Close they are zero. Those of what was received may lag behind for a moment.
func (c *Conn) Stats() (stats Stats) {
	_ = c.use("stats", func(handle *C.ami_t) error {
		for which, to := range map[C.int]*int64{
			C.AMI_STAT_EVENTS:     &stats.Events,
			C.AMI_STAT_RESPONSES:  &stats.Responses,
			C.AMI_STAT_BYTES_IN:   &stats.BytesIn,
			C.AMI_STAT_BYTES_OUT:  &stats.BytesOut,
			C.AMI_STAT_ACTIONS:    &stats.Actions,
			C.AMI_STAT_REPLIES:    &stats.Replies,
			C.AMI_STAT_INFLIGHT:   &stats.InFlight,
			C.AMI_STAT_DROPPED:    &stats.Dropped,
			C.AMI_STAT_QUEUED:     &stats.Queued,
			C.AMI_STAT_CONNECTS:   &stats.Connects,
			C.AMI_STAT_GENERATION: &stats.Generation,
			C.AMI_STAT_RESYNCS:    &stats.Resyncs,
			C.AMI_STAT_STRAYS:     &stats.Strays,
			C.AMI_STAT_WRITES:     &stats.Writes,
		} {
			*to = int64(C.ami_stat(handle, which))
		}
		return nil
	})
	c.mu.Lock()
	defer c.mu.Unlock()
	stats.Dropped += c.dropped
	for _, each := range c.mailboxes {
		stats.Queued += int64(each.box.level())
	}
	return stats
}
