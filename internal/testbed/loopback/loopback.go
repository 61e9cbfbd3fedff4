// Package loopback finds addresses of this machine for programs that must be told where to listen before they do.
//
// It must not know who listens there.
package loopback

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"net"
)

// Ports that systems give to nobody by themselves: Linux's ephemeral ones begin at 32768, those of macOS at 49152. So a port that
// is free stays so until somebody asks for it by its number.
const (
	lowest  = 20000
	highest = 32767
	tries   = 100
)

// FreeAddress is one of 127.0.0.1 that nobody listens on at this moment.
func FreeAddress(ctx context.Context) (string, error) {
	var failed error
	for range tries {
		address := fmt.Sprintf("127.0.0.1:%d", lowest+rand.IntN(highest-lowest+1))
		listener, err := new(net.ListenConfig).Listen(ctx, "tcp", address)
		if err == nil {
			return address, listener.Close()
		}
		failed = err
	}
	return "", errors.Join(errors.New("no port of loopback is free"), failed)
}
