package reference

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

func TestPGBenchsReportIsRead(t *testing.T) {
	t.Parallel()
	const said = `transaction type: get.sql
number of transactions actually processed: 1500
number of failed transactions: 0 (0.000%)
latency average = 1.333 ms
initial connection time = 12.600 ms
tps = 750.000000 (without initial connection time)
`
	did, err := readPGBench(said)
	require.NoError(t, err)
	require.Equal(t, PGBenched{Transactions: 1500, Took: 2 * time.Second}, did)
	for name, c := range map[string]struct{ said, want string }{
		"failures": {"number of failed transactions: 3 (0.2%)\n" + said[len("transaction type: get.sql\n"):], "3 transactions failed"},
		"nothing":  {"pgbench: error", "did not say"},
		"none made": {
			"number of transactions actually processed: 0\ntps = 0.000000 (without initial connection time)\n", "made no transaction",
		},
	} {
		_, err := readPGBench(c.said)
		require.ErrorContains(t, err, c.want, name)
	}
}
