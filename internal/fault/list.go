package fault

import (
	"fmt"
	"slices"
	"strings"
	"unicode/utf8"
)

// What is said of a request that is wrong. Whatever it holds, its refusal fits into a gRPC trailer of 16 KiB, details and
// all: some clients take no more.
const (
	// MaxFields is how many wrong fields are named; of the others only their number is told.
	MaxFields = 20
	// In bytes: of a field's path, of what is wrong with it, and of both of all fields, after which no more are named.
	maxPath    = 120
	maxProblem = 240
	maxTexts   = 4 << 10
)

// List gathers what is wrong with a request: the first MaxFields fields, and how many more there are. The zero value is
// an empty list.
type List struct {
	fields []Field
	texts  int // bytes of the fields
	more   int
}

// Add adds wrong fields. Their texts are clipped: a field's name or value may be as long as the request.
func (l *List) Add(fields ...Field) {
	for i, f := range fields {
		if l.Full() {
			l.more += len(fields) - i
			return
		}
		f.Path, f.Problem = Clip(f.Path, maxPath), Clip(f.Problem, maxProblem)
		l.fields = append(l.fields, f)
		l.texts += len(f.Path) + len(f.Problem)
	}
}

// AddNew adds those of the fields whose paths are not in the list: two rules may object to the same value.
func (l *List) AddNew(fields ...Field) {
	for _, f := range fields {
		if !slices.ContainsFunc(l.fields, func(there Field) bool { return there.Path == f.Path }) {
			l.Add(f)
		}
	}
}

// AddMore counts wrong fields that are not named.
func (l *List) AddMore(n int) { l.more += n }

// Full reports whether further fields will only be counted.
func (l *List) Full() bool { return len(l.fields) >= MaxFields || l.texts >= maxTexts }

// Err returns an Invalid fault with what was gathered, or nil when nothing is wrong.
func (l *List) Err() error {
	if len(l.fields)+l.more == 0 {
		return nil
	}
	return &Error{Kind: Invalid, Message: "The request is not valid: " + l.join() + ".", Fields: l.fields, More: l.more}
}

func (l *List) join() string {
	const shown = 5
	var b strings.Builder
	for i, f := range l.fields {
		if i == shown {
			break
		}
		if i > 0 {
			b.WriteString("; ")
		}
		b.WriteString(f.Path + " " + f.Problem)
	}
	if hidden := max(len(l.fields)-shown, 0) + l.more; hidden > 0 {
		fmt.Fprintf(&b, "; and %d more", hidden)
	}
	return b.String()
}

// Fields returns an Invalid fault with the wrong fields, or nil when there is none.
func Fields(fields ...Field) error {
	var list List
	list.Add(fields...)
	return list.Err()
}

// MaxNames is how many of somebody's things are named in one text: they may have thousands.
const MaxNames = 20

// Names writes names out, most of them at most, and how many more there are.
func Names(names []string, most int) string {
	if more := len(names) - most; more > 0 {
		return fmt.Sprintf("%s and %d more", strings.Join(names[:most], ", "), more)
	}
	return strings.Join(names, ", ")
}

// Clip shortens a text to at most limit bytes, and shows that it did.
func Clip(text string, limit int) string {
	const mark = "…"
	if len(text) <= limit {
		return text
	}
	end := limit - len(mark)
	for end > 0 && !utf8.RuneStart(text[end]) {
		end--
	}
	return text[:end] + mark
}
