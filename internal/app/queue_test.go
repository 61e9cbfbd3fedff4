package app_test

import (
	"fmt"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"google.golang.org/protobuf/types/known/timestamppb"

	postwrightv1 "github.com/postwright/postwright/gen/proto/postwright/v1"
	"github.com/postwright/postwright/gen/proto/postwright/v1/postwrightv1connect"
	"github.com/postwright/postwright/internal/app"
)

// queues is a client of the queues, whose default account has a time every day.
func (w *world) queues(clocks ...string) postwrightv1connect.QueueServiceClient {
	w.T.Helper()
	client := postwrightv1connect.NewQueueServiceClient(w.Client(w.Key))
	queue := &postwrightv1.Queue{TimeZone: "Europe/Berlin"}
	for weekday := range int32(7) {
		for _, clock := range clocks {
			queue.Slots = append(queue.Slots, &postwrightv1.QueueSlot{Weekday: weekday + 1, LocalTime: clock})
		}
	}
	_, err := client.UpdateQueue(w.T.Context(), &postwrightv1.UpdateQueueRequest{Queue: queue})
	require.NoError(w.T, err)
	return client
}

func TestAQueuedPostGetsTheNextTimeThatNoOtherHas(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.Serve()
	queues := w.queues("09:00", "17:30")
	free, err := queues.ListFreeSlots(t.Context(), &postwrightv1.ListFreeSlotsRequest{PageSize: 4})
	require.NoError(t, err)
	require.Equal(t, "Europe/Berlin", free.GetTimeZone())
	times := free.GetTimes()
	require.Len(t, times, 4)
	_, err = w.Posts.SchedulePost(t.Context(), &postwrightv1.SchedulePostRequest{Id: w.Draft("By hand").GetId(), ScheduledTime: times[1]})
	require.NoError(t, err)
	queue := func(post *postwrightv1.Post) *postwrightv1.Post {
		t.Helper()
		res, err := queues.QueuePost(t.Context(), &postwrightv1.QueuePostRequest{Id: post.GetId()})
		require.NoError(t, err)
		require.Equal(t, scheduled, res.GetPost().GetState())
		require.Equal(t, "Europe/Berlin", res.GetPost().GetTimeZone())
		return res.GetPost()
	}

	first, second := queue(w.Draft("The first")), queue(w.Draft("The second"))

	require.Equal(t, times[0].AsTime(), first.GetScheduledTime().AsTime())
	require.Equal(t, times[2].AsTime(), second.GetScheduledTime().AsTime(), "the one between is taken")
	_, err = w.Posts.CancelSchedule(t.Context(), &postwrightv1.CancelScheduleRequest{Id: first.GetId()})
	require.NoError(t, err)
	require.Equal(t, times[0].AsTime(), queue(second).GetScheduledTime().AsTime(), "it moves to where it is free by now")
	require.Equal(t, times[0].AsTime(), queue(second).GetScheduledTime().AsTime(), "its own time is not taken")
	free, err = queues.ListFreeSlots(t.Context(), &postwrightv1.ListFreeSlotsRequest{PageSize: 1, StartTime: times[2]})
	require.NoError(t, err)
	require.Equal(t, times[2].AsTime(), free.GetTimes()[0].AsTime())
	w.due()
	post, _ := w.Watch(second)
	require.Equal(t, published, post.GetState())
}

func TestPostsThatAreQueuedAtOnceGetDifferentTimes(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.Serve()
	queues := w.queues("09:00")
	const posts = 12
	var all sync.WaitGroup
	var mu sync.Mutex
	taken := map[time.Time]int{}
	for i := range posts {
		post := w.Draft(fmt.Sprint("Post ", i))
		all.Go(func() {
			res, err := queues.QueuePost(t.Context(), &postwrightv1.QueuePostRequest{Id: post.GetId()})
			mu.Lock()
			defer mu.Unlock()
			if err == nil {
				taken[res.GetPost().GetScheduledTime().AsTime()]++
			}
		})
	}
	all.Wait()
	require.Len(t, taken, posts)
}

func TestAQueueThatCannotTakeAPostSaysWhatToDo(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.Serve()
	queues := postwrightv1connect.NewQueueServiceClient(w.Client(w.Key))
	post := &postwrightv1.QueuePostRequest{Id: w.Draft("A post").GetId()}
	_, err := queues.QueuePost(t.Context(), post)
	require.ErrorContains(t, err, "has no times: give it some with UpdateQueue, or schedule the post for a time of its own with SchedulePost.")

	// One time a week, and a post at each of them.
	res, err := queues.UpdateQueue(t.Context(), &postwrightv1.UpdateQueueRequest{Queue: &postwrightv1.Queue{
		Slots: []*postwrightv1.QueueSlot{{Weekday: 3, LocalTime: "12:00"}},
	}})
	require.NoError(t, err)
	require.Equal(t, "UTC", res.GetQueue().GetTimeZone())
	free, err := queues.ListFreeSlots(t.Context(), &postwrightv1.ListFreeSlotsRequest{PageSize: 100})
	require.NoError(t, err)
	require.GreaterOrEqual(t, len(free.GetTimes()), 52)
	for i, at := range free.GetTimes() {
		_, err := w.Posts.SchedulePost(t.Context(), &postwrightv1.SchedulePostRequest{Id: w.Draft(fmt.Sprint("Week ", i)).GetId(), ScheduledTime: at})
		require.NoError(t, err)
	}
	_, err = queues.QueuePost(t.Context(), post)
	require.ErrorContains(t, err, "is full for 365 days: give it more times with UpdateQueue")
}

func TestAQueueIsKeptPerAccountAndOwner(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.Serve()
	queues := w.queues("09:00")
	got, err := queues.GetQueue(t.Context(), &postwrightv1.GetQueueRequest{})
	require.NoError(t, err)
	require.Len(t, got.GetQueue().GetSlots(), 7)
	account := got.GetQueue().GetAccountId()

	stranger := postwrightv1connect.NewQueueServiceClient(w.Client(w.User("eve@example.org")))
	_, err = stranger.GetQueue(t.Context(), &postwrightv1.GetQueueRequest{AccountId: account})
	require.ErrorContains(t, err, "There is no such account.")
	_, err = stranger.UpdateQueue(t.Context(), &postwrightv1.UpdateQueueRequest{Queue: &postwrightv1.Queue{AccountId: account}})
	require.ErrorContains(t, err, "There is no such account.")

	_, err = queues.UpdateQueue(t.Context(), &postwrightv1.UpdateQueueRequest{Queue: &postwrightv1.Queue{Etag: got.GetQueue().GetEtag()}})
	require.NoError(t, err)
	_, err = queues.UpdateQueue(t.Context(), &postwrightv1.UpdateQueueRequest{Queue: &postwrightv1.Queue{Etag: got.GetQueue().GetEtag()}})
	require.ErrorContains(t, err, "The queue has changed since this etag was read: read it again and repeat the change.")
	_, err = queues.UpdateQueue(t.Context(), &postwrightv1.UpdateQueueRequest{Queue: &postwrightv1.Queue{
		TimeZone: "Mars/Olympus",
		Slots: []*postwrightv1.QueueSlot{
			{Weekday: 1, LocalTime: "25:00"}, {Weekday: 8, LocalTime: "08:00"}, {Weekday: 2, LocalTime: "09:00"}, {Weekday: 2, LocalTime: "09:00"},
		},
	}})
	for _, want := range []string{
		"queue.timeZone must be an IANA zone", "queue.slots[0].localTime must be a time of the day such as 09:00", "queue.slots[1].weekday",
		"queue.slots[3] stands there twice",
	} {
		require.ErrorContains(t, err, want)
	}
	w.Exec(`DELETE FROM queues`)
	_, err = queues.UpdateQueue(t.Context(), &postwrightv1.UpdateQueueRequest{Queue: &postwrightv1.Queue{Etag: got.GetQueue().GetEtag()}})
	require.ErrorContains(t, err, "The queue has changed since this etag was read", "there is none")
	require.Zero(t, w.Count(`SELECT count(*) FROM queues`))
	_, err = queues.UpdateQueue(t.Context(), &postwrightv1.UpdateQueueRequest{Queue: &postwrightv1.Queue{Etag: "x"}})
	require.ErrorContains(t, err, "queue.etag is not one of ours")
	free, err := queues.ListFreeSlots(t.Context(), &postwrightv1.ListFreeSlotsRequest{StartTime: timestamppb.New(app.Now().Add(400 * 24 * time.Hour))})
	require.NoError(t, err)
	require.Empty(t, free.GetTimes())
}
