package rpc

import (
	"context"
	"go/ast"
	"go/parser"
	"go/token"
	"log/slog"
	"net/http/httptest"
	"path/filepath"
	"testing"

	"github.com/google/uuid"
	"github.com/stretchr/testify/require"
	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/reflect/protoreflect"
	"google.golang.org/protobuf/types/dynamicpb"

	postwrightv1 "github.com/postwright/postwright/gen/proto/postwright/v1"
	"github.com/postwright/postwright/internal/fault"
	"github.com/postwright/postwright/internal/identity"
)

// counted is the input of a use case that objects to everything.
type counted struct {
	owner     uuid.UUID
	validated *int
}

func (c counted) Validate() error {
	*c.validated++
	return fault.Fields(fault.Field{Path: "other", Problem: "is wrong too"})
}

func TestARequestIsMappedOnceAndValidatedOnce(t *testing.T) {
	t.Parallel()
	owner := uuid.New()
	for name, c := range map[string]struct {
		request *postwrightv1.GetPostRequest
		used    int
		want    string
	}{
		"right by its proto file": {&postwrightv1.GetPostRequest{Id: uuid.NewString()}, 1, "other is wrong too."},
		"wrong by it":             {&postwrightv1.GetPostRequest{Id: "x"}, 0, "id must be a valid UUID; other is wrong too."},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			var mapped, validated, used int
			res, err := unary(identity.WithCaller(t.Context(), identity.Access{UserID: owner}), c.request,
				func(caller uuid.UUID, _ *postwrightv1.GetPostRequest) counted {
					mapped++
					return counted{caller, &validated}
				},
				func(_ context.Context, in counted) (string, error) {
					used++
					require.Equal(t, counted{owner, &validated}, in, "it is what was mapped")
					return "", in.Validate()
				},
				func(string) *postwrightv1.GetPostResponse { return &postwrightv1.GetPostResponse{} })
			require.Nil(t, res)
			require.EqualError(t, err, "invalid: The request is not valid: "+c.want)
			require.Equal(t, []int{1, 1, c.used}, []int{mapped, validated, used})
		})
	}
}

func TestNobodyIsAnsweredWithoutACaller(t *testing.T) {
	t.Parallel()
	_, err := accept(t.Context(), &postwrightv1.GetPostRequest{Id: uuid.NewString()}, readID)
	require.True(t, fault.Is(err, fault.Unauthenticated))
}

// A handler that took its request past the rules would be the only one that shows nothing for it.
func TestEveryMethodHoldsItsRequestAgainstTheRules(t *testing.T) {
	t.Parallel()
	handler := newEdge(t, small, slog.New(slog.DiscardHandler))
	var without []protoreflect.Name
	for _, m := range methods() {
		message := dynamicpb.NewMessage(m.Input())
		path := fillText(message, "x\x00")
		if path == "" {
			without = append(without, m.Name())
			continue
		}
		body, err := proto.Marshal(message)
		require.NoError(t, err)
		kind := "application/proto"
		if m.IsStreamingServer() {
			kind, body = "application/connect+proto", enveloped(0, body)
		}
		w := httptest.NewRecorder()
		handler.ServeHTTP(w, post(procedure(m), kind, body))
		require.Contains(t, words(t, w), "The request is not valid: ", m.Name())
		require.Contains(t, words(t, w), path, m.Name())
	}
	empty := []protoreflect.Name{
		"ListAccounts", "GetPreferences", "GetStatus", "ListPushSubscriptions", "ListWebhooks", "SignOut", "GetSession",
	}
	require.ElementsMatch(t, empty, without, "their requests are empty")
}

// fillText gives the first text in a message, and returns where that is; "" where there is none.
func fillText(message protoreflect.Message, text string) string {
	fields := message.Descriptor().Fields()
	for i := range fields.Len() {
		switch f := fields.Get(i); {
		case f.IsList():
		case f.Kind() == protoreflect.StringKind:
			message.Set(f, protoreflect.ValueOfString(text))
			return f.JSONName()
		case f.Message() != nil:
			inner := message.NewField(f)
			if path := fillText(inner.Message(), text); path != "" {
				message.Set(f, inner)
				return f.JSONName() + "." + path
			}
		}
	}
	return ""
}

// What was validated is what is used: a handler hands its request on, once, and reads nothing of it beside the mapping.
func TestAHandlerReadsNothingOfItsRequestBesideTheMapping(t *testing.T) {
	t.Parallel()
	names, err := filepath.Glob("handlers_*.go")
	require.NoError(t, err)
	handlers := 0
	for _, name := range names {
		file, err := parser.ParseFile(token.NewFileSet(), name, nil, 0)
		require.NoError(t, err)
		for _, declared := range file.Decls {
			uses := 0
			if f, is := declared.(*ast.FuncDecl); is {
				ast.Inspect(f.Body, func(n ast.Node) bool {
					if id, is := n.(*ast.Ident); is && id.Name == "req" {
						uses++
					}
					return true
				})
				require.LessOrEqual(t, uses, 1, f.Name.Name)
			}
			handlers += uses
		}
	}
	require.Len(t, methods(), handlers)
}
