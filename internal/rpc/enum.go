package rpc

import (
	"strconv"

	postwrightv1 "github.com/postwright/postwright/gen/proto/postwright/v1"
	"github.com/postwright/postwright/internal/analysis"
	"github.com/postwright/postwright/internal/posts"
	"github.com/postwright/postwright/internal/publishing"
	"github.com/postwright/postwright/internal/status"
	"github.com/postwright/postwright/internal/versions"
	"github.com/postwright/postwright/internal/webhooks"
)

// enum says which value of one of the API's enums stands for which word of the use cases. The one table serves both directions.
type enum[E ~int32, W ~string] struct {
	values map[W]E
	words  map[E]W
}

func enumOf[E ~int32, W ~string](values map[W]E) enum[E, W] {
	words := make(map[E]W, len(values))
	for word, value := range values {
		words[value] = word
	}
	return enum[E, W]{values, words}
}

// unrecognized is the value of a word that the API lacks, such as one that a newer node has written. It is not 0, which says
// that there is nothing to say, and in a request often stands for a default. The enums of proto3 are open: clients take what they
// have no name for as it is, and the rules of the proto files refuse it when it comes back.
const unrecognized = -1

// value is the API's for a word.
func (e enum[E, W]) value(word W) E {
	if value, known := e.values[word]; known {
		return value
	}
	return unrecognized
}

// word is the use cases' for a value, "" for 0. The number of a value that there is not, which the rules of the proto files
// refuse, is no use case's word.
func (e enum[E, W]) word(value E) W {
	if value == 0 {
		return ""
	}
	if word, known := e.words[value]; known {
		return word
	}
	return W(strconv.Itoa(int(value)))
}

var (
	postTypes = enumOf(map[string]postwrightv1.PostType{
		posts.Unspecified: postwrightv1.PostType_POST_TYPE_UNSPECIFIED,
		"educational":     postwrightv1.PostType_POST_TYPE_EDUCATIONAL,
		"story":           postwrightv1.PostType_POST_TYPE_STORY,
		"announcement":    postwrightv1.PostType_POST_TYPE_ANNOUNCEMENT,
		"opinion":         postwrightv1.PostType_POST_TYPE_OPINION,
		"question":        postwrightv1.PostType_POST_TYPE_QUESTION,
		"case_study":      postwrightv1.PostType_POST_TYPE_CASE_STUDY,
		"hiring":          postwrightv1.PostType_POST_TYPE_HIRING,
	})
	tones = enumOf(map[string]postwrightv1.Tone{
		posts.Unspecified: postwrightv1.Tone_TONE_UNSPECIFIED,
		"professional":    postwrightv1.Tone_TONE_PROFESSIONAL,
		"conversational":  postwrightv1.Tone_TONE_CONVERSATIONAL,
		"inspirational":   postwrightv1.Tone_TONE_INSPIRATIONAL,
		"humorous":        postwrightv1.Tone_TONE_HUMOROUS,
		"authoritative":   postwrightv1.Tone_TONE_AUTHORITATIVE,
	})
	visibilities = enumOf(map[string]postwrightv1.Visibility{
		posts.VisibilityPublic:      postwrightv1.Visibility_VISIBILITY_PUBLIC,
		posts.VisibilityConnections: postwrightv1.Visibility_VISIBILITY_CONNECTIONS,
	})
	postStates = enumOf(map[string]postwrightv1.PostState{
		posts.StateDraft:       postwrightv1.PostState_POST_STATE_DRAFT,
		posts.StateScheduled:   postwrightv1.PostState_POST_STATE_SCHEDULED,
		posts.StateQueued:      postwrightv1.PostState_POST_STATE_QUEUED,
		posts.StatePublishing:  postwrightv1.PostState_POST_STATE_PUBLISHING,
		posts.StatePublished:   postwrightv1.PostState_POST_STATE_PUBLISHED,
		posts.StateFailed:      postwrightv1.PostState_POST_STATE_FAILED,
		posts.StateUnconfirmed: postwrightv1.PostState_POST_STATE_UNCONFIRMED,
	})
	postOrders = enumOf(map[posts.Order]postwrightv1.PostOrder{
		posts.Newest:    postwrightv1.PostOrder_POST_ORDER_NEWEST,
		posts.Scheduled: postwrightv1.PostOrder_POST_ORDER_SCHEDULED,
	})
	// apiStatuses are those of the posts of a batch, by the states that they rest or wait in. No request has one: it is read in
	// this direction alone, in which several states may have one value.
	apiStatuses = enumOf(map[string]postwrightv1.ApiStatus{
		"":                     postwrightv1.ApiStatus_API_STATUS_NOT_ASKED,
		posts.StateDraft:       postwrightv1.ApiStatus_API_STATUS_NOT_ASKED,
		posts.StateQueued:      postwrightv1.ApiStatus_API_STATUS_WAITING,
		posts.StatePublished:   postwrightv1.ApiStatus_API_STATUS_PUBLISHED,
		posts.StateFailed:      postwrightv1.ApiStatus_API_STATUS_FAILED,
		posts.StateUnconfirmed: postwrightv1.ApiStatus_API_STATUS_UNCONFIRMED,
	})
	attemptOutcomes = enumOf(map[string]postwrightv1.AttemptOutcome{
		publishing.OutcomeStarted:  postwrightv1.AttemptOutcome_ATTEMPT_OUTCOME_STARTED,
		publishing.OutcomeAccepted: postwrightv1.AttemptOutcome_ATTEMPT_OUTCOME_ACCEPTED,
		publishing.OutcomeRejected: postwrightv1.AttemptOutcome_ATTEMPT_OUTCOME_REJECTED,
		publishing.OutcomeNotSent:  postwrightv1.AttemptOutcome_ATTEMPT_OUTCOME_NOT_SENT,
		publishing.OutcomeInDoubt:  postwrightv1.AttemptOutcome_ATTEMPT_OUTCOME_IN_DOUBT,
	})
	settlements = enumOf(map[string]postwrightv1.Settlement{
		"":                             postwrightv1.Settlement_SETTLEMENT_UNSPECIFIED,
		publishing.SettledPublished:    postwrightv1.Settlement_SETTLEMENT_PERSON_PUBLISHED,
		publishing.SettledNotPublished: postwrightv1.Settlement_SETTLEMENT_PERSON_NOT_PUBLISHED,
		publishing.SettledByDuplicate:  postwrightv1.Settlement_SETTLEMENT_DUPLICATE_NAMED,
		publishing.SettledReadBack:     postwrightv1.Settlement_SETTLEMENT_READ_BACK_PUBLISHED,
		publishing.SettledAbsent:       postwrightv1.Settlement_SETTLEMENT_READ_BACK_ABSENT,
		publishing.SettledLateAccepted: postwrightv1.Settlement_SETTLEMENT_LATE_ACCEPTED,
		publishing.SettledLateRefused:  postwrightv1.Settlement_SETTLEMENT_LATE_REFUSED,
	})
	deliveryStates = enumOf(map[string]postwrightv1.WebhookDeliveryState{
		webhooks.Pending:   postwrightv1.WebhookDeliveryState_WEBHOOK_DELIVERY_STATE_PENDING,
		webhooks.Delivered: postwrightv1.WebhookDeliveryState_WEBHOOK_DELIVERY_STATE_DELIVERED,
		webhooks.Failed:    postwrightv1.WebhookDeliveryState_WEBHOOK_DELIVERY_STATE_FAILED,
		webhooks.OverLimit: postwrightv1.WebhookDeliveryState_WEBHOOK_DELIVERY_STATE_OVER_LIMIT,
	})
	sentimentLabels = enumOf(map[string]postwrightv1.SentimentLabel{
		analysis.Negative: postwrightv1.SentimentLabel_SENTIMENT_LABEL_NEGATIVE,
		analysis.Neutral:  postwrightv1.SentimentLabel_SENTIMENT_LABEL_NEUTRAL,
		analysis.Positive: postwrightv1.SentimentLabel_SENTIMENT_LABEL_POSITIVE,
	})
	optimizationTypes = enumOf(map[string]postwrightv1.OptimizationType{
		analysis.ForEngagement:       postwrightv1.OptimizationType_OPTIMIZATION_TYPE_ENGAGEMENT,
		analysis.ForClarity:          postwrightv1.OptimizationType_OPTIMIZATION_TYPE_CLARITY,
		analysis.ForBrevity:          postwrightv1.OptimizationType_OPTIMIZATION_TYPE_BREVITY,
		analysis.ForProfessionalTone: postwrightv1.OptimizationType_OPTIMIZATION_TYPE_PROFESSIONAL_TONE,
	})
	versionKinds = enumOf(map[string]postwrightv1.PostVersionKind{
		versions.Text:         postwrightv1.PostVersionKind_POST_VERSION_KIND_TEXT,
		versions.Sentiment:    postwrightv1.PostVersionKind_POST_VERSION_KIND_SENTIMENT,
		versions.Hashtags:     postwrightv1.PostVersionKind_POST_VERSION_KIND_HASHTAGS,
		versions.Optimization: postwrightv1.PostVersionKind_POST_VERSION_KIND_OPTIMIZATION,
	})
	diffOperations = enumOf(map[string]postwrightv1.PostDiffOperation{
		versions.Keep:   postwrightv1.PostDiffOperation_POST_DIFF_OPERATION_KEEP,
		versions.Delete: postwrightv1.PostDiffOperation_POST_DIFF_OPERATION_DELETE,
		versions.Insert: postwrightv1.PostDiffOperation_POST_DIFF_OPERATION_INSERT,
	})
	checkStates = enumOf(map[status.State]postwrightv1.CheckState{
		status.OK:      postwrightv1.CheckState_CHECK_STATE_OK,
		status.Unknown: postwrightv1.CheckState_CHECK_STATE_UNKNOWN,
		status.Warning: postwrightv1.CheckState_CHECK_STATE_WARNING,
		status.Failed:  postwrightv1.CheckState_CHECK_STATE_FAILED,
	})
)
