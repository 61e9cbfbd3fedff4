package cache

import (
	"context"
	"errors"

	"github.com/redis/rueidis"

	"github.com/postwright/postwright/internal/fault"
)

// ReachRedis connects to a Redis as a Cache does, and returns its version. A fault says, without anything of the URL, what is wrong.
func ReachRedis(ctx context.Context, url string) (version string, err error) {
	option, err := redisOption(url)
	if err != nil {
		return "", fault.Newf(fault.Invalid, "The Redis URL %s.", errUnreadableURL)
	}
	if !option.DisableCache {
		option.ClientTrackingOptions = []string{"BCAST", "PREFIX", "postwright:", "NOLOOP"}
	}
	client, err := rueidis.NewClient(option)
	if err != nil {
		return "", redisFault(err)
	}
	defer client.Close()
	ctx, cancel := context.WithTimeout(ctx, connectTimeout)
	defer cancel()
	hello, err := client.Do(ctx, client.B().Hello().Build()).AsMap()
	if err != nil {
		return "", redisFault(err)
	}
	told := hello["version"]
	version, err = told.ToString()
	if err != nil {
		return "", redisFault(err)
	}
	return version, nil
}

func redisFault(err error) error {
	if _, refused := rueidis.IsRedisErr(err); refused {
		return fault.New(fault.Unavailable, "Redis answers and refuses: the user, the password, the database's number or the user's rights "+
			"are not right.").WithCause(err)
	}
	if errors.Is(err, rueidis.ErrNoCache) {
		return fault.New(fault.Unavailable, "Redis can't tell what others change: it takes version 6 or newer.").WithCause(err)
	}
	return fault.New(fault.Unavailable, "Redis does not answer.").WithCause(err)
}
