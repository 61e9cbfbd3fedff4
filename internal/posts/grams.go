package posts

import (
	"encoding/binary"
	"slices"
	"strings"

	"github.com/google/uuid"
)

// A gram is one, two or three characters that follow each other in a folded text without a blank between them, whatever their
// script. The index keeps a number for each, made of the owner and the characters: that two may have the same one costs a look at
// a post that does not contain the text, no more. What is indexed must be indexed anew when this, or text.Fold, changes.
const longestGram = 3

// gramsAtMost is how many grams of a query are looked up. Each takes a look into the index, and so many tell posts apart.
const gramsAtMost = 16

// gramsOf are the grams of a folded content, each once.
func gramsOf(ownerID uuid.UUID, folded string) []int32 {
	grams := make([]int32, 0, longestGram*len(folded))
	for word := range strings.FieldsSeq(folded) {
		characters := []rune(word)
		for begin := range characters {
			for end := begin + 1; end <= min(begin+longestGram, len(characters)); end++ {
				grams = append(grams, gram(ownerID, characters[begin:end]))
			}
		}
	}
	slices.Sort(grams)
	return slices.Compact(grams)
}

// gramsFor are grams that every content has which contains a folded query: of each word the longest, for they are the rarest.
func gramsFor(ownerID uuid.UUID, folded string) []int32 {
	var grams []int32
	for word := range strings.FieldsSeq(folded) {
		characters := []rune(word)
		length := min(longestGram, len(characters))
		for begin := range len(characters) - length + 1 {
			grams = append(grams, gram(ownerID, characters[begin:begin+length]))
		}
	}
	slices.Sort(grams)
	grams = slices.Compact(grams)
	return grams[:min(len(grams), gramsAtMost)] // the lowest numbers, which is as good as by lot
}

// gram is the number of a gram: FNV-1a, whose 64 bits are folded to 32, of the owner and the characters.
func gram(ownerID uuid.UUID, characters []rune) int32 {
	const prime = 1099511628211
	h := binary.BigEndian.Uint64(ownerID[:8]) ^ binary.BigEndian.Uint64(ownerID[8:])
	for _, r := range characters {
		h = (h ^ uint64(r)) * prime //nolint:gosec // a character of a valid text is not negative
	}
	return int32(h ^ h>>32) //nolint:gosec // the lower 32 bits are wanted, the sign among them
}
