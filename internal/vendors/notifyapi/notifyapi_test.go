package notifyapi_test

import (
	"context"
	"encoding/json"
	"io"
	"net/http"
	"net/http/httptest"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"go.uber.org/goleak"

	"github.com/postwright/postwright/internal/fault"
	"github.com/postwright/postwright/internal/vendors/answer/answertest"
	"github.com/postwright/postwright/internal/vendors/notifyapi"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

func TestEveryAnswerOfEveryOperation(t *testing.T) {
	t.Parallel()
	operation := func(id string, call func(context.Context, *notifyapi.Client) (bool, error)) answertest.Operation {
		return answertest.Operation{
			ID: id, Method: http.MethodPost, Success: http.StatusOK,
			Call: func(ctx context.Context, url string, seam *http.Client) error {
				client, err := notifyapi.New(notifyapi.Config{URL: url, Token: answertest.Token}, seam, time.Now)
				if err != nil {
					return err
				}
				delivered, err := call(ctx, client)
				require.Equal(t, err == nil, delivered)
				return err
			},
		}
	}
	answertest.Run(t, notifyapi.Vendor, []answertest.Operation{
		operation("sendEmail", func(ctx context.Context, c *notifyapi.Client) (bool, error) {
			return c.SendEmail(ctx, "ada@example.com", "Published", "Your post is out.")
		}),
		operation("sendPush", func(ctx context.Context, c *notifyapi.Client) (bool, error) {
			return c.SendPush(ctx, "user-1", "Published", "Your post is out.")
		}),
	})
}

func TestWhatIsSent(t *testing.T) {
	t.Parallel()
	tests := map[string]struct {
		send func(*notifyapi.Client) (bool, error)
		path string
		body map[string]any
	}{
		"e-mail": {
			func(c *notifyapi.Client) (bool, error) {
				return c.SendEmail(t.Context(), "ada@example.com", "Published", "Your post is out.")
			},
			"POST /notifications/email", map[string]any{"to": "ada@example.com", "subject": "Published", "content": "Your post is out."},
		},
		"push": {
			func(c *notifyapi.Client) (bool, error) {
				return c.SendPush(t.Context(), "user-1", "Published", "Your post is out.")
			},
			"POST /notifications/push", map[string]any{"user_id": "user-1", "title": "Published", "message": "Your post is out."},
		},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			var path, authorization string
			var body map[string]any
			server := httptest.NewServer(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
				path, authorization = r.Method+" "+r.URL.Path, r.Header.Get("Authorization")
				raw, _ := io.ReadAll(r.Body)
				_ = json.Unmarshal(raw, &body)
			}))
			t.Cleanup(server.Close)
			client, err := notifyapi.New(
				notifyapi.Config{URL: server.URL, Token: answertest.Token},
				answertest.Seam(t, notifyapi.Vendor, time.Minute),
				time.Now,
			)
			require.NoError(t, err)

			delivered, err := test.send(client)

			require.NoError(t, err)
			require.True(t, delivered)
			require.Equal(t, test.path, path)
			require.Equal(t, "Bearer "+answertest.Token, authorization)
			require.Equal(t, test.body, body)
		})
	}
}

func TestARefusalKeepsTheVendorsWords(t *testing.T) {
	t.Parallel()
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		w.WriteHeader(http.StatusUnprocessableEntity)
		_, _ = io.WriteString(w, `{"error":{"code":"unknown_address","message":"No such mailbox."}}`)
	}))
	t.Cleanup(server.Close)
	client, err := notifyapi.New(notifyapi.Config{URL: server.URL}, answertest.Seam(t, notifyapi.Vendor, time.Minute), time.Now)
	require.NoError(t, err)

	_, err = client.SendEmail(t.Context(), "ada@example.com", "Published", "Your post is out.")

	f := fault.Of(err)
	require.Equal(t, fault.VendorRejected, f.Kind)
	require.Equal(t, "UNKNOWN_ADDRESS", f.Reason)
	require.Equal(
		t,
		fault.Answer{Vendor: "notification", Operation: "sendEmail", Status: 422, Code: "unknown_address", Message: "No such mailbox."},
		*f.Answer,
	)
}

func TestConfigFaultsAreListedAllAtOnce(t *testing.T) {
	t.Parallel()
	_, err := notifyapi.New(notifyapi.Config{URL: "ftp://files.example", Token: "line\nbreak"}, http.DefaultClient, time.Now)
	require.True(t, fault.Is(err, fault.Invalid))
	require.Len(t, fault.Of(err).Fields, 2)
}
