package analytics

import (
	"errors"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/postwright/postwright/internal/fault"
)

// A database that was away for some seconds ended a post's plan for good.
func TestOnlyWhatLinkedInSaysEndsATimeOfThePlan(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		err   error
		tries int
		ends  bool
	}{
		"the post is gone":                     {fault.New(fault.NotFound, ""), 1, true},
		"the account is not connected":         {fault.New(fault.Precondition, ""), 1, true},
		"the token is refused":                 {fault.New(fault.VendorAuth, ""), 1, true},
		"LinkedIn refuses":                     {fault.New(fault.VendorRejected, ""), 1, true},
		"LinkedIn does not answer":             {fault.New(fault.VendorUnavailable, ""), triesPerTime - 1, false},
		"LinkedIn does not answer for long":    {fault.New(fault.VendorUnavailable, ""), triesPerTime, true},
		"the database is away":                 {fault.New(fault.Unavailable, ""), 1, false},
		"the database is away for long":        {fault.New(fault.Unavailable, ""), 1000, false},
		"the database does not answer in time": {fault.New(fault.Deadline, ""), 1000, false},
		"the process is told to stop":          {fault.New(fault.Canceled, ""), 1000, false},
		"something that is no fault":           {errors.New("broken"), 1000, false},
	} {
		require.Equal(t, c.ends, givesUp(c.err, c.tries), name)
	}
}
