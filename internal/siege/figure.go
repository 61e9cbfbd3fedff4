package siege

import (
	"fmt"
	"strconv"
	"strings"
	"time"
)

// figure is something that was measured, and what it may be at most.
type figure struct {
	Attack, Name string
	Value, Most  float64
	Unit         string
	// Note says what the value belongs to, or what it is compared with; it may be empty.
	Note string
}

func (f figure) kept() bool { return f.Value <= f.Most }

// row is the figure in the report's table.
func (f figure) row() string {
	verdict := "kept"
	if !f.kept() {
		verdict = "**broken**"
	}
	return fmt.Sprintf("| %s | %s | %s | %s | %s | %s |\n", f.Attack, f.Name, number(f.Value, f.Unit), number(f.Most, f.Unit), f.Note, verdict)
}

// String is the figure for the terminal.
func (f figure) String() string {
	text := fmt.Sprintf("%s: %s: %s, at most %s", f.Attack, f.Name, number(f.Value, f.Unit), number(f.Most, f.Unit))
	if f.Note != "" {
		text += " (" + f.Note + ")"
	}
	return text
}

// reached is what an attack came to, and what it has to come to: with less its figures would prove nothing.
type reached struct {
	Attack, What string
	Value, Least float64
}

func (r reached) row() string {
	return fmt.Sprintf("| %s | %s | %s | %s |\n", r.Attack, r.What, number(r.Value, ""), number(r.Least, ""))
}

func number(value float64, unit string) string {
	text := strconv.FormatFloat(value, 'f', 1, 64)
	if value >= 100 || value <= -100 {
		text = strconv.FormatFloat(value, 'f', 0, 64)
	}
	return strings.TrimSpace(strings.TrimSuffix(text, ".0") + " " + unit)
}

// milliseconds is a duration as figures show it.
func milliseconds(d time.Duration) float64 { return float64(d.Microseconds()) / 1000 }

const mebibyte = 1 << 20

// verdict is what the figures come to.
type verdict struct {
	Attacks []string
	// Reached is what the attacks came to.
	Reached []reached
	Figures []figure
	// Missed is what was planned and did not happen, so that the run proves less than it says.
	Missed []string
}

func (v verdict) broken() (list []figure) {
	for _, f := range v.Figures {
		if !f.kept() {
			list = append(list, f)
		}
	}
	return list
}

func (v verdict) passed() bool {
	return len(v.Figures) > 0 && len(v.broken()) == 0 && len(v.Missed) == 0
}

// worst is the largest value of the figures of a name over all attacks.
func (v verdict) worst(name string) float64 {
	worst := 0.0
	for _, f := range v.Figures {
		if f.Name == name {
			worst = max(worst, f.Value)
		}
	}
	return worst
}

// line is the verdict in one line, with its figures: the worst of all attacks.
func (v verdict) line() string {
	word := "PASS"
	if !v.passed() {
		word = "FAIL"
	}
	return fmt.Sprintf(
		"siege: %s attacks=%d figures=%d errors=%.0f unserved=%.0f get_p50_ms=%.1f get_p99_ms=%.1f create_p99_ms=%.1f published_worst_ms=%.0f "+
			"memory_mib=%.0f log_kib=%.0f "+
			"pool_in_use=%.0f exit_s=%.1f exit_code=%.0f broken=%d missed=%d",
		word,
		len(v.Attacks),
		len(v.Figures),
		v.worst(nameErrors),
		v.worst(nameUnserved),
		v.worst(nameGet50),
		v.worst(nameGet99),
		v.worst(nameCreate99),
		v.worst(namePublishedWorst),
		v.worst(nameMemory),
		v.worst(nameLog),
		v.worst(namePool),
		v.worst(nameExit),
		v.worst(nameExitCode),
		len(v.broken()),
		len(v.Missed),
	)
}

// The figures that every attack has.
const (
	nameErrors         = "errors of the quiet owner"
	nameUnserved       = "looks at /metrics and /readyz that were not served"
	nameGet50          = "GetPost p50"
	nameGet99          = "GetPost p99"
	nameCreate50       = "CreatePost p50"
	nameCreate99       = "CreatePost p99"
	namePublished50    = "PublishPost to PUBLISHED p50"
	namePublishedWorst = "PublishPost to PUBLISHED, worst"
	nameMemory         = "growth of the memory's peak"
	nameLog            = "log"
	namePool           = "pool connections in use afterwards"
	nameExit           = "SIGTERM to exit"
	nameExitCode       = "exit code"
	nameDied           = "node ended by itself"
)
