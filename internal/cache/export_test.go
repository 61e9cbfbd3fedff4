package cache

// Epoch is that of the rows in Redis which the cache reads, "" for none.
func (c *Cache) Epoch() string {
	c.shared.mu.Lock()
	defer c.shared.mu.Unlock()
	return c.shared.epoch
}

// Doomed is how many rows have still to be deleted from Redis.
func (c *Cache) Doomed() int {
	c.shared.mu.Lock()
	defer c.shared.mu.Unlock()
	return len(c.shared.doomed)
}
