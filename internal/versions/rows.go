package versions

import (
	"time"

	"github.com/google/uuid"

	"github.com/postwright/postwright/gen/db"
)

// Version is one that is kept: see Answer for what it has by its kind.
type Version struct {
	PostID     uuid.UUID
	Number     int32 // counts from 1 over the life of the post
	Kind       string
	TextNumber int32 // of the version whose text this is, or is about
	Content    string
	// SourceNumber is that of the optimisation that a text was taken from; 0 for its author's own.
	SourceNumber     int32
	OptimizationType string
	SentimentLabel   string
	SentimentScore   *float64
	Hashtags         []string

	Engine, Model, ModelVersion, PromptHash string

	InputTokens, OutputTokens, CostMicros int64

	CreatedAt time.Time
}

// fromRow is the version in a row.
func fromRow(row db.PostVersion) Version {
	//exhaustruct:enforce
	return Version{
		PostID: row.PostID, Number: row.Number, Kind: row.Kind, TextNumber: row.TextNumber, Content: row.Content,
		SourceNumber: row.SourceNumber, OptimizationType: row.OptimizationType, SentimentLabel: row.SentimentLabel,
		SentimentScore: row.SentimentScore, Hashtags: row.Hashtags, Engine: row.Engine, Model: row.Model, ModelVersion: row.ModelVersion,
		PromptHash: row.PromptHash, InputTokens: row.InputTokens, OutputTokens: row.OutputTokens, CostMicros: row.CostMicros,
		CreatedAt: row.CreatedAt,
	}
}

// fromRows is handed what a query returns.
func fromRows(rows []db.PostVersion, err error) ([]Version, error) {
	list := make([]Version, len(rows))
	for i, row := range rows {
		list[i] = fromRow(row)
	}
	return list, err
}
