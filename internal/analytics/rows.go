package analytics

import (
	"time"

	"github.com/postwright/postwright/gen/db"
)

// Analytics is what is known of a post; nil fields are unknown.
type Analytics struct {
	// Of the text that the post has now.
	SentimentLabel   *string
	SentimentScore   *float64
	ReadabilityScore *float64
	AnalyzedAt       *time.Time

	EngagementPrediction *float64
	// As LinkedIn counted when it was last asked.
	ViewsCount    *int64
	LikesCount    *int64
	CommentsCount *int64
	SharesCount   *int64
	RefreshedAt   *time.Time
}

// fromRow is what is known by a row. It is handed what a query returns.
func fromRow(row db.AnalyticsGetRow, err error) (Analytics, error) {
	//exhaustruct:enforce
	return Analytics{
		SentimentLabel: row.SentimentLabel, SentimentScore: row.SentimentScore, ReadabilityScore: row.ReadabilityScore,
		AnalyzedAt: row.AnalyzedAt, EngagementPrediction: row.EngagementPrediction, ViewsCount: row.ViewsCount, LikesCount: row.LikesCount,
		CommentsCount: row.CommentsCount, SharesCount: row.SharesCount, RefreshedAt: row.RefreshedAt,
	}, err
}

// Numbers are what LinkedIn counted of a post when it was asked; nil for what it did not say then.
type Numbers struct {
	CountedAt time.Time

	ViewsCount    *int64
	LikesCount    *int64
	CommentsCount *int64
	SharesCount   *int64
}

// numbersFromRow are the numbers in a row.
func numbersFromRow(row db.AnalyticsListNumbersRow) Numbers {
	//exhaustruct:enforce
	return Numbers{
		CountedAt: row.CountedAt, ViewsCount: row.ViewsCount, LikesCount: row.LikesCount, CommentsCount: row.CommentsCount,
		SharesCount: row.SharesCount,
	}
}

// numbersFromRows is handed what a query returns.
func numbersFromRows(rows []db.AnalyticsListNumbersRow, err error) ([]Numbers, error) {
	list := make([]Numbers, len(rows))
	for i, row := range rows {
		list[i] = numbersFromRow(row)
	}
	return list, err
}
