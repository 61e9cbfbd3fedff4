package testbed

import (
	"bytes"
	"fmt"
	"os"
)

// The report stands between these two lines of a page.
const (
	reportBegins = "<!-- report -->\n"
	reportEnds   = "<!-- end of the report -->\n"
)

// WriteReport replaces the report in a page.
func WriteReport(page, report string) error {
	text, err := os.ReadFile(page)
	if err != nil {
		return err
	}
	before, rest, begins := bytes.Cut(text, []byte(reportBegins))
	_, after, ends := bytes.Cut(rest, []byte(reportEnds))
	if !begins || !ends {
		return fmt.Errorf("%s lacks the lines %q and %q", page, reportBegins, reportEnds)
	}
	fresh := string(before) + reportBegins + report + reportEnds + string(after)
	return os.WriteFile(page, []byte(fresh), 0o644) //nolint:gosec // a page for everybody to read
}
