package notify

import (
	"fmt"
	"strings"

	"github.com/postwright/postwright/internal/email"
)

// Allowed is whom callers may send e-mail besides themselves. The zero value is nobody.
type Allowed struct {
	addresses map[string]string // by their keys, as they stand on an envelope
	domains   map[string]bool   // in ASCII
}

// ParseAllowed reads addresses such as ada@example.org and domains such as @example.org, and lists everything that is wrong
// with them. A domain does not stand for its subdomains.
func ParseAllowed(entries []string) (allowed Allowed, problems []string) {
	allowed = Allowed{addresses: map[string]string{}, domains: map[string]bool{}}
	for _, entry := range entries {
		entry = strings.TrimSpace(entry)
		domain, isDomain := strings.CutPrefix(entry, "@")
		if entry == "" {
			problems = append(problems, "holds an empty entry: remove it, and the comma")
			continue
		}
		if isDomain {
			if ascii, err := email.ParseDomain(domain); err == nil {
				allowed.domains[ascii] = true
				continue
			}
		}
		address, err := email.Parse(entry)
		if err != nil || strings.HasPrefix(entry, "*@") { // whoever writes that means the domain
			problems = append(
				problems,
				fmt.Sprintf("holds %q, which is neither one plain address such as ada@example.org nor a domain such as @example.org", entry),
			)
			continue
		}
		allowed.addresses[address.Key()] = address.Envelope()
	}
	return allowed, problems
}

// reach returns the address that a message to an address goes to, if it may: the caller's own, one that is allowed, or any of
// a domain that is. The spelling makes no difference, as it makes none between users; so that it can't be used to reach somebody
// else either, the message goes to the address as the caller's is registered, or as the operator wrote it.
func (a Allowed) reach(to, own string) (address string, may bool) {
	parsed, err := email.Parse(to)
	if err != nil {
		return "", false
	}
	mine, err := email.Parse(own)
	if err == nil && parsed.Key() == mine.Key() {
		return mine.Envelope(), true
	}
	if address, may = a.addresses[parsed.Key()]; may {
		return address, true
	}
	return parsed.Envelope(), a.domains[parsed.Domain()]
}

// envelope is a user's address as the vendor gets it; one from before there was one rule stays as it is.
func envelope(address string) string {
	parsed, err := email.Parse(address)
	if err != nil {
		return address
	}
	return parsed.Envelope()
}
