package rpc

import (
	"context"
	"errors"
	"fmt"
	"regexp"
	"strings"

	"buf.build/go/protovalidate"
	"connectrpc.com/connect/v2"
	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/reflect/protoreflect"

	"github.com/postwright/postwright/internal/fault"
	"github.com/postwright/postwright/internal/identity"
)

// validateRequests refuses a request with everything that is wrong with it: by the rules in the proto files, and by those
// of the use case that it asks for, so that a caller never mends one fault only to meet the next.
func validateRequests(next connect.ServerFunc) connect.ServerFunc {
	return func(ctx context.Context, spec connect.Spec, stream connect.ServerStream) error {
		return next(ctx, spec, validatedStream{ServerStream: stream, ctx: ctx})
	}
}

type validatedStream struct {
	connect.ServerStream
	ctx context.Context
}

func (s validatedStream) Receive(msg any) error {
	if err := s.ServerStream.Receive(msg); err != nil {
		return err
	}
	message, isProto := msg.(proto.Message)
	if !isProto {
		return nil
	}
	caller, err := identity.Caller(s.ctx)
	if err != nil {
		return nil // reflection: the only requests without a caller, and without rules
	}
	return check(message, inputOf(caller, message))
}

// validator is what a use case's input can do.
type validator interface{ Validate() error }

// check lists everything that is wrong with a message. input is the use case's, nil where it has no rules of its own.
func check(message proto.Message, input validator) error {
	var faults []fault.Field
	var violations *protovalidate.ValidationError
	switch err := protovalidate.Validate(message); {
	case errors.As(err, &violations):
		for _, v := range violations.Violations {
			faults = append(faults, fault.Field{
				Path:    jsonPath(protovalidate.FieldPathString(v.Proto.GetField())),
				Problem: strings.TrimPrefix(v.Proto.GetMessage(), "value "),
			})
		}
	case err != nil:
		return fmt.Errorf("check the request against its proto file: %w", err)
	}
	faults = append(faults, nulFaults("", message.ProtoReflect())...)
	if input != nil {
		if err := input.Validate(); err != nil {
			faults = append(faults, fault.Of(err).Fields...)
		}
	}
	return fault.Fields(firstOfEach(faults)...)
}

// firstOfEach keeps one problem per field: two rules may object to the same value.
func firstOfEach(faults []fault.Field) []fault.Field {
	seen := map[string]bool{}
	var kept []fault.Field
	for _, f := range faults {
		if !seen[f.Path] {
			kept = append(kept, f)
		}
		seen[f.Path] = true
	}
	return kept
}

var underscored = regexp.MustCompile(`_[a-z]`)

// jsonPath writes the path of a field as JSON callers do: post.postType.
func jsonPath(path string) string {
	return underscored.ReplaceAllStringFunc(path, func(s string) string { return strings.ToUpper(s[1:]) })
}

// nulFaults finds the strings that PostgreSQL can't keep.
func nulFaults(path string, message protoreflect.Message) []fault.Field {
	var faults []fault.Field
	look := func(path string, field protoreflect.FieldDescriptor, value protoreflect.Value) {
		switch {
		case field.Message() != nil && !field.IsMap():
			faults = append(faults, nulFaults(path+".", value.Message())...)
		case field.Kind() == protoreflect.StringKind && strings.ContainsRune(value.String(), 0):
			faults = append(faults, fault.Field{Path: path, Problem: "must not contain NUL characters"})
		}
	}
	message.Range(func(field protoreflect.FieldDescriptor, value protoreflect.Value) bool {
		at := path + field.JSONName()
		if !field.IsList() {
			look(at, field, value)
			return true
		}
		for i := range value.List().Len() {
			look(fmt.Sprintf("%s[%d]", at, i), field, value.List().Get(i))
		}
		return true
	})
	return faults
}
