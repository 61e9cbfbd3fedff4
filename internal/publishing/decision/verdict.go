package decision

import (
	"fmt"
	"time"

	"github.com/postwright/postwright/internal/accounts"
	"github.com/postwright/postwright/internal/fault"
	"github.com/postwright/postwright/internal/vendors/linkedin"
)

// Verdict is a reason why a post would not go out now.
type Verdict struct {
	Field   string // that it is about, "" for none
	Failure        // without a Remedy where its Message says it
	Waits   bool   // the post would be queued, and go out by itself once the reason is gone
}

// Codes of verdicts that no other answer has.
const (
	codeInvalid      = "INVALID"
	codeScopeMissing = "SCOPE_MISSING"
)

// Refused is the verdict of a fault about a field, "" for none.
func Refused(field string, err error) Verdict {
	f := fault.Of(err)
	return Verdict{Field: field, Failure: Failure{Code: code(f), Message: f.Message}}
}

// Invalid are the verdicts on a post that could not even be created.
func Invalid(fields []fault.Field) (list []Verdict) {
	for _, f := range fields {
		list = append(list, Verdict{Field: f.Path, Failure: Failure{Code: codeInvalid, Message: fmt.Sprintf("%s %s.", f.Path, f.Problem)}})
	}
	return list
}

// Verdict is what an obstacle means for a post that is asked about.
func (o Obstacle) Verdict() Verdict { return Verdict{Failure: o.Failure, Waits: o.Waits()} }

// AccountVerdicts are what LinkedIn is known to refuse an account for, although nothing here keeps it from being asked.
func AccountVerdicts(name string, standing accounts.Standing, now time.Time) (list []Verdict) {
	if standing.Paused == "" && standing.Ended(now) {
		list = append(list, Verdict{
			Failure: Failure{
				Code:    linkedin.ReasonExpiredToken,
				Message: "The token of " + name + " ended at " + standing.Ends.UTC().Format(time.RFC3339) + ".",
				Remedy:  remedyConnect,
			},
			Waits: true,
		})
	}
	if p := standing.CannotPublish; p != nil {
		list = append(list, Verdict{Failure: Failure{Code: codeScopeMissing, Message: p.Message, Remedy: p.Remedy}})
	}
	return list
}
