// Package zone knows the time zones of IANA by their names, and which instants a time on their clocks is.
//
// It must not know what the times are for.
package zone

import (
	_ "embed"
	"fmt"
	"slices"
	"strings"
	"sync"
	"time"
)

// names are those of IANA's database (https://www.iana.org/time-zones), as Go's lib/time/zoneinfo.zip has them, one a line. A folder of
// zones on a machine has other files too (localtime, posixrules, right/UTC), which no other machine need know.
//
//go:embed names.txt
var names string

// loaded are the zones by name, made when they are first asked for: 600 at most.
var loaded = sync.OnceValue(func() map[string]func() (*time.Location, error) {
	all := map[string]func() (*time.Location, error){}
	for name := range strings.Lines(names) {
		name = strings.TrimSpace(name)
		all[name] = sync.OnceValues(func() (*time.Location, error) { return time.LoadLocation(name) })
	}
	return all
})

// Load returns a zone by IANA's name, such as Europe/Berlin, in exactly that spelling; "" is UTC. Its error says what the name must
// be, as it goes on after the name of a field.
func Load(name string) (*time.Location, error) {
	if name == "" {
		return time.UTC, nil
	}
	load, known := loaded()[name]
	if !known {
		return nil, fmt.Errorf("must be an IANA zone such as Europe/Berlin%s", near(name))
	}
	zone, err := load()
	if err != nil { // the program lacks the zones that Go embeds
		return nil, fmt.Errorf("must be an IANA zone: %s is one, and can't be read here", name)
	}
	return zone, nil
}

// near is a hint for a name in other letters, or without its continent.
func near(name string) string {
	for known := range loaded() {
		if strings.EqualFold(known, name) || strings.EqualFold(known[strings.LastIndexByte(known, '/')+1:], strings.ReplaceAll(name, " ", "_")) && strings.Contains(known, "/") {
			return fmt.Sprintf(": did you mean %s?", known)
		}
	}
	return ""
}

// Form is how a time on a zone's clocks is written, for people: without an offset, because the zone has it.
const Form = "2006-01-02T15:04:05"

// Parse reads a time on some zone's clocks, with or without seconds. It is returned as if it were UTC's.
func Parse(text string) (wall time.Time, err error) {
	for _, form := range []string{"2006-01-02T15:04", Form} {
		if wall, err = time.Parse(form, text); err == nil {
			return wall, nil
		}
	}
	return time.Time{}, fmt.Errorf("must be a time without an offset, such as 2026-12-01T09:00")
}

// Instants are the moments at which a zone's clocks show a time, the earlier first: one; two where they are set back over it;
// none where they are set forward over it.
func Instants(wall time.Time, zone *time.Location) []time.Time {
	guess := time.Date(wall.Year(), wall.Month(), wall.Day(), wall.Hour(), wall.Minute(), wall.Second(), 0, zone)
	var found []time.Time
	for _, at := range around(guess) {
		_, offset := at.Zone()
		instant := wall.Add(-time.Duration(offset) * time.Second)
		if shows(instant, zone, wall) {
			found = append(found, instant)
		}
	}
	slices.SortFunc(found, time.Time.Compare)
	return slices.CompactFunc(found, time.Time.Equal)
}

// around are moments of the three stretches between changes of a zone's clocks that a time may fall into.
func around(guess time.Time) []time.Time {
	var all []time.Time
	start, end := guess.ZoneBounds()
	if !start.IsZero() {
		all = append(all, start.Add(-time.Second))
	}
	all = append(all, guess)
	if !end.IsZero() {
		all = append(all, end)
	}
	return all
}

func shows(instant time.Time, zone *time.Location, wall time.Time) bool {
	return instant.In(zone).Format(Form) == wall.Format(Form)
}

// Gap says over which times a zone's clocks are set forward when they never show one, such as "from 02:00 to 03:00".
func Gap(wall time.Time, zone *time.Location) string {
	guess := time.Date(wall.Year(), wall.Month(), wall.Day(), wall.Hour(), wall.Minute(), wall.Second(), 0, zone)
	start, end := guess.ZoneBounds()
	change := start
	if change.IsZero() || !end.IsZero() && end.Sub(guess) < guess.Sub(start) {
		change = end
	}
	before := change.Add(-time.Second)
	_, offset := before.Zone()
	return fmt.Sprintf("from %s to %s", change.In(time.FixedZone("", offset)).Format("15:04"), change.In(zone).Format("15:04"))
}
