package rpc

import (
	"context"

	"github.com/google/uuid"
	"google.golang.org/protobuf/types/known/timestamppb"

	postwrightv1 "github.com/postwright/postwright/gen/proto/postwright/v1"
	"github.com/postwright/postwright/internal/versions"
)

func (h *postHandler) ListPostVersions(
	ctx context.Context,
	req *postwrightv1.ListPostVersionsRequest,
) (*postwrightv1.ListPostVersionsResponse, error) {
	return unary(ctx, req, versionsInput, h.versions.List, versionsMessage)
}

func (h *postHandler) DiffPostVersions(
	ctx context.Context,
	req *postwrightv1.DiffPostVersionsRequest,
) (*postwrightv1.DiffPostVersionsResponse, error) {
	return unary(ctx, req, diffInput, h.versions.Diff, diffMessage)
}

func versionsInput(caller uuid.UUID, m *postwrightv1.ListPostVersionsRequest) versions.ListInput {
	return versions.ListInput{OwnerID: caller, PostID: parseID(m.GetId()), PageToken: m.GetPageToken()}
}

func versionsMessage(page versions.Page) *postwrightv1.ListPostVersionsResponse {
	res := &postwrightv1.ListPostVersionsResponse{NextPageToken: page.NextPageToken}
	for _, v := range page.Versions {
		res.Versions = append(res.Versions, versionMessage(v))
	}
	return res
}

// versionMessage leaves out what a version of its kind has not, and what its engine did not tell.
func versionMessage(v versions.Version) *postwrightv1.PostVersion {
	m := &postwrightv1.PostVersion{
		Number: v.Number, Kind: versionKinds.value(v.Kind), CreateTime: timestamppb.New(v.CreatedAt), TextVersion: v.TextNumber,
		Content: v.Content, SourceVersion: v.SourceNumber, SentimentScore: v.SentimentScore, Hashtags: v.Hashtags,
		Engine: v.Engine, Model: v.Model, ModelVersion: v.ModelVersion, PromptHash: v.PromptHash,
	}
	if v.OptimizationType != "" {
		m.OptimizationType = optimizationTypes.value(v.OptimizationType)
	}
	if v.SentimentLabel != "" {
		m.SentimentLabel = sentimentLabels.value(v.SentimentLabel).Enum()
	}
	if v.InputTokens != 0 || v.OutputTokens != 0 || v.CostMicros != 0 {
		m.Usage = &postwrightv1.AnalysisUsage{InputTokens: v.InputTokens, OutputTokens: v.OutputTokens, CostMicros: v.CostMicros}
	}
	return m
}

func diffInput(caller uuid.UUID, m *postwrightv1.DiffPostVersionsRequest) versions.DiffInput {
	return versions.DiffInput{OwnerID: caller, PostID: parseID(m.GetId()), From: m.GetFromVersion(), To: m.GetToVersion()}
}

func diffMessage(parts []versions.Part) *postwrightv1.DiffPostVersionsResponse {
	res := &postwrightv1.DiffPostVersionsResponse{}
	for _, p := range parts {
		res.Parts = append(res.Parts, &postwrightv1.PostDiffPart{Operation: diffOperations.value(p.Operation), Text: p.Text})
	}
	return res
}
