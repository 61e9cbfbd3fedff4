package bench

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"net/http"
	"os/exec"

	"github.com/postwright/postwright/gen/proto/postwright/v1/postwrightv1connect"
	"github.com/postwright/postwright/internal/testbed"
	"github.com/postwright/postwright/internal/testbed/loopback"
)

// connections is how many callers there are at once where throughput is measured: as many as a busy proxy has, and more than the
// machine has cores.
const connections = 32

// stage is where experiments take place.
type stage struct {
	Run
	ground   *ground
	loaded   loaded
	outcomes []outcome
	measures []measure
}

// perform does an experiment. What it did not reach is unknown, with the reason.
func (s *stage) perform(ctx context.Context, e experiment) {
	err := e.do(ctx, s)
	if err == nil {
		err = errors.New("the experiment does not tell")
	}
	for _, g := range e.goals {
		if !s.told(g) {
			s.outcomes = append(s.outcomes, outcome{goal: g, unknown: oneLine(err)})
		}
	}
}

func (s *stage) told(g goal) bool {
	for _, o := range s.outcomes {
		if o.goal == g {
			return true
		}
	}
	return false
}

// reach tells what a goal came to.
func (s *stage) reach(g goal, value float64, format string, args ...any) {
	s.outcomes = append(s.outcomes, outcome{goal: g, value: value, note: fmt.Sprintf(format, args...)})
}

// compare tells what a goal came to that says how many times as much one measure is as another.
func (s *stage) compare(g goal, ours, reference measure) error {
	times, err := ratio(ours.perSecond(), reference.perSecond())
	if err != nil {
		return err
	}
	s.reach(g, times, "%s against %s a second", number(ours.perSecond(), ""), number(reference.perSecond(), ""))
	return nil
}

// measure measures subjects beside each other, and keeps the measures for the second table.
func (s *stage) measure(ctx context.Context, subjects ...subject) ([]measure, error) {
	measures, err := alternate(ctx, s.Size.Rounds, s.Size.Span, subjects...)
	s.measures = append(s.measures, measures...)
	return measures, err
}

// unlimited are the settings of every node beside the defaults: the limits of what one caller may ask for are what a benchmark
// would run into first, and LinkedIn's day ends after 150 posts.
func unlimited() []string {
	return []string{"POSTWRIGHT_SERVER_KEY_RATE=0", "POSTWRIGHT_SERVER_OWNER_RATE=0", "POSTWRIGHT_LINKEDIN_DAILY_REQUESTS=0"}
}

// serve starts a node; stop ends it in order.
func (s *stage) serve(ctx context.Context, name string, settings ...string) (node *testbed.Node, stop func(), err error) {
	address, err := loopback.FreeAddress(ctx)
	if err != nil {
		return nil, nil, err
	}
	node, err = testbed.StartNode(ctx, s.Binary, s.Dir, name, s.ground.wiring(address), append(unlimited(), settings...)...)
	if err != nil {
		return nil, nil, err
	}
	return node, func() { node.Stop(testbed.DefaultGrace) }, nil
}

// posts calls a node for an owner, through connections of its own.
func (s *stage) posts(node *testbed.Node, owner *testbed.Owner) (api postwrightv1connect.PostServiceClient, hangUp func()) {
	through := &http.Transport{MaxIdleConnsPerHost: connections}
	client := testbed.NewClient(&http.Client{Transport: through}, node.URL, owner.Key)
	return postwrightv1connect.NewPostServiceClient(client), through.CloseIdleConnections
}

// has reports whether the program knows a setting, by its variable.
func (s *stage) has(ctx context.Context, variable string) (bool, error) {
	help, err := exec.CommandContext(ctx, s.Binary, "serve", "--help").Output() //nolint:gosec // the program that is measured
	return bytes.Contains(help, []byte("$"+variable)), err
}
