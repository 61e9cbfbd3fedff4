package answer

import (
	"bytes"
	"encoding/json"
	"errors"
	"math/big"
	"reflect"
	"regexp"
	"slices"
	"strconv"
	"strings"
)

// decode reads a JSON object into value, a pointer to a struct, as far as it can: vendors change the types of members that nobody
// needs, and such a member must not break those that are. A member is left out, as if the vendor had not given it, when it is
// null or of a type from which it can't be told beyond doubt what is meant. It can where a number stands as a string or the other
// way round, true and false as strings, and a whole number as 3.0 or 3e2. unreadable is the first watched member, at whatever
// depth, that is given and can't be read: it must not pass for one that was not given. found is false when nothing was read.
func decode(body []byte, value any, watched ...string) (found bool, unreadable string, err error) {
	body = bytes.TrimPrefix(body, []byte("\xef\xbb\xbf"))
	if !json.Valid(body) {
		return false, "", errors.New("the answer is not JSON")
	}
	d := decoder{watched: watched}
	if !d.read(body, reflect.ValueOf(value).Elem()) {
		return false, "", errors.New("the answer is not a JSON object")
	}
	return d.found, d.unreadable, nil
}

// decoder remembers the first watched member that could not be read. encoding/json has bounded the depth: json.Valid knows it.
type decoder struct {
	watched    []string
	unreadable string
	found      bool
}

// read reads raw into v, which stays as it is when that can't be done; null reads as nothing.
func (d *decoder) read(raw json.RawMessage, v reflect.Value) bool {
	if v.Kind() == reflect.Pointer {
		target := reflect.New(v.Type().Elem())
		if !d.read(raw, target.Elem()) {
			return false
		}
		v.Set(target)
		return true
	}
	switch v.Kind() {
	case reflect.Struct:
		return d.object(raw, v)
	case reflect.Map:
		return d.table(raw, v)
	case reflect.Slice:
		return d.list(raw, v)
	case reflect.String:
		return text(raw, v)
	case reflect.Bool:
		return truth(raw, v)
	case reflect.Int, reflect.Int32, reflect.Int64:
		return whole(raw, v)
	case reflect.Float64:
		return fraction(raw, v)
	}
	return json.Unmarshal(raw, v.Addr().Interface()) == nil
}

func (d *decoder) object(raw json.RawMessage, v reflect.Value) bool {
	var members map[string]json.RawMessage
	if json.Unmarshal(raw, &members) != nil || members == nil {
		return false
	}
	for i := range v.NumField() {
		name, _, _ := strings.Cut(v.Type().Field(i).Tag.Get("json"), ",")
		member, given := members[name]
		if !given || isNull(member) {
			continue
		}
		switch {
		case d.read(member, v.Field(i)):
			d.found = true
		case d.unreadable == "" && slices.Contains(d.watched, name):
			d.unreadable = name
		}
	}
	return true
}

func (d *decoder) table(raw json.RawMessage, v reflect.Value) bool {
	var members map[string]json.RawMessage
	if json.Unmarshal(raw, &members) != nil || members == nil {
		return false
	}
	table := reflect.MakeMapWithSize(v.Type(), len(members))
	for name, member := range members {
		entry := reflect.New(v.Type().Elem()).Elem()
		d.read(member, entry) // one that can't be read is there, and empty
		table.SetMapIndex(reflect.ValueOf(name), entry)
	}
	v.Set(table)
	return true
}

// list keeps the place of an element that can't be read, which is empty: whoever counts on all must notice.
func (d *decoder) list(raw json.RawMessage, v reflect.Value) bool {
	var elements []json.RawMessage
	if json.Unmarshal(raw, &elements) != nil || elements == nil {
		return false
	}
	list := reflect.MakeSlice(v.Type(), len(elements), len(elements))
	for i, element := range elements {
		d.read(element, list.Index(i))
	}
	v.Set(list)
	return true
}

func isNull(raw json.RawMessage) bool { return string(bytes.TrimSpace(raw)) == "null" }

// scalar is what stands in a JSON string, a number or a literal; quoted says whether it was a string.
func scalar(raw json.RawMessage) (s string, quoted, ok bool) {
	raw = bytes.TrimSpace(raw)
	if len(raw) == 0 || raw[0] == '{' || raw[0] == '[' || isNull(raw) {
		return "", false, false
	}
	if raw[0] == '"' {
		err := json.Unmarshal(raw, &s)
		return s, true, err == nil
	}
	return string(raw), false, true
}

// text takes a whole number for the text that its digits are, however it is written: an id of 1e5 is 100000. No other number is a
// text.
func text(raw json.RawMessage, v reflect.Value) bool {
	s, quoted, ok := scalar(raw)
	if !ok {
		return false
	}
	if !quoted && !digits.MatchString(s) {
		n, exact := integer(s)
		if !exact {
			return false
		}
		s = strconv.FormatInt(n, 10)
	}
	v.SetString(s)
	return true
}

// digits is a number as it is kept, of any size.
var digits = regexp.MustCompile(`^-?[1-9][0-9]*$|^0$`)

func truth(raw json.RawMessage, v reflect.Value) bool {
	s, _, _ := scalar(raw)
	switch strings.ToLower(strings.TrimSpace(s)) {
	case "true":
		v.SetBool(true)
	case "false":
		v.SetBool(false)
	default:
		return false
	}
	return true
}

// maxDigits bounds a number: 1e999999999 would take all memory to be written out.
const maxDigits = 40

func whole(raw json.RawMessage, v reflect.Value) bool {
	s, _, _ := scalar(raw)
	n, exact := integer(strings.TrimSpace(s))
	if !exact || v.OverflowInt(n) {
		return false
	}
	v.SetInt(n)
	return true
}

// integer is the whole number that is written, also with a point or an exponent; exact is false when none is.
func integer(s string) (n int64, exact bool) {
	if n, err := strconv.ParseInt(s, 10, 64); err == nil {
		return n, true
	}
	if len(s) > maxDigits || !json.Valid([]byte(s)) {
		return 0, false
	}
	if f, err := strconv.ParseFloat(s, 64); err != nil || f > 1e18 || f < -1e18 || f != 0 && f < 1 && f > -1 {
		return 0, false
	}
	r, ok := new(big.Rat).SetString(s)
	if !ok || !r.IsInt() || !r.Num().IsInt64() {
		return 0, false
	}
	return r.Num().Int64(), true
}

func fraction(raw json.RawMessage, v reflect.Value) bool {
	s, _, _ := scalar(raw)
	s = strings.TrimSpace(s)
	if !json.Valid([]byte(s)) {
		return false
	}
	f, err := strconv.ParseFloat(s, 64)
	if err != nil {
		return false
	}
	v.SetFloat(f)
	return true
}
