package rpc

import (
	"fmt"
	"strconv"
	"strings"
	"sync"

	"buf.build/go/protovalidate"
	"google.golang.org/protobuf/reflect/protoreflect"

	"github.com/postwright/postwright/internal/fault"
)

// unruled is how often a field may be in a message that has no rule of its own about it. In binary a field that is not
// repeated may be there several times, and the last one counts; of messages it is their sum, so those may be there once.
const unruled = 100

// fieldMask is the one message that JSON writes as a list within a string.
const fieldMask protoreflect.FullName = "google.protobuf.FieldMask"

// bounds are how much of what a message may hold: the rules of its proto file that can be held against its bytes. That is
// done before anything is made of them, because a list's element takes two or three bytes and becomes hundreds.
type bounds struct {
	byNumber []*bound          // nil where there is no field
	byName   map[string]*bound // as in JSON, and as in the proto file
}

// bound is the bounds of a field.
type bound struct {
	name     string // as JSON callers write it
	most     int    // how often it may be there
	repeated bool
	text     bool
	chars    int          // of the longest text; 0 for any
	message  *bounds      // of its own fields; nil for none
	json     messageForms // what it is in JSON, if it is a message
	enum     []string     // the names of its values, if it is an enum
	kind     protoreflect.Kind
	oneof    protoreflect.OneofDescriptor // the alternatives that it is one of, nil for none
	between  string                       // the limits of a whole number, as words behind what it must be; "" where its rules have none
}

// whole reports whether it is a whole number, as an enum's value is in binary.
func (f *bound) whole() bool {
	switch f.kind {
	case protoreflect.EnumKind, protoreflect.Int32Kind, protoreflect.Int64Kind, protoreflect.Uint32Kind, protoreflect.Uint64Kind:
		return true
	}
	return false
}

// messageForms says how JSON writes a message.
type messageForms uint8

const (
	asObject messageForms = iota
	asText                // google.protobuf's own, such as a Timestamp
	asPaths               // a FieldMask
	asTime                // a Timestamp
)

// knownBounds are those of the messages that have been met, by descriptor.
var knownBounds sync.Map

// boundsOf is the bounds of a message that does not contain itself; no request of the API does.
func boundsOf(message protoreflect.MessageDescriptor) *bounds {
	if known, there := knownBounds.Load(message); there {
		return known.(*bounds) //nolint:errcheck,forcetypeassert // nothing else is stored, eleven lines down
	}
	b := &bounds{byName: map[string]*bound{}}
	for i := range message.Fields().Len() {
		field := message.Fields().Get(i)
		f := boundOf(field)
		for len(b.byNumber) <= int(field.Number()) {
			b.byNumber = append(b.byNumber, nil)
		}
		b.byNumber[field.Number()] = f
		b.byName[field.JSONName()], b.byName[field.TextName()] = f, f
	}
	// Two calls may get here at once, with the same result.
	knownBounds.Store(message, b)
	return b
}

// valuesOf are the names of an enum's values, the first of which stands for none.
func valuesOf(enum protoreflect.EnumDescriptor) (names []string) {
	for i := range enum.Values().Len() {
		names = append(names, string(enum.Values().Get(i).Name()))
	}
	return names
}

func boundOf(field protoreflect.FieldDescriptor) *bound {
	f := &bound{name: field.JSONName(), most: unruled, repeated: field.IsList(), text: field.Kind() == protoreflect.StringKind, kind: field.Kind()}
	if oneof := field.ContainingOneof(); oneof != nil && !oneof.IsSynthetic() {
		f.oneof = oneof
	}
	if field.Enum() != nil {
		f.enum = valuesOf(field.Enum())
	}
	if m := field.Message(); m != nil && !field.IsMap() {
		f.message = boundsOf(m)
		if !f.repeated {
			f.most = 1
		}
		switch {
		case m.FullName() == fieldMask:
			f.json = asPaths
		case m.FullName() == "google.protobuf.Timestamp":
			f.json = asTime
		case strings.HasPrefix(string(m.FullName()), "google.protobuf."):
			f.json = asText
		}
	}
	rules, err := protovalidate.ResolveFieldRules(field)
	if err != nil || rules == nil {
		return f // validation itself fails for rules that can't be read
	}
	if number := rules.GetInt32(); number.HasGte() && number.HasLte() {
		f.between = fmt.Sprintf(" from %d to %d", number.GetGte(), number.GetLte())
	}
	text := rules.GetString()
	if f.repeated {
		text = rules.GetRepeated().GetItems().GetString()
		if list := rules.GetRepeated(); list.HasMaxItems() {
			f.most = int(list.GetMaxItems()) //nolint:gosec // thousands
		}
	}
	switch {
	case text.HasMaxLen():
		f.chars = int(text.GetMaxLen()) //nolint:gosec // thousands
	case text.GetUuid():
		f.chars = 36
	}
	return f
}

// fieldPath is where a scan is: the fields on the way from the message to what is looked at.
type fieldPath []pathStep

type pathStep struct {
	name  string
	index int // in a list, -1 outside
}

func (p fieldPath) String() string {
	var b strings.Builder
	for i, s := range p {
		if i > 0 {
			b.WriteByte('.')
		}
		b.WriteString(s.name)
		if s.index >= 0 {
			b.WriteString("[" + strconv.Itoa(s.index) + "]")
		}
	}
	return b.String()
}

// scan is one message being held against its bounds.
type scan struct {
	at     fieldPath
	faults fault.List
	texts  bool // are held against UTF-8
}

func (s *scan) enter(f *bound, index int) {
	if !f.repeated {
		index = -1
	}
	s.at = append(s.at, pathStep{f.name, index})
}

func (s *scan) leave() { s.at = s.at[:len(s.at)-1] }

func (s *scan) objectf(format string, args ...any) {
	s.object(func() string { return fmt.Sprintf(format, args...) })
}

// object objects in words that are made only where there is room for them: a request may hold as many wrong values as it
// has bytes.
func (s *scan) object(problem func() string) {
	if s.faults.Full() {
		s.faults.AddMore(1)
		return
	}
	s.faults.Add(fault.Field{Path: s.at.String(), Problem: problem()})
}

// again objects to a field that is there a second time.
func (s *scan) again(f *bound) {
	s.at = append(s.at, pathStep{f.name, -1})
	s.objectf("is there more than once: give it once")
	s.leave()
}

// oneOnly objects to a field beside another of the same alternatives.
func (s *scan) oneOnly(f *bound) {
	var names []string
	for i := range f.oneof.Fields().Len() {
		names = append(names, f.oneof.Fields().Get(i).JSONName())
	}
	s.at = append(s.at, pathStep{f.name, -1})
	s.objectf("is one of %s: give one of them only", strings.Join(names, ", "))
	s.leave()
}

// tooMany objects to a field that is there too often.
func (s *scan) tooMany(f *bound, count int) {
	s.at = append(s.at, pathStep{f.name, -1})
	if f.repeated {
		s.objectf("must be at most %d and are %d", f.most, count)
	} else {
		s.objectf("is there %d times: give it once", count)
	}
	s.leave()
}

// tooLong objects to a text of this many bytes if its characters can't be so few as its bound says.
func (s *scan) tooLong(f *bound, bytes, bytesPerChar int) {
	if f.chars > 0 && bytes > f.chars*bytesPerChar {
		s.objectf("must be at most %d characters and is more than %d bytes", f.chars, f.chars*bytesPerChar)
	}
}
