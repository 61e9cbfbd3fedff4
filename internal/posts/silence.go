package posts

import "time"

// Silence is how long nothing has been told to who follows posts. It ends after a while, and then something is told that
// is not new: proxies cut a connection over which nothing comes.
type Silence struct {
	longest time.Duration
	timer   *time.Timer
	over    <-chan time.Time
}

// NewSilence begins a silence that ends after longest; one of 0 never ends. Stop it after use.
func NewSilence(longest time.Duration) Silence {
	if longest <= 0 {
		return Silence{}
	}
	timer := time.NewTimer(longest)
	return Silence{longest: longest, timer: timer, over: timer.C}
}

// Broken begins the silence anew: something was told.
func (s Silence) Broken() {
	if s.timer != nil {
		s.timer.Reset(s.longest)
	}
}

// Stop lets the silence never end.
func (s Silence) Stop() {
	if s.timer != nil {
		s.timer.Stop()
	}
}
