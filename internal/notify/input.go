package notify

import (
	"strings"

	"github.com/google/uuid"

	"github.com/postwright/postwright/internal/email"
	"github.com/postwright/postwright/internal/fault"
	"github.com/postwright/postwright/internal/text"
)

// EmailInput asks for an e-mail on a user's behalf. How long its texts may be, specs/api says.
type EmailInput struct {
	OwnerID              uuid.UUID
	To, Subject, Content string
}

// Validate lists everything that is wrong with the input.
func (in EmailInput) Validate() error {
	faults := textFaults("subject", in.Subject, "content", in.Content)
	if _, err := email.Parse(in.To); err != nil {
		faults.Add(fault.Field{Path: "to", Problem: err.Error()})
	}
	return faults.Err()
}

// PushInput asks for a push message on a user's behalf. How long its texts may be, specs/api says.
type PushInput struct {
	OwnerID                uuid.UUID
	UserID, Title, Message string
}

// Validate lists everything that is wrong with the input.
func (in PushInput) Validate() error {
	faults := textFaults("title", in.Title, "message", in.Message)
	if strings.ContainsFunc(in.UserID, misleads) {
		faults.Add(fault.Field{Path: "userId", Problem: "must not contain control characters"})
	}
	return faults.Err()
}

// textFaults checks the two texts that every message has.
func textFaults(subjectPath, subject, contentPath, content string) (faults fault.List) {
	if strings.ContainsFunc(subject, misleads) {
		faults.Add(fault.Field{
			Path: subjectPath, Problem: "must be one line: no line breaks, other control characters, or characters that turn the writing direction around",
		})
	}
	if strings.ContainsFunc(content, misleadsInText) {
		faults.Add(fault.Field{Path: contentPath, Problem: "must not contain control characters other than line breaks and tabs"})
	}
	for _, one := range []struct{ path, text string }{{subjectPath, subject}, {contentPath, content}} {
		if one.text != "" && !text.Visible(one.text) { // that it must be there at all, specs/api says
			faults.AddNew(fault.Field{Path: one.path, Problem: "must hold something that a reader sees"})
		}
	}
	return faults
}
