package analytics

import (
	"fmt"
	"strconv"
	"strings"
	"time"
)

// Plan is when a post's numbers are asked for without anybody's asking: how long after it went out, the shortest time first. An
// empty one asks for none.
type Plan []time.Duration

// Bounds of a plan.
const (
	mostTimes   = 100
	longestTime = 2 * 365 * 24 * time.Hour
)

const day = 24 * time.Hour

// ParsePlan reads a plan such as "1h,6h,1d,2w", whose days have 24 hours; "" is the empty one. Otherwise it says what is wrong with
// it, each a sentence without its subject.
func ParsePlan(text string) (plan Plan, problems []string) {
	if text == "" {
		return nil, nil
	}
	times := strings.Split(text, ",")
	if len(times) > mostTimes {
		return nil, []string{fmt.Sprintf("must have at most %d times", mostTimes)}
	}
	for _, one := range times {
		after, err := parseTime(strings.TrimSpace(one))
		switch {
		case err != nil:
			problems = append(problems, fmt.Sprintf("must be times such as 1h,6h,1d,2w: %.20q is none", one))
		case after < 0 || after > longestTime:
			problems = append(problems, fmt.Sprintf("must have times of 0s to %dd: %.20q is out of that", longestTime/day, one))
		case len(plan) > 0 && after <= plan[len(plan)-1]:
			problems = append(problems, fmt.Sprintf("must have the shorter times first, and none twice: %.20q comes too late", one))
		default:
			plan = append(plan, after)
		}
	}
	if len(problems) > 0 {
		return nil, problems
	}
	return plan, nil
}

// parseTime is time.ParseDuration with whole days and weeks.
func parseTime(text string) (time.Duration, error) {
	for unit, length := range map[string]time.Duration{"d": day, "w": 7 * day} {
		if number, is := strings.CutSuffix(text, unit); is {
			n, err := strconv.ParseUint(number, 10, 12) // more than longestTime, less than a Duration can hold
			return time.Duration(n) * length, err
		}
	}
	return time.ParseDuration(text)
}

// step is where a plan stands: the last of its times that has come, and the first that has not; zero where there is none.
type step struct{ due, next time.Time }

// at is where the plan of a post stands that went out at a time.
func (p Plan) at(published, now time.Time) (s step) {
	for _, after := range p {
		at := published.Add(after)
		if at.After(now) {
			s.next = at
			return s
		}
		s.due = at
	}
	return s
}

// seconds is the plan as SQL takes it.
func (p Plan) seconds() []float64 {
	all := make([]float64, len(p))
	for i, after := range p {
		all[i] = after.Seconds()
	}
	return all
}
