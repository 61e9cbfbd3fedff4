package siege

import (
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

const scraped = `# TYPE db_pool_connections gauge
db_pool_connections{state="idle"} 5
db_pool_connections{state="in_use"} 3
# TYPE api_breaker_state gauge
api_breaker_state{host="a",vendor="linkedin"} 2
api_breaker_state{host="b",vendor="analysis"} 0
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
	m, err := readMetrics(strings.NewReader(scraped))
	require.NoError(t, err)
	inUse, err := m.poolInUse()
	require.NoError(t, err)
	require.InDelta(t, 3, inUse, 0)
	require.EqualValues(t, 6, m.queries())
	require.True(t, m.leftAlone("linkedin"))
	require.False(t, m.leftAlone("analysis"))
	require.False(t, m.leftAlone("notification"))
}

// A pool whose state is not told must not look empty.
func TestAMissingMetricIsAnError(t *testing.T) {
	t.Parallel()
	m, err := readMetrics(strings.NewReader("# TYPE up gauge\nup 1\n"))
	require.NoError(t, err)
	_, err = m.poolInUse()
	require.ErrorContains(t, err, "lacks db_pool_connections")
	_, err = readMetrics(strings.NewReader("<html>"))
	require.ErrorContains(t, err, "read /metrics")
}
