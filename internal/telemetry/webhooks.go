package telemetry

import (
	"time"

	"github.com/prometheus/client_golang/prometheus"
)

// Webhooks returns the measurements of attempts to reach the endpoints of webhooks, which end in one of some ways.
func (m *Metrics) Webhooks(outcomes []string) Webhooks {
	w := Webhooks{
		attempts: prometheus.NewCounterVec(prometheus.CounterOpts{
			Name: "webhook_attempts_total", Help: "Attempts to reach the endpoints of webhooks, by how they ended; delivered is one way.",
		}, []string{"outcome"}),
		duration: prometheus.NewHistogram(prometheus.HistogramOpts{
			Name: "webhook_attempt_duration_seconds", Help: "How long attempts to reach the endpoints of webhooks took.",
			Buckets: prometheus.ExponentialBuckets(0.005, 2.2, 11), // 5 ms to 13 s
		}),
	}
	for _, outcome := range outcomes { // there from the start: a rate needs a 0 to start from
		w.attempts.WithLabelValues(outcome)
	}
	m.registry.MustRegister(w.attempts, w.duration)
	return w
}

// Webhooks counts what becomes of attempts to reach the endpoints of webhooks.
type Webhooks struct {
	attempts *prometheus.CounterVec
	duration prometheus.Histogram
}

// WebhookAttempt counts one that has ended.
func (w Webhooks) WebhookAttempt(outcome string, took time.Duration) {
	w.attempts.WithLabelValues(outcome).Inc()
	w.duration.Observe(took.Seconds())
}
