package rpc

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"log/slog"
	"runtime/debug"
	"strings"
	"time"

	"connectrpc.com/connect/v2"
	"github.com/google/uuid"

	"github.com/postwright/postwright/internal/fault"
	"github.com/postwright/postwright/internal/identity"
	"github.com/postwright/postwright/internal/limit"
	"github.com/postwright/postwright/internal/telemetry"
)

// requestIDHeader names a call in logs and answers. A caller may choose it.
const requestIDHeader = "X-Request-Id"

// codeOK is the code of a call that went well; connect has none.
const codeOK = "ok"

// call is what the outermost interceptor learns from those within about the call under way.
type call struct{ caller uuid.UUID }

type callKey struct{}

// observer logs and counts calls, each once.
type observer struct {
	Instrumentation
	// keylessLog gets a line of calls without a key that an operator has to do with; see conclude.
	keylessLog *slog.Logger
	refused    refusals
}

func newObserver(instruments Instrumentation) *observer {
	return &observer{Instrumentation: instruments, keylessLog: telemetry.Throttled(instruments.Log, refusalsEvery, "")}
}

// endedCall is what is known of a call when it has ended.
type endedCall struct {
	procedure, requestID string
	caller               uuid.UUID // uuid.Nil where nobody knows
	took                 time.Duration
	err                  error
	left                 bool // its caller left, or gave it less time than it took
}

// intercept is the outermost interceptor of ours: it names the call, keeps a panic from ending the process, logs and counts the
// call, and turns its fault into the answer.
func (o *observer) intercept(next connect.ServerFunc) connect.ServerFunc {
	return func(ctx context.Context, spec connect.Spec, stream connect.ServerStream) (err error) {
		requestID := nameCall(ctx)
		this := &call{}
		ctx = context.WithValue(telemetry.WithRequestID(ctx, requestID), callKey{}, this)
		began := time.Now()
		callersLimit, limited := ctx.Deadline() // ours is set within
		defer func() {
			if p := recover(); p != nil {
				err = fault.New(fault.Internal, "").WithCause(fmt.Errorf("panic: %v\n%s", p, debug.Stack()))
			}
			answer := o.conclude(ctx, endedCall{
				procedure: spec.Procedure, requestID: requestID, caller: this.caller, took: time.Since(began), err: err,
				left: limited && time.Until(callersLimit) <= 0 || errors.Is(ctx.Err(), context.Canceled) && !errors.Is(context.Cause(ctx), errStopping),
			})
			if answer != nil {
				err = answer
			}
		}()
		return next(ctx, spec, stream)
	}
}

// patience is for how long a caller waits who does not mean to give up at once.
const patience = 2 * time.Second

// conclude counts and logs a call that has ended, and turns its fault into the answer; nil where there is none.
func (o *observer) conclude(ctx context.Context, c endedCall) *connect.Error {
	answer, code := ToConnect(c.err, c.requestID), codeOK
	if answer != nil {
		code = answer.Code().String()
	}
	o.Observe(c.procedure, code, c.took)
	var more []slog.Attr
	if f := fault.Of(c.err); f != nil && f.Kind == fault.OverLimit {
		o.Refused(f.Reason)
		untold, tell := o.refused.tell(f.Reason, time.Now())
		if !tell {
			return answer
		}
		more = append(more, slog.Int("refused_before", untold))
	}
	log, level := o.Log, levelOf(code)
	// What its caller ended by itself is nothing an operator can do anything about, unless they had waited for long.
	ended := c.left && c.took < patience && (code == connect.CodeDeadlineExceeded.String() || code == connect.CodeCanceled.String())
	if ended {
		level = slog.LevelInfo
	}
	switch { // strangers make as many as they like, and fail in whatever way they like
	case ended && c.caller == uuid.Nil: // or somebody whose key could not be looked up in time
		log = o.keylessLog
	case !ofStrangers(c) || len(more) > 0:
	case level == slog.LevelInfo:
		level = slog.LevelDebug
	default:
		log = o.keylessLog
	}
	c.log(ctx, log, level, code, more...)
	return answer
}

// ofStrangers reports whether a call needed no proof of who made it, and brought none.
func ofStrangers(c endedCall) bool {
	return keyless(c.procedure) || signsIn(c.procedure) && c.caller == uuid.Nil
}

// nameCall takes the caller's request id, or makes one, and sends it back.
func nameCall(ctx context.Context) string {
	info, there := connect.CallInfoForServerContext(ctx)
	if !there {
		return uuid.NewString()
	}
	id := info.RequestHeader().Get(requestIDHeader)
	plain := !strings.ContainsFunc(id, func(r rune) bool { return r <= ' ' || r > '~' })
	if id == "" || len(id) > 128 || !plain {
		id = uuid.NewString()
	}
	info.ResponseHeader().Set(requestIDHeader, id)
	return id
}

// log writes the one line of a call: who asked for what, and how it went. The context adds the request's id and the trace's.
func (c endedCall) log(ctx context.Context, log *slog.Logger, level slog.Level, code string, more ...slog.Attr) {
	few := [6]slog.Attr{slog.String("procedure", c.procedure), slog.String("code", code), slog.Duration("duration", c.took)}
	attributes := append(few[:3], more...)
	if c.caller != uuid.Nil {
		attributes = append(attributes, slog.String("owner_id", c.caller.String()))
	}
	switch {
	case code == connect.CodeInvalidArgument.String():
		// What is wrong with a request may be told in the request's own words, and those may be a post's.
		attributes = append(attributes, slog.Any("fields", fieldsOf(c.err)))
		log.LogAttrs(ctx, slog.LevelDebug, "request refused", slog.Any("error", c.err))
	case c.err != nil:
		attributes = append(attributes, slog.Any("error", c.err))
	}
	if !log.Enabled(ctx, level) {
		return
	}
	line := slog.NewRecord(time.Now(), level, "call", 0) // the line of the source, which Log looks for each time, is in no line
	line.AddAttrs(attributes...)
	_ = log.Handler().Handle(ctx, line)
}

// levelOf says how much an operator has to do with how a call ended.
func levelOf(code string) slog.Level {
	switch code {
	case connect.CodeInternal.String(), connect.CodeUnknown.String():
		return slog.LevelError
	case connect.CodeUnavailable.String(), connect.CodeDeadlineExceeded.String():
		return slog.LevelWarn
	}
	return slog.LevelInfo
}

// fieldsOf are the paths of the fields that a refusal names.
func fieldsOf(err error) []string {
	paths := []string{}
	for _, f := range fault.Of(err).Fields {
		paths = append(paths, f.Path)
	}
	return paths
}

// limitTime bounds every call that is not a stream.
func limitTime(limit time.Duration) connect.ServerInterceptor {
	return func(next connect.ServerFunc) connect.ServerFunc {
		return func(ctx context.Context, spec connect.Spec, stream connect.ServerStream) error {
			if spec.StreamType != connect.StreamTypeUnary {
				return next(ctx, spec, stream)
			}
			ctx, cancel := context.WithTimeout(ctx, limit)
			defer cancel()
			return next(ctx, spec, stream)
		}
	}
}

// authenticate finds out who is calling, and whether they may call now, before the request is read. Reflection shows what
// is in the proto files anyway and asks for no key.
func authenticate(
	callers *limit.Callers, delay Delay, cookies Cookies, identify func(ctx context.Context, proof identity.Proof) (identity.Access, error),
) connect.ServerInterceptor {
	return func(next connect.ServerFunc) connect.ServerFunc {
		return func(ctx context.Context, spec connect.Spec, stream connect.ServerStream) error {
			if keyless(spec.Procedure) {
				return next(ctx, spec, stream)
			}
			info, there := connect.CallInfoForServerContext(ctx)
			if !there {
				return errors.New("a call without headers")
			}
			if signsIn(spec.Procedure) {
				return tellLimit(ctx, info.ResponseHeader(), delay, uuid.Nil, next(ctx, spec, stream))
			}
			proof := proofOf(info.RequestHeader(), cookies)
			if proof.Session != "" {
				info.ResponseHeader().Set("Cache-Control", ofOne)
			}
			var access identity.Access
			admission, err := callers.Admit(ctx, limit.Call{
				From: connectionOf(ctx).from, Key: cmp.Or(proof.Key, proof.Session), Stream: spec.StreamType != connect.StreamTypeUnary,
				BeforeWait: func() { leaveArrivals(ctx) },
			}, func(ctx context.Context) (_ limit.Caller, err error) {
				access, err = identify(ctx, proof)
				return limit.Caller{Owner: access.UserID, Key: cmp.Or(access.KeyID, access.SessionID)}, err
			})
			tellBucket(info.ResponseHeader(), admission.Bucket)
			noteCaller(ctx, admission.Owner)
			if err != nil {
				return tellLimit(ctx, info.ResponseHeader(), delay, admission.Key, err)
			}
			defer admission.Release()
			if spec.StreamType != connect.StreamTypeUnary {
				stream = provenStream{stream, func() error {
					_, err := identify(ctx, proof)
					return err
				}}
			}
			return next(identity.WithCaller(ctx, access), spec, stream)
		}
	}
}

// noteCaller tells the observer of a call whose it is.
func noteCaller(ctx context.Context, caller uuid.UUID) {
	if this, there := ctx.Value(callKey{}).(*call); there {
		this.caller = caller
	}
}

// tellLimit tells the caller of a limit that refused them, when it may be told.
func tellLimit(ctx context.Context, header setter, delay Delay, key uuid.UUID, err error) error {
	tellRetry(header, err)
	if fault.Is(err, fault.OverLimit) {
		delay(ctx, key)
	}
	return err
}

// proofOf is what a call brings to show who makes it. Where there is an Authorization header, its cookies are not looked at.
func proofOf(header *connect.Header, cookies Cookies) identity.Proof {
	if authorization := header.Get("Authorization"); authorization != "" {
		return identity.Proof{Key: bearer(authorization)}
	}
	return identity.Proof{Session: cookies.token(header.Values("Cookie"))}
}

// bearer is the key in an Authorization header, "" where there is none.
func bearer(authorization string) string {
	scheme, key, _ := strings.Cut(authorization, " ")
	if !strings.EqualFold(scheme, "Bearer") {
		return ""
	}
	return strings.TrimSpace(key)
}
