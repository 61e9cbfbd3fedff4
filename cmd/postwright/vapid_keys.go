package main

import (
	"fmt"

	"github.com/postwright/postwright/internal/vendors/webpush"
)

type vapidKeysCommand struct{}

// Run makes a key. What browsers subscribe with follows from it, and is told by ListPushSubscriptions too.
func (vapidKeysCommand) Run(env *environment) error {
	private, err := webpush.NewKey()
	if err != nil {
		return err
	}
	public, err := webpush.Public(private)
	if err != nil {
		return err
	}
	fmt.Fprintf(env.out, "POSTWRIGHT_WEBPUSH_PRIVATE_KEY=%s\n# The public key, with which browsers subscribe: %s\n", private, public)
	return nil
}
