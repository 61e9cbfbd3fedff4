package reference

import (
	"io"
	"net/http"
)

// maxBody bounds a request to a reference.
const maxBody = 64 << 10

// Fixed reads each request and answers with the same body: what net/http alone costs.
func Fixed(body []byte) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if _, err := io.Copy(io.Discard, http.MaxBytesReader(w, r.Body, maxBody)); err != nil {
			http.Error(w, "the request is too large", http.StatusRequestEntityTooLarge)
			return
		}
		w.Header().Set("Content-Type", "application/json")
		_, _ = w.Write(body) // the caller has gone, or gets it
	})
}
