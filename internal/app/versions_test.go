package app_test

import (
	"fmt"
	"testing"

	"connectrpc.com/connect/v2"
	"github.com/stretchr/testify/require"
	"google.golang.org/protobuf/types/known/fieldmaskpb"

	postwrightv1 "github.com/postwright/postwright/gen/proto/postwright/v1"
	"github.com/postwright/postwright/gen/proto/postwright/v1/postwrightv1connect"
	"github.com/postwright/postwright/internal/app"
)

func TestASuggestionIsTakenByAnOrdinaryUpdate(t *testing.T) {
	t.Parallel()
	w := newWorld(t, func(cfg *app.Config) { cfg.Analysis = app.Defaults().Analysis })
	w.Serve()
	client := postwrightv1connect.NewAnalysisServiceClient(w.Client(w.Key))
	post := w.Draft("In order to win, we ship every week.")
	list := func() []*postwrightv1.PostVersion {
		res, err := w.Posts.ListPostVersions(t.Context(), &postwrightv1.ListPostVersionsRequest{Id: post.GetId()})
		require.NoError(t, err)
		require.Empty(t, res.GetNextPageToken())
		return res.GetVersions()
	}
	require.Len(t, list(), 1)
	require.Zero(t, w.Count(`SELECT count(*) FROM post_versions`), "a post that was only made costs nothing")

	analyzed, err := client.AnalyzePost(t.Context(), &postwrightv1.AnalyzePostRequest{Id: post.GetId()})
	require.NoError(t, err)
	require.Positive(t, analyzed.GetOptimizationVersion())
	require.Equal(t, int32(8), analyzed.GetReadability().GetWords())
	require.Contains(t, analyzed.GetForecast().GetUnknownReason(), "It takes 20 posts")
	suggested, err := client.OptimizePost(t.Context(), &postwrightv1.OptimizePostRequest{
		Id: post.GetId(), OptimizationType: postwrightv1.OptimizationType_OPTIMIZATION_TYPE_BREVITY,
	})
	require.NoError(t, err)
	require.Equal(t, "To win, we ship every week.", suggested.GetOptimizedContent())
	require.Equal(t, "builtin", suggested.GetSource().GetEngine())

	diff, err := w.Posts.DiffPostVersions(t.Context(), &postwrightv1.DiffPostVersionsRequest{Id: post.GetId(), ToVersion: suggested.GetVersion()})
	require.NoError(t, err)
	var shown string
	for _, p := range diff.GetParts() {
		shown += fmt.Sprintf("%d:%s|", p.GetOperation(), p.GetText())
	}
	require.Equal(t, "2:In order to|3:To|1: win, we ship every week.|", shown)

	_, err = w.Posts.UpdatePost(t.Context(), &postwrightv1.UpdatePostRequest{
		Post:       &postwrightv1.Post{Id: post.GetId(), Content: suggested.GetOptimizedContent()},
		UpdateMask: &fieldmaskpb.FieldMask{Paths: []string{"content"}}, SourceVersion: suggested.GetVersion(),
	})
	require.NoError(t, err)
	all := list()
	require.Len(t, all, 6)
	require.Equal(t, postwrightv1.PostVersionKind_POST_VERSION_KIND_TEXT, all[0].GetKind())
	require.Equal(t, suggested.GetVersion(), all[0].GetSourceVersion())
	require.Equal(t, postwrightv1.PostVersionKind_POST_VERSION_KIND_OPTIMIZATION, all[1].GetKind())
	require.Equal(t, postwrightv1.OptimizationType_OPTIMIZATION_TYPE_BREVITY, all[1].GetOptimizationType())
	require.Nil(t, all[1].GetUsage(), "which the engine does not tell")
	require.Equal(t, "lexical-en", all[1].GetModel())
	require.Equal(t, "In order to win, we ship every week.", all[5].GetContent())

	_, err = w.Posts.UpdatePost(t.Context(), &postwrightv1.UpdatePostRequest{
		Post:       &postwrightv1.Post{Id: w.Draft("Another").GetId(), Content: "Changed"},
		UpdateMask: &fieldmaskpb.FieldMask{Paths: []string{"content"}}, SourceVersion: suggested.GetVersion(),
	})
	require.Equal(t, connect.CodeInvalidArgument, connect.CodeOf(err))
	require.ErrorContains(t, err, "sourceVersion")
}

func TestReadabilityIsToldOfAnyText(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.Serve()
	got := w.Curl(w.Key, "AnalysisService/AnalyzeReadability", []byte(`{"text":"The cat sat on the mat."}`))
	require.JSONEq(t, `{"readability":{"readingEase":100,"grade":0,"sentences":1,"words":6,"wordsPerSentence":6,"longestSentenceWords":6,
		"lettersPerWord":2.8333333333333335,"syllablesPerWord":1}}`, string(got.Body))
	got = w.Curl(w.Key, "AnalysisService/AnalyzeReadability", []byte(`{"text":"Nous recrutons un ingénieur à Paris"}`))
	require.JSONEq(t, `{"readability":{"unknownReason":"The formulas are for English, and the text seems to be French."}}`, string(got.Body))
}
