package sandbox

import (
	"encoding/json"
	"net/http"

	"github.com/postwright/postwright/internal/fault"
)

// control serves the sandbox's own endpoints. They ask for no key: the sandbox holds nothing real.
func (s *Sandbox) control(mux *http.ServeMux) {
	mux.HandleFunc("POST /_sandbox/faults", func(w http.ResponseWriter, r *http.Request) {
		var f Fault
		decoder := json.NewDecoder(http.MaxBytesReader(w, r.Body, maxBodyBytes))
		decoder.DisallowUnknownFields()
		if err := decoder.Decode(&f); err != nil {
			writeJSON(w, http.StatusBadRequest, map[string]any{
				"message": "The body must be a fault, {vendor, operation, mode, times, afterMs, value}: " + err.Error(),
			})
			return
		}
		if err := s.Arm(f); err != nil {
			refused := fault.Of(err)
			fields := make([]map[string]string, len(refused.Fields))
			for i, f := range refused.Fields {
				fields[i] = map[string]string{"path": f.Path, "problem": f.Problem}
			}
			writeJSON(w, http.StatusBadRequest, map[string]any{"message": refused.Message, "fields": fields})
			return
		}
		writeJSON(w, http.StatusOK, s.armed())
	})
	mux.HandleFunc("GET /_sandbox/faults", func(w http.ResponseWriter, _ *http.Request) { writeJSON(w, http.StatusOK, s.armed()) })
	mux.HandleFunc("DELETE /_sandbox/faults", func(w http.ResponseWriter, _ *http.Request) {
		s.Disarm()
		writeJSON(w, http.StatusOK, s.armed())
	})
	mux.HandleFunc("GET /_sandbox/ledger", func(w http.ResponseWriter, _ *http.Request) {
		writeJSON(w, http.StatusOK, map[string]any{"entries": s.Ledger()})
	})
	mux.HandleFunc("GET /_sandbox/notifications", func(w http.ResponseWriter, _ *http.Request) {
		writeJSON(w, http.StatusOK, map[string]any{"notifications": s.Notifications()})
	})
	mux.HandleFunc("POST /_sandbox/browsers", s.subscribeBrowser)
	mux.HandleFunc("GET /_sandbox/browsers", func(w http.ResponseWriter, _ *http.Request) {
		writeJSON(w, http.StatusOK, map[string]any{"browsers": s.subscribed()})
	})
}

// subscribeBrowser makes a browser that has subscribed with a public key, and shows what its PushSubscription would.
func (s *Sandbox) subscribeBrowser(w http.ResponseWriter, r *http.Request) {
	var asked struct {
		PublicKey string `json:"publicKey"`
	}
	decoder := json.NewDecoder(http.MaxBytesReader(w, r.Body, maxBodyBytes))
	decoder.DisallowUnknownFields()
	if err := decoder.Decode(&asked); err != nil || asked.PublicKey == "" {
		writeJSON(w, http.StatusBadRequest, map[string]any{
			"message": `The body must be {"publicKey": …}, as ListPushSubscriptions shows it.`,
		})
		return
	}
	b, err := s.Subscribe("http://"+r.Host, asked.PublicKey)
	if err != nil {
		writeJSON(w, http.StatusServiceUnavailable, map[string]any{"message": err.Error()})
		return
	}
	writeJSON(w, http.StatusOK, map[string]any{"endpoint": b.Endpoint, "keys": map[string]string{"p256dh": b.P256dh, "auth": b.Auth}})
}

func (s *Sandbox) armed() map[string][]Fault { return map[string][]Fault{"faults": s.Armed()} }

func writeJSON(w http.ResponseWriter, status int, body any) {
	w.Header().Set("Content-Type", "application/json")
	w.WriteHeader(status)
	encoder := json.NewEncoder(w)
	encoder.SetIndent("", "  ")
	_ = encoder.Encode(body) // a caller who left learns nothing
}
