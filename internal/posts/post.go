// Package posts owns the post: what makes one valid, which changes its state allows, and the use cases that need
// nobody else: create, read, update, delete, list, search, watch.
//
// Of LinkedIn it knows no more than how long a text may be and where a post can be seen. It must not know how LinkedIn is asked,
// jobs or analysis: how a post is sent and what becomes of it is internal/publishing's.
package posts

import (
	"fmt"
	"slices"
	"strconv"
	"strings"
	"unicode/utf16"
	"unicode/utf8"

	"github.com/google/uuid"

	"github.com/postwright/postwright/internal/fault"
	"github.com/postwright/postwright/internal/postgres"
	"github.com/postwright/postwright/internal/text"
)

// The states of a post. internal/publishing moves a post through them; only the API's own words differ in case.
const (
	StateDraft       = "draft"
	StateScheduled   = "scheduled"
	StateQueued      = "queued"
	StatePublishing  = "publishing"
	StatePublished   = "published"
	StateFailed      = "failed"
	StateUnconfirmed = "unconfirmed"
)

// Unspecified is the post type and the tone of a post whose author gave none.
const Unspecified = "unspecified"

// The visibilities of a post on LinkedIn.
const (
	VisibilityPublic      = "public"
	VisibilityConnections = "connections"
)

// Limits of a post.
const (
	// MaxTextUnits bounds the text that is published, in UTF-16 units: LinkedIn's limit of 3,000 characters, counted as
	// its clients count.
	MaxTextUnits = 3000
	// MaxTargetAudience is in characters.
	MaxTargetAudience = 500
	// MaxHashtags is how many hashtags a post may carry.
	MaxHashtags = 30
	// MaxHashtag is in characters.
	MaxHashtag = 100
	// MaxBatch is how many posts one batch may create.
	MaxBatch = 1000
)

// Draft is what an author decides about a post.
type Draft struct {
	AccountID      *uuid.UUID // nil: the owner's default account when it is published
	Content        string
	PostType       string // "" is taken as Unspecified
	Tone           string // "" is taken as Unspecified
	TargetAudience string
	Visibility     string // "" is taken as VisibilityPublic
	Hashtags       []string
}

func (d Draft) withDefaults() Draft {
	if d.PostType == "" {
		d.PostType = Unspecified
	}
	if d.Tone == "" {
		d.Tone = Unspecified
	}
	if d.Visibility == "" {
		d.Visibility = VisibilityPublic
	}
	if d.Hashtags == nil {
		d.Hashtags = []string{}
	}
	return d
}

var hashtagProblem = fmt.Sprintf(
	`must be 1 to %d letters, digits or "_", at least one of them a letter, without "#", and not begin with a mark`,
	MaxHashtag,
)

// Faults lists everything that is wrong with the draft. path is put before the names of the fields: "post.".
func (d Draft) Faults(path string) []fault.Field {
	return slices.Concat(d.contentFaults(path), d.audienceFaults(path), d.hashtagFaults(path))
}

func (d Draft) contentFaults(path string) []fault.Field {
	at := path + "content"
	switch {
	case d.Content == "":
		return []fault.Field{{Path: at, Problem: "must not be empty"}}
	case !postgres.Storable(d.Content):
		return []fault.Field{{Path: at, Problem: "must be valid UTF-8 without NUL characters"}}
	}
	if !text.Visible(d.Content) {
		return []fault.Field{{Path: at, Problem: "must hold something that a reader sees: it has only blanks and characters that show nothing"}}
	}
	units, with := UTF16Units(d.Content), ""
	// Putting them together costs more than the text is long: not for one that is far too long anyway.
	if n := len(d.Hashtags); n > 0 && n <= MaxHashtags && units <= 2*MaxTextUnits {
		units, with = UTF16Units(Compose(d.Content, d.Hashtags)), " with its hashtags"
	}
	if units <= MaxTextUnits {
		return nil
	}
	return []fault.Field{{Path: at, Problem: fmt.Sprintf(
		"has %d UTF-16 units%s and may have at most %d (an emoji counts two or more): shorten it by %d",
		units, with, MaxTextUnits, units-MaxTextUnits)}}
}

func (d Draft) audienceFaults(path string) []fault.Field {
	if utf8.RuneCountInString(d.TargetAudience) > MaxTargetAudience || !postgres.Storable(d.TargetAudience) {
		return []fault.Field{{Path: path + "targetAudience", Problem: fmt.Sprintf("must be text of at most %d characters", MaxTargetAudience)}}
	}
	return nil
}

func (d Draft) hashtagFaults(path string) []fault.Field {
	if n := len(d.Hashtags); n > MaxHashtags {
		return []fault.Field{{Path: path + "hashtags", Problem: fmt.Sprintf("must be at most %d and are %d", MaxHashtags, n)}}
	}
	at := func(i int) string { return path + "hashtags[" + strconv.Itoa(i) + "]" }
	var faults []fault.Field
	seen := make(map[string]bool, len(d.Hashtags))
	for i, tag := range d.Hashtags {
		if tag == "" || len(tag) > MaxHashtag*utf8.UTFMax || utf8.RuneCountInString(tag) > MaxHashtag || text.HashtagWord(tag) != len(tag) {
			faults = append(faults, fault.Field{Path: at(i), Problem: hashtagProblem})
			continue
		}
		key := text.HashtagKey(tag)
		if seen[key] {
			faults = append(faults, fault.Field{Path: at(i), Problem: "is there twice: remove one"})
		}
		seen[key] = true
	}
	return faults
}

// Text is what is published of the post: its content, and at its end those of its hashtags that the content lacks.
func (p Post) Text() string { return Compose(p.Content, p.Hashtags) }

// Compose adds to content the hashtags that it lacks, however they are spelled, after an empty line.
func Compose(content string, hashtags []string) string {
	present := map[string]bool{}
	if len(hashtags) > 0 && strings.ContainsAny(content, "#＃") { // or there is nothing to look for, at length
		for _, written := range text.Hashtags(content) {
			present[text.HashtagKey(written)] = true
		}
	}
	var missing []string
	for _, tag := range hashtags {
		if !present[text.HashtagKey(tag)] {
			missing = append(missing, "#"+tag)
		}
	}
	if len(missing) == 0 {
		return content
	}
	return content + "\n\n" + strings.Join(missing, " ")
}

// UTF16Units is the length of a text as LinkedIn's clients count it.
func UTF16Units(text string) int {
	units := 0
	for _, r := range text {
		units += max(utf16.RuneLen(r), 1) // an invalid byte is shown as U+FFFD: one unit
	}
	return units
}

// Permalink is where a published post can be seen, "" while LinkedIn has not named it.
func (p Post) Permalink() string {
	if p.LinkedInURN == "" {
		return ""
	}
	return "https://www.linkedin.com/feed/update/" + p.LinkedInURN
}

// Etag changes with every change of the post.
func (p Post) Etag() string { return strconv.FormatInt(p.Revision, 10) }

// Rests reports whether nothing more will happen to the post, as it stands, unless a person acts.
func (p Post) Rests() bool {
	switch p.State {
	case StateDraft, StatePublished, StateFailed, StateUnconfirmed:
		return true
	}
	return false
}

// editable reports whether what LinkedIn gets of the post can still change.
func (p Post) editable() bool {
	return p.State == StateDraft || p.State == StateFailed || p.State == StateScheduled
}
