package postgres

import "time"

// SetAcquireTimeout changes how long operations wait for a connection, and returns how long it was. It must not be called
// while one waits.
func (s *Store) SetAcquireTimeout(limit time.Duration) (before time.Duration) {
	before, s.acquire = s.acquire, limit
	return before
}

// SetSavingGrace changes how long PostgreSQL may take over what saves when its caller has left.
func (s *Store) SetSavingGrace(grace time.Duration) { s.grace = grace }

// SetCloseTimeout changes how long Close waits.
func (s *Store) SetCloseTimeout(limit time.Duration) { s.closing = limit }

// SetListenSilence shortens the silence after which a listening connection is asked whether it is still there.
func (s *Store) SetListenSilence(silence time.Duration) { s.silence = silence }
