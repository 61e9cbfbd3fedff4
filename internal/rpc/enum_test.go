package rpc

import (
	"context"
	"log/slog"
	"maps"
	"net/http/httptest"
	"slices"
	"strings"
	"testing"

	"github.com/jackc/pgx/v5"
	"github.com/stretchr/testify/require"
	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/reflect/protoreflect"
	"google.golang.org/protobuf/types/dynamicpb"

	"github.com/postwright/postwright/internal/dbtest"
	"github.com/postwright/postwright/internal/posts"
)

// table is an enum of any type.
type table struct {
	value func(word string) int32
	word  func(value int32) string
	none  []string // the words that stand for 0
}

func tableOf[E interface {
	~int32
	protoreflect.Enum
}, W ~string](tables map[protoreflect.FullName]table, e enum[E, W], none ...string) {
	tables[E(0).Descriptor().FullName()] = table{
		func(word string) int32 { return int32(e.value(W(word))) }, func(value int32) string { return string(e.word(E(value))) }, none,
	}
}

// enums are all of the API's.
func enums() (list []protoreflect.EnumDescriptor) {
	var visit func(message protoreflect.MessageDescriptor)
	visit = func(message protoreflect.MessageDescriptor) {
		for i := range message.Fields().Len() {
			f := message.Fields().Get(i)
			if enum := f.Enum(); enum != nil && !slices.Contains(list, enum) {
				list = append(list, enum)
			}
			if f.Message() != nil {
				visit(f.Message())
			}
		}
	}
	for _, m := range methods() {
		visit(m.Input())
		visit(m.Output())
	}
	return list
}

func TestNoValueOfAnEnumIsUnspecifiedByMistake(t *testing.T) {
	t.Parallel()
	tables := map[protoreflect.FullName]table{}
	tableOf(tables, postTypes, posts.Unspecified)
	tableOf(tables, tones, posts.Unspecified)
	tableOf(tables, visibilities)
	tableOf(tables, postStates)
	tableOf(tables, postOrders)
	tableOf(tables, apiStatuses)
	tableOf(tables, attemptOutcomes)
	tableOf(tables, settlements, "") // of an attempt that leaves no doubt, or whose doubt stands
	tableOf(tables, sentimentLabels)
	tableOf(tables, optimizationTypes)
	tableOf(tables, versionKinds)
	tableOf(tables, diffOperations)
	tableOf(tables, checkStates)
	tableOf(tables, notificationEvents, "") // of what a caller wrote
	tableOf(tables, notificationChannels)
	tableOf(tables, notificationStates)
	tableOf(tables, deliveryStates)
	for _, enum := range enums() {
		name := enum.FullName()
		if name == "postwright.v1.DatabaseStatus" { // one of two, by whether a post was refused
			require.Equal(t, 3, enum.Values().Len())
			continue
		}
		table, there := tables[name]
		require.True(t, there, "%s has no table", name)
		delete(tables, name)
		for i := range enum.Values().Len() {
			value := int32(enum.Values().Get(i).Number())
			word := table.word(value)
			if value == 0 {
				require.Empty(t, word, "%s: a request that says nothing", name)
				continue
			}
			require.Equal(t, value, table.value(word), "%s of %q, which is the word of %s", name, word, enum.Values().Get(i).Name())
		}
		for _, none := range table.none {
			require.Zero(t, table.value(none), "%s of %q", name, none)
		}
		for _, word := range []string{"", posts.Unspecified, "UNSPECIFIED", "from_a_newer_node"} {
			if !slices.Contains(table.none, word) {
				require.NotZero(t, table.value(word), "%s of %q", name, word)
			}
		}
		recognized := enum.Values().ByNumber(protoreflect.EnumNumber(table.value("from_a_newer_node")))
		require.Nil(t, recognized, "%s of a word that is not known", name)
		require.Negative(t, table.value(table.word(99)), "%s of a number that is not known: it is no word of ours", name)
	}
	require.Empty(t, tables, "of enums that the API does not have")
}

// What is not refused here would be kept, or taken for a default.
func TestNoNumberThatAnEnumLacksIsTakenIn(t *testing.T) {
	t.Parallel()
	handler := newEdge(t, small, slog.New(slog.DiscardHandler))
	refused := 0
	for _, m := range methods() {
		if m.IsStreamingServer() {
			continue
		}
		for _, wrong := range withEachEnum(dynamicpb.NewMessage(m.Input()), 99) {
			body, err := proto.Marshal(wrong.message.Interface())
			require.NoError(t, err)
			w := httptest.NewRecorder()
			handler.ServeHTTP(w, post(procedure(m), "application/proto", body))
			require.Contains(t, words(t, w), wrong.path+" must be one of", m.Name())
			refused++
		}
	}
	require.Greater(t, refused, 10)
}

type wrongEnum struct {
	path    string
	message protoreflect.Message
}

// withEachEnum are messages that have this number in one enum each.
func withEachEnum(empty protoreflect.Message, number protoreflect.EnumNumber) (list []wrongEnum) {
	fields := empty.Descriptor().Fields()
	for i := range fields.Len() {
		f, message := fields.Get(i), empty.New()
		switch {
		case f.FullName() == "postwright.v1.Post.state": // told, and never asked
		case f.Enum() != nil && f.IsList():
			message.Mutable(f).List().Append(protoreflect.ValueOfEnum(number))
			list = append(list, wrongEnum{f.JSONName() + "[0]", message})
		case f.Enum() != nil:
			message.Set(f, protoreflect.ValueOfEnum(number))
			list = append(list, wrongEnum{f.JSONName(), message})
		case f.Message() != nil && f.IsList():
			for _, inner := range withEachEnum(dynamicpb.NewMessage(f.Message()), number) {
				outer := empty.New()
				outer.Mutable(f).List().Append(protoreflect.ValueOfMessage(inner.message))
				list = append(list, wrongEnum{f.JSONName() + "[0]." + inner.path, outer})
			}
		case f.Message() != nil:
			for _, inner := range withEachEnum(dynamicpb.NewMessage(f.Message()), number) {
				outer := empty.New()
				outer.Set(f, protoreflect.ValueOfMessage(inner.message))
				list = append(list, wrongEnum{f.JSONName() + "." + inner.path, outer})
			}
		}
	}
	return list
}

// A word that the database allows and no table has would be told as a value that there is not.
func TestTheWordsOfTheTablesAreTheDatabases(t *testing.T) {
	t.Parallel()
	conn, err := pgx.Connect(t.Context(), dbtest.New(t))
	require.NoError(t, err)
	defer func() { require.NoError(t, conn.Close(context.WithoutCancel(t.Context()))) }()
	for column, kept := range map[string][]string{
		"posts.post_type": wordsIn(postTypes), "posts.tone": wordsIn(tones), "posts.visibility": wordsIn(visibilities),
		"posts.state": wordsIn(postStates), "publish_attempts.outcome": wordsIn(attemptOutcomes),
		"publish_attempts.settlement": wordsIn(settlements), "post_anal%.sentiment_label": wordsIn(sentimentLabels),
	} {
		table, name, _ := strings.Cut(column, ".")
		var allowed []string
		require.NoError(t, conn.QueryRow(t.Context(), `
			SELECT array_agg(DISTINCT word[1])
			FROM pg_constraint c, pg_attribute a, regexp_matches(pg_get_constraintdef(c.oid), '''([a-z_]*)''::text', 'g') word
			WHERE c.conrelid::regclass::text LIKE $1 AND c.conname LIKE '%\_known'
				AND a.attrelid = c.conrelid AND c.conkey = ARRAY[a.attnum] AND a.attname = $2`, table, name).Scan(&allowed), column)
		require.ElementsMatch(t, allowed, kept, column)
	}
}

func wordsIn[E ~int32](e enum[E, string]) []string { return slices.Collect(maps.Keys(e.values)) }
