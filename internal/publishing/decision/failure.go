package decision

import (
	"net/http"

	"github.com/postwright/postwright/internal/fault"
	"github.com/postwright/postwright/internal/vendors/linkedin"
)

// Failure is what the owner of a post learns that was not published, or that waits.
type Failure struct{ Code, Message, Remedy string }

// remedyDoubt is what helps against a doubt.
const remedyDoubt = "Look on LinkedIn whether the post is there, and say so with ResolvePost: sending it again could publish it twice."

// remedyConnect is what helps against a token that LinkedIn does not accept.
const remedyConnect = "Connect the account again: the post goes out then."

// failureOf is what the owner learns of a fault that surely left nothing at LinkedIn.
func failureOf(f *fault.Error) Failure {
	return Failure{Code: code(f), Message: f.Message, Remedy: remedy(f)}
}

// code is a stable machine code for a failure.
func code(f *fault.Error) string {
	switch {
	case f.Reason != "":
		return f.Reason
	case f.Answer != nil && f.Answer.Code != "":
		return f.Answer.Code
	case f.Kind == fault.VendorUnavailable:
		return "LINKEDIN_UNAVAILABLE"
	case f.Kind == fault.VendorAuth:
		return linkedin.ReasonInvalidToken
	case f.Kind == fault.RateLimited:
		return linkedin.ReasonRateLimited
	case f.Kind == fault.VendorRejected:
		return "LINKEDIN_REJECTED"
	}
	return "NOT_SENT"
}

// remedy says what the owner can do about a post that LinkedIn surely does not have.
func remedy(f *fault.Error) string {
	switch {
	case f.Kind == fault.VendorUnavailable, f.Kind == fault.Canceled, f.Kind == fault.Deadline:
		return "Nothing is on LinkedIn. Publish the post again later."
	case f.Reason == linkedin.ReasonDuplicatePost:
		return "Change the text, or leave the post as it is if it was meant to be published once."
	case f.Reason == linkedin.ReasonVersionExpired:
		return "Nothing is on LinkedIn. Have the LinkedIn version set to one that is served, then publish the post again."
	case f.Reason == linkedin.ReasonAccessDenied:
		return "Nothing is on LinkedIn. Connect the account again with the scope for posting (w_member_social, for pages w_organization_social), once " +
			"the app has the product and the member the role for it; then publish the post again."
	case f.Reason == linkedin.ReasonUnpermitted:
		return "Nothing is on LinkedIn, and nothing that you change helps: whoever runs Postwright finds LinkedIn's words in the attempt, and may set " +
			"another LinkedIn version."
	case f.Reason == linkedin.ReasonWrongAuthor:
		return "Nothing is on LinkedIn. Connect the account again with the app that it is to post with, as the member it belongs to; for a page, as a " +
			"member with a role for posting there. Then publish the post again."
	case f.Kind == fault.VendorRejected && f.Answer != nil && f.Answer.Status == http.StatusForbidden:
		return "Nothing is on LinkedIn. The attempt has LinkedIn's own words, which say what is in the way: have that mended, then publish the post " +
			"again."
	case f.Kind == fault.Precondition:
		return "Nothing was sent. Mend this, then publish the post again."
	}
	return "Change what LinkedIn objects to, then publish the post again."
}
