package app

import (
	"strconv"
	"time"
)

// Secret is a configured secret. It prints as stars, so that no log, help text or error shows it.
type Secret string

// String hides the secret.
func (s Secret) String() string {
	if s == "" {
		return ""
	}
	return "****"
}

// GoString hides the secret from %#v.
func (s Secret) GoString() string { return s.String() }

// Reveal returns the secret for the call that needs it.
func (s Secret) Reveal() string { return string(s) }

// Duration is a configured time such as 30s. One that can't be read is kept, so that Verify reports it together with
// every other fault instead of ending at the first.
type Duration struct {
	Value  time.Duration
	broken bool
}

// UnmarshalText never fails; see Duration.
func (d *Duration) UnmarshalText(text []byte) error {
	value, err := time.ParseDuration(string(text))
	*d = Duration{Value: value, broken: err != nil}
	return nil
}

// Price is a configured amount of money. One that can't be read is kept; see Duration.
type Price struct {
	Value  float64
	broken bool
}

// UnmarshalText never fails; see Duration.
func (p *Price) UnmarshalText(text []byte) error {
	value, err := strconv.ParseFloat(string(text), 64)
	*p = Price{Value: value, broken: err != nil}
	return nil
}

// Count is a configured whole number. One that can't be read is kept; see Duration.
type Count struct {
	Value  int
	broken bool
}

// UnmarshalText never fails; see Duration.
func (c *Count) UnmarshalText(text []byte) error {
	value, err := strconv.Atoi(string(text))
	*c = Count{Value: value, broken: err != nil}
	return nil
}
