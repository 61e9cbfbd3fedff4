package app_test

import (
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/postwright/postwright/internal/app"
)

func TestEverySettingOfTheServersLimitsIsChecked(t *testing.T) {
	t.Parallel()
	for flag, wrong := range map[string]func(*app.ServerConfig){
		"--server-shutdown-grace":        func(c *app.ServerConfig) { c.ShutdownGrace.Value = 0 },
		"--server-shutdown-delay":        func(c *app.ServerConfig) { c.ShutdownDelay.Value = c.ShutdownGrace.Value },
		"--server-client-address-header": func(c *app.ServerConfig) { c.ClientAddressHeader = "Forwarded" },
		"--server-connections":           func(c *app.ServerConfig) { c.Connections.Value = 0 },
		"--server-key-rate":              func(c *app.ServerConfig) { c.KeyRate.Value = -1 },
		"--server-key-burst":             func(c *app.ServerConfig) { c.KeyBurst.Value = 0 },
		"--server-owner-rate":            func(c *app.ServerConfig) { _ = c.OwnerRate.UnmarshalText([]byte("fast")) },
		"--server-owner-burst":           func(c *app.ServerConfig) { c.OwnerBurst.Value = 0 },
		"--server-owner-calls":           func(c *app.ServerConfig) { c.OwnerCalls.Value = -1 },
		"--server-wrong-key-rate":        func(c *app.ServerConfig) { c.WrongKeyRate.Value = -1 },
		"--pprof-listen":                 func(c *app.ServerConfig) { c.PprofListen = "0.0.0.0:6060" },
		"--server-wrong-key-burst":       func(c *app.ServerConfig) { c.WrongKeyBurst.Value = 0 },
	} {
		cfg := app.Defaults()
		cfg.Database.URL = "postgres://127.0.0.1/x"
		require.NoError(t, cfg.Verify())
		wrong(&cfg.Server)
		require.ErrorContains(t, cfg.Verify(), flag)
	}
}

func TestSharesOfStreamsThatCannotBeAreNamed(t *testing.T) {
	t.Parallel()
	cfg := app.Defaults()
	cfg.Server.Streams.Value, cfg.Server.StreamsPerOwner.Value = 10, 11
	require.ErrorContains(t, cfg.Verify(), "--server-streams-per-owner must not be more than --server-streams, which is 10")
	cfg.Server.StreamsPerOwner.Value = 0
	require.ErrorContains(t, cfg.Verify(), "--server-streams-per-owner must be a whole number from 1 to 100000")
}
