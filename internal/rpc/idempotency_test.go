package rpc

import (
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
	"google.golang.org/protobuf/types/descriptorpb"
	"google.golang.org/protobuf/types/dynamicpb"
	"pgregory.net/rapid"
)

func TestAnIdempotencyKeyIsReadBareAndQuoted(t *testing.T) {
	t.Parallel()
	for header, want := range map[string]string{
		"8e03978e-40d5-43dd-bc93-6894a57f9324":   "8e03978e-40d5-43dd-bc93-6894a57f9324",
		`"8e03978e-40d5-43dd-bc93-6894a57f9324"`: "8e03978e-40d5-43dd-bc93-6894a57f9324",
		" spaced out ":                           "spaced out",
		`"a \"quoted\" \\ word"`:                 `a "quoted" \ word`,
		`back\slash`:                             `back\slash`,
		`'single'`:                               `'single'`,
		"clé":                                    "clé",
		strings.Repeat("k", 128):                 strings.Repeat("k", 128),
		`"` + strings.Repeat("k", 128) + `"`:     strings.Repeat("k", 128),
	} {
		key, err := readKey(header)
		require.NoError(t, err, header)
		require.Equal(t, want, key)
	}
	for header, want := range map[string]string{
		"":                       "is empty",
		"   ":                    "is empty",
		`""`:                     "is empty",
		`"open`:                  "in double quotes",
		`"`:                      "in double quotes",
		`"a"b`:                   "in double quotes",
		`"a";parameter=1`:        "in double quotes",
		`"a\n"`:                  "in double quotes",
		`"a\`:                    "in double quotes",
		"a\tb":                   "control characters",
		"Gr\xfc\xdfe":            "at most 128 characters",
		strings.Repeat("k", 129): "at most 128 characters",
	} {
		_, err := readKey(header)
		require.ErrorContains(t, err, want, "%q", header)
	}
}

func TestAQuotedIdempotencyKeyIsTheBareOne(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		key := rapid.StringMatching(`[!#-~]([ -~]{0,100}[!-~])?`).Draw(t, "key")
		bare, err := readKey(key)
		require.NoError(t, err)
		require.Equal(t, key, bare)
		quoted, err := readKey(`"` + strings.NewReplacer(`\`, `\\`, `"`, `\"`).Replace(key) + `"`)
		require.NoError(t, err)
		require.Equal(t, key, quoted)
	})
}

// Every method that has an effect either takes the key as its request id or refuses it; none passes it over.
func TestNoMethodPassesAnIdempotencyKeyOver(t *testing.T) {
	t.Parallel()
	takes := map[string]bool{}
	for _, m := range methods() {
		options, _ := m.Options().(*descriptorpb.MethodOptions)
		if options.GetIdempotencyLevel() == descriptorpb.MethodOptions_NO_SIDE_EFFECTS {
			continue
		}
		message := dynamicpb.NewMessage(m.Input())
		err := nameRequest(message, []string{"key"})
		if field := m.Input().Fields().ByName("request_id"); field != nil {
			require.NoError(t, err)
			require.Equal(t, "key", message.Get(field).String())
			require.ErrorContains(t, nameRequest(message, []string{"another"}), "is another than requestId")
			require.NoError(t, nameRequest(message, []string{`"key"`}), "the same in both")
			require.ErrorContains(t, nameRequest(message, []string{"key", "key"}), "more than once")
			takes[string(m.Name())] = true
			continue
		}
		require.ErrorContains(t, err, "is not taken by this method", m.Name())
	}
	require.Equal(t, map[string]bool{
		"CreatePost": true, "BatchCreatePosts": true, "PublishPost": true, "BatchPublishPosts": true, "CreateWebhook": true,
	}, takes)
}
