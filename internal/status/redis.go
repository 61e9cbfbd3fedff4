package status

import (
	"context"
	"fmt"

	"github.com/postwright/postwright/internal/fault"
)

const remedyRedis = "Look whether it runs and whether POSTWRIGHT_REDIS_URL leads to it, or unset that. Until then rows are read from PostgreSQL."

// Redis checks whether the Redis in which processes share rows can be used; reach returns its version.
func Redis(reach func(ctx context.Context) (version string, err error)) Checker {
	return Checker{Name: "redis", Run: func(ctx context.Context) []Check {
		version, err := reach(ctx)
		if err != nil {
			return single("redis", Warning, fault.Of(err).Message, remedyRedis)
		}
		return single("redis", OK, fmt.Sprintf("Redis %s answers.", version), "")
	}}
}
