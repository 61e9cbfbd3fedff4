package siege

import (
	"bytes"
	"compress/gzip"
	"context"
	"encoding/binary"
	"fmt"
	"net/http"
	"slices"
	"strings"
	"time"

	"google.golang.org/protobuf/proto"

	postwrightv1 "github.com/postwright/postwright/gen/proto/postwright/v1"
)

// What a bad request may come to.
const (
	answerMost = 64 << 10 // bytes
	badLogMost = 64 << 10 // bytes
	// A refusal's time: that of reading the request on a slow machine.
	refusalMost       = 5 * time.Second
	refusalMostPerMiB = time.Second
	// refusalTimeout is when a node that is still at it is given up for lost.
	refusalTimeout = time.Minute
	// againPause is between two requests that were measured before.
	againPause = 20 * time.Millisecond
)

// badRequest is one that must be refused, briefly.
type badRequest struct {
	name, path string
	body       []byte
	headers    []string
	holds      int64 // bytes, uncompressed
}

// badRequests are as large as size says, in bytes, uncompressed.
func badRequests(size int) []badRequest {
	list := func(element string) string { // elements of JSON until the size is reached
		return strings.TrimSuffix(strings.Repeat(element+",", size/(len(element)+1)), ",")
	}
	long := strings.Repeat("x", size)
	hashtags := []byte(`{"post":{"content":"x","hashtags":[` + list(`""`) + `]}}`)
	plain := func(name, path, body string) badRequest {
		return badRequest{name: name, path: path, body: []byte(body), holds: int64(len(body))}
	}
	binaryTags, _ := proto.Marshal(
		&postwrightv1.CreatePostRequest{Post: &postwrightv1.Post{Content: "x", Hashtags: make([]string, size/2)}},
	) // valid UTF-8: it can't fail
	ids := plain("ids of a batch", pathPosts+"BatchPublishPosts", `{"ids":[`+list(`"x"`)+`]}`)
	ids.body, ids.headers = envelope(ids.body), []string{"Content-Type", "application/connect+json"}
	id := `"id":"0193a5a0-0000-7000-8000-000000000000"`
	return []badRequest{
		{name: "hashtags", path: pathPosts + "CreatePost", body: hashtags, holds: int64(len(hashtags))},
		{
			name:    "hashtags, gzipped",
			path:    pathPosts + "CreatePost",
			body:    gzipped(hashtags),
			headers: []string{"Content-Encoding", "gzip"},
			holds:   int64(len(hashtags)),
		},
		{
			name:    "hashtags, binary",
			path:    pathPosts + "CreatePost",
			body:    binaryTags,
			headers: []string{"Content-Type", "application/proto"},
			holds:   int64(len(binaryTags)),
		},
		plain("hashtags of a batch", pathPosts+"BatchCreatePosts", `{"posts":[{"content":"x","hashtags":[`+list(`""`)+`]}]}`),
		plain("empty posts", pathPosts+"BatchCreatePosts", `{"posts":[`+list(`{}`)+`]}`),
		ids,
		plain(
			"a mask of many paths",
			pathPosts+"UpdatePost",
			`{"post":{`+id+`},"updateMask":"`+strings.TrimSuffix(strings.Repeat("a,", size/2), ",")+`"}`,
		),
		plain("an unknown field with a long name", pathPosts+"CreatePost", `{"`+long+`":1}`),
		plain("a long enum value", pathPosts+"CreatePost", `{"post":{"content":"x","tone":"`+long+`"}}`),
		plain("a long content", pathPosts+"CreatePost", `{"post":{"content":"`+long+`"}}`),
		plain("a long id", pathPosts+"GetPost", `{"id":"`+long+`"}`),
		plain("a long page token", pathPosts+"ListPosts", `{"pageToken":"`+long+`"}`),
		plain("a long query", pathPosts+"SearchPosts", `{"query":"`+long+`"}`),
		plain("a long time zone", pathPosts+"SchedulePost", `{`+id+`,"scheduledTime":"2126-01-01T00:00:00Z","timeZone":"`+long+`"}`),
		plain("deep nesting", pathPosts+"CreatePost", `{"post":`+strings.Repeat("[", size)),
		plain("a long address", pathNotifications+"SendEmail", `{"to":"`+long+`","subject":"x","content":"x"}`),
	}
}

// envelope frames a message as a Connect stream does: no flags, its length.
func envelope(message []byte) []byte {
	framed := binary.BigEndian.AppendUint32([]byte{0}, uint32(len(message))) //nolint:gosec // a few MiB
	return append(framed, message...)
}

func gzipped(body []byte) []byte {
	var packed bytes.Buffer
	writer, _ := gzip.NewWriterLevel(&packed, gzip.BestCompression) // a level that exists
	_, _ = writer.Write(body)                                       // to memory
	_ = writer.Close()
	return packed.Bytes()
}

// sendBadRequests sends each, and looks at what it did before the next one. What is broken at one size is not tried at a
// larger one, so that the machine survives.
func sendBadRequests(ctx context.Context, s *stage) error {
	client := &http.Client{Transport: from(attackersAddress), Timeout: refusalTimeout}
	attacking, end := s.flooding(ctx, s.Size.Flood)
	defer end()
	broken := map[string]bool{}
	var all []figure
	sent := 0
	for _, size := range s.Size.BombBytes {
		for _, r := range badRequests(size) {
			if broken[r.name] {
				continue
			}
			sent++
			found, err := s.sendBad(ctx, client, r)
			if err != nil {
				return err
			}
			all = append(all, found...)
			if !slices.ContainsFunc(found, func(f figure) bool { return !f.kept() }) {
				continue
			}
			broken[r.name] = true
			if err := s.restart(ctx); err != nil { // and with it a memory that has not grown yet
				return err
			}
		}
	}
	s.holding.Store(int64(slices.Max(s.Size.BombBytes)))
	s.add(tightest(all))
	again := badRequests(s.Size.BombBytes[0]) // and what was refused is sent again and again
	for i := 0; attacking.Err() == nil && len(broken) < len(again); i++ {
		if r := again[i%len(again)]; !broken[r.name] {
			sent++
			_, _ = s.post(attacking, client, r.path, s.people.greedy.Key, r.body, r.headers...) // looked at above
		}
		wait(attacking, againPause)
	}
	s.reach("bad requests", sent, len(again)*len(s.Size.BombBytes)-len(broken)*(len(s.Size.BombBytes)-1))
	return nil
}

// sendBad sends one request and measures what it comes to.
func (s *stage) sendBad(ctx context.Context, client *http.Client, r badRequest) ([]figure, error) {
	s.notePeak()
	if err := s.node.ForgetPeak(); err != nil {
		return nil, err
	}
	resident, _ := s.node.Memory()
	logged := s.node.LogBytes()
	a, err := s.post(ctx, client, r.path, s.people.greedy.Key, r.body, r.headers...)
	_, peak := s.node.Memory()
	refused := 0.0
	switch {
	case err != nil, !s.node.Alive():
		refused = 1 // no answer at all
	case a.status == http.StatusOK && r.path == pathPosts+"BatchPublishPosts": // a stream's refusal is in its last message
	case a.status < 400 || a.status >= 500:
		refused = 1
	}
	growth := max(float64(peak)-float64(resident), 0) / mebibyte
	took := refusalMost + time.Duration(float64(r.holds)/mebibyte*float64(refusalMostPerMiB))
	note := fmt.Sprintf("%s, %s", r.name, number(float64(len(r.body))/1024, "KiB"))
	return []figure{
		{Name: "bad requests that were not refused", Value: refused, Note: note},
		{Name: "answer", Value: float64(a.bytes) / 1024, Most: answerMost / 1024, Unit: "KiB", Note: note},
		{Name: "memory of one request", Value: growth, Most: float64(memoryFloor+memoryTimes*r.holds) / mebibyte, Unit: "MiB", Note: note},
		{Name: "time of one refusal", Value: a.took.Seconds(), Most: took.Seconds(), Unit: "s", Note: note},
		{Name: "log of one refusal", Value: float64(s.node.LogBytes()-logged) / 1024, Most: badLogMost / 1024, Unit: "KiB", Note: note},
	}, nil
}

// tightest keeps, of many figures of a few names, every one that is broken; of a name of which none is, the one that is
// closest to it.
func tightest(all []figure) []figure {
	var names []string
	closest := map[string]figure{}
	for _, f := range all {
		best, there := closest[f.Name]
		if !there {
			names = append(names, f.Name)
		}
		if !there || f.Value*best.Most > best.Value*f.Most {
			closest[f.Name] = f
		}
	}
	var kept []figure
	for _, name := range names {
		broken := slices.DeleteFunc(slices.Clone(all), func(f figure) bool { return f.Name != name || f.kept() })
		if len(broken) == 0 {
			broken = []figure{closest[name]}
		}
		kept = append(kept, broken...)
	}
	return kept
}
