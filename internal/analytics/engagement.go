package analytics

import (
	"context"
	"fmt"
	"slices"
	"time"

	"github.com/google/uuid"

	"github.com/postwright/postwright/gen/db"
	"github.com/postwright/postwright/internal/engagement"
	"github.com/postwright/postwright/internal/fault"
	"github.com/postwright/postwright/internal/zone"
)

// Forecast is what a post may come to.
type Forecast struct {
	// Unknown says why nothing is known; "" where the other fields are.
	Unknown string
	engagement.Forecast
}

// PredictInput asks what a post may come to.
type PredictInput struct {
	OwnerID, PostID uuid.UUID
	At              *time.Time // when it would go out; nil for when it did, is scheduled for, or else now
	Zone            string     // "" for that of its schedule, or else UTC
}

// Validate lists every fault of the input.
func (in PredictInput) Validate() error { return zoneFaults(in.Zone) }

func zoneFaults(name string) error {
	if _, err := zone.Load(name); err != nil {
		return fault.Fields(fault.Field{Path: "timeZone", Problem: err.Error()})
	}
	return nil
}

// Predict says what a post of the owner may come to, by what those that went out with the same account have come to, and keeps it
// unless it is about another time or zone than the post's own. A post that is published does not count for itself.
func (s *Service) Predict(ctx context.Context, in PredictInput) (Forecast, error) {
	if err := in.Validate(); err != nil {
		return Forecast{}, err
	}
	post, err := s.posts.Get(ctx, in.OwnerID, in.PostID)
	if err != nil {
		return Forecast{}, err
	}
	next := engagement.Post{Content: post.Content, Hashtags: post.Hashtags, At: s.now()}
	for _, at := range []*time.Time{post.ScheduledAt, post.PublishedAt, in.At} {
		if at != nil {
			next.At = *at
		}
	}
	clocks := in.Zone
	if clocks == "" {
		clocks = post.TimeZone
	}
	where, err := zone.Load(clocks)
	if err != nil { // a schedule's, which a newer release of the zones had
		where = time.UTC
	}
	known, err := s.Get(ctx, in.OwnerID, in.PostID)
	if err != nil {
		return Forecast{}, err
	}
	if known.SentimentScore != nil {
		next.Sentiment = *known.SentimentScore
	}
	account, err := s.accounts.Get(ctx, in.OwnerID, post.AccountID)
	if fault.Is(err, fault.Precondition) { // there is none to go out with
		return Forecast{Unknown: fault.Of(err).Message}, nil
	}
	if err != nil {
		return Forecast{}, err
	}
	published, err := s.published(ctx, in.OwnerID, account.ID, in.PostID)
	if err != nil {
		return Forecast{}, err
	}
	forecast := Forecast{Unknown: tooFew(len(published)), Forecast: engagement.Forecast{Posts: len(published)}}
	var prediction *float64
	if forecast.Unknown == "" {
		forecast.Forecast = engagement.Predict(published, next, where)
		prediction = &forecast.Engagement
	}
	if in.At != nil || in.Zone != "" { // it is not about the post as it is
		return forecast, nil
	}
	_, err = s.queries.AnalyticsPutPrediction(ctx, s.store, db.AnalyticsPutPredictionParams{
		PostID: in.PostID, OwnerID: in.OwnerID, Revision: post.Revision, EngagementPrediction: prediction,
	})
	return forecast, err
}

// tooFew says why nothing is known by so many posts; "" where there are enough.
func tooFew(posts int) string {
	if posts >= engagement.Least {
		return ""
	}
	return fmt.Sprintf("It takes %d posts of the account whose reactions and comments were counted one to four days after they went out, "+
		"and there are %d: --publishing-numbers-plan says when they are counted, ListPostNumbers what was.", engagement.Least, posts)
}

// published are an account's newest posts that went out, but for one, with what each came to in about two days.
func (s *Service) published(ctx context.Context, ownerID, accountID, but uuid.UUID) ([]engagement.Published, error) {
	rows, err := s.queries.AnalyticsListEngagement(ctx, s.store, db.AnalyticsListEngagementParams{
		AccountID: accountID, OwnerID: ownerID, Before: s.now(),
	})
	if err != nil {
		return nil, err
	}
	list := make([]engagement.Published, 0, len(rows))
	for _, row := range rows {
		if row.ID == but {
			continue
		}
		one := engagement.Published{
			ID: row.ID.String(), Engagement: float64(row.LikesCount) + float64(row.CommentsCount),
			Post: engagement.Post{Content: row.Content, Hashtags: row.Hashtags, At: row.PublishedAt},
		}
		if row.SentimentScore != nil {
			one.Sentiment = *row.SentimentScore
		}
		list = append(list, one)
	}
	return list, nil
}

// TimesInput asks when an account's posts come to most.
type TimesInput struct {
	OwnerID   uuid.UUID
	AccountID *uuid.UUID // nil for the owner's default account
	Zone      string     // "" for UTC
}

// Validate lists every fault of the input.
func (in TimesInput) Validate() error { return zoneFaults(in.Zone) }

// Times are an account's posts by when they went out.
type Times struct {
	// Unknown says why no time has a median; "" where one has.
	Unknown string
	engagement.Times
	Zone string
}

// BestTimes says what the posts of an account of the owner came to by the hour and the day at which they went out.
func (s *Service) BestTimes(ctx context.Context, in TimesInput) (Times, error) {
	where, err := zone.Load(in.Zone)
	if err != nil {
		return Times{}, in.Validate()
	}
	account, err := s.accounts.Get(ctx, in.OwnerID, in.AccountID)
	if err != nil {
		return Times{}, err
	}
	published, err := s.published(ctx, in.OwnerID, account.ID, uuid.Nil)
	if err != nil {
		return Times{}, err
	}
	times := Times{Unknown: tooFew(len(published)), Times: engagement.BestTimes(published, where), Zone: where.String()}
	if has := func(slot engagement.Slot) bool { return slot.Median != nil }; times.Unknown == "" &&
		!slices.ContainsFunc(times.Hours[:], has) && !slices.ContainsFunc(times.Weekdays[:], has) {
		times.Unknown = fmt.Sprintf("It takes %d posts at one hour or on one day: none has as many of the %d.", engagement.LeastAtATime, len(published))
	}
	return times, nil
}
