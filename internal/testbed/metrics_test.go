package testbed

import (
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

const scraped = `# TYPE db_pool_connections gauge
db_pool_connections{state="idle"} 5
db_pool_connections{state="in_use"} 3
# TYPE go_memstats_mallocs_total counter
go_memstats_mallocs_total 70
# TYPE db_operation_duration_seconds histogram
db_operation_duration_seconds_bucket{operation="PostGet",le="+Inf"} 4
db_operation_duration_seconds_sum{operation="PostGet"} 0.5
db_operation_duration_seconds_count{operation="PostGet"} 4
db_operation_duration_seconds_bucket{operation="PostInsert",le="+Inf"} 2
db_operation_duration_seconds_sum{operation="PostInsert"} 0.5
db_operation_duration_seconds_count{operation="PostInsert"} 2
`

func TestMetricsAreRead(t *testing.T) {
	t.Parallel()
	m, err := ReadMetrics(strings.NewReader(scraped))
	require.NoError(t, err)
	for _, c := range []struct {
		name, label, value string
		want               float64
	}{
		{"db_pool_connections", "state", "in_use", 3},
		{"db_pool_connections", "", "", 8},
		{"go_memstats_mallocs_total", "", "", 70},
		{"db_operation_duration_seconds", "operation", "PostGet", 4},
		{"db_operation_duration_seconds", "", "", 6},
	} {
		got, err := m.Sum(c.name, c.label, c.value)
		require.NoError(t, err)
		require.InDelta(t, c.want, got, 0, "%s %s", c.name, c.value)
	}
}

// A pool whose state is not told must not look empty.
func TestAMissingMetricIsAnError(t *testing.T) {
	t.Parallel()
	m, err := ReadMetrics(strings.NewReader(scraped))
	require.NoError(t, err)
	_, err = m.Sum("up", "", "")
	require.EqualError(t, err, "/metrics lacks up")
	_, err = m.Sum("db_pool_connections", "state", "lost")
	require.EqualError(t, err, `/metrics lacks db_pool_connections{state="lost"}`)
	_, err = ReadMetrics(strings.NewReader("<html>"))
	require.ErrorContains(t, err, "read /metrics")
}
