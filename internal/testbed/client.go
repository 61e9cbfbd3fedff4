package testbed

import (
	"context"
	"net/http"

	"connectrpc.com/connect/v2"
	"connectrpc.com/connect/v2/connecthttp"
)

// NewClient calls the API at url with a key, through a client of HTTP's.
func NewClient(through *http.Client, url, key string) *connect.Client {
	return connect.NewClient(connecthttp.NewTransport(through, url), func(next connect.ClientFunc) connect.ClientFunc {
		return func(ctx context.Context, spec connect.Spec) (connect.ClientStream, error) {
			if info, there := connect.CallInfoForClientContext(ctx); there {
				info.RequestHeader().Set("Authorization", "Bearer "+key)
			}
			return next(ctx, spec)
		}
	})
}
