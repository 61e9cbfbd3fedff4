package rpc

import (
	"bytes"
	"encoding/json"
	"fmt"
	"slices"
	"strconv"
	"strings"

	"google.golang.org/protobuf/encoding/protojson"
	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/reflect/protoreflect"
	"google.golang.org/protobuf/types/known/wrapperspb"

	"github.com/postwright/postwright/internal/fault"
)

// bytesPerEscapedChar is how many bytes JSON takes for a character at most: two escapes such as \ud83d.
const bytesPerEscapedChar = 12

// maxName bounds what is repeated of an unknown field's name, in bytes.
const maxName = 100

// scanJSON holds a message in JSON against its bounds, and objects to what is of another form than its field. Of JSON's
// grammar it knows only what it needs to find its way: commas and colons are space to it. It stops where the bytes make
// no sense, or at a field that the message lacks, which is unknown. Of what it passes, the codec refuses nothing but text that is
// no JSON: a test of every kind of field holds that.
func scanJSON(body []byte, b *bounds) (unknown *unknownField, err error) {
	s := jsonScan{body: body}
	s.message(b)
	return s.unknown, s.faults.Err()
}

// unknownField is where the name of a field is that a message lacks, and what is said of it.
type unknownField struct {
	at    int
	words string
}

type jsonScan struct {
	scan
	body    []byte
	next    int           // what has not been looked at
	unknown *unknownField // nil where there is none
}

// peek is the first character of what comes next, 0 at the end.
func (s *jsonScan) peek() byte {
	for ; s.next < len(s.body); s.next++ {
		switch c := s.body[s.next]; c {
		case ' ', '\t', '\r', '\n', ',', ':':
		default:
			return c
		}
	}
	return 0
}

// message reports whether it came to the end of one.
func (s *jsonScan) message(b *bounds) bool {
	if s.peek() != '{' {
		return false
	}
	s.next++
	seen := make([]*bound, 0, 32) // more than most messages have fields: no allocation
	var chosen []*bound           // of alternatives
	for {
		switch s.peek() {
		case '}':
			s.next++
			return true
		case '"':
		default:
			return false
		}
		at := s.next
		name, ended := s.text()
		if !ended {
			return false
		}
		f := b.byName[string(name)]
		if f == nil && bytes.IndexByte(name, '\\') >= 0 {
			f = b.byName[unescaped(name)]
		}
		if f == nil {
			shown := strconv.Quote(fault.Clip(string(name), maxName))
			s.unknown = &unknownField{at, fmt.Sprintf("unknown field %s: %s", shown, b.suggest(string(name)))}
			return false
		}
		if slices.Contains(seen, f) { // whichever of its two names it has; the codec refuses it too, once it has come so far
			s.again(f)
			return s.rest()
		}
		seen = append(seen, f)
		if f.oneof != nil && s.peek() != 'n' {
			if slices.ContainsFunc(chosen, func(other *bound) bool { return other.oneof == f.oneof }) {
				s.oneOnly(f)
				return s.rest()
			}
			chosen = append(chosen, f)
		}
		if !s.field(f) {
			return false
		}
	}
}

// rest passes over what is left of an object, and reports whether it has an end.
func (s *jsonScan) rest() bool {
	for s.peek() != '}' {
		if !s.skip() {
			return false
		}
	}
	s.next++
	return true
}

// field reports whether it came to the end of a field's value.
func (s *jsonScan) field(f *bound) bool {
	first := s.peek()
	switch first {
	case 0:
		return false
	case 'n':
		return s.skip() // null: as if the field were absent
	}
	if !f.repeated {
		s.enter(f, 0)
		defer s.leave()
		return s.value(f)
	}
	if first != '[' {
		s.enter(f, 0)
		defer s.leave()
		s.at[len(s.at)-1].index = -1
		s.objectf("must be a list")
		return s.skip()
	}
	before := s.faults
	count, ended := s.list(f)
	if count > f.most {
		s.faults = before // what is wrong with its elements matters less
		s.tooMany(f, count)
	}
	return ended
}

// list counts what is in a list, and reports whether it came to its end: the codec makes elements of what has none.
func (s *jsonScan) list(f *bound) (count int, ended bool) {
	s.next++
	for ; ; count++ {
		switch s.peek() {
		case 0:
			return count, false
		case ']':
			s.next++
			return count, true
		}
		if count < f.most {
			s.enter(f, count)
			ended = s.value(f)
			s.leave()
		} else {
			ended = s.skip() // only counted
		}
		if !ended {
			return count + 1, false
		}
	}
}

// value reports whether it came to the end of a value that is no list.
func (s *jsonScan) value(f *bound) bool {
	first := s.peek()
	switch {
	case f.message != nil && f.json == asObject:
		if first == '{' {
			return s.message(f.message)
		}
		s.objectf("must be an object")
	case f.text || f.message != nil:
		if first == '"' {
			content, ended := s.text()
			switch f.json {
			case asPaths:
				// An escape may stand for a comma.
				if s.paths(f, 1+bytes.Count(content, []byte{','})+bytes.Count(content, []byte{'\\'})) {
					s.names(unescaped(content))
				}
			case asTime:
				if written := unescaped(content); !isTime(written) {
					s.object(func() string { return timeProblem(written) })
				}
			}
			s.tooLong(f, len(content), bytesPerEscapedChar)
			return ended
		}
		switch f.json {
		case asPaths:
			s.objectf(writtenMask)
		case asTime:
			s.objectf("must be a string, " + writtenTime)
		default:
			s.objectf("must be a string")
		}
	default:
		return s.scalar(f, first)
	}
	return s.skip()
}

// scalar reports whether it came to the end of a number, a truth value or an enum's.
func (s *jsonScan) scalar(f *bound, first byte) bool {
	start := s.next
	ended := s.skip()
	written := string(s.body[start:s.next])
	switch {
	case !ended: // the codec says so
	case f.enum != nil && first == '"':
		if name := unescaped(s.body[start+1 : s.next-1]); !slices.Contains(f.enum, name) {
			s.object(func() string { return enumProblem(name, f.enum) })
		}
	case f.enum != nil && !f.takes(written):
		s.object(func() string { return enumProblem("", f.enum) })
	case f.kind == protoreflect.BoolKind && written != "true" && written != "false":
		s.objectf("must be true or false, without quotes")
	case f.enum == nil && f.whole() && !f.takes(written):
		s.objectf("must be a whole number%s", f.between)
	}
	return ended
}

// takes reports whether a field of whole numbers takes a value. The codec is asked, except where that is plain: it makes garbage.
func (f *bound) takes(written string) bool {
	if len(written) <= plainDigits && !strings.ContainsFunc(written, func(r rune) bool { return r < '0' || r > '9' }) {
		return len(written) == 1 || written[0] != '0' // or it is not JSON, and the codec says so
	}
	if first := strings.TrimPrefix(written, `"`); first == "" || first[0] != '-' && (first[0] < '0' || first[0] > '9') {
		return strings.Contains(written, `\`) && f.codecTakes(written)
	}
	return f.codecTakes(written)
}

// codecTakes asks the codec whether it takes a value for a whole number.
func (f *bound) codecTakes(written string) bool {
	var number proto.Message
	switch f.kind {
	case protoreflect.Int64Kind:
		number = &wrapperspb.Int64Value{}
	case protoreflect.Uint32Kind:
		number = &wrapperspb.UInt32Value{}
	case protoreflect.Uint64Kind:
		number = &wrapperspb.UInt64Value{}
	default:
		number = &wrapperspb.Int32Value{}
	}
	return protojson.Unmarshal([]byte(written), number) == nil
}

// plainDigits is how many digits a number has at most that fits every kind.
const plainDigits = 9

// paths objects to a mask that names too many fields, and reports whether it does not.
func (s *jsonScan) paths(f *bound, count int) bool {
	most := f.message.byName["paths"].most
	if count > most {
		s.objectf("must name at most %d fields and names %d", most, count)
	}
	return count <= most
}

// names objects to what in a mask is no field's name as in JSON. An empty mask names nothing, which is for its rules to judge.
func (s *jsonScan) names(mask string) {
	if mask = strings.TrimSpace(mask); mask == "" {
		return
	}
	for name := range strings.SplitSeq(mask, ",") {
		if !jsonName.MatchString(name) {
			s.object(func() string { return maskProblem(name) })
			return
		}
	}
}

// text returns what is between the quotes of a string, escapes as they are, and whether there is a quote at its end.
func (s *jsonScan) text() ([]byte, bool) {
	start := s.next + 1
	for i := start; i < len(s.body); i++ {
		switch s.body[i] {
		case '\\':
			i++
		case '"':
			s.next = i + 1
			return s.body[start:i], true
		}
	}
	s.next = len(s.body)
	return nil, false
}

// skip passes over one value, whatever it is, and reports whether it has an end.
func (s *jsonScan) skip() bool {
	for depth := 0; ; {
		switch s.peek() {
		case 0:
			return false
		case '"':
			if _, ended := s.text(); !ended {
				return false
			}
		case '{', '[':
			s.next++
			depth++
		case '}', ']':
			s.next++
			depth--
		default:
			s.literal()
		}
		if depth <= 0 {
			return depth == 0
		}
	}
}

// literal passes over a number or a word.
func (s *jsonScan) literal() {
	for s.next++; s.next < len(s.body); s.next++ {
		if strings.IndexByte(" \t\r\n,:{}[]\"", s.body[s.next]) >= 0 {
			return
		}
	}
}

// unescaped is a text as it is meant that may be written with escapes; "" where they make no sense.
func unescaped(name []byte) (plain string) {
	if bytes.IndexByte(name, '\\') < 0 {
		return string(name)
	}
	quoted := append(append([]byte{'"'}, name...), '"')
	if json.Unmarshal(quoted, &plain) != nil {
		return ""
	}
	return plain
}
