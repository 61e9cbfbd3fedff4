package queue

import (
	"errors"
	"fmt"
	"slices"
	"strconv"

	"github.com/postwright/postwright/internal/fault"
	"github.com/postwright/postwright/internal/zone"
)

var errClock = errors.New("must be a time of the day such as 09:00, from 00:00 to 23:59")

// Validate lists every fault of the input; that a weekday is one stands in the proto file.
func (in UpdateInput) Validate() error {
	_, _, err := in.read()
	return err
}

// read returns the slots in the order of the week, and the revision that the queue must have, 0 for any.
func (in UpdateInput) read() (slots []Slot, revision int64, err error) {
	var faults fault.List
	if _, err := zone.Load(in.Zone); err != nil {
		faults.Add(fault.Field{Path: "queue.timeZone", Problem: err.Error()})
	}
	for i, given := range in.Slots {
		slot, err := SlotAt(given.Weekday, given.Clock)
		switch {
		case err != nil:
			faults.Add(fault.Field{Path: fmt.Sprintf("queue.slots[%d].localTime", i), Problem: err.Error()})
		case slices.Contains(slots, slot):
			faults.Add(fault.Field{Path: fmt.Sprintf("queue.slots[%d]", i), Problem: "stands there twice: name each time of the week once"})
		default:
			slots = append(slots, slot)
		}
	}
	if in.Etag != "" {
		if revision, err = strconv.ParseInt(in.Etag, 10, 64); err != nil || revision <= 0 {
			faults.Add(fault.Field{Path: "queue.etag", Problem: "is not one of ours: send a queue's etag unchanged, or none"})
		}
	}
	return sorted(slots), revision, faults.Err()
}
