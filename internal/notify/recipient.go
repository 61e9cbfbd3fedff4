package notify

import (
	"fmt"
	"regexp"
	"strings"
)

// plainAddress is one address as it stands on an envelope: no name before it, nothing quoted, no second one behind a comma. Its
// domain is one of letters, digits and hyphens, which other letters are written with too, as xn--….
var plainAddress = regexp.MustCompile(`^[A-Za-z0-9.!#$%&'*+/=?^_{|}~` + "`" + `-]+@` + domainForm + `$`)

var plainDomain = regexp.MustCompile(`^@` + domainForm + `$`)

const (
	domainLabel = `[A-Za-z0-9](?:[A-Za-z0-9-]{0,61}[A-Za-z0-9])?`
	domainForm  = domainLabel + `(?:\.` + domainLabel + `)*`
)

// longestAddress is in bytes: RFC 5321, 4.5.3.1.3, without the brackets.
const longestAddress = 254

func isPlainAddress(text string) bool {
	return len(text) <= longestAddress && plainAddress.MatchString(text)
}

// Allowed is whom callers may send e-mail besides themselves. The zero value is nobody.
type Allowed struct {
	addresses map[string]string // by what key makes of them, as the operator wrote them
	domains   map[string]bool   // by what key makes of them, with the @
}

// ParseAllowed reads addresses such as ada@example.org and domains such as @example.org, and lists everything that is wrong
// with them. A domain does not stand for its subdomains.
func ParseAllowed(entries []string) (allowed Allowed, problems []string) {
	allowed = Allowed{addresses: map[string]string{}, domains: map[string]bool{}}
	for _, entry := range entries {
		entry = strings.TrimSpace(entry)
		switch {
		case isPlainAddress(entry) && !strings.HasPrefix(entry, "*@"): // whoever writes that means the domain
			allowed.addresses[key(entry)] = entry
		case len(entry) <= longestAddress && plainDomain.MatchString(entry):
			allowed.domains[key(entry)] = true
		case entry == "":
			problems = append(problems, "holds an empty entry: remove it, and the comma")
		default:
			problems = append(problems, fmt.Sprintf(
				"holds %q, which is neither one plain address such as ada@example.org nor a domain such as @example.org; write a domain of other letters as xn--…", entry))
		}
	}
	return allowed, problems
}

// reach returns the address that a message to an address goes to, if it may: the caller's own, one that is allowed, or any of
// a domain that is. The case of letters makes no difference, as it makes none between users; so that it can't be used to reach
// somebody else either, the message goes to the address as the caller's is registered, or as the operator wrote it.
func (a Allowed) reach(to, own string) (address string, may bool) {
	if key(to) == key(own) {
		return own, true
	}
	if address, may = a.addresses[key(to)]; may {
		return address, true
	}
	_, domain, _ := strings.Cut(to, "@")
	return to, a.domains[key("@"+domain)]
}

func key(address string) string { return strings.ToLower(address) }
