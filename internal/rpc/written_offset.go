package rpc

import (
	"cmp"
	"encoding/json"
	"fmt"
	"strings"
	"time"

	"google.golang.org/protobuf/proto"

	postwrightv1 "github.com/postwright/postwright/gen/proto/postwright/v1"
	"github.com/postwright/postwright/internal/fault"
	"github.com/postwright/postwright/internal/zone"
)

// writtenOffset holds the offset with which a time stands in JSON against the zone beside it: 09:00+01:00 in America/New_York is
// a mistake in one of the two. The message keeps the moment alone, so it can be seen here only. UTC contradicts no zone: programs
// write every moment so.
func writtenOffset(body []byte, message proto.Message) error {
	m, schedules := message.(*postwrightv1.SchedulePostRequest)
	if !schedules || m.GetTimeZone() == "" || m.GetScheduledTime() == nil {
		return nil
	}
	var written struct {
		ByJSONName  string `json:"scheduledTime"`
		ByProtoName string `json:"scheduled_time"`
	}
	if json.Unmarshal(body, &written) != nil {
		return nil // the codec has read it
	}
	at, err := time.Parse(time.RFC3339Nano, strings.ToUpper(cmp.Or(written.ByJSONName, written.ByProtoName)))
	there, unknown := zone.Load(m.GetTimeZone())
	if err != nil || unknown != nil { // validation tells of the zone
		return nil
	}
	_, given := at.Zone()
	if _, offset := at.In(there).Zone(); given == 0 || given == offset {
		return nil
	}
	return fault.Fields(fault.Field{Path: "scheduledTime", Problem: fmt.Sprintf(
		"has the offset %s, and then it is %s in %s: write %s if that moment is meant, or localTime %s if that time of the clocks there is",
		at.Format("-07:00"), at.In(there).Format("-07:00"), m.GetTimeZone(), at.In(there).Format(time.RFC3339), at.Format("2006-01-02T15:04"))})
}
