package linkedin

import (
	"fmt"
	"regexp"
	"strings"
)

// Kind is the kind of thing that a URN names.
type Kind string

// The kinds of URN that Postwright meets.
const (
	KindPerson       Kind = "person"
	KindOrganization Kind = "organization"
	KindShare        Kind = "share"
	KindUGCPost      Kind = "ugcPost"
	KindActivity     Kind = "activity"
)

// URN names a thing at LinkedIn: urn:li:<kind>:<id>. The zero value names nothing. URNs compare with ==.
type URN struct {
	kind Kind
	id   string
}

var urnForm = regexp.MustCompile(`^urn:li:(person|organization|share|ugcPost|activity):([A-Za-z0-9_-]{1,100})$`)

// ParseURN reads a URN. Kinds other than those above are an error.
func ParseURN(s string) (URN, error) {
	parts := urnForm.FindStringSubmatch(s)
	if parts == nil {
		return URN{}, fmt.Errorf("%q is not a LinkedIn URN such as urn:li:share:123", s)
	}
	return URN{kind: Kind(parts[1]), id: parts[2]}, nil
}

// Kind is the kind of thing named.
func (u URN) Kind() Kind { return u.kind }

// NamesPost reports whether the URN is one of a post.
func (u URN) NamesPost() bool {
	return u.kind == KindShare || u.kind == KindUGCPost || u.kind == KindActivity
}

// ID is the last part of the URN.
func (u URN) ID() string { return u.id }

// IsZero reports whether the URN names nothing.
func (u URN) IsZero() bool { return u == URN{} }

// String is the URN as LinkedIn writes it, "" for the zero value.
func (u URN) String() string {
	if u.IsZero() {
		return ""
	}
	return "urn:li:" + string(u.kind) + ":" + u.id
}

// encoded is the URN inside a path or a Rest.li record: LinkedIn answers 400 to a literal colon there.
func (u URN) encoded() string { return strings.ReplaceAll(u.String(), ":", "%3A") }
