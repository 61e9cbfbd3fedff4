package reference

import (
	"context"
	"crypto/sha256"
	"crypto/subtle"
	"encoding/json"
	"errors"
	"net/http"
	"strconv"
	"strings"
	"time"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"
)

// Handwritten answers GetPost and CreatePost from the database: net/http, encoding/json and pgx, whose pool prepares each
// statement once on each connection. It looks the API key up with each call, by its prefix, and compares its hash, as must be
// done where a key can be revoked.
type Handwritten struct {
	pool *pgxpool.Pool
	// fold makes of a text what it is searched by.
	fold func(string) string
}

// NewHandwritten opens a pool of so many connections.
func NewHandwritten(ctx context.Context, url string, connections int32, fold func(string) string) (*Handwritten, error) {
	cfg, err := pgxpool.ParseConfig(url)
	if err != nil {
		return nil, err
	}
	cfg.MaxConns, cfg.MinConns = connections, connections
	pool, err := pgxpool.NewWithConfig(ctx, cfg)
	if err != nil {
		return nil, err
	}
	return &Handwritten{pool: pool, fold: fold}, nil
}

// Close lets the connections go.
func (h *Handwritten) Close() { h.pool.Close() }

// Handler answers at the paths of the API.
func (h *Handwritten) Handler() http.Handler {
	mux := http.NewServeMux()
	mux.HandleFunc("POST /postwright.v1.PostService/GetPost", h.getPost)
	mux.HandleFunc("POST /postwright.v1.PostService/CreatePost", h.createPost)
	return mux
}

// The statements. post_search is what SearchPosts reads.
const (
	selectKey  = `SELECT owner_id, hash, revoked_at FROM api_keys WHERE prefix = $1`
	selectPost = `SELECT ` + columns + ` FROM posts WHERE id = $1 AND owner_id = $2`
	insertPost = `
WITH search AS (INSERT INTO post_search (post_id, folded) VALUES ($1, $2))
INSERT INTO posts (id, owner_id, account_id, content, post_type, tone, target_audience, visibility, hashtags, state, created_at, updated_at)
VALUES ($1, $3, NULL, $4, 'unspecified', 'unspecified', '', 'public', $5, 'draft', $6, $6)
RETURNING ` + columns
	columns = `id, owner_id, account_id, content, post_type, tone, target_audience, visibility, hashtags, state, scheduled_at, time_zone,
	published_at, linkedin_urn, failure_code, failure_message, failure_remedy, created_at, updated_at, revision`
)

// post is a row, and the JSON that is made of it.
type post struct {
	ID             uuid.UUID  `json:"id"`
	OwnerID        uuid.UUID  `json:"ownerId"`
	AccountID      *uuid.UUID `json:"accountId,omitempty"`
	Content        string     `json:"content"`
	PostType       string     `json:"postType,omitempty"`
	Tone           string     `json:"tone,omitempty"`
	TargetAudience string     `json:"targetAudience,omitempty"`
	Visibility     string     `json:"visibility"`
	Hashtags       []string   `json:"hashtags,omitempty"`
	State          string     `json:"state"`
	ScheduledTime  *time.Time `json:"scheduledTime,omitempty"`
	TimeZone       string     `json:"timeZone,omitempty"`
	PublishedTime  *time.Time `json:"publishedTime,omitempty"`
	LinkedInURN    string     `json:"linkedinUrn,omitempty"`
	Failure        *failure   `json:"failure,omitempty"`
	CreateTime     time.Time  `json:"createTime"`
	UpdateTime     time.Time  `json:"updateTime"`
	Etag           string     `json:"etag"`
}

type failure struct {
	Code    string `json:"code"`
	Message string `json:"message,omitempty"`
	Remedy  string `json:"remedy,omitempty"`
}

// scan reads a row, with the words of the API for those of the database.
func scan(row pgx.Row) (post, error) {
	var (
		p        post
		f        failure
		revision int64
	)
	err := row.Scan(&p.ID, &p.OwnerID, &p.AccountID, &p.Content, &p.PostType, &p.Tone, &p.TargetAudience, &p.Visibility, &p.Hashtags, &p.State,
		&p.ScheduledTime, &p.TimeZone, &p.PublishedTime, &p.LinkedInURN, &f.Code, &f.Message, &f.Remedy, &p.CreateTime, &p.UpdateTime, &revision)
	if err != nil {
		return post{}, err
	}
	p.PostType, p.Tone = word("POST_TYPE_", p.PostType), word("TONE_", p.Tone)
	p.Visibility, p.State = word("VISIBILITY_", p.Visibility), word("POST_STATE_", p.State)
	p.CreateTime, p.UpdateTime = p.CreateTime.UTC(), p.UpdateTime.UTC()
	p.Etag = strconv.FormatInt(revision, 10)
	if f.Code != "" {
		p.Failure = &f
	}
	return p, nil
}

// word is a value of an enum; "" for none.
func word(prefix, value string) string {
	if value == "unspecified" {
		return ""
	}
	return prefix + strings.ToUpper(value)
}

func (h *Handwritten) getPost(w http.ResponseWriter, r *http.Request) {
	var request struct {
		ID uuid.UUID `json:"id"`
	}
	owner, ok := h.begin(w, r, &request)
	if !ok {
		return
	}
	p, err := scan(h.pool.QueryRow(r.Context(), selectPost, request.ID, owner))
	answer(w, p, err)
}

func (h *Handwritten) createPost(w http.ResponseWriter, r *http.Request) {
	var request struct {
		Post struct {
			Content  string   `json:"content"`
			Hashtags []string `json:"hashtags"`
		} `json:"post"`
	}
	owner, ok := h.begin(w, r, &request)
	if !ok {
		return
	}
	content, tags := request.Post.Content, request.Post.Hashtags
	if content == "" || len(content) > 3000 {
		http.Error(w, "content must have 1 to 3000 characters", http.StatusBadRequest)
		return
	}
	if tags == nil {
		tags = []string{}
	}
	id, err := uuid.NewV7()
	if err != nil {
		answer(w, post{}, err)
		return
	}
	p, err := scan(h.pool.QueryRow(r.Context(), insertPost, id, h.fold(content), owner, content, tags, time.Now()))
	answer(w, p, err)
}

// begin finds out who is calling, and reads the request; where that fails it answers, and is not ok.
func (h *Handwritten) begin(w http.ResponseWriter, r *http.Request, request any) (owner uuid.UUID, ok bool) {
	owner, err := h.caller(r)
	if err != nil {
		http.Error(w, "who is calling?", http.StatusUnauthorized)
		return owner, false
	}
	decoder := json.NewDecoder(http.MaxBytesReader(w, r.Body, maxBody))
	decoder.DisallowUnknownFields()
	if err := decoder.Decode(request); err != nil {
		http.Error(w, "the request can't be read", http.StatusBadRequest)
		return owner, false
	}
	return owner, true
}

// prefixLength is that of the part of a key that finds its row: pw_ and ten digits.
const prefixLength = 13

var errWrongKey = errors.New("no such key")

func (h *Handwritten) caller(r *http.Request) (owner uuid.UUID, err error) {
	key, _ := strings.CutPrefix(r.Header.Get("Authorization"), "Bearer ")
	if len(key) < prefixLength {
		return owner, errWrongKey
	}
	var (
		hash    []byte
		revoked *time.Time
	)
	if err := h.pool.QueryRow(r.Context(), selectKey, key[:prefixLength]).Scan(&owner, &hash, &revoked); err != nil {
		return owner, err
	}
	sum := sha256.Sum256([]byte(key))
	if subtle.ConstantTimeCompare(sum[:], hash) != 1 || revoked != nil {
		return owner, errWrongKey
	}
	return owner, nil
}

func answer(w http.ResponseWriter, p post, err error) {
	switch {
	case errors.Is(err, pgx.ErrNoRows):
		http.Error(w, "there is no such post", http.StatusNotFound)
		return
	case err != nil:
		http.Error(w, "it failed", http.StatusInternalServerError)
		return
	}
	body, err := json.Marshal(struct {
		Post post `json:"post"`
	}{p})
	if err != nil {
		http.Error(w, "it failed", http.StatusInternalServerError)
		return
	}
	w.Header().Set("Content-Type", "application/json")
	_, _ = w.Write(body) // the caller has gone, or gets it
}
