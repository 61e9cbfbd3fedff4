package webhooks

import (
	"fmt"
	"slices"
	"strconv"
	"time"
	"unicode/utf8"

	"github.com/google/uuid"

	"github.com/postwright/postwright/internal/fault"
	"github.com/postwright/postwright/internal/idempotency"
	"github.com/postwright/postwright/internal/postgres"
	"github.com/postwright/postwright/internal/reach"
)

// Draft is what an owner says of an endpoint.
type Draft struct {
	URL         string
	Description string
	EventTypes  []string
	// Reach is where it may be: Service.Reach.
	Reach reach.Reach
}

var urlWords = reach.Words{
	Needed: "the https URL that events are sent to", Example: "https://example.org/hooks", AllowHTTP: "--webhooks-allow-http",
	AllowPrivate: "--webhooks-allow-private",
}

// longestDescription is in characters; specs/api holds callers to the same.
const longestDescription = 200

func (d Draft) urlFaults() (faults []fault.Field) {
	for _, problem := range d.Reach.Problems(d.URL, urlWords) {
		faults = append(faults, fault.Field{Path: "webhook.url", Problem: problem})
	}
	return faults
}

func (d Draft) descriptionFaults() []fault.Field {
	if utf8.RuneCountInString(d.Description) > longestDescription || !postgres.Storable(d.Description) {
		return []fault.Field{{
			Path: "webhook.description", Problem: fmt.Sprintf("must be text of at most %d characters, without NUL", longestDescription),
		}}
	}
	return nil
}

func (d Draft) eventTypeFaults() (faults []fault.Field) {
	if len(d.EventTypes) == 0 {
		return []fault.Field{{Path: "webhook.eventTypes", Problem: "must name at least one type of events, such as " + PostPublished}}
	}
	for i, name := range d.EventTypes {
		path := fmt.Sprintf("webhook.eventTypes[%d]", i)
		switch {
		case !slices.Contains(EventTypes(), name):
			faults = append(faults, fault.Field{
				Path: path, Problem: strconv.Quote(fault.Clip(name, 40)) + " is no type of events: use " + fault.Names(EventTypes(), fault.MaxNames),
			})
		case slices.Contains(d.EventTypes[:i], name):
			faults = append(faults, fault.Field{Path: path, Problem: "is there more than once"})
		}
	}
	return faults
}

// CreateInput asks for a new endpoint.
type CreateInput struct {
	OwnerID uuid.UUID
	Draft   Draft
	Request idempotency.Request // optional: makes the call repeatable
}

// Validate lists every fault of the input.
func (in CreateInput) Validate() error {
	return fault.Fields(slices.Concat(in.Draft.urlFaults(), in.Draft.descriptionFaults(), in.Draft.eventTypeFaults(), in.Request.Faults())...)
}

// UpdateInput asks for some fields of an endpoint to change.
type UpdateInput struct {
	OwnerID uuid.UUID
	ID      uuid.UUID
	// Fields names what changes, in the form of a protobuf field mask: "url", "event_types", "enabled".
	Fields  []string
	Draft   Draft
	Enabled bool
}

func (in UpdateInput) has(name string) bool { return slices.Contains(in.Fields, name) }

// Validate lists every fault of the input.
func (in UpdateInput) Validate() error {
	var faults []fault.Field
	if in.ID == uuid.Nil { // it is the caller's here, in a webhook that they send
		faults = append(faults, fault.Field{Path: "webhook.id", Problem: "must be a valid UUID"})
	}
	if len(in.Fields) == 0 {
		faults = append(faults, fault.Field{Path: "updateMask", Problem: "must name at least one field"})
	}
	for _, name := range in.Fields {
		switch name {
		case "url", "description", "event_types", "enabled":
		default:
			faults = append(faults, fault.Field{Path: "updateMask", Problem: "names " + strconv.Quote(fault.Clip(name, 40)) +
				", which can't be updated: use url, description, eventTypes, enabled"})
		}
	}
	if in.has("url") {
		faults = append(faults, in.Draft.urlFaults()...)
	}
	if in.has("description") {
		faults = append(faults, in.Draft.descriptionFaults()...)
	}
	if in.has("event_types") {
		faults = append(faults, in.Draft.eventTypeFaults()...)
	}
	var list fault.List
	list.Add(faults...)
	return list.Err()
}

// RotateInput asks for a new secret.
type RotateInput struct {
	OwnerID uuid.UUID
	ID      uuid.UUID
	// Overlap is for how long the secret before signs too; nil for the usual time.
	Overlap *time.Duration
}

const (
	usualOverlap   = day
	longestOverlap = 7 * day
)

// Validate lists every fault of the input.
func (in RotateInput) Validate() error {
	if in.Overlap != nil && (*in.Overlap < 0 || *in.Overlap > longestOverlap) {
		return fault.Fields(fault.Field{Path: "overlapSeconds", Problem: "must be from 0 to 604800, which are 7 days"})
	}
	return nil
}
