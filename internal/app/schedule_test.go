package app_test

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"google.golang.org/protobuf/types/known/fieldmaskpb"
	"google.golang.org/protobuf/types/known/timestamppb"

	postwrightv1 "github.com/postwright/postwright/gen/proto/postwright/v1"
	"github.com/postwright/postwright/internal/app"
	"github.com/postwright/postwright/internal/app/apptest"
)

const scheduled = postwrightv1.PostState_POST_STATE_SCHEDULED

// schedule gives a post a time from now on.
func (w *world) schedule(post *postwrightv1.Post, in time.Duration) *postwrightv1.SchedulePostResponse {
	w.T.Helper()
	res, err := w.Posts.SchedulePost(w.T.Context(), &postwrightv1.SchedulePostRequest{
		Id: post.GetId(), ScheduledTime: timestamppb.New(app.Now().Add(in)), TimeZone: "Europe/Berlin",
	})
	require.NoError(w.T, err)
	return res
}

// due lets every waiting job run now, whatever its time.
func (w *world) due() {
	w.Exec(`UPDATE river.river_job SET state = 'available', scheduled_at = now() WHERE state = 'scheduled'`)
}

func TestAScheduledPostGoesOutAsItStandsWhenItIsDue(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.Serve()
	res := w.schedule(w.Draft("Tomorrow"), 24*time.Hour)
	require.Equal(t, scheduled, res.GetPost().GetState())
	require.Equal(t, "Europe/Berlin", res.GetPost().GetTimeZone(), "kept beside the instant")
	require.Empty(t, res.GetWarnings())
	_, err := w.Posts.UpdatePost(t.Context(), &postwrightv1.UpdatePostRequest{
		Post: &postwrightv1.Post{Id: res.GetPost().GetId(), Content: "Today"}, UpdateMask: &fieldmaskpb.FieldMask{Paths: []string{"content"}},
	})
	require.NoError(t, err)

	w.due()
	post, _ := w.Watch(res.GetPost())

	require.Equal(t, published, post.GetState())
	require.Equal(t, "Today", w.Vendors.Ledger()[0].Shown)
}

func TestOnlyTheLatestScheduleCounts(t *testing.T) {
	t.Parallel()
	for name, change := range map[string]func(w *world, post *postwrightv1.Post) (sent int){
		"cancelled": func(w *world, post *postwrightv1.Post) int {
			res, err := w.Posts.CancelSchedule(w.T.Context(), &postwrightv1.CancelScheduleRequest{Id: post.GetId()})
			require.NoError(w.T, err)
			require.Equal(w.T, postwrightv1.PostState_POST_STATE_DRAFT, res.GetPost().GetState())
			require.Nil(w.T, res.GetPost().GetScheduledTime())
			return 0
		},
		"deleted": func(w *world, post *postwrightv1.Post) int {
			_, err := w.Posts.DeletePost(w.T.Context(), &postwrightv1.DeletePostRequest{Id: post.GetId()})
			require.NoError(w.T, err)
			return 0
		},
		"moved": func(w *world, post *postwrightv1.Post) int {
			w.schedule(post, 48*time.Hour)
			// The time of before comes: it is not the post's any more.
			w.Exec(`UPDATE river.river_job SET state = 'available', scheduled_at = now() WHERE id = (SELECT min(id) FROM river.river_job WHERE kind = ` +
				`'publish_due')`)
			require.Eventually(w.T, func() bool {
				return w.Count(`SELECT count(*) FROM river.river_job WHERE kind = 'publish_due' AND state = 'completed'`) == 1
			}, apptest.WaitLimit, apptest.WaitStep)
			require.Equal(w.T, 1, w.Count(`SELECT count(*) FROM posts WHERE state = 'scheduled'`))
			return 1
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := newWorld(t)
			w.Serve()
			sent := change(w, w.schedule(w.Draft("Once at most"), 24*time.Hour).GetPost())
			w.due()
			w.Idle()
			require.Len(t, w.Vendors.Ledger(), sent)
		})
	}
}

// Everything was down when the post was due, and for longer than the window.
func TestAnOverduePostFailsInsteadOfGoingOutLate(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.Serve()
	post := w.schedule(w.Draft("Monday's news"), time.Hour).GetPost()
	w.Exec(`UPDATE posts SET scheduled_at = now() - interval '61 minutes'`)
	w.Exec(`UPDATE river.river_job SET args = jsonb_set(args, '{scheduled_at}', (SELECT to_jsonb(scheduled_at) FROM posts)) WHERE kind = 'publish_due'`)
	w.due()
	post, _ = w.Watch(post)
	require.Equal(t, failed, post.GetState())
	require.Equal(t, "OVERDUE", post.GetFailure().GetCode())
	require.Empty(t, w.Vendors.Ledger())
	require.Eventually(t, func() bool { return len(w.Vendors.Notifications()) == 2 }, apptest.WaitLimit, apptest.WaitStep, "the owner is told")
}

// Clocks go forward and back. The zone is there to be shown: what counts is the instant, also in the hour that comes twice
// (Europe/Berlin), and where the clock moves by half an hour (Australia/Lord_Howe).
func TestASchedulesInstantSurvivesTheChangeOfClocks(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.Serve()
	for _, zone := range []string{"Europe/Berlin", "America/New_York", "Australia/Lord_Howe"} {
		location, err := time.LoadLocation(zone)
		require.NoError(t, err)
		_, first := time.Now().Add(time.Hour).In(location).ZoneBounds()
		_, second := first.ZoneBounds() // one of the two sets the clock back
		if limit := time.Now().Add(364 * 24 * time.Hour); second.After(limit) {
			second = first
		}
		for _, change := range []time.Time{first, second} {
			for _, offset := range []time.Duration{-30 * time.Minute, -time.Microsecond, 0, 30 * time.Minute} {
				at := change.Add(offset)
				t.Run(at.In(location).Format(time.RFC3339Nano)+" "+zone, func(t *testing.T) {
					post := w.Draft("As the clock changes")
					_, err := w.Posts.SchedulePost(t.Context(), &postwrightv1.SchedulePostRequest{
						Id: post.GetId(), ScheduledTime: timestamppb.New(at), TimeZone: zone,
					})
					require.NoError(t, err)
					res, err := w.Posts.GetPost(t.Context(), &postwrightv1.GetPostRequest{Id: post.GetId()})
					require.NoError(t, err)
					require.Equal(t, at.UTC(), res.GetPost().GetScheduledTime().AsTime())
					require.Equal(t, zone, res.GetPost().GetTimeZone())
					// The job runs at the instant, and knows it for the post's own.
					require.Equal(t, 1, w.Count(`SELECT count(*) FROM river.river_job j JOIN posts p ON p.id::text = j.args->>'post_id'
						WHERE p.id = '`+post.GetId()+`' AND j.kind = 'publish_due' AND j.scheduled_at = p.scheduled_at
						AND (j.args->>'scheduled_at')::timestamptz = p.scheduled_at`))
				})
			}
		}
	}
	w.due()
	require.Eventually(t, func() bool {
		return w.Count(`SELECT count(*) FROM posts WHERE state <> 'scheduled'`) == 24
	}, apptest.WaitLimit, apptest.WaitStep, "every job takes the schedule for its own")
}

func TestAScheduleBeyondWhatLastsIsAcceptedWithAWarning(t *testing.T) {
	t.Parallel()
	w := newWorld(t, func(c *app.Config) { c.LinkedIn.Version = "202601" })
	w.Serve()
	res := w.schedule(w.Draft("In a year, nearly"), 360*24*time.Hour)
	require.Equal(t, scheduled, res.GetPost().GetState())
	require.Len(t, res.GetWarnings(), 2)
	require.Contains(t, res.GetWarnings()[0], "The token of Tess Ter ends at ")
	require.Contains(t, res.GetWarnings()[0], "connect the account again")
	require.Equal(t, "LinkedIn serves the configured version 202601 until 2027-01-15, before the post is due: "+
		"have --linkedin-version raised until then.", res.GetWarnings()[1])
}

// The owner of a post that was scheduled beyond the token's life hears of it again a week ahead, unless all is well by then.
func TestTheOwnerOfAnEndangeredScheduleIsWarnedAgain(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		name   string
		change func(w *world, post *postwrightv1.Post)
		told   int
	}{
		{"nothing was done", func(*world, *postwrightv1.Post) {}, 2},
		{"the account was connected again", func(w *world, _ *postwrightv1.Post) {
			w.Exec(`UPDATE linkedin_accounts SET token_expires_at = now() + interval '100 days'`)
		}, 0},
		{"the post was moved to before the end", func(w *world, post *postwrightv1.Post) { w.schedule(post, 24*time.Hour) }, 0},
		{"the schedule was cancelled", func(w *world, post *postwrightv1.Post) {
			_, err := w.Posts.CancelSchedule(w.T.Context(), &postwrightv1.CancelScheduleRequest{Id: post.GetId()})
			require.NoError(w.T, err)
		}, 0},
		{"the post was deleted", func(w *world, post *postwrightv1.Post) {
			_, err := w.Posts.DeletePost(w.T.Context(), &postwrightv1.DeletePostRequest{Id: post.GetId()})
			require.NoError(w.T, err)
		}, 0},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			w := newWorld(t)
			w.Serve()
			post := w.schedule(w.Draft("In a quarter of a year"), 90*24*time.Hour).GetPost()
			require.Equal(t, 1, w.Count(`SELECT count(*) FROM river.river_job j JOIN posts p ON p.id::text = j.args->>'post_id'
				WHERE j.kind = 'publish_schedule_warning' AND j.scheduled_at = p.scheduled_at - interval '7 days'`))
			c.change(w, post)
			w.Exec(`UPDATE river.river_job SET state = 'available', scheduled_at = now() WHERE kind = 'publish_schedule_warning'`)
			require.Eventually(t, func() bool {
				return w.Count(`SELECT count(*) FROM river.river_job WHERE kind = 'publish_schedule_warning' AND state = 'completed'`) == 1
			}, apptest.WaitLimit, apptest.WaitStep)
			w.Idle()
			told := w.Vendors.Notifications()
			require.Len(t, told, c.told)
			for _, n := range told {
				require.Equal(t, "Your scheduled post may not go out", n.Subject)
				require.Contains(t, n.Content, `"In a quarter of a year": The token of Tess Ter ends at `)
			}
		})
	}
}

func TestSchedulesThatCannotBeAreRefused(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.Serve()
	id := w.Draft("When?").GetId()
	done, _ := w.Publish(w.Draft("Out already"))
	tomorrow := app.Now().Add(24 * time.Hour).Format(time.RFC3339)
	for name, c := range map[string]struct {
		method, body, code string
		fields             []string
	}{
		"past time and no zone at all": {"SchedulePost", `{"id":"` + id + `","scheduledTime":"2020-01-01T00:00:00Z","timeZone":"Mars/Olympus"}`,
			"invalid_argument", []string{"scheduledTime", "timeZone"}},
		"years ahead": {"SchedulePost", `{"id":"` + id + `","scheduledTime":"2036-01-01T00:00:00Z"}`, "invalid_argument",
			[]string{"scheduledTime"}},
		"no time":            {"SchedulePost", `{"id":"` + id + `"}`, "invalid_argument", []string{"scheduledTime"}},
		"published already":  {"SchedulePost", `{"id":"` + done.GetId() + `","scheduledTime":"` + tomorrow + `"}`, "failed_precondition", nil},
		"cancelling nothing": {"CancelSchedule", `{"id":"` + id + `"}`, "failed_precondition", nil},
	} {
		t.Run(name, func(t *testing.T) {
			e := w.Curl(w.Key, "PostService/"+c.method, []byte(c.body)).Failure(t)
			require.Equal(t, c.code, e.Code, e.Message)
			for _, f := range c.fields {
				require.Contains(t, e.Fields(t), f)
			}
		})
	}
}
