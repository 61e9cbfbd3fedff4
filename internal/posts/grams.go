package posts

import (
	"cmp"
	"encoding/binary"
	"slices"
	"strings"

	"github.com/google/uuid"
)

// A gram is one, two or three characters that follow each other in a folded text without a blank between them, whatever their
// script. The index keeps a number for each, made of the owner and the characters: that two may have the same one costs a look at
// a post that does not contain the text, no more. What is indexed must be indexed anew when this, or text.Fold, changes.
const longestGram = 3

// How many grams of a query are looked up: each is a list of posts that the index goes through as far as the shortest list leads.
const (
	// gramsAtMost is where the shortest is short: so many tell posts apart.
	gramsAtMost = 16
	// gramsAtLeast is however long the shortest is.
	gramsAtLeast = 4
)

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

// piece is a gram of a query.
type piece struct {
	text   string
	number int32
}

// piecesOf are grams that every content has which contains a folded query, which shows something: of each word the longest, for
// they are the rarest.
func piecesOf(ownerID uuid.UUID, folded string) []piece {
	var pieces []piece
	for word := range strings.FieldsSeq(folded) {
		characters := []rune(word)
		length := min(longestGram, len(characters))
		for begin := range len(characters) - length + 1 {
			of := characters[begin : begin+length]
			pieces = append(pieces, piece{string(of), gram(ownerID, of)})
		}
	}
	byNumber := func(a, b piece) int { return cmp.Compare(a.number, b.number) }
	slices.SortFunc(pieces, byNumber)
	pieces = slices.CompactFunc(pieces, func(a, b piece) bool { return a.number == b.number })
	return pieces[:min(len(pieces), gramsAtMost)] // the lowest numbers, which is as good as by lot
}

// rarest are the pieces to look up: those that the fewest contents of a sample have, and the fewer of them, the more contents have
// even the rarest. named is how many of the contents have all of these.
func rarest(pieces []piece, sample []string) (grams []int32, named int) {
	having := map[piece]int{}
	for _, p := range pieces {
		for _, content := range sample {
			if strings.Contains(content, p.text) {
				having[p]++
			}
		}
	}
	slices.SortStableFunc(pieces, func(a, b piece) int { return cmp.Compare(having[a], having[b]) })
	if fewest := having[pieces[0]]; fewest > 0 {
		pieces = pieces[:min(len(pieces), max(len(sample)/fewest, gramsAtLeast))]
	}
	for _, content := range sample {
		if !slices.ContainsFunc(pieces, func(p piece) bool { return !strings.Contains(content, p.text) }) {
			named++
		}
	}
	for _, p := range pieces {
		grams = append(grams, p.number)
	}
	return grams, named
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
