package posts

import (
	"cmp"
	"context"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/google/uuid"

	"github.com/postwright/postwright/gen/db"
	"github.com/postwright/postwright/internal/cache"
	"github.com/postwright/postwright/internal/fault"
	"github.com/postwright/postwright/internal/idempotency"
	"github.com/postwright/postwright/internal/postgres"
	"github.com/postwright/postwright/internal/text"
	"github.com/postwright/postwright/internal/versions"
)

// Service carries out the use cases. It is safe for concurrent use.
type Service struct {
	store    *postgres.Store
	queries  *db.Queries
	versions *versions.Service
	now      func() time.Time
	watchers *watchers
	indexing *indexing
	cached   cache.Rows[Post]
}

// New returns a Service that keeps its posts in store, and in cache, which may be nil, those that are read often. Watchers see changes
// while PollForChanges runs, and soon while the store listens for Listener too; searches find in very many posts fast while
// IndexForSearch runs.
func New(store *postgres.Store, rows *cache.Cache, now func() time.Time) *Service {
	return &Service{
		store: store, queries: db.New(), versions: versions.New(store), now: now, watchers: newWatchers(), indexing: newIndexing(),
		cached: cache.NewRows(rows, "post", footprint),
	}
}

// NotFound is the answer for a post that does not exist and for another owner's alike.
func NotFound(err error) error {
	if fault.Is(err, fault.NotFound) {
		return fault.New(fault.NotFound, "There is no such post.").WithCause(err)
	}
	return err
}

// CreateInput asks for a new draft.
type CreateInput struct {
	OwnerID uuid.UUID
	Draft   Draft
	Request idempotency.Request // optional: makes the call repeatable
}

// Validate lists every fault of the input.
func (in CreateInput) Validate() error {
	return fault.Fields(slices.Concat(in.Draft.Faults("post."), in.Request.Faults())...)
}

// Create makes a draft. The same request id again gives the same post back.
func (s *Service) Create(ctx context.Context, in CreateInput) (Post, error) {
	if err := in.Validate(); err != nil {
		return Post{}, err
	}
	if err := in.Request.Check(); err != nil {
		return Post{}, err
	}
	draft := in.Draft.withDefaults()
	id, err := uuid.NewV7()
	if err != nil {
		return Post{}, err
	}
	post, err := s.insert(ctx, s.store, in.OwnerID, id, draft, in.Request)
	switch {
	case fault.Is(err, fault.NotFound): // the request id was used before, or the account is not the owner's
	case err != nil && in.Request.ID != "" && fault.Of(err).Reason == postgres.ReasonCommitInDoubt: // what it claims tells whether it was saved
	default:
		return post, err
	}
	err = s.store.InTx(ctx, func(tx *postgres.Tx) error {
		call := idempotency.Call{OwnerID: in.OwnerID, Operation: "CreatePost", Request: in.Request}
		earlier, err := idempotency.Claim(ctx, tx, call, []uuid.UUID{id}, s.now())
		if err != nil {
			return err
		}
		if earlier != nil {
			post, err = FromRow(s.queries.PostGet(ctx, tx, db.PostGetParams{ID: earlier[0], OwnerID: in.OwnerID}))
			return goneSince(err)
		}
		foreign, err := s.foreignAccounts(ctx, tx, in.OwnerID, draft.accountNamed("post."))
		if err = cmp.Or(err, fault.Fields(foreign...)); err != nil {
			return err
		}
		post, err = s.insert(ctx, tx, in.OwnerID, id, draft, idempotency.Request{})
		return err
	})
	return post, err
}

// insert makes a post and claims its request, where that has an id, in one statement; NotFound when it does neither: see
// PostInsert.
func (s *Service) insert(ctx context.Context, on db.DBTX, ownerID, id uuid.UUID, draft Draft, request idempotency.Request) (Post, error) {
	return FromRow(s.queries.PostInsert(ctx, on, db.PostInsertParams{
		ID: id, OwnerID: ownerID, AccountID: draft.AccountID, Content: draft.Content, PostType: draft.PostType, Tone: draft.Tone,
		TargetAudience: draft.TargetAudience, Visibility: draft.Visibility, Hashtags: draft.Hashtags, Folded: text.Fold(draft.Content), Now: s.now(),
		RequestID: request.ID, RequestHash: request.Hash[:], HashVersion: idempotency.HashVersion,
	}))
}

// goneSince is the answer to a repeated request whose post has been deleted: making it again would be a second effect.
func goneSince(err error) error {
	if fault.Is(err, fault.NotFound) {
		return fault.New(
			fault.NotFound,
			"What this request id created has been deleted since: choose a new request id to create it again.",
		).WithCause(err)
	}
	return err
}

// accountNamed is an account that a request names, and the field that names it.
type accountNamed struct {
	path string
	id   uuid.UUID
}

func (d Draft) accountNamed(path string) []accountNamed {
	if d.AccountID == nil {
		return nil
	}
	return []accountNamed{{path: path + "accountId", id: *d.AccountID}}
}

// foreignAccounts lists the fields that name an account which is not the owner's.
func (s *Service) foreignAccounts(ctx context.Context, tx *postgres.Tx, ownerID uuid.UUID, named []accountNamed) ([]fault.Field, error) {
	if len(named) == 0 {
		return nil, nil
	}
	accounts, err := s.queries.PostListAccounts(ctx, tx, ownerID)
	if err != nil {
		return nil, err
	}
	var faults []fault.Field
	for _, n := range named {
		if !slices.Contains(accounts, n.id) {
			faults = append(faults, fault.Field{Path: n.path, Problem: "is not one of your accounts: ListAccounts shows them"})
		}
	}
	return faults, nil
}

// CountDue counts the posts of an account that go out before a time, by what is known now, up to some thousand. Posts that name
// no account go out with the default one.
func (s *Service) CountDue(ctx context.Context, ownerID, accountID uuid.UUID, isDefault bool, before time.Time) (int, error) {
	due, err := s.queries.PostCountDue(ctx, s.store, db.PostCountDueParams{
		OwnerID: ownerID, AccountID: accountID, IsDefault: isDefault, BeforeTime: before,
	})
	return int(due), err
}

// CountScheduledFrom counts the posts of an account that are scheduled for a time or later. Posts that name no account go out
// with the default one.
func (s *Service) CountScheduledFrom(
	ctx context.Context, ownerID, accountID uuid.UUID, isDefault bool, from time.Time,
) (int64, error) {
	return s.queries.PostCountScheduledFrom(ctx, s.store, db.PostCountScheduledFromParams{
		OwnerID: ownerID, AccountID: accountID, IsDefault: isDefault, FromTime: from,
	})
}

// Find returns a post of the owner. It takes part in the caller's transaction when on is one.
func (s *Service) Find(ctx context.Context, on db.DBTX, ownerID, id uuid.UUID) (Post, error) {
	post, err := FromRow(s.queries.PostGet(ctx, on, db.PostGetParams{ID: id, OwnerID: ownerID}))
	return post, NotFound(err)
}

// Get is Find outside a transaction, from the database: for whoever decides by what it says.
func (s *Service) Get(ctx context.Context, ownerID, id uuid.UUID) (Post, error) {
	return s.Find(ctx, s.store, ownerID, id)
}

// GetForUpdate returns a post of the owner and locks it until the transaction ends. Whoever locks a post and its publication
// locks the post first.
func (s *Service) GetForUpdate(ctx context.Context, tx *postgres.Tx, ownerID, id uuid.UUID) (Post, error) {
	s.MayChange(tx, ownerID, id)
	post, err := FromRow(s.queries.PostGetForUpdate(ctx, tx, db.PostGetForUpdateParams{ID: id, OwnerID: ownerID}))
	return post, NotFound(err)
}

// UpdateInput asks for some fields of a post to change.
type UpdateInput struct {
	OwnerID uuid.UUID
	ID      uuid.UUID
	// Fields names what changes, in the form of a protobuf field mask: "content", "post_type".
	Fields []string
	// Draft holds the new values of those fields; the zero value clears one.
	Draft Draft
	// Etag, if given, must be the post's current one.
	Etag string
	// SourceVersion is the post's version from which the new content comes, an optimisation; 0 for content of the author's own.
	SourceVersion int32
}

// updatable are the fields an update may name; true marks those that LinkedIn gets, fixed once the post is on its way.
var updatable = map[string]bool{
	"content": true, "hashtags": true, "visibility": true, "account_id": true,
	"post_type": false, "tone": false, "target_audience": false,
}

// Validate lists every fault of the input that shows without the post at hand.
func (in UpdateInput) Validate() error {
	var faults []fault.Field
	if in.ID == uuid.Nil { // it is the caller's here, in a post that they send
		faults = append(faults, fault.Field{Path: "post.id", Problem: "must be a valid UUID"})
	}
	if len(in.Fields) == 0 {
		faults = append(faults, fault.Field{Path: "updateMask", Problem: "must name at least one field"})
	}
	if names := unknownFields(in.Fields); len(names) > 0 {
		faults = append(faults, fault.Field{Path: "updateMask", Problem: "names " + strings.Join(names, ", ") +
			", which can't be updated: use content, postType, tone, targetAudience, visibility, hashtags, accountId"})
	}
	has := func(name string) bool { return slices.Contains(in.Fields, name) }
	if has("content") {
		text := Draft{Content: in.Draft.Content}
		if has("hashtags") { // others that the draft may hold are not meant: the post's own count, see Update
			text.Hashtags = in.Draft.Hashtags
		}
		faults = append(faults, text.contentFaults("post.")...)
	}
	if has("target_audience") {
		faults = append(faults, in.Draft.audienceFaults("post.")...)
	}
	if has("hashtags") {
		faults = append(faults, in.Draft.hashtagFaults("post.")...)
	}
	if in.SourceVersion != 0 && !has("content") {
		faults = append(faults, fault.Field{
			Path: "sourceVersion", Problem: "says where new content comes from: name content in updateMask, or leave it out",
		})
	}
	faults = append(faults, etagFaults(in.Etag)...)
	return fault.Fields(faults...)
}

// unknownFields are the fields that no update may name, as a text may show them: the first ones, and how many more.
func unknownFields(fields []string) (names []string) {
	const shown, longest = 3, 30
	unknown := 0
	for _, name := range fields {
		if _, known := updatable[name]; known {
			continue
		}
		if unknown++; unknown <= shown {
			names = append(names, strconv.Quote(fault.Clip(name, longest)))
		}
	}
	if unknown > shown {
		names = append(names, fmt.Sprintf("%d more", unknown-shown))
	}
	return names
}

func etagFaults(etag string) []fault.Field {
	if etag == "" {
		return nil
	}
	if _, err := strconv.ParseInt(etag, 10, 64); err != nil {
		return []fault.Field{{Path: "etag", Problem: "is not one of ours: send a post's etag unchanged, or none"}}
	}
	return nil
}

func checkEtag(post Post, etag string) error {
	if etag != "" && etag != post.Etag() {
		return fault.New(fault.Stale, "The post has changed since this etag was read: read it again and repeat the change.").WithReason("STALE_ETAG")
	}
	return nil
}

// Update changes only the fields named and returns the whole post. A stale etag is a Stale fault; a field that LinkedIn
// has already, or is about to get, a Precondition one.
func (s *Service) Update(ctx context.Context, in UpdateInput) (Post, error) {
	if err := in.Validate(); err != nil {
		return Post{}, err
	}
	draft := in.Draft.withDefaults()
	has := func(name string) bool { return slices.Contains(in.Fields, name) }
	var post Post
	err := s.store.InTx(ctx, func(tx *postgres.Tx) error {
		current, err := s.GetForUpdate(ctx, tx, in.OwnerID, in.ID)
		if err != nil {
			return err
		}
		if err := checkEtag(current, in.Etag); err != nil {
			return err
		}
		if !current.editable() && slices.ContainsFunc(in.Fields, func(name string) bool { return updatable[name] }) {
			return fault.Newf(fault.Precondition,
				"The post is %s: its content, hashtags, visibility and account can't change any more.", current.State).WithReason("POST_FIXED")
		}
		merged := Draft{Content: current.Content, Hashtags: current.Hashtags}
		if has("content") {
			merged.Content = draft.Content
		}
		if has("hashtags") {
			merged.Hashtags = draft.Hashtags
		}
		var faults []fault.Field
		if has("content") || has("hashtags") {
			faults = merged.contentFaults("post.")
		}
		if has("account_id") {
			foreign, err := s.foreignAccounts(ctx, tx, in.OwnerID, draft.accountNamed("post."))
			if err != nil {
				return err
			}
			faults = append(faults, foreign...)
		}
		source, err := s.versions.SourceFaults(ctx, tx, in.ID, in.SourceVersion)
		if err != nil {
			return err
		}
		if err := fault.Fields(append(faults, source...)...); err != nil {
			return err
		}
		post, err = FromRow(s.queries.PostUpdate(ctx, tx, db.PostUpdateParams{
			ID: in.ID, OwnerID: in.OwnerID, Now: s.now(),
			SetAccountID: has("account_id"), AccountID: draft.AccountID,
			SetContent: has("content"), Content: draft.Content, Folded: text.Fold(draft.Content),
			SetPostType: has("post_type"), PostType: draft.PostType,
			SetTone: has("tone"), Tone: draft.Tone,
			SetTargetAudience: has("target_audience"), TargetAudience: draft.TargetAudience,
			SetVisibility: has("visibility"), Visibility: draft.Visibility,
			SetHashtags: has("hashtags"), Hashtags: draft.Hashtags,
		}))
		if err != nil || post.Content == current.Content {
			return err
		}
		return s.versions.PutChange(ctx, tx, versions.Change{
			PostID: in.ID, Before: current.Content, Since: current.CreatedAt, After: post.Content, At: post.UpdatedAt, Source: in.SourceVersion,
		})
	})
	return post, err
}

// DeleteInput asks for a post to be deleted.
type DeleteInput struct {
	OwnerID uuid.UUID
	ID      uuid.UUID
	Etag    string // if given, must be the post's current one
}

// Validate lists every fault of the input.
func (in DeleteInput) Validate() error { return fault.Fields(etagFaults(in.Etag)...) }

// Delete takes a post away, with its attempts and numbers; a queued job finds nothing to send and ends. A post that is
// being sent at this moment is a Precondition fault.
func (s *Service) Delete(ctx context.Context, in DeleteInput) error {
	if err := in.Validate(); err != nil {
		return err
	}
	return s.store.InTx(ctx, func(tx *postgres.Tx) error {
		current, err := s.GetForUpdate(ctx, tx, in.OwnerID, in.ID)
		if err != nil {
			return err
		}
		if err := checkEtag(current, in.Etag); err != nil {
			return err
		}
		deleted, err := s.queries.PostDelete(ctx, tx, db.PostDeleteParams{ID: in.ID, OwnerID: in.OwnerID})
		if err == nil && deleted == 0 {
			err = fault.New(
				fault.Precondition,
				"The post is being sent to LinkedIn at this moment: delete it when that has ended.",
			).WithReason("POST_PUBLISHING")
		}
		return err
	})
}
