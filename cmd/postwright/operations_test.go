package main

import (
	"bytes"
	"context"
	"encoding/json"
	"io"
	"maps"
	"net/http"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	dto "github.com/prometheus/client_model/go"
	"github.com/prometheus/common/expfmt"
	"github.com/prometheus/common/model"
	"github.com/stretchr/testify/require"
	"go.yaml.in/yaml/v3"
)

// told is what a command has printed so far.
type told struct {
	mu  sync.Mutex
	out bytes.Buffer
}

func (o *told) Write(p []byte) (int, error) {
	o.mu.Lock()
	defer o.mu.Unlock()
	return o.out.Write(p)
}

func (o *told) String() string {
	o.mu.Lock()
	defer o.mu.Unlock()
	return o.out.String()
}

// demoMetrics runs a demo, reads its /metrics with Prometheus's own parser after the main job, and ends it.
func demoMetrics(t *testing.T) map[string]*dto.MetricFamily {
	t.Helper()
	ctx, stop := context.WithCancel(t.Context())
	out, code := &told{}, make(chan int, 1)
	go func() {
		code <- run(ctx, []string{"--log-level=error", "demo", "--dir", demoDir(t), "--listen", "127.0.0.1:0"}, strings.NewReader(""), out, out)
	}()
	defer func() {
		stop()
		require.Zero(t, <-code, out)
	}()
	require.Eventually(t, func() bool { return strings.Contains(out.String(), "Serving until Ctrl-C.") }, time.Minute, 20*time.Millisecond, "%s", out)
	address := regexp.MustCompile(`Serving the API on (\S+)`).FindStringSubmatch(out.String())[1]
	signInByLink(t, address, out.String())
	transport := &http.Transport{}
	defer transport.CloseIdleConnections()
	for range 100 { // without a key, until a limit refuses one
		call, err := http.NewRequestWithContext(t.Context(), http.MethodPost, address+"/postwright.v1.PostService/ListPosts", strings.NewReader("{}"))
		require.NoError(t, err)
		call.Header.Set("Content-Type", "application/json")
		answer, err := (&http.Client{Transport: transport}).Do(call)
		require.NoError(t, err)
		require.NoError(t, answer.Body.Close())
	}
	req, err := http.NewRequestWithContext(t.Context(), http.MethodGet, address+"/metrics", nil)
	require.NoError(t, err)
	resp, err := (&http.Client{Transport: transport}).Do(req)
	require.NoError(t, err)
	defer func() { _ = resp.Body.Close() }()
	body, err := io.ReadAll(resp.Body)
	require.NoError(t, err)
	parser := expfmt.NewTextParser(model.UTF8Validation)
	families, err := parser.TextToMetricFamilies(bytes.NewReader(body))
	require.NoError(t, err)
	return families
}

// operatorsMetrics are the names that dashboards, alerts and their readers rely on, with their labels.
var operatorsMetrics = map[string][]string{
	"cache_hits_total":        {"kind"},
	"cache_misses_total":      {"kind"},
	"cache_shared_hits_total": {"kind"},
	"cache_loads_total":       {"kind"},
	"cache_bypasses_total":    {"kind"},
	"cache_evictions_total":   {},
	"cache_entries":           {},
	"cache_bytes":             {},
	"cache_hears_changes":     {},
	"cache_redis_used":        {},

	"rpc_calls_total":                        {"code", "procedure"},
	"rpc_call_duration_seconds":              {"procedure"},
	"rpc_streams_open":                       nil,
	"rpc_refused_total":                      {"reason"},
	"http_connections_open":                  {},
	"http_connections_refused_total":         {},
	"http_connections_reset_total":           {},
	"db_operation_duration_seconds":          {"operation"},
	"db_operation_errors_total":              {"operation"},
	"db_operation_retries_total":             {"operation"},
	"db_pool_connections":                    {"state"},
	"db_pool_waiting":                        {},
	"api_operation_duration_seconds":         {"operation", "vendor"},
	"api_operation_errors_total":             {"operation", "vendor"},
	"api_operation_retries_total":            {"operation", "vendor"},
	"api_operations_in_flight":               {"vendor"},
	"api_breaker_state":                      {"host", "vendor"},
	"api_host_lookups_total":                 {"result"},
	"analysis_answers_total":                 {"engine", "operation"},
	"analysis_engine_failures_total":         {"engine", "kind", "operation"},
	"webhook_attempts_total":                 {"outcome"},
	"webhook_attempt_duration_seconds":       {},
	"postwright_webhooks_overdue_seconds":    {},
	"postwright_webhooks_unreached":          {"state"},
	"notifications_total":                    {"channel", "outcome", "sender"},
	"analysis_llm_tokens_total":              {"direction", "operation"},
	"analysis_llm_cost_total":                {"operation"},
	"postwright_build_info":                  {"goversion", "revision", "version"},
	"postwright_jobs":                        {"state"},
	"postwright_publications":                {"state"},
	"postwright_publication_overdue_seconds": {},
	"postwright_account_token_days_left":     {"account"},
	"postwright_linkedin_version_days_left":  {"version"},
	"postwright_linkedin_creates_today":      {"account"},
	"postwright_publishing_held":             {},
	"postwright_workers_alive":               {},
}

// labels are the names and values that the samples of a family have.
func labels(family *dto.MetricFamily) map[string][]string {
	found := map[string][]string{}
	for _, m := range family.GetMetric() {
		for _, l := range m.GetLabel() {
			found[l.GetName()] = append(found[l.GetName()], l.GetValue())
		}
	}
	return found
}

func TestWhatAnOperatorSees(t *testing.T) {
	t.Parallel()
	exported := demoMetrics(t)

	t.Run("every metric has its name and labels", func(t *testing.T) {
		for name, want := range operatorsMetrics {
			require.Contains(t, exported, name)
			require.NotEmpty(t, exported[name].GetHelp(), name)
			require.ElementsMatch(t, want, slices.Collect(maps.Keys(labels(exported[name]))), name)
		}
		for name := range exported {
			ours := !strings.HasPrefix(name, "go_") && !strings.HasPrefix(name, "process_")
			_, listed := operatorsMetrics[name]
			require.Equal(t, ours, listed, "%s: what is exported is listed above and in docs/operations", name)
		}
	})

	t.Run("alerts and dashboard ask for nothing else", func(t *testing.T) {
		asked := append(alertExpressions(t), dashboardExpressions(t)...)
		require.Greater(t, len(asked), 30)
		for _, expression := range asked {
			for _, s := range selectors(t, expression) {
				requireExported(t, exported, s, expression)
			}
		}
	})

	t.Run("the page lists every metric", func(t *testing.T) {
		page := operationsFile(t, "README.md")
		_, table, found := strings.Cut(page, "### Metrics\n")
		require.True(t, found)
		table, _, _ = strings.Cut(table, "### Logs\n")
		listed := map[string]bool{}
		named := regexp.MustCompile("`((?:rpc|http|db|api|analysis|notifications|cache|webhook|postwright)_[a-z_]+[a-z])`")
		for _, name := range named.FindAllStringSubmatch(table, -1) {
			listed[name[1]] = true
		}
		want := map[string]bool{}
		for name := range operatorsMetrics {
			want[name] = true
		}
		require.Equal(t, want, listed)
	})
}

// requireExported fails unless the selector's metric is exported with the labels, and with the states, that it asks for.
func requireExported(t *testing.T, exported map[string]*dto.MetricFamily, s selector, expression string) {
	t.Helper()
	if s.metric == "up" { // Prometheus's own
		return
	}
	name := s.metric
	if family, there := exported[strings.TrimSuffix(strings.TrimSuffix(name, "_bucket"), "_count")]; there &&
		family.GetType() == dto.MetricType_HISTOGRAM {
		name = family.GetName()
	}
	require.Contains(t, exported, name, "in %s", expression)
	known := labels(exported[name])
	if strings.HasPrefix(name, "db_") { // an operation is there once it has happened
		for _, q := range queries(t) {
			known["operation"] = append(known["operation"], q.name)
		}
	}
	for label, values := range s.labels {
		if label == "job" || label == "instance" || label == "le" { // Prometheus's own
			continue
		}
		require.Contains(t, slices.Collect(maps.Keys(known)), label, "of %s in %s", name, expression)
		for _, value := range values {
			require.Contains(t, known[label], value, "of %s in %s", name, expression)
		}
	}
}

// selector is a metric that an expression asks for, the labels that it picks or groups by, and the values that it names.
type selector struct {
	metric string
	labels map[string][]string
}

var (
	grouping = regexp.MustCompile(`\b(?:by|without|on|ignoring|group_left|group_right)\s*\(([^)]*)\)`)
	word     = regexp.MustCompile(`[a-zA-Z_:][a-zA-Z0-9_:]*`)
	matcher  = regexp.MustCompile(`([a-zA-Z_]+)\s*(=~|!=|!~|=)\s*"([^"]*)"`)
	asks     = regexp.MustCompile(`([a-zA-Z_:][a-zA-Z0-9_:]*)\s*(\{[^}]*\})?(\[[^\]]*\])?`)
	keywords = []string{"and", "or", "unless", "bool", "offset"}
)

// selectors reads a PromQL expression as far as names and labels go. Every group's labels are taken for those of every
// metric, which is stricter than PromQL.
func selectors(t *testing.T, expression string) []selector {
	t.Helper()
	var groups []string
	rest := grouping.ReplaceAllStringFunc(expression, func(group string) string {
		groups = append(groups, word.FindAllString(grouping.FindStringSubmatch(group)[1], -1)...)
		return " "
	})
	var found []selector
	for _, at := range asks.FindAllStringSubmatchIndex(rest, -1) {
		name := rest[at[2]:at[3]]
		before, after := rest[:at[0]], strings.TrimSpace(rest[at[1]:])
		part := len(before) > 0 && strings.ContainsAny(before[len(before)-1:], "0123456789.") // 5m, 1e3
		if strings.HasPrefix(after, "(") || slices.Contains(keywords, name) || part {
			continue
		}
		s := selector{metric: name, labels: map[string][]string{}}
		for _, label := range groups {
			s.labels[label] = nil
		}
		if at[4] >= 0 {
			for _, m := range matcher.FindAllStringSubmatch(rest[at[4]:at[5]], -1) {
				s.labels[m[1]] = strings.Split(m[3], "|")
			}
		}
		found = append(found, s)
	}
	require.NotEmpty(t, found, expression)
	return found
}

func TestSelectorsAreFoundInExpressions(t *testing.T) {
	t.Parallel()
	require.Equal(t, []selector{
		{
			"a_total",
			map[string][]string{"x": nil, "state": {"one", "two"}},
		},
		{"b_count", map[string][]string{"x": nil}},
		{"c", map[string][]string{"x": nil}},
	}, selectors(t, `sum by (x) (rate(a_total{state=~"one|two"}[5m])) / sum(rate(b_count[1h])) > 0.05 unless on (x) absent(c)`))
}

func operationsFile(t *testing.T, name string) string {
	t.Helper()
	content, err := os.ReadFile(filepath.Join(root, "docs/operations", name))
	require.NoError(t, err)
	return string(content)
}

// alertRules is Prometheus's rule file.
type alertRules struct {
	Groups []struct {
		Rules []struct {
			Alert, Expr string
			Labels      map[string]string
			Annotations map[string]string
		}
	}
}

func readAlerts(t *testing.T) alertRules {
	t.Helper()
	var rules alertRules
	require.NoError(t, yaml.Unmarshal([]byte(operationsFile(t, "alerts.yaml")), &rules))
	return rules
}

func alertExpressions(t *testing.T) (expressions []string) {
	t.Helper()
	for _, g := range readAlerts(t).Groups {
		for _, r := range g.Rules {
			expressions = append(expressions, r.Expr)
		}
	}
	return expressions
}

func dashboardExpressions(t *testing.T) (expressions []string) {
	t.Helper()
	var dashboard struct {
		Panels []struct {
			Type, Title string
			Targets     []struct{ Expr string }
		}
	}
	require.NoError(t, json.Unmarshal([]byte(operationsFile(t, "grafana-dashboard.json")), &dashboard))
	for _, p := range dashboard.Panels {
		require.Equal(t, p.Type == "row", len(p.Targets) == 0, p.Title)
		for _, target := range p.Targets {
			expressions = append(expressions, target.Expr)
		}
	}
	return expressions
}

func TestThePageSaysOfEveryAlertWhatItMeansAndWhatToDo(t *testing.T) {
	t.Parallel()
	_, sections, found := strings.Cut(operationsFile(t, "README.md"), "## The alerts\n")
	require.True(t, found)
	explained := map[string]string{}
	for _, section := range strings.Split(sections, "### ")[1:] {
		name, text, _ := strings.Cut(section, "\n")
		explained[name] = strings.TrimSpace(text)
	}
	var names []string
	for _, g := range readAlerts(t).Groups {
		for _, r := range g.Rules {
			names = append(names, r.Alert)
			require.NotEmpty(t, explained[r.Alert], r.Alert)
			require.NotEmpty(t, r.Annotations["summary"], r.Alert)
			require.Equal(t, "docs/operations/README.md#"+strings.ToLower(r.Alert), r.Annotations["runbook"])
			require.Contains(t, []string{"info", "warning", "critical"}, r.Labels["severity"], r.Alert)
		}
	}
	require.ElementsMatch(t, names, slices.Collect(maps.Keys(explained)), "no alert is explained that there is not")
}
