package notify

import (
	"embed"
	"fmt"
	htmltemplate "html/template"
	"strings"
	texttemplate "text/template"
)

// Event is what Postwright tells a user by itself. The values stand in the database.
type Event string

// The events.
const (
	Published     Event = "published"      // a post is on LinkedIn
	Failed        Event = "failed"         // a post was not published
	Unconfirmed   Event = "unconfirmed"    // nobody knows whether a post is on LinkedIn
	Waiting       Event = "waiting"        // a scheduled post may not go out
	TokenExpiring Event = "token_expiring" //nolint:gosec // an event, no secret: an account must be connected again
	VersionEnding Event = "version_ending" // LinkedIn ends the version of its API
	WebhookOff    Event = "webhook_off"    // a webhook was switched off
)

// Events are all of them.
func Events() []Event {
	return []Event{Published, Failed, Unconfirmed, Waiting, TokenExpiring, VersionEnding, WebhookOff}
}

// words are what the templates of an event make a message of. What is of no use to the event stays empty.
type words struct {
	Opening, Link, PostID string // of a post: how it begins, where it is on LinkedIn, which it is; Link is a webhook's URL as well
	Problem, Remedy       string
	Account, Refused      string // an account's name, and why LinkedIn refuses its token
	Until                 string // when the token ends, as far as anybody knows
	Assumed               bool   // nobody told when it ends
	Days                  int    // until it does
	Scheduled             int64  // posts that are due after that
	Subject, Text         string // of what brings its own words
	Last                  bool   // no more messages like this come today
	Title                 string // the subject, once it is made
}

//go:embed templates
var templates embed.FS

var (
	texts = texttemplate.Must(texttemplate.ParseFS(templates, "templates/*.txt"))
	pages = htmltemplate.Must(htmltemplate.New("").Funcs(htmltemplate.FuncMap{"paragraphs": paragraphs}).ParseFS(templates, "templates/*.html"))
)

// paragraphs are the parts of a text between empty lines.
func paragraphs(text string) []string { return strings.Split(text, "\n\n") }

// write makes the message about an event, as text and as HTML. Names and texts of others may be in the words: both are cleaned,
// whatever they are made from, and the HTML escaped.
func write(event Event, w words) (m Message, err error) {
	var subject, content, html strings.Builder
	if err := texts.ExecuteTemplate(&subject, string(event)+" subject", w); err != nil {
		return m, fmt.Errorf("write the subject about %s: %w", event, err)
	}
	w.Title = oneLine(subject.String())
	if err := texts.ExecuteTemplate(&content, string(event)+" content", w); err != nil {
		return m, fmt.Errorf("write about %s: %w", event, err)
	}
	if err := pages.ExecuteTemplate(&html, string(event), w); err != nil {
		return m, fmt.Errorf("write the page about %s: %w", event, err)
	}
	return Message{Event: event, Subject: w.Title, Content: lines(content.String()), HTML: lines(html.String())}, nil
}
