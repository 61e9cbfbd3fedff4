package main

import (
	"cmp"
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"text/tabwriter"
	"time"

	"github.com/postwright/postwright/internal/app"
	"github.com/postwright/postwright/internal/outbound"
)

type policiesCommand struct {
	Outbound app.OutboundConfig `embed:"" prefix:"outbound-"`
	JSON     bool               `name:"json" env:"-" help:"Print JSON for programs."`
}

// shownPolicy is a row of the table, for programs; times as Go writes them, such as 30s.
type shownPolicy struct {
	Vendor    string `json:"vendor"`
	Operation string `json:"operation"`
	Timeout   string `json:"timeout"`
	Budget    string `json:"budget"`
	Attempts  int    `json:"attempts"`
	Repeat    string `json:"repeat"`
	Hedge     string `json:"hedge,omitempty"`
}

// Run prints how every operation of every vendor is carried out with this configuration.
func (c *policiesCommand) Run(env *environment) error {
	if err := c.Outbound.Verify(); err != nil {
		return err
	}
	policies, _ := c.Outbound.Policies() // verified
	var rows []shownPolicy
	operations := slices.SortedFunc(maps.Keys(policies.Of), func(a, b outbound.Operation) int { return cmp.Compare(a.String(), b.String()) })
	for _, o := range operations {
		p := policies.Of[o]
		row := shownPolicy{
			Vendor:    o.Vendor,
			Operation: o.ID,
			Timeout:   brief(p.Timeout),
			Budget:    brief(p.Budget),
			Attempts:  p.Attempts,
			Repeat:    p.Repeat.String(),
		}
		if p.Hedge > 0 {
			row.Hedge = brief(p.Hedge)
		}
		rows = append(rows, row)
	}
	if c.JSON {
		encoder := json.NewEncoder(env.out)
		encoder.SetIndent("", "  ")
		return encoder.Encode(map[string]any{"policies": rows})
	}
	table := tabwriter.NewWriter(env.out, 0, 4, 2, ' ', 0)
	fmt.Fprintln(table, "VENDOR\tOPERATION\tATTEMPT\tIN ALL\tATTEMPTS\tREPEATED\tHEDGED AFTER")
	for _, r := range rows {
		fmt.Fprintf(table, "%s\t%s\t%s\t%s\t%d\t%s\t%s\n", r.Vendor, r.Operation, r.Timeout, r.Budget, r.Attempts, r.Repeat, cmp.Or(r.Hedge, "-"))
	}
	if err := table.Flush(); err != nil {
		return err
	}
	_, err := fmt.Fprintf(env.out, "\nWaits between attempts: %s to %s where a caller waits, %s to %s in jobs, or as long as the vendor asks.\n"+
		"A host that fails %d times in a row is left alone for %s. At most %d calls to a host are under way, %d in all.\n"+
		"Creates, jobs and each owner's other calls are counted apart, and none of them takes all places.\n",
		brief(policies.CallBackoff.First), brief(policies.CallBackoff.Longest), brief(policies.JobBackoff.First), brief(policies.JobBackoff.Longest),
		policies.Breaker.Failures, brief(policies.Breaker.Delay), c.Outbound.MaxConnectionsPerHost.Value, c.Outbound.MaxConnections.Value)
	return err
}

// brief writes 1m0s as 1m.
func brief(d time.Duration) string {
	text := d.String()
	if d >= time.Minute && d%time.Minute == 0 {
		text = text[:len(text)-len("0s")]
	}
	return text
}
