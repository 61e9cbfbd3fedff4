package jobs

import (
	"context"
	"sync"
	"time"

	"github.com/riverqueue/river/riverdriver"
)

const (
	// pollInterval is how often River asks for jobs, which costs nothing while none can be there: how late a job may begin whose
	// time has come.
	pollInterval = 250 * time.Millisecond
	// fetchCooldown is the least time between two fetches, however much is announced: about how long a job waits whose turn has come.
	// River's own, 100 ms, would let an account with five turns send fifty posts a second at most, and a process with ten workers
	// do a hundred jobs a second.
	fetchCooldown = 10 * time.Millisecond
	// longestRest is how long the database is not asked at all when nothing was announced, in case something was and was not heard.
	longestRest = 10 * time.Second
	// listenSilence is how long the listening connection may be silent before it is asked whether it is still there.
	listenSilence = 30 * time.Second
)

// wakeups know when to ask the database for jobs: when some were announced, when the time of one comes that was seen waiting, and
// now and then. While announcements are not heard, always.
type wakeups struct {
	now func() time.Time

	mu        sync.Mutex
	listening bool
	announced bool      // since the last look began
	next      time.Time // of the next look, unless something is announced before
}

// announce says that there may be jobs now.
func (w *wakeups) announce() {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.announced = true
}

// hear says whether announcements are heard from now on. What was announced before may have been missed.
func (w *wakeups) hear(listening bool) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.listening, w.announced = listening, true
}

// due reports whether to look, and begins the look if so.
func (w *wakeups) due() bool {
	w.mu.Lock()
	defer w.mu.Unlock()
	due := !w.listening || w.announced || !w.now().Before(w.next)
	if due {
		w.announced, w.next = false, time.Time{} // a look that fails is repeated
	}
	return due
}

// rest says for how long a look found that there is nothing to do.
func (w *wakeups) rest(wait time.Duration) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.next = w.now().Add(min(wait, longestRest))
}

// listener tells of announcements as they come in.
type listener struct {
	riverdriver.Listener
	wakeups *wakeups
	asked   time.Time // when the connection was last known to be there
}

// Listen implements riverdriver.Listener.
func (l *listener) Listen(ctx context.Context, topic string) error {
	err := l.Listener.Listen(ctx, topic)
	if err == nil && topic == insertTopic {
		l.asked = l.wakeups.now()
		l.wakeups.hear(true)
	}
	return err
}

// Close implements riverdriver.Listener.
func (l *listener) Close(ctx context.Context) error {
	l.wakeups.hear(false)
	return l.Listener.Close(ctx)
}

// WaitForNotification implements riverdriver.Listener.
func (l *listener) WaitForNotification(ctx context.Context) (*riverdriver.Notification, error) {
	announced, err := l.Listener.WaitForNotification(ctx)
	if err == nil && announced.Topic == insertTopic {
		l.wakeups.announce()
	}
	return announced, err
}

// Ping implements riverdriver.Listener. River pings a silent connection every five seconds.
func (l *listener) Ping(ctx context.Context) error {
	now := l.wakeups.now()
	if now.Sub(l.asked) < listenSilence {
		return nil
	}
	l.asked = now
	return l.Listener.Ping(ctx)
}
