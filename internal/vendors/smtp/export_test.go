package smtp

import "time"

// WelcomedWithin changes how long it may take until the server would take a message.
func (c *Client) WelcomedWithin(welcome time.Duration) { c.welcome = welcome }
