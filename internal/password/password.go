// Package password knows what a password may be, and keeps of one a hash that takes long to guess from: Argon2id, by
// alexedwards/argon2id, which writes it with its parameters as the reference implementation does.
//
// It must not know whose a password is, nor where the hash is kept.
package password

import (
	"context"
	"fmt"
	"strings"
	"unicode"
	"unicode/utf8"

	"github.com/alexedwards/argon2id"
	"golang.org/x/sync/semaphore"
	"golang.org/x/text/unicode/norm"

	"github.com/postwright/postwright/internal/fault"
)

// What a password may be, in characters: NIST SP 800-63B, 3.1.1.2, which asks for no kinds of characters. The longest keeps what is
// hashed small.
const (
	Shortest = 8
	Longest  = 128
)

// parameters are the least that OWASP recommends (Password Storage Cheat Sheet): 19 MiB, two rounds, one lane. More memory would let
// fewer sign in at once.
var parameters = argon2id.Params{Memory: 19 << 10, Iterations: 2, Parallelism: 1, SaltLength: 16, KeyLength: 32}

// nobodys is the hash of a password that nobody has, with the same parameters: what takes the time where there is none to compare with.
const nobodys = "$argon2id$v=19$m=19456,t=2,p=1$AAAAAAAAAAAAAAAAAAAAAA$AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA"

// Faults lists what is wrong with a new password, under the name of its field.
func Faults(path, password string) []fault.Field {
	length := utf8.RuneCountInString(password)
	switch {
	case !utf8.ValidString(password) || strings.ContainsFunc(password, unicode.IsControl):
		return []fault.Field{{Path: path, Problem: "must hold no control characters, such as line ends"}}
	case length < Shortest || length > Longest:
		return []fault.Field{{Path: path, Problem: fmt.Sprintf("must have %d to %d characters", Shortest, Longest)}}
	case strings.TrimSpace(password) == "":
		return []fault.Field{{Path: path, Problem: "must not be blanks alone"}}
	}
	return nil
}

// Hasher makes and compares hashes, so many at once: each takes 19 MiB, and a core for some 50 ms. It is safe for concurrent use.
type Hasher struct{ places *semaphore.Weighted }

// NewHasher returns a Hasher of so many at once.
func NewHasher(atOnce int) *Hasher { return &Hasher{places: semaphore.NewWeighted(int64(atOnce))} }

// Hash makes the hash of a password. It waits for its turn, or ends with ctx.
func (h *Hasher) Hash(ctx context.Context, password string) (string, error) {
	if err := h.places.Acquire(ctx, 1); err != nil {
		return "", err
	}
	defer h.places.Release(1)
	return argon2id.CreateHash(norm.NFC.String(password), &parameters)
}

// Matches reports whether a hash is of a password; "" is of none, which takes as long to find out. It waits for its turn, or ends
// with ctx.
func (h *Hasher) Matches(ctx context.Context, password, hash string) (bool, error) {
	if utf8.RuneCountInString(password) > Longest {
		return false, nil
	}
	if hash == "" {
		hash = nobodys
	}
	if err := h.places.Acquire(ctx, 1); err != nil {
		return false, err
	}
	defer h.places.Release(1)
	matches, err := argon2id.ComparePasswordAndHash(norm.NFC.String(password), hash)
	return matches && hash != nobodys, err
}
