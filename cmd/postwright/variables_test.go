package main

import (
	"testing"

	"github.com/alecthomas/kong"
	"github.com/stretchr/testify/require"
)

func TestVariablesThatAreNoSettingsAreTold(t *testing.T) {
	t.Parallel()
	parser, err := kong.New(&command{}, kong.DefaultEnvars("POSTWRIGHT"))
	require.NoError(t, err)
	for variable, near := range map[string]string{
		"POSTWRIGHT_DATABSE_URL=postgres://ada:secret@localhost/x": "Did you mean POSTWRIGHT_DATABASE_URL?",
		"POSTWRIGHT_DATABASE_MAX_CONNECTION=5":                     "Did you mean POSTWRIGHT_DATABASE_MAX_CONNECTIONS?",
		"POSTWRIGHT_LINKEDIN_TOKEN_KEYSET=secret":                  "`postwright serve --help` lists them",
		"postwright_role=api":                                      "Did you mean POSTWRIGHT_ROLE?",
		"POSTWRIGHT_=secret":                                       "`postwright serve --help` lists them",
		"POSTWRIGHT_PORT=8080":                                     "`postwright serve --help` lists them",
		"POSTWRIGHT_ENTIRELY_SOMETHING_ELSE_OF_SOMEBODYS=secret":   "`postwright serve --help` lists them",
	} {
		checks := strayVariables(parser.Model, []string{"HOME=/root", variable})
		require.Len(t, checks, 1, variable)
		require.Contains(t, checks[0].Remedy, near, variable)
		require.NotContains(t, checks[0].Detail+checks[0].Remedy, "secret", "no value is told")
	}
	require.Empty(t, strayVariables(parser.Model, []string{
		"POSTWRIGHT_DATABASE_URL=x",
		"POSTWRIGHT_TOKEN_KEYSET=x",
		"POSTWRIGHT_ROLE=api",
		"POSTWRIGHT_SERVER_STREAMS=1",
		"POSTWRIGHT_LISTEN=x",
		"POSTWRIGHT_LOG_LEVEL=info",
		"POSTWRIGHT_SANDBOX_LISTEN=x",
		"OTEL_EXPORTER_OTLP_ENDPOINT=x",
		"PATH=/bin",
		"POSTWRIGHT_SERVICE_HOST=10.0.0.1",
		"POSTWRIGHT_SERVICE_PORT_HTTP=80",
		"POSTWRIGHT_PORT=tcp://10.0.0.1:80",
		"POSTWRIGHT_PORT_8080_TCP_ADDR=10.0.0.1",
		"POSTWRIGHT_POSTGRESQL_SERVICE_HOST=10.0.0.2",
		"POSTWRIGHT_POSTGRESQL_SERVICE_PORT=5432",
		"POSTWRIGHT_POSTGRESQL_SERVICE_PORT_TCP_POSTGRESQL=5432",
		"POSTWRIGHT_POSTGRESQL_PORT=tcp://10.0.0.2:5432",
		"POSTWRIGHT_POSTGRESQL_PORT_5432_TCP=tcp://10.0.0.2:5432",
		"POSTWRIGHT_POSTGRESQL_PORT_5432_TCP_PORT=5432",
	}))
}

// They are told by whichever command runs, and by the check of a configuration in its report.
func TestAMisspeltVariableIsToldByTheCommands(t *testing.T) {
	t.Setenv("POSTWRIGHT_DATABSE_URL", "secret")
	code, _, errOut := postwrightAt(t.Context(), "warn", "policies")
	require.Zero(t, code, errOut)
	require.Contains(t, errOut, "POSTWRIGHT_DATABSE_URL is set, and no setting has that name")
	require.NotContains(t, errOut, "secret")
	_, out, _ := postwright(t, "serve", "--check", "--database-url=postgres://127.0.0.1:1/x?connect_timeout=2")
	require.Contains(t, out, "WARNING  environment: POSTWRIGHT_DATABSE_URL is set")
}
