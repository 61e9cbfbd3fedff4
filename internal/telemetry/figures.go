package telemetry

import (
	"context"
	"log/slog"
	"sync"
	"time"

	"github.com/prometheus/client_golang/prometheus"
)

// Figures are what the database tells an operator, of all owners together.
type Figures struct {
	// Jobs and Publications are counted by state; a state without any is 0.
	Jobs, Publications map[string]int64
	// Overdue is how late the oldest publication is that should have gone out by now; 0 when none is.
	Overdue time.Duration
	// TokenDaysLeft is in days by account, how long until a person has to connect it again; one of which it is not known is
	// left out.
	TokenDaysLeft map[string]float64
	// WorkersAlive is how many processes work jobs.
	WorkersAlive int
	// CreatesToday is how many creates were sent to LinkedIn since 00:00 UTC, by account.
	CreatesToday map[string]int64
	// Held is whether nothing goes out because the database is another one than before.
	Held bool
}

const (
	// figuresEvery is how long figures are good for: scrapes within it read nothing.
	figuresEvery = 5 * time.Second
	// figuresTimeout bounds the reading; Prometheus gives a whole scrape 10 s.
	figuresTimeout = 2 * time.Second
)

// WatchFigures exports figures that are read when somebody scrapes: by one at a time, and not again within five seconds.
// Figures that can't be read are absent, not old and not zero.
func (m *Metrics) WatchFigures(read func(context.Context) (Figures, error), now func() time.Time, log *slog.Logger) {
	m.registry.MustRegister(&figuresCollector{
		read: read, now: now, log: log,
		jobs:         prometheus.NewDesc("postwright_jobs", "Jobs, by state; those that are done are kept for --retention-completed-jobs.", []string{"state"}, nil),
		publications: prometheus.NewDesc("postwright_publications", "Approvals to publish a post, by state.", []string{"state"}, nil),
		overdue: prometheus.NewDesc("postwright_publication_overdue_seconds",
			"How late the oldest publication is that should have gone out by now; 0 when none is.", nil, nil),
		tokenDays: prometheus.NewDesc("postwright_account_token_days_left",
			"Days until a person has to connect the account again; 0 for one whose token LinkedIn refuses.", []string{"account"}, nil),
		workers: prometheus.NewDesc("postwright_workers_alive", "Processes that work jobs.", nil, nil),
		creates: prometheus.NewDesc("postwright_linkedin_creates_today",
			"Creates sent to LinkedIn since 00:00 UTC, by account.", []string{"account"}, nil),
		held: prometheus.NewDesc("postwright_publishing_held",
			"1 while nothing goes out because the database was restored or another server took over; 0 otherwise.", nil, nil),
	})
}

type figuresCollector struct {
	read func(context.Context) (Figures, error)
	now  func() time.Time
	log  *slog.Logger

	jobs, publications, overdue, tokenDays, workers, creates, held *prometheus.Desc

	mu      sync.Mutex // held while reading, so that one does
	readAt  time.Time
	figures *Figures // nil when they could not be read
}

// Describe implements prometheus.Collector.
func (c *figuresCollector) Describe(descriptions chan<- *prometheus.Desc) {
	for _, d := range []*prometheus.Desc{c.jobs, c.publications, c.overdue, c.tokenDays, c.workers, c.creates, c.held} {
		descriptions <- d
	}
}

// Collect implements prometheus.Collector.
func (c *figuresCollector) Collect(metrics chan<- prometheus.Metric) {
	figures := c.current()
	if figures == nil {
		return
	}
	for state, count := range figures.Jobs {
		metrics <- gauge(c.jobs, float64(count), state)
	}
	for state, count := range figures.Publications {
		metrics <- gauge(c.publications, float64(count), state)
	}
	metrics <- gauge(c.overdue, figures.Overdue.Seconds())
	for account, days := range figures.TokenDaysLeft {
		metrics <- gauge(c.tokenDays, days, account)
	}
	metrics <- gauge(c.workers, float64(figures.WorkersAlive))
	held := 0.0
	if figures.Held {
		held = 1
	}
	metrics <- gauge(c.held, held)
	for account, count := range figures.CreatesToday {
		metrics <- gauge(c.creates, float64(count), account)
	}
}

func (c *figuresCollector) current() *Figures {
	c.mu.Lock()
	defer c.mu.Unlock()
	if age := c.now().Sub(c.readAt); age >= 0 && age < figuresEvery {
		return c.figures
	}
	ctx, cancel := context.WithTimeout(context.Background(), figuresTimeout) // a scrape brings no context
	defer cancel()
	figures, err := c.read(ctx)
	c.readAt, c.figures = c.now(), &figures
	if err != nil {
		c.figures = nil
		c.log.LogAttrs(ctx, slog.LevelWarn, "the figures for /metrics can't be read", slog.Any("error", err))
	}
	return c.figures
}

// WatchVersion exports how long LinkedIn will serve the configured version, in days from now until ends.
func (m *Metrics) WatchVersion(version string, ends time.Time, now func() time.Time) {
	m.registry.MustRegister(prometheus.NewGaugeFunc(prometheus.GaugeOpts{
		Name: "postwright_linkedin_version_days_left", Help: "Days until LinkedIn serves the configured version no more.",
		ConstLabels: prometheus.Labels{"version": version},
	}, func() float64 { return Days(ends.Sub(now())) }))
}

// Days is a time in days of 24 hours.
func Days(d time.Duration) float64 { return d.Hours() / 24 }
