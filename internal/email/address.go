// Package email owns the one rule for e-mail addresses: which text is one, when two are the same, and how one stands on an
// envelope.
//
// It must not know whose address it is, nor who sends what there.
package email

import (
	"errors"
	"fmt"
	"regexp"
	"strings"
	"unicode/utf8"

	"golang.org/x/net/idna"
)

// Lengths in bytes, of an address as it stands on an envelope: RFC 5321, 4.5.3.1.1 and 4.5.3.1.3 without the brackets.
const (
	longestLocal   = 64
	longestAddress = 254
)

// Address is one address: no name before it, nothing quoted, no second one behind a comma. The zero value is none.
type Address struct {
	given, local, domain string
}

// localPart is what may stand before the @ without quotes: RFC 5322, 3.2.3. Other letters there need mail servers that take them
// (RFC 6531), which nobody can know, so they are refused.
var localPart = regexp.MustCompile("^[A-Za-z0-9!#$%&'*+/=?^_`{|}~-]+(?:\\.[A-Za-z0-9!#$%&'*+/=?^_`{|}~-]+)*$")

// domains reads domains of all scripts as browsers do (UTS 46) and writes them in ASCII, within the lengths of the DNS.
var domains = idna.New(
	idna.MapForLookup(), idna.Transitional(false), idna.StrictDomainName(true), idna.VerifyDNSLength(true), idna.BidiRule(), idna.ValidateLabels(true),
	idna.CheckJoiners(true), idna.CheckHyphens(true),
)

// Parse reads an address. Its error says what is wrong, as it goes on after the name of a field.
func Parse(text string) (Address, error) {
	local, domain, found := cutLast(text)
	switch {
	case !utf8.ValidString(text) || strings.ContainsFunc(text, func(r rune) bool { return r < ' ' || r == 0x7f }):
		return Address{}, errors.New("must not hold control characters")
	case strings.ContainsAny(text, "<>,;\"() "):
		return Address{}, errors.New("must be one plain address such as ada@example.org: no name, quotes, blanks, brackets or commas")
	case !found || local == "" || domain == "":
		return Address{}, errors.New("must be an e-mail address such as ada@example.org")
	case !localPart.MatchString(local):
		return Address{}, errors.New("must have letters a to z, digits, single dots and common signs alone before the @")
	case len(local) > longestLocal:
		return Address{}, fmt.Errorf("must have at most %d characters before the @", longestLocal)
	}
	ascii, err := ParseDomain(domain)
	if err != nil {
		return Address{}, err
	}
	if len(local)+1+len(ascii) > longestAddress {
		return Address{}, fmt.Errorf("must have at most %d characters, with a domain of other letters counted as xn--…", longestAddress)
	}
	return Address{given: text, local: local, domain: ascii}, nil
}

// ParseDomain reads a domain and returns it in ASCII and small letters, which is the same for every spelling of it.
func ParseDomain(text string) (ascii string, err error) {
	ascii, err = domains.ToASCII(text)
	if err != nil || ascii == "" || strings.HasSuffix(ascii, ".") || allDigits(ascii[strings.LastIndexByte(ascii, '.')+1:]) {
		return "", errors.New("must have a domain name such as example.org or münchen.de after the @")
	}
	return ascii, nil
}

// allDigits tells the end of an IP address from that of a domain: no top-level domain is a number.
func allDigits(label string) bool { return strings.Trim(label, "0123456789") == "" }

func cutLast(text string) (local, domain string, found bool) {
	at := strings.LastIndexByte(text, '@')
	if at < 0 {
		return "", "", false
	}
	return text[:at], text[at+1:], true
}

// String is the address as it was given, for people.
func (a Address) String() string { return a.given }

// Envelope is the address as mail servers take it everywhere: its domain in ASCII.
func (a Address) Envelope() string { return a.local + "@" + a.domain }

// Domain is the domain in ASCII and small letters.
func (a Address) Domain() string { return a.domain }

// Key is the same for all spellings of one address. The case of letters makes no difference before the @ either: servers that
// tell apart what differs by it alone are hardly any, and people don't.
func (a Address) Key() string { return strings.ToLower(a.local) + "@" + a.domain }
