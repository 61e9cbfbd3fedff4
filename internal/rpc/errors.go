package rpc

import (
	"context"
	"errors"
	"fmt"
	"strconv"
	"time"

	"connectrpc.com/connect/v2"
	"connectrpc.com/connect/v2/connectproto"
	"google.golang.org/genproto/googleapis/rpc/errdetails"
	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/types/known/durationpb"

	"github.com/postwright/postwright/internal/fault"
)

// codes says how each kind of fault reaches the caller. A vendor that does not know our account's token is no reason to
// tell our caller that they are unauthenticated.
var codes = map[fault.Kind]connect.Code{
	fault.Internal:          connect.CodeInternal,
	fault.NotFound:          connect.CodeNotFound,
	fault.Conflict:          connect.CodeAlreadyExists,
	fault.Precondition:      connect.CodeFailedPrecondition,
	fault.Invalid:           connect.CodeInvalidArgument,
	fault.Stale:             connect.CodeAborted,
	fault.Busy:              connect.CodeAborted,
	fault.Canceled:          connect.CodeCanceled,
	fault.Deadline:          connect.CodeDeadlineExceeded,
	fault.Unavailable:       connect.CodeUnavailable,
	fault.Unauthenticated:   connect.CodeUnauthenticated,
	fault.Forbidden:         connect.CodePermissionDenied,
	fault.RateLimited:       connect.CodeResourceExhausted,
	fault.VendorAuth:        connect.CodeFailedPrecondition,
	fault.VendorRejected:    connect.CodeFailedPrecondition,
	fault.VendorUnavailable: connect.CodeUnavailable,
	fault.OverLimit:         connect.CodeResourceExhausted,
}

// defaultRetryAfter is how long to wait when nobody knows better.
const defaultRetryAfter = time.Second

// ToConnect turns the error of a call into its answer. Causes stay here: only a fault's own words leave.
func ToConnect(err error, requestID string) *connect.Error {
	if err == nil {
		return nil
	}
	var f *fault.Error
	var authored *connect.Error
	switch {
	case errors.As(err, &f):
	case errors.As(err, &authored) && !authored.IsRemote(): // a message that can't be read, a body that is too large
		return authored
	case errors.Is(err, context.Canceled):
		f = fault.New(fault.Canceled, "The caller went away.")
	case errors.Is(err, context.DeadlineExceeded):
		f = fault.New(fault.Deadline, "The time for this request ran out.")
	default:
		f = fault.Of(err)
	}
	message := f.Message
	if f.Kind == fault.Internal {
		message = "Something went wrong inside Postwright. Look for request id " + requestID + " in its log."
	}
	answer := connect.NewError(codes[f.Kind], message)
	for _, detail := range details(f) {
		if packed, err := connectproto.NewErrorDetail(detail); err == nil { // a detail that can't be packed is left out
			answer = answer.WithDetail(packed)
		}
	}
	return answer
}

// details are what a program can act on: the fields, the time to wait, and what the vendor said.
func details(f *fault.Error) []proto.Message {
	var list []proto.Message
	if len(f.Fields) > 0 {
		bad := &errdetails.BadRequest{}
		for _, field := range f.Fields {
			bad.FieldViolations = append(bad.FieldViolations, &errdetails.BadRequest_FieldViolation{Field: field.Path, Description: field.Problem})
		}
		if f.More > 0 {
			bad.FieldViolations = append(bad.FieldViolations, &errdetails.BadRequest_FieldViolation{Description: fmt.Sprintf("and %d more", f.More)})
		}
		list = append(list, bad)
	}
	wait := f.RetryAfter
	switch f.Kind {
	case fault.Busy, fault.Unavailable, fault.VendorUnavailable:
		wait = max(wait, defaultRetryAfter)
	}
	if wait > 0 {
		list = append(list, &errdetails.RetryInfo{RetryDelay: durationpb.New(wait)})
	}
	if f.Reason != "" || f.Answer != nil {
		info := &errdetails.ErrorInfo{Reason: f.Reason, Domain: "postwright"}
		if a := f.Answer; a != nil {
			info.Domain = a.Vendor
			info.Metadata = map[string]string{
				"operation": a.Operation, "status": strconv.Itoa(a.Status), "code": a.Code, "message": a.Message, "requestId": a.TraceID,
			}
		}
		list = append(list, info)
	}
	return list
}
