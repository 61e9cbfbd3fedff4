package rpc

import (
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
	"github.com/postwright/postwright/internal/telemetry"
)

// requestIDHeader names a call in logs and answers. A caller may choose it.
const requestIDHeader = "X-Request-Id"

// call is what the outermost interceptor learns from those within about the call under way.
type call struct{ caller uuid.UUID }

type callKey struct{}

// observe is the outermost interceptor of ours: it names the call, keeps a panic from ending the process, logs and counts
// the call once, and turns its fault into the answer.
func observe(eyes Eyes) connect.ServerInterceptor {
	return func(next connect.ServerFunc) connect.ServerFunc {
		return func(ctx context.Context, spec connect.Spec, stream connect.ServerStream) (err error) {
			requestID := nameCall(ctx)
			this := &call{}
			ctx = context.WithValue(telemetry.WithRequestID(ctx, requestID), callKey{}, this)
			began := time.Now()
			defer func() {
				if p := recover(); p != nil {
					err = fault.New(fault.Internal, "").WithCause(fmt.Errorf("panic: %v\n%s", p, debug.Stack()))
				}
				answer, took, code := toConnect(err, requestID), time.Since(began), "ok"
				if answer != nil {
					code = answer.Code().String()
				}
				eyes.Observe(spec.Procedure, code, took)
				logCall(ctx, eyes.Log, spec.Procedure, code, this.caller, took, err)
				if answer != nil {
					err = answer
				}
			}()
			return next(ctx, spec, stream)
		}
	}
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

// logCall is the one line of a call: who asked for what, and how it went. The context adds the request's id and the trace's.
func logCall(ctx context.Context, log *slog.Logger, procedure, code string, caller uuid.UUID, took time.Duration, err error) {
	attributes := []slog.Attr{slog.String("procedure", procedure), slog.String("code", code), slog.Duration("duration", took)}
	if caller != uuid.Nil {
		attributes = append(attributes, slog.String("owner_id", caller.String()))
	}
	level := slog.LevelInfo
	if err != nil {
		attributes = append(attributes, slog.Any("error", err))
		switch code {
		case connect.CodeInternal.String(), connect.CodeUnknown.String():
			level = slog.LevelError
		case connect.CodeUnavailable.String(), connect.CodeDeadlineExceeded.String():
			level = slog.LevelWarn
		}
	}
	log.LogAttrs(ctx, level, "call", attributes...)
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

// authenticate finds out who is calling before the request is read. Reflection shows what is in the proto files anyway
// and asks for no key.
func authenticate(verify func(ctx context.Context, key string) (uuid.UUID, error)) connect.ServerInterceptor {
	return func(next connect.ServerFunc) connect.ServerFunc {
		return func(ctx context.Context, spec connect.Spec, stream connect.ServerStream) error {
			if strings.HasPrefix(spec.Procedure, "/grpc.reflection.") {
				return next(ctx, spec, stream)
			}
			info, there := connect.CallInfoForServerContext(ctx)
			if !there {
				return errors.New("a call without headers")
			}
			scheme, key, _ := strings.Cut(info.RequestHeader().Get("Authorization"), " ")
			if !strings.EqualFold(scheme, "Bearer") || key == "" {
				return fault.New(fault.Unauthenticated, "Send an API key: `Authorization: Bearer pw_…`.")
			}
			caller, err := verify(ctx, strings.TrimSpace(key))
			if err != nil {
				return err
			}
			if this, there := ctx.Value(callKey{}).(*call); there {
				this.caller = caller
			}
			return next(identity.WithCaller(ctx, caller), spec, stream)
		}
	}
}
