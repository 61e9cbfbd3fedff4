package linkedin

import (
	"context"
	"regexp"

	"github.com/postwright/postwright/internal/fault"
	"github.com/postwright/postwright/internal/outbound"
)

var versionForm = regexp.MustCompile(`^20[2-9][0-9](0[1-9]|1[01])$`)

// IsVersion reports whether a text is what LinkedIn calls a version: YYYYMM. There is none for December (migrations).
func IsVersion(text string) bool { return versionForm.MatchString(text) }

// nobodys names a post that no token may read, or that is not there.
var nobodys = URN{kind: KindShare, id: "1"}

// ServesVersion asks with a token whether LinkedIn serves the configured version: it reads a post that nobody has, and any
// answer about that post says that the version was understood. It costs one request of the member's day and changes nothing.
// A token that LinkedIn does not accept is a VendorAuth fault: then nobody knows.
func (c *Client) ServesVersion(ctx context.Context, token string) (bool, error) {
	_, err := c.GetPost(outbound.ExpectRefusal(ctx), token, nobodys)
	switch f := fault.Of(err); {
	case f == nil, f.Kind == fault.VendorRejected && f.Reason != ReasonVersionExpired:
		return true, nil
	case f.Reason == ReasonVersionExpired:
		return false, nil
	}
	return false, err
}
