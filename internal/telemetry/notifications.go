package telemetry

import "github.com/prometheus/client_golang/prometheus"

func newNotifications() *prometheus.CounterVec {
	return prometheus.NewCounterVec(prometheus.CounterOpts{
		Name: "notifications_total",
		Help: "Tries to send a message to a user, by channel (email, push), by who sends (api, smtp, webpush, log) and by what became of it: " +
			"delivered, waiting for another try, failed for good.",
	}, []string{"channel", "sender", "outcome"})
}

// Notifications returns the measurements of messages to users, as the use case gives them.
func (m *Metrics) Notifications() Notifications { return Notifications{m} }

// Notifications counts what becomes of messages to users.
type Notifications struct{ metrics *Metrics }

// Notified counts a try.
func (n Notifications) Notified(channel, sender, outcome string) {
	for _, each := range []string{"delivered", "waiting", "failed"} { // there from the first try on: a rate needs a 0 to start from
		n.metrics.notifications.WithLabelValues(channel, sender, each)
	}
	n.metrics.notifications.WithLabelValues(channel, sender, outcome).Inc()
}
