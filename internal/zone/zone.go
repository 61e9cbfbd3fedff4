// Package zone knows the time zones of IANA by their names, and which instants a time on their clocks is.
//
// It must not know what the times are for.
package zone

import (
	"archive/zip"
	"bytes"
	_ "embed"
	"fmt"
	"io"
	"slices"
	"strings"
	"sync"
	"time"
)

// Release is the release of IANA's database (https://www.iana.org/time-zones) that the program carries.
const Release = "2025c"

// archive is Go's lib/time/zoneinfo.zip: `just zones` copies it here. Nothing else is asked: time.LoadLocation would ask
// $ZONEINFO and the machine's folders first, so that two nodes could take one local time for two moments, and an old folder would
// win over a new program.
//
//go:embed zoneinfo.zip
var archive []byte

// nobodys is the one name in the archive that is no place's: IANA has it for machines whose zone nobody has set.
const nobodys = "Factory"

// loaded are the zones by name, made when they are first asked for: 600 at most.
var loaded = sync.OnceValue(func() map[string]func() (*time.Location, error) {
	files, err := zip.NewReader(bytes.NewReader(archive), int64(len(archive)))
	if err != nil {
		panic("the zones that the program carries can't be read: " + err.Error()) // it was built from a broken file
	}
	all := map[string]func() (*time.Location, error){}
	for _, file := range files.File {
		if name := file.Name; !strings.HasSuffix(name, "/") && name != nobodys {
			all[name] = sync.OnceValues(func() (*time.Location, error) { return read(file) })
		}
	}
	return all
})

func read(file *zip.File) (*time.Location, error) {
	content, err := file.Open()
	if err != nil {
		return nil, err
	}
	rules, err := io.ReadAll(content)
	if err != nil {
		return nil, err
	}
	return time.LoadLocationFromTZData(file.Name, rules)
}

// Load returns a zone by IANA's name, such as Europe/Berlin, in exactly that spelling; "" is UTC. Its error says what the name
// must be, as it goes on after the name of a field.
func Load(name string) (*time.Location, error) {
	if name == "" || name == "UTC" {
		return time.UTC, nil
	}
	load, known := loaded()[name]
	if !known {
		return nil, fmt.Errorf("must be an IANA zone such as Europe/Berlin%s", near(name))
	}
	zone, err := load()
	if err != nil { // the program was built from a broken file
		return nil, fmt.Errorf("must be an IANA zone: %s is one, and can't be read here", name)
	}
	return zone, nil
}

// near is a hint for a name in other letters, or without its continent: then it is all the names that end so.
func near(name string) string {
	written := strings.ReplaceAll(name, " ", "_")
	var meant []string
	for known := range loaded() {
		if strings.EqualFold(known, written) {
			return ": write " + known
		}
		if slash := strings.LastIndexByte(known, '/'); slash >= 0 && strings.EqualFold(known[slash+1:], written) {
			meant = append(meant, known)
		}
	}
	if len(meant) == 0 {
		return ""
	}
	slices.Sort(meant)
	return ": write " + strings.Join(meant, " or ")
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
