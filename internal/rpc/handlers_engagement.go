package rpc

import (
	"context"

	"github.com/google/uuid"

	postwrightv1 "github.com/postwright/postwright/gen/proto/postwright/v1"
	"github.com/postwright/postwright/internal/analytics"
	"github.com/postwright/postwright/internal/engagement"
)

func (h analysisHandler) PredictEngagement(
	ctx context.Context,
	req *postwrightv1.PredictEngagementRequest,
) (*postwrightv1.PredictEngagementResponse, error) {
	return unary(ctx, req, predictInput, h.analytics.Predict, func(f analytics.Forecast) *postwrightv1.PredictEngagementResponse {
		return &postwrightv1.PredictEngagementResponse{Forecast: forecastMessage(f)}
	})
}

func (h analysisHandler) GetBestTimes(ctx context.Context, req *postwrightv1.GetBestTimesRequest) (*postwrightv1.GetBestTimesResponse, error) {
	return unary(ctx, req, timesInput, h.analytics.BestTimes, timesMessage)
}

func predictInput(caller uuid.UUID, m *postwrightv1.PredictEngagementRequest) analytics.PredictInput {
	return analytics.PredictInput{OwnerID: caller, PostID: parseID(m.GetId()), At: optionalTime(m.GetPublishTime()), Zone: m.GetTimeZone()}
}

// forecastMessage leaves out what is unknown.
func forecastMessage(f analytics.Forecast) *postwrightv1.EngagementForecast {
	m := &postwrightv1.EngagementForecast{UnknownReason: f.Unknown, Posts: int32(f.Posts)} //nolint:gosec // 500 at most
	if f.Unknown != "" {
		return m
	}
	m.Engagement, m.MeanError, m.PlainError, m.BetterThanAverage = &f.Engagement, &f.Error, &f.PlainError, f.Better
	for _, factor := range f.Factors {
		m.Factors = append(m.Factors, &postwrightv1.EngagementFactor{Trait: factor.Trait, Factor: factor.Factor})
	}
	return m
}

func timesInput(caller uuid.UUID, m *postwrightv1.GetBestTimesRequest) analytics.TimesInput {
	return analytics.TimesInput{OwnerID: caller, AccountID: optionalID(m.GetAccountId()), Zone: m.GetTimeZone()}
}

func timesMessage(times analytics.Times) *postwrightv1.GetBestTimesResponse {
	res := &postwrightv1.GetBestTimesResponse{
		Posts: int32(times.Posts), UnknownReason: times.Unknown, TimeZone: times.Zone, //nolint:gosec // 500 at most
	}
	for hour, slot := range times.Hours {
		res.Hours = append(res.Hours, &postwrightv1.HourEngagement{
			Hour: int32(hour), Posts: count(slot), MedianEngagement: slot.Median,
		})
	}
	for i, slot := range times.Weekdays {
		res.Weekdays = append(res.Weekdays, &postwrightv1.WeekdayEngagement{
			Weekday: int32(i + 1), Posts: count(slot), MedianEngagement: slot.Median,
		})
	}
	return res
}

func count(slot engagement.Slot) int32 { return int32(slot.Posts) } //nolint:gosec // 500 at most
