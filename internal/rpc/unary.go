package rpc

import (
	"context"

	"github.com/google/uuid"
	"google.golang.org/protobuf/proto"

	"github.com/postwright/postwright/internal/identity"
)

// unary is every call that is no stream: in maps the request to the input of a use case, out the result to the answer.
func unary[Req proto.Message, Res, In, Out any](
	ctx context.Context, req Req,
	in func(caller uuid.UUID, req Req) In, use func(context.Context, In) (Out, error), out func(Out) *Res,
) (*Res, error) {
	input, err := accept(ctx, req, in)
	if err != nil {
		return nil, err
	}
	result, err := use(ctx, input)
	if err != nil {
		return nil, err
	}
	return out(result), nil
}

// accept maps a request to the input of its use case, or refuses it with everything that is wrong with it: by the rules in the
// proto files, and then by the use case's own too, so that a caller never mends one fault only to meet the next. Where the proto
// files' rules object to nothing, the use case itself holds the input against its own: once is enough for a thousand posts.
func accept[Req proto.Message, In any](
	ctx context.Context, req Req, in func(caller uuid.UUID, req Req) In,
) (input In, err error) {
	caller, err := identity.Caller(ctx)
	if err != nil {
		return input, err
	}
	input = in(caller, req)
	return input, check(req, input)
}

// byAnyone is unary of what asks for no proof of who calls: signing in.
func byAnyone[Req proto.Message, Res, In, Out any](
	ctx context.Context, req Req, in func(context.Context, Req) In, use func(context.Context, In) (Out, error), out func(Out) *Res,
) (*Res, error) {
	input := in(ctx, req)
	if err := check(req, input); err != nil {
		return nil, err
	}
	result, err := use(ctx, input)
	if err != nil {
		return nil, err
	}
	return out(result), nil
}

// ownedID is the input of a use case that needs no more than an owner and an id.
type ownedID struct{ owner, id uuid.UUID }

func readID[Req interface{ GetId() string }](caller uuid.UUID, req Req) ownedID {
	return ownedID{caller, parseID(req.GetId())}
}

// byID adapts a use case that needs no more than an owner and an id.
func byID[Out any](use func(ctx context.Context, owner, id uuid.UUID) (Out, error)) func(context.Context, ownedID) (Out, error) {
	return func(ctx context.Context, in ownedID) (Out, error) { return use(ctx, in.owner, in.id) }
}

// onlyCaller is the input of a use case that needs no more than who is calling.
func onlyCaller[Req any](caller uuid.UUID, _ Req) uuid.UUID { return caller }

// same is for a use case whose result is made into the answer where it is called.
func same[Res any](res *Res) *Res { return res }
