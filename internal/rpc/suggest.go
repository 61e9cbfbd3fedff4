package rpc

import (
	"encoding/json"
	"fmt"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"time"

	"google.golang.org/protobuf/encoding/protojson"
	"google.golang.org/protobuf/types/known/timestamppb"

	"github.com/postwright/postwright/internal/fault"
	"github.com/postwright/postwright/internal/spelling"
)

// What callers write who know the API from memory, and what they meant. The words are clauses that can follow a field's name.

// maxWritten is the longest value that is repeated, in bytes.
const maxWritten = 40

// suggest says which field of a message a name may stand for, or which there are.
func (b *bounds) suggest(written string) string {
	names, within := []string{}, ""
	for _, f := range b.byNumber {
		if f == nil {
			continue
		}
		names = append(names, f.name)
		if inner := f.message; inner != nil && f.json == asObject && !f.repeated && inner.byName[written] != nil {
			within = f.name + "." + inner.byName[written].name
		}
	}
	if near := spelling.Nearest(written, names); near != "" {
		return "did you mean " + strconv.Quote(near) + "?"
	}
	if within != "" {
		return "did you mean " + within + "?"
	}
	slices.Sort(names)
	return fault.Clip("there are "+strings.Join(names, ", "), maxWords)
}

// enumProblem says what an enum's value may be. The first of its names stands for none.
func enumProblem(written string, names []string) string {
	values := "must be one of " + strings.Join(names[1:], ", ")
	if written == "" || len(written) > maxWritten {
		return values
	}
	near := ""
	for _, name := range names[1:] { // the short form, as many APIs have it
		if strings.HasSuffix(spelling.Letters(name), spelling.Letters(written)) && spelling.Letters(written) != "" {
			near = name
		}
	}
	if near == "" {
		near = spelling.Nearest(written, names[1:])
	}
	if near != "" {
		values = "did you mean " + near + "? It " + values
	}
	return "is " + strconv.Quote(written) + ": " + values
}

// writtenMask is how a mask is written.
const writtenMask = `must be a string of names as in JSON with commas between: "content,postType"`

// jsonName is the form of a field's name in JSON, and of the way to a field within another.
var jsonName = regexp.MustCompile(`^[a-z][A-Za-z0-9]*(\.[a-z][A-Za-z0-9]*)*$`)

// maskProblem says what a mask may hold that holds what is no name.
func maskProblem(name string) string {
	switch {
	case name == "*":
		return `holds "*", which stands for no field: name each that is meant; it ` + writtenMask
	case name == "":
		return "holds a comma without a name before or behind it: it " + writtenMask
	case len(name) > maxWritten:
		return writtenMask
	}
	return "holds " + strconv.Quote(name) + ", which is not written as a field's name is: it " + writtenMask
}

// writtenTime is how a time is written.
const writtenTime = "such as 2026-12-01T09:00:00Z, or 2026-12-01T09:00:00+01:00 with an offset from UTC"

// longestTime is the longest text that is read as a time, in bytes.
const longestTime = 64

// isTime reports whether a time is written as one that a Timestamp can hold: the codec is asked where the form is right.
func isTime(written string) bool {
	if len(written) > longestTime {
		return false
	}
	if _, err := time.Parse(time.RFC3339Nano, written); err != nil {
		return false
	}
	quoted, err := json.Marshal(written)
	return err == nil && protojson.Unmarshal(quoted, &timestamppb.Timestamp{}) == nil
}

// timeProblem says how to write a time that is not written as one.
func timeProblem(written string) string {
	if len(written) <= longestTime {
		if _, err := time.Parse(time.RFC3339Nano, written); err == nil {
			return "must be a time from the year 1 to 9999 with at most nine digits behind the second, " + writtenTime
		}
		for _, layout := range []string{"2006-01-02T15:04:05.999999999", "2006-01-02 15:04:05.999999999", "2006-01-02T15:04", "2006-01-02 15:04",
			"2006-01-02"} {
			if at, err := time.Parse(layout, written); err == nil {
				plain := at.Format("2006-01-02T15:04:05")
				return fmt.Sprintf("has no offset from UTC: write %sZ if it is in UTC, or %s+01:00 with the offset of its place", plain, plain)
			}
		}
	}
	return "must be a time, " + writtenTime
}
