package rpc

import (
	"bytes"
	"strings"
	"testing"

	"connectrpc.com/connect/v2"
	"github.com/google/uuid"
	"github.com/stretchr/testify/require"
	"google.golang.org/protobuf/encoding/protojson"
	"google.golang.org/protobuf/proto"

	postwrightv1 "github.com/postwright/postwright/gen/proto/postwright/v1"
)

// BenchmarkTakeIn reads a request and holds it against its proto file, as every call does before its use case.
func BenchmarkTakeIn(b *testing.B) {
	one := &postwrightv1.Post{
		Content: strings.Repeat("A text as people write it, with \"quotes\" and a few é. ", 20), PostType: postwrightv1.PostType_POST_TYPE_STORY,
		TargetAudience: "general", Hashtags: []string{"golang", "PostgreSQL", "OpenSource"},
	}
	batch := &postwrightv1.BatchCreatePostsRequest{}
	for range 1000 {
		batch.Posts = append(batch.Posts, one)
	}
	json, binary := newStrictJSON(), newBoundedBinary()
	for name, message := range map[string]proto.Message{
		"GetPost": &postwrightv1.GetPostRequest{Id: uuid.Max.String()}, "CreatePost": &postwrightv1.CreatePostRequest{Post: one},
		"BatchCreatePosts": batch,
	} {
		run := func(b *testing.B, codec connect.Codec, body []byte) {
			b.ReportAllocs()
			b.SetBytes(int64(len(body)))
			for b.Loop() {
				taken := message.ProtoReflect().New().Interface()
				require.NoError(b, codec.UnmarshalRead(b.Context(), bytes.NewBuffer(body), taken))
				require.NoError(b, check(taken, nil))
			}
		}
		b.Run(name+"/json", func(b *testing.B) {
			body, err := protojson.Marshal(message)
			require.NoError(b, err)
			run(b, json, body)
		})
		b.Run(name+"/binary", func(b *testing.B) {
			body, err := proto.Marshal(message)
			require.NoError(b, err)
			run(b, binary, body)
		})
	}
}
