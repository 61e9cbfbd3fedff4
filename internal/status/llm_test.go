package status

import (
	"net/http"
	"net/http/httptest"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/postwright/postwright/internal/vendors/llmapi"
)

func TestAModelWithoutATagIsItsLatest(t *testing.T) {
	t.Parallel()
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", "application/json")
		_, _ = w.Write([]byte(`{"object":"list","data":[{"id":"llama3.1:latest"},{"id":"qwen:7b"}]}`))
	}))
	t.Cleanup(server.Close)
	for model, state := range map[string]State{"llama3.1": OK, "llama3.1:latest": OK, "qwen:7b": OK, "qwen": Warning} {
		client, err := llmapi.New(llmapi.Config{URL: server.URL, Model: model}, server.Client(), time.Now)
		require.NoError(t, err)
		checks := LLM(client, server.URL).Run(t.Context())
		require.Len(t, checks, 1)
		require.Equal(t, state, checks[0].State, model)
	}
}
