package rpc

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"unicode/utf8"

	"google.golang.org/protobuf/reflect/protoreflect"

	"github.com/postwright/postwright/internal/fault"
)

// maxWords bounds what a codec's words on a message may repeat of it, in bytes.
const maxWords = 300

// wordsOf are a codec's own words on a message: they name line, column and field of the caller's own text, and nothing of
// ours. The space after their mark is now a plain and now a non-breaking one.
func wordsOf(err error) string {
	return fault.Clip(strings.TrimSpace(strings.TrimPrefix(err.Error(), "proto:")), maxWords)
}

// wrongInJSON says what is wrong with a message in JSON that the codec refused with err, and what to do where that is not
// plain. What is wrong with the text itself comes first: the codec has no words for some of that.
func wrongInJSON(body []byte, unknown *unknownField, err error) string {
	if bytes.HasPrefix(body, []byte("\ufeff")) {
		return "it begins with a byte order mark: leave that out"
	}
	if at := invalidUTF8(body); at >= 0 {
		return where(body, at) + "the text is not UTF-8: encode it as UTF-8"
	}
	if half, at := loneSurrogate(body); at >= 0 {
		return where(body, at) + half + " is half of a character: send both halves, or the character itself"
	}
	if !json.Valid(body) {
		return notJSON(body)
	}
	if first := bytes.TrimLeft(body, " \t\r\n"); len(first) > 0 && first[0] != '{' {
		return "it must be a JSON object: {…}"
	}
	if unknown != nil {
		return where(body, unknown.at) + unknown.words
	}
	return wordsOf(err)
}

// wrongInBinary says what is wrong with a message in protobuf's binary form that the codec refused: all of its texts have been
// found to be UTF-8 by then.
func wrongInBinary(body []byte, of protoreflect.MessageDescriptor) string {
	how := "send the " + string(of.FullName()) + " of specs/api, encoded by a library for protobuf, or send JSON with Content-Type: application/json"
	if first := bytes.TrimLeft(body, " \t\r\n"); len(first) > 0 && first[0] == '{' && json.Valid(body) {
		return "it is JSON, and its Content-Type says protobuf: " + how
	}
	return fmt.Sprintf("its %d bytes are no message in protobuf's binary form, or are cut off: %s", len(body), how)
}

// notJSON says where a text stops being JSON.
func notJSON(body []byte) string {
	decoder := json.NewDecoder(bytes.NewReader(body))
	var value json.RawMessage
	err := decoder.Decode(&value)
	var syntax *json.SyntaxError
	switch {
	case err == nil:
		return where(body, int(decoder.InputOffset())) + "more follows the JSON object: send one only"
	case errors.As(err, &syntax):
		return where(body, int(syntax.Offset)-1) + "it is not JSON: " + fault.Clip(err.Error(), maxWords)
	}
	return fmt.Sprintf("it ends in the middle, after %d bytes", len(body))
}

// where is the line and column of a byte, from 1; columns are in characters.
func where(body []byte, at int) string {
	before := body[:max(min(at, len(body)), 0)]
	line := bytes.LastIndexByte(before, '\n') + 1
	return fmt.Sprintf("(line %d:%d): ", bytes.Count(before, []byte{'\n'})+1, utf8.RuneCount(before[line:])+1)
}

// invalidUTF8 is where the first byte is that belongs to no character, -1 for none.
func invalidUTF8(body []byte) int {
	for at := 0; at < len(body); {
		r, size := utf8.DecodeRune(body[at:])
		if r == utf8.RuneError && size == 1 {
			return at
		}
		at += size
	}
	return -1
}

// loneSurrogate finds an escape that is half of a surrogate pair without the other half; at is -1 where there is none.
func loneSurrogate(body []byte) (escape string, at int) {
	for at = 0; at < len(body); at++ {
		if body[at] != '\\' {
			continue
		}
		switch surrogate(body[at:]) {
		case high:
			if surrogate(body[at+len(`\ud800`):]) != low {
				return string(body[at : at+len(`\ud800`)]), at
			}
			at += len(`\ud800\udc00`) - 1
		case low:
			return string(body[at : at+len(`\ud800`)]), at
		default:
			at++ // what is escaped may be a backslash
		}
	}
	return "", -1
}

const (
	high = 'h'
	low  = 'l'
)

// surrogate says which half of a surrogate pair an escape at the start of text is, 0 for none.
func surrogate(text []byte) rune {
	if len(text) < len(`\ud800`) || text[0] != '\\' || text[1] != 'u' || text[2]|0x20 != 'd' {
		return 0
	}
	for _, digit := range text[2:len(`\ud800`)] {
		if strings.IndexByte("0123456789abcdefABCDEF", digit) < 0 {
			return 0
		}
	}
	switch text[3] | 0x20 {
	case '8', '9', 'a', 'b':
		return high
	case 'c', 'd', 'e', 'f':
		return low
	}
	return 0
}
