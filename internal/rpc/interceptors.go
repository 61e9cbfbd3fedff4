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
)

// requestIDHeader names a call in logs and answers. A caller may choose it.
const requestIDHeader = "X-Request-Id"

// observe is the outermost interceptor: it names the call, keeps a panic from ending the process, logs the call once,
// and turns its fault into the answer.
func observe(log *slog.Logger) connect.ServerInterceptor {
	return func(next connect.ServerFunc) connect.ServerFunc {
		return func(ctx context.Context, spec connect.Spec, stream connect.ServerStream) (err error) {
			requestID := nameCall(ctx)
			began := time.Now()
			defer func() {
				if p := recover(); p != nil {
					err = fault.New(fault.Internal, "").WithCause(fmt.Errorf("panic: %v\n%s", p, debug.Stack()))
				}
				answer := ToConnect(err, requestID)
				logCall(ctx, log, spec.Procedure, requestID, time.Since(began), err, answer)
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

func logCall(ctx context.Context, log *slog.Logger, procedure, requestID string, took time.Duration, err error, answer *connect.Error) {
	attributes := []slog.Attr{
		slog.String("procedure", procedure), slog.String("request_id", requestID), slog.Duration("duration", took),
	}
	if answer == nil {
		log.LogAttrs(ctx, slog.LevelInfo, "call", append(attributes, slog.String("code", "ok"))...)
		return
	}
	level := slog.LevelInfo
	switch answer.Code() {
	case connect.CodeInternal, connect.CodeUnknown:
		level = slog.LevelError
	case connect.CodeUnavailable, connect.CodeDeadlineExceeded:
		level = slog.LevelWarn
	}
	log.LogAttrs(ctx, level, "call", append(attributes, slog.String("code", answer.Code().String()), slog.Any("error", err))...)
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
			return next(identity.WithCaller(ctx, caller), spec, stream)
		}
	}
}
