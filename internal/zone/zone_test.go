package zone_test

import (
	"archive/zip"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"github.com/postwright/postwright/internal/zone"
)

func TestZonesAreThoseOfIANA(t *testing.T) {
	t.Parallel()
	for _, name := range []string{
		"", "UTC", "Europe/Berlin", "America/Port-au-Prince", "America/Argentina/Buenos_Aires", "Etc/GMT+12", "EST5EDT", "GB-Eire",
		"Africa/Dar_es_Salaam", "PRC",
	} {
		_, err := zone.Load(name)
		require.NoError(t, err, name)
	}
	for name, hint := range map[string]string{
		"Local": "", "localtime": "", "posixrules": "", "right/UTC": "", "posix/Europe/Berlin": "", "Factory": "", "leapseconds": "", "tzdata.zi": "",
		"../etc/passwd":  "",
		"/Europe/Berlin": "", "Europe/Berlin ": "", "+01:00": "", "Europe": "", "CEST": "", "europe/berlin": "write Europe/Berlin",
		"Berlin":   "write Europe/Berlin",
		"new york": "write America/New_York",
	} {
		_, err := zone.Load(name)
		require.ErrorContains(t, err, "IANA zone", name)
		require.ErrorContains(t, err, hint, name)
	}
}

func TestAHintNamesEveryZoneThatMayBeMeant(t *testing.T) {
	t.Parallel()
	for name, hint := range map[string]string{
		"buenos aires": ": write America/Argentina/Buenos_Aires or America/Buenos_Aires",
		"EASTERN":      ": write Canada/Eastern or US/Eastern",
		"singapore":    ": write Singapore", // and not Asia/Singapore, which ends so
		"asia/tokyo":   ": write Asia/Tokyo",
		"Mars/Olympus": "",
	} {
		for range 20 { // not as a map is walked
			_, err := zone.Load(name)
			require.EqualError(t, err, "must be an IANA zone such as Europe/Berlin"+hint)
		}
	}
	for name := range inArchive(t) {
		_, err := zone.Load(strings.ToLower(name))
		if lower := strings.ToLower(name); lower != name && name != "Factory" {
			require.ErrorContains(t, err, ": write "+name, name)
		}
	}
}

// Every node of a release goes by the same rules, however old the folders of zones on its machine are.
func TestTheMachinesZonesDecideNothing(t *testing.T) {
	folder := t.TempDir()
	require.NoError(t, os.Mkdir(filepath.Join(folder, "Europe"), 0o700))
	require.NoError(t, os.WriteFile(filepath.Join(folder, "Europe", "Berlin"), inArchive(t)["Asia/Tokyo"], 0o600))
	t.Setenv("ZONEINFO", folder)
	noon := time.Date(2026, 12, 1, 12, 0, 0, 0, time.UTC)

	asked, err := time.LoadLocation("Europe/Berlin")
	require.NoError(t, err)
	require.Equal(t, "21:00", noon.In(asked).Format("15:04"), "the machine is wrong, and Go asks it")
	ours, err := zone.Load("Europe/Berlin")
	require.NoError(t, err)
	require.Equal(t, "13:00", noon.In(ours).Format("15:04"))
	require.Equal(t, "Europe/Berlin", ours.String())
}

// The zones are renewed with Go.
func TestZonesAreThoseOfTheGoThatBuildsThis(t *testing.T) {
	t.Parallel()
	root, err := exec.CommandContext(t.Context(), "go", "env", "GOROOT").Output()
	require.NoError(t, err)
	folder := filepath.Join(strings.TrimSpace(string(root)), "lib", "time")
	want, err := os.ReadFile(filepath.Join(folder, "zoneinfo.zip"))
	require.NoError(t, err)
	got, err := os.ReadFile("zoneinfo.zip")
	require.NoError(t, err)
	const remedy = "run `just zones` and commit what it changes"
	require.True(t, string(want) == string(got), remedy)
	script, err := os.ReadFile(filepath.Join(folder, "update.bash"))
	require.NoError(t, err)
	release := regexp.MustCompile(`(?m)^DATA=(\S+)$`).FindSubmatch(script)
	require.NotNil(t, release)
	require.Equal(t, string(release[1]), zone.Release, remedy)

	for name := range inArchive(t) {
		if name != "Factory" {
			at, err := zone.Load(name)
			require.NoError(t, err)
			require.Equal(t, name, at.String())
		}
	}
}

// inArchive are the zones' rules by name.
func inArchive(t *testing.T) map[string][]byte {
	archive, err := zip.OpenReader("zoneinfo.zip")
	require.NoError(t, err)
	defer func() { require.NoError(t, archive.Close()) }()
	rules := map[string][]byte{}
	for _, file := range archive.File {
		if strings.HasSuffix(file.Name, "/") {
			continue
		}
		content, err := file.Open()
		require.NoError(t, err)
		rules[file.Name], err = io.ReadAll(content)
		require.NoError(t, err)
	}
	require.Greater(t, len(rules), 500)
	return rules
}

func TestInstants(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		zone, wall string
		want       []string
		gap        string
	}{
		"an ordinary time":         {"Europe/Berlin", "2026-12-01T09:00", []string{"2026-12-01T08:00:00Z"}, ""},
		"with seconds":             {"Europe/Berlin", "2026-07-01T09:00:30", []string{"2026-07-01T07:00:30Z"}, ""},
		"set forward over it":      {"Europe/Berlin", "2026-03-29T02:30", nil, "from 02:00 to 03:00"},
		"just before that":         {"Europe/Berlin", "2026-03-29T01:59", []string{"2026-03-29T00:59:00Z"}, ""},
		"just after it":            {"Europe/Berlin", "2026-03-29T03:00", []string{"2026-03-29T01:00:00Z"}, ""},
		"set back over it":         {"Europe/Berlin", "2026-10-25T02:30", []string{"2026-10-25T00:30:00Z", "2026-10-25T01:30:00Z"}, ""},
		"half an hour set back":    {"Australia/Lord_Howe", "2026-04-05T01:45", []string{"2026-04-04T14:45:00Z", "2026-04-04T15:15:00Z"}, ""},
		"half an hour set forward": {"Australia/Lord_Howe", "2026-10-04T02:15", nil, "from 02:00 to 02:30"},
		"at midnight":              {"Africa/Cairo", "2026-04-24T00:30", nil, "from 00:00 to 01:00"},
		"a whole day left out":     {"Pacific/Apia", "2011-12-30T12:00", nil, "from 00:00 to 00:00"},
		"UTC":                      {"", "2026-03-29T02:30", []string{"2026-03-29T02:30:00Z"}, ""},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			at, err := zone.Load(c.zone)
			require.NoError(t, err)
			wall, err := zone.Parse(c.wall)
			require.NoError(t, err)
			var got []string
			for _, instant := range zone.Instants(wall, at) {
				got = append(got, instant.UTC().Format(time.RFC3339))
			}
			require.Equal(t, c.want, got)
			if c.gap != "" {
				require.Equal(t, c.gap, zone.Gap(wall, at))
			}
		})
	}
	for _, text := range []string{"", "2026-12-01", "2026-12-01 09:00", "2026-12-01T09:00Z", "2026-12-01T09:00+01:00", "2026-13-01T09:00",
		"2026-02-30T09:00", "9:00", "2026-12-01T24:00"} {
		_, err := zone.Parse(text)
		require.ErrorContains(t, err, "without an offset", text)
	}
}

// Every moment is among the moments at which its zone's clocks show what they show then, and all of those show it.
func TestEveryMomentIsFoundByItsClock(t *testing.T) {
	t.Parallel()
	names := []string{
		"Europe/Berlin",
		"America/New_York",
		"Australia/Lord_Howe",
		"Pacific/Apia",
		"Asia/Tehran",
		"Africa/Casablanca",
		"America/Asuncion",
		"Asia/Kathmandu",
		"Europe/Dublin",
		"Antarctica/Troll",
		"America/Caracas",
		"Pacific/Kiritimati",
		"UTC",
	}
	rapid.Check(t, func(t *rapid.T) {
		at, err := zone.Load(rapid.SampledFrom(names).Draw(t, "zone"))
		require.NoError(t, err)
		instant := time.Unix(
			rapid.Int64Range(time.Date(2000, 1, 1, 0, 0, 0, 0, time.UTC).Unix(), time.Date(2037, 1, 1, 0, 0, 0, 0, time.UTC).Unix()).Draw(t, "moment"),
			0,
		)
		if rapid.Bool().Draw(t, "near a change") {
			if _, end := instant.In(at).ZoneBounds(); !end.IsZero() {
				instant = end.Add(time.Duration(rapid.Int64Range(-7200, 7200).Draw(t, "seconds")) * time.Second)
			}
		}
		shown := instant.In(at).Format(zone.Form)
		wall, err := zone.Parse(shown)
		require.NoError(t, err)
		instants := zone.Instants(wall, at)
		found := false
		for _, one := range instants {
			require.Equal(t, shown, one.In(at).Format(zone.Form))
			found = found || one.Equal(instant)
		}
		require.True(t, found, "%s in %s: %v", shown, at, instants)
		require.True(t, len(instants) == 1 || strings.Compare(instants[0].UTC().Format(time.RFC3339), instants[1].UTC().Format(time.RFC3339)) < 0)
	})
}
