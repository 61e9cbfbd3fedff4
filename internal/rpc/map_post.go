package rpc

import (
	"slices"
	"time"

	"github.com/google/uuid"
	"google.golang.org/protobuf/types/known/timestamppb"

	postwrightv1 "github.com/postwright/postwright/gen/proto/postwright/v1"
	"github.com/postwright/postwright/internal/posts"
	"github.com/postwright/postwright/internal/publishing"
	"github.com/postwright/postwright/internal/zone"
)

// parseID reads a UUID that the rules in the proto file have checked; the nil UUID stands for one that failed them.
func parseID(id string) uuid.UUID {
	u, err := uuid.Parse(id)
	if err != nil {
		return uuid.Nil
	}
	return u
}

// optionalID reads a UUID that may be empty.
func optionalID(id string) *uuid.UUID {
	if id == "" {
		return nil
	}
	u := parseID(id)
	return &u
}

func draft(p *postwrightv1.Post) posts.Draft {
	return posts.Draft{
		AccountID:      optionalID(p.GetAccountId()),
		Content:        p.GetContent(),
		PostType:       postTypes.word(p.GetPostType()),
		Tone:           tones.word(p.GetTone()),
		TargetAudience: p.GetTargetAudience(),
		Visibility:     visibilities.word(p.GetVisibility()),
		Hashtags:       p.GetHashtags(),
	}
}

func createInput(caller uuid.UUID, m *postwrightv1.CreatePostRequest) posts.CreateInput {
	return posts.CreateInput{OwnerID: caller, Draft: draft(m.GetPost()), Request: repeatable(m)}
}

func createBatchInput(caller uuid.UUID, m *postwrightv1.BatchCreatePostsRequest) posts.CreateBatchInput {
	in := posts.CreateBatchInput{OwnerID: caller, Request: repeatable(m)}
	for _, p := range m.GetPosts() {
		in.Drafts = append(in.Drafts, draft(p))
	}
	return in
}

func updateInput(caller uuid.UUID, m *postwrightv1.UpdatePostRequest) posts.UpdateInput {
	return posts.UpdateInput{
		OwnerID: caller, ID: parseID(m.GetPost().GetId()), Fields: m.GetUpdateMask().GetPaths(), Draft: draft(m.GetPost()), Etag: m.GetEtag(),
		SourceVersion: m.GetSourceVersion(),
	}
}

func deleteInput(caller uuid.UUID, m *postwrightv1.DeletePostRequest) posts.DeleteInput {
	return posts.DeleteInput{OwnerID: caller, ID: parseID(m.GetId()), Etag: m.GetEtag()}
}

func listInput(caller uuid.UUID, m *postwrightv1.ListPostsRequest) posts.ListInput {
	in := posts.ListInput{
		OwnerID: caller, AccountID: optionalID(m.GetAccountId()), From: optionalTime(m.GetFromTime()), Before: optionalTime(m.GetBeforeTime()),
		Order: postOrders.word(m.GetOrder()), PageSize: int(m.GetPageSize()), PageToken: m.GetPageToken(),
	}
	for _, state := range slices.Concat(m.GetStates(), []postwrightv1.PostState{m.GetState()}) {
		if state != postwrightv1.PostState_POST_STATE_UNSPECIFIED {
			in.States = append(in.States, postStates.word(state))
		}
	}
	return in
}

func searchInput(caller uuid.UUID, m *postwrightv1.SearchPostsRequest) posts.SearchInput {
	return posts.SearchInput{OwnerID: caller, Query: m.GetQuery(), PageSize: int(m.GetPageSize()), PageToken: m.GetPageToken()}
}

func publishInput(caller uuid.UUID, m *postwrightv1.PublishPostRequest) publishing.PublishInput {
	return publishing.PublishInput{OwnerID: caller, ID: parseID(m.GetId()), Request: repeatable(m), Resend: m.GetResend(), Looked: m.GetLooked()}
}

func publishBatchInput(caller uuid.UUID, m *postwrightv1.BatchPublishPostsRequest) publishing.PublishBatchInput {
	in := publishing.PublishBatchInput{OwnerID: caller, Request: repeatable(m)}
	for _, id := range m.GetIds() {
		in.IDs = append(in.IDs, parseID(id))
	}
	for _, p := range m.GetPosts() {
		in.Drafts = append(in.Drafts, draft(p))
	}
	return in
}

func scheduleInput(caller uuid.UUID, m *postwrightv1.SchedulePostRequest) publishing.ScheduleInput {
	in := publishing.ScheduleInput{OwnerID: caller, ID: parseID(m.GetId()), Zone: m.GetTimeZone(), LocalTime: m.GetLocalTime()}
	if at := optionalTime(m.GetScheduledTime()); at != nil {
		in.Time = *at
	}
	return in
}

func attemptsInput(caller uuid.UUID, m *postwrightv1.ListPublishAttemptsRequest) publishing.AttemptsInput {
	return publishing.AttemptsInput{OwnerID: caller, PostID: parseID(m.GetId()), PageToken: m.GetPageToken()}
}

func resolveInput(caller uuid.UUID, m *postwrightv1.ResolvePostRequest) publishing.ResolveInput {
	return publishing.ResolveInput{
		OwnerID: caller, ID: parseID(m.GetId()), Published: m.GetPublished() != nil, URN: m.GetPublished().GetLinkedinUrn(),
	}
}

func postMessage(p posts.Post) *postwrightv1.Post {
	m := &postwrightv1.Post{
		Id: p.ID.String(), OwnerId: p.OwnerID.String(), Content: p.Content,
		PostType:       postTypes.value(p.PostType),
		Tone:           tones.value(p.Tone),
		TargetAudience: p.TargetAudience,
		Visibility:     visibilities.value(p.Visibility),
		Hashtags:       p.Hashtags,
		State:          postStates.value(p.State),
		ScheduledTime:  timestamp(p.ScheduledAt), TimeZone: p.TimeZone, ScheduledLocalTime: localTime(p), PublishedTime: timestamp(p.PublishedAt),
		LinkedinUrn: p.LinkedInURN, Permalink: p.Permalink(),
		CreateTime: timestamppb.New(p.CreatedAt), UpdateTime: timestamppb.New(p.UpdatedAt), Etag: p.Etag(),
	}
	if p.AccountID != nil {
		m.AccountId = p.AccountID.String()
	}
	if p.FailureCode != "" {
		m.Failure = &postwrightv1.PostFailure{Code: p.FailureCode, Message: p.FailureMessage, Remedy: p.FailureRemedy}
	}
	return m
}

func postMessages(list []posts.Post) []*postwrightv1.Post {
	messages := make([]*postwrightv1.Post, len(list))
	for i, p := range list {
		messages[i] = postMessage(p)
	}
	return messages
}

// optionalTime reads a time that may be absent.
func optionalTime(t *timestamppb.Timestamp) *time.Time {
	if t == nil {
		return nil
	}
	at := t.AsTime()
	return &at
}

// localTime is what the clocks of a post's zone show when it is scheduled for.
func localTime(p posts.Post) string {
	there, err := zone.Load(p.TimeZone)
	if p.ScheduledAt == nil || err != nil {
		return ""
	}
	return p.ScheduledAt.In(there).Format(zone.Form)
}

func timestamp(t *time.Time) *timestamppb.Timestamp {
	if t == nil {
		return nil
	}
	stamp := timestamppb.New(*t)
	if !stamp.IsValid() { // after the year 9999: it would take the whole answer with it
		return nil
	}
	return stamp
}

func outcomeMessage(p publishing.Progress) *postwrightv1.PublishOutcome {
	m := &postwrightv1.PublishOutcome{
		Id: p.ID.String(), DatabaseStatus: postwrightv1.DatabaseStatus_DATABASE_STATUS_APPROVED, ApiStatus: apiStatuses.value(p.State),
		LinkedinUrn: p.URN, Done: int32(p.Done), Total: int32(p.Total), Index: int32(p.Index), //nolint:gosec // at most 1,000
	}
	m.Warning = p.Warning
	if p.Refused {
		m.DatabaseStatus = postwrightv1.DatabaseStatus_DATABASE_STATUS_REFUSED
	}
	if p.Failure.Code != "" {
		m.Error = &postwrightv1.PostFailure{Code: p.Failure.Code, Message: p.Failure.Message, Remedy: p.Failure.Remedy}
	}
	return m
}

func attemptsMessage(page publishing.Attempts) *postwrightv1.ListPublishAttemptsResponse {
	res := &postwrightv1.ListPublishAttemptsResponse{NextPageToken: page.NextPageToken}
	for _, a := range page.Attempts {
		res.Attempts = append(res.Attempts, attemptMessage(a))
	}
	return res
}

func attemptMessage(a publishing.Attempt) *postwrightv1.PublishAttempt {
	return &postwrightv1.PublishAttempt{
		Number: a.Number, StartTime: timestamppb.New(a.StartedAt), EndTime: timestamp(a.EndedAt),
		Outcome: attemptOutcomes.value(a.Outcome),
		Status:  a.Status, Code: a.Code, Message: a.Message, RequestId: a.RequestID,
		SettleTime: timestamp(a.SettledAt),
		Settlement: settlements.value(a.Settlement),
	}
}

func previewInput(caller uuid.UUID, req *postwrightv1.ValidatePostRequest) publishing.PreviewInput {
	in := publishing.PreviewInput{OwnerID: caller, ID: parseID(req.GetId())}
	if post := req.GetPost(); post != nil {
		d := draft(post)
		in.Draft = &d
	}
	return in
}

func previewMessage(p publishing.Preview) *postwrightv1.ValidatePostResponse {
	res := &postwrightv1.ValidatePostResponse{
		Length:   int32(p.Length), //nolint:gosec // bounded by the size of a request
		Payload:  string(p.Payload),
		Warnings: p.Warnings,
	}
	for _, v := range p.Verdicts {
		res.Verdicts = append(res.Verdicts, &postwrightv1.Verdict{Field: v.Field, Code: v.Code, Message: v.Message, Remedy: v.Remedy, Waits: v.Waits})
	}
	return res
}
