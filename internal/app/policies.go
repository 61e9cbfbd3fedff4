package app

import (
	"fmt"
	"maps"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/postwright/postwright/internal/fault"
	"github.com/postwright/postwright/internal/outbound"
	"github.com/postwright/postwright/internal/vendors/analysisapi"
	"github.com/postwright/postwright/internal/vendors/linkedin"
	"github.com/postwright/postwright/internal/vendors/llmapi"
	"github.com/postwright/postwright/internal/vendors/notifyapi"
)

// repeats is what of every operation of every vendor may be sent again, as the vendors' packages say. That can't be set: it
// is what the operation is. The rest of its policy is the default's, or is set with --outbound-policy.
var repeats = map[string]map[string]outbound.Repeat{
	linkedin.Vendor: linkedin.Repeats(), analysisapi.Vendor: analysisapi.Repeats(), llmapi.Vendor: llmapi.Repeats(),
	notifyapi.Vendor: notifyapi.Repeats(),
}

// Policies is how every operation of every vendor is carried out, with everything that can't work about it.
func (c OutboundConfig) Policies() (outbound.Policies, []fault.Field) {
	policies := outbound.DefaultPolicies()
	policies.BodyRetryAfter = map[string]outbound.BodyRetryAfter{linkedin.Vendor: linkedin.BodyRetryAfter(Now)}
	policies.Breaker = outbound.Breaker{Failures: c.BreakerFailures.Value, Delay: c.BreakerDelay.Value}
	policies.Default.Timeout, policies.Default.Budget = c.AttemptTimeout.Value, c.Budget.Value
	policies.Default.MaxBodyBytes = int64(c.MaxBodyBytes.Value)
	policies.Of = map[outbound.Operation]outbound.Policy{}
	for vendor, operations := range repeats {
		for id, repeat := range operations {
			policy := policies.Default
			if policy.Repeat = repeat; repeat != outbound.Never {
				policy.Attempts = c.Attempts.Value
			}
			policies.Of[outbound.Operation{Vendor: vendor, ID: id}] = policy
		}
	}
	var faults []fault.Field
	for _, setting := range c.Policy {
		faults = append(faults, set(policies.Of, setting)...)
	}
	return policies, append(faults, c.problems(policies)...)
}

// problems lists what can't work about the policies that differ from the default: what is wrong with that stands under the
// flags it was made from.
func (c OutboundConfig) problems(policies outbound.Policies) []fault.Field {
	special := policies
	special.Of = maps.Clone(policies.Of)
	for operation, policy := range special.Of {
		common := policies.Default
		if common.Repeat = policy.Repeat; policy.Repeat != outbound.Never {
			common.Attempts = c.Attempts.Value
		}
		if policy == common {
			delete(special.Of, operation)
		}
	}
	faults := special.Faults(func(o outbound.Operation) string { return "--outbound-policy " + o.String() })
	for operation, policy := range special.Of {
		if policy.Budget > maxAttemptTimeout {
			faults = append(faults, fault.Field{Path: "--outbound-policy " + operation.String(),
				Problem: fmt.Sprintf("budget must be at most %s: a call of the API has %s", maxAttemptTimeout, callTimeout)})
		}
	}
	slices.SortStableFunc(faults, func(a, b fault.Field) int { return strings.Compare(a.Path, b.Path) })
	return faults
}

// set changes the policy of one operation as a setting such as "linkedin.getPost=attempts:5,timeout:10s" says.
func set(policies map[outbound.Operation]outbound.Policy, setting string) (faults []fault.Field) {
	name, values, _ := strings.Cut(strings.TrimSpace(setting), "=")
	vendor, id, _ := strings.Cut(name, ".")
	operation := outbound.Operation{Vendor: vendor, ID: id}
	wrong := func(format string, args ...any) {
		faults = append(faults, fault.Field{Path: "--outbound-policy " + name, Problem: fmt.Sprintf(format, args...)})
	}
	policy, known := policies[operation]
	if !known {
		wrong("names no operation: `postwright policies` lists them, such as linkedin.getPost")
	}
	for pair := range strings.SplitSeq(values, ",") {
		key, value, _ := strings.Cut(strings.TrimSpace(pair), ":")
		limits := map[string]*time.Duration{"timeout": &policy.Timeout, "budget": &policy.Budget, "hedge": &policy.Hedge}
		switch limit := limits[key]; {
		case key == "attempts":
			if n, err := strconv.Atoi(value); err != nil {
				wrong("has attempts:%s: must be a whole number", value)
			} else {
				policy.Attempts = n
			}
		case limit == nil:
			wrong("has the setting %q: must be attempts, timeout, budget or hedge, such as attempts:5,timeout:10s", key)
		default:
			if d, err := time.ParseDuration(value); err != nil {
				wrong("has %s:%s: must be a time such as 10s", key, value)
			} else {
				*limit = d
			}
		}
	}
	if known {
		policies[operation] = policy
	}
	return faults
}
