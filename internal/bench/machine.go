package bench

import (
	"context"
	"fmt"
	"os"
	"regexp"
	"runtime"
	"strings"

	"github.com/postwright/postwright/internal/devdb"
)

// describeMachine says on what a run ran, and what else had been running there.
func describeMachine(ctx context.Context) (string, error) {
	version, err := devdb.Version(ctx)
	if err != nil {
		return "", err
	}
	return fmt.Sprintf("%d cores (%s), %s of memory, Linux %s, %s, PostgreSQL %s; load average before the run %s",
		runtime.NumCPU(), first("/proc/cpuinfo", `(?m)^model name\s*: (.*)$`), first("/proc/meminfo", `(?m)^MemTotal:\s*(.*)$`),
		first("/proc/sys/kernel/osrelease", `(.*)`), runtime.Version(), version, first("/proc/loadavg", `^(\S+)`)), nil
}

// first is what a pattern finds first in a file of the kernel's.
func first(file, pattern string) string {
	text, err := os.ReadFile(file)
	if err != nil {
		return "unknown"
	}
	found := regexp.MustCompile(pattern).FindStringSubmatch(string(text))
	if found == nil {
		return "unknown"
	}
	return strings.TrimSpace(found[1])
}
