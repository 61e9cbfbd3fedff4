// Package spelling finds which of the names that there are was probably meant by one that there is not.
//
// It must not know what the names are of.
package spelling

import "strings"

// Longest is what a name that may mean one of the API's has at most, in bytes: theirs are shorter, and the work of comparing
// grows with the square.
const Longest = 80

// Nearest is the name that was probably meant, "" where none is near. What is compared is letters and digits, whatever
// their case: postType is post_type.
func Nearest(written string, names []string) (near string) {
	if len(written) > Longest {
		return ""
	}
	plain := Letters(written)
	best := max(2, len(plain)/4) + 1
	for _, name := range names {
		plainName := Letters(name)
		// What would have to be changed from end to end is not near, however short it is.
		if d := distance(plain, plainName); d < best && d < max(len(plain), len(plainName)) {
			best, near = d, name
		}
	}
	return near
}

// Letters are the letters and digits of an ASCII text in lower case.
func Letters(text string) string {
	return strings.Map(func(r rune) rune {
		switch {
		case r >= 'a' && r <= 'z', r >= '0' && r <= '9':
			return r
		case r >= 'A' && r <= 'Z':
			return r - 'A' + 'a'
		}
		return -1
	}, text)
}

// distance is how many letters must be put in, taken out or changed to make one text of another (Levenshtein).
func distance(a, b string) int {
	row := make([]int, len(b)+1)
	for j := range row {
		row[j] = j
	}
	for i := range len(a) {
		before := row[0]
		row[0] = i + 1
		for j := range len(b) {
			change := before
			if a[i] != b[j] {
				change++
			}
			before = row[j+1]
			row[j+1] = min(change, row[j]+1, row[j+1]+1)
		}
	}
	return row[len(b)]
}
