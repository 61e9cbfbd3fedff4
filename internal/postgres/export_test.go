package postgres

import "time"

// SetListenSilence shortens the silence after which a listening connection is asked whether it is still there.
func (s *Store) SetListenSilence(silence time.Duration) { s.silence = silence }
