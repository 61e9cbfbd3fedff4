package rpc

import (
	"unicode/utf8"

	"google.golang.org/protobuf/encoding/protowire"
)

// bytesPerChar is how many bytes UTF-8 takes for a character at most.
const bytesPerChar = 4

// scanBinary holds a message in protobuf's binary form against its bounds. It stops where the bytes make no sense: the
// codec stops there too, and says so.
func scanBinary(raw []byte, b *bounds) error {
	var s scan
	s.binary(raw, b)
	return s.faults.Err()
}

// scanTexts objects to texts of a message in protobuf's binary form that are not UTF-8.
func scanTexts(raw []byte, b *bounds) error {
	s := scan{texts: true}
	s.binary(raw, b)
	return s.faults.Err()
}

// binary reports whether it came to the end.
func (s *scan) binary(raw []byte, b *bounds) bool {
	var few [32]int // counts that need no allocation
	counts := few[:]
	if len(b.byNumber) > len(few) {
		counts = make([]int, len(b.byNumber))
	}
	ended := s.fields(raw, b, counts)
	for number, f := range b.byNumber {
		if f != nil && counts[number] > f.most {
			s.tooMany(f, counts[number])
		}
	}
	return ended
}

// packed is how many whole numbers are in a field that holds several.
func packed(value []byte) (count int) {
	content, _ := protowire.ConsumeBytes(value)
	for _, b := range content {
		if b < 0x80 { // the last byte of one
			count++
		}
	}
	return count
}

// fields counts the fields of a message, and reports whether it came to the end.
func (s *scan) fields(raw []byte, b *bounds, counts []int) bool {
	for len(raw) > 0 {
		number, kind, n := protowire.ConsumeTag(raw)
		if n < 0 {
			return false
		}
		raw = raw[n:]
		if n = protowire.ConsumeFieldValue(number, kind, raw); n < 0 {
			return false
		}
		value := raw[:n]
		raw = raw[n:]
		if int(number) >= len(b.byNumber) || b.byNumber[number] == nil {
			continue // the codec drops it
		}
		f := b.byNumber[number]
		counts[number]++
		if f.repeated && f.whole() && kind == protowire.BytesType {
			counts[number] += packed(value) - 1
			continue
		}
		if counts[number] > f.most || kind != protowire.BytesType {
			continue
		}
		content, _ := protowire.ConsumeBytes(value) // was consumed above
		s.enter(f, counts[number]-1)
		ended := true
		if f.message != nil {
			ended = s.binary(content, f.message)
		} else {
			s.tooLong(f, len(content), bytesPerChar)
			if s.texts && f.text && !utf8.Valid(content) {
				s.objectf("must be text in UTF-8")
			}
		}
		s.leave()
		if !ended {
			return false
		}
	}
	return true
}
