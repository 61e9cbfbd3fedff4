import "@fullcalendar/react/skeleton.css";
import "@fullcalendar/react/themes/classic/theme.css";
import "./calendar.css";
import { create } from "@bufbuild/protobuf";
import { timestampFromDate } from "@bufbuild/protobuf/wkt";
import { useInfiniteQuery, useMutation } from "@connectrpc/connect-query";
import FullCalendar, { type DatesSetInfo, type EventClickInfo, type EventDisplayInfo, type EventDropInfo } from "@fullcalendar/react";
import dayGrid from "@fullcalendar/react/daygrid";
import interaction from "@fullcalendar/react/interaction";
import list from "@fullcalendar/react/list";
import classic from "@fullcalendar/react/themes/classic";
import timeGrid from "@fullcalendar/react/timegrid";
import { keepPreviousData } from "@tanstack/react-query";
import { getRouteApi } from "@tanstack/react-router";
import { useEffect, useMemo, useState } from "react";
import { PostState, type Post } from "@api/postwright/v1/post_pb";
import { ListPostsRequestSchema, PostOrder, PostService } from "@api/postwright/v1/post_service_pb";
import { forgetLists, keepPost } from "../api/cache";
import { problemOf } from "../api/problem";
import { language, t } from "../i18n";
import { getPrefs } from "../lib/prefs";
import { firstLine } from "../lib/text";
import { absolute, dateOf, wallClock } from "../lib/time";
import { isForKeys, useTitle } from "../lib/use";
import { useZone } from "../shell/session";
import { accountName, useAccounts } from "../ui/accounts";
import { tell } from "../ui/notices";
import { ProblemNote } from "../ui/problem";
import { ScheduleDialog } from "../ui/schedule-dialog";
import { stateTone, stateWord } from "../ui/state";

const route = getRouteApi("/signed-in/calendar");

type View = "month" | "week" | "list";

// On a telephone a week is a list: in a seventh of its width nobody hits a post.
const isNarrow = () => window.innerWidth < 640;

const typeOf = (view: View) => ({ month: "dayGridMonth", week: isNarrow() ? "listWeek" : "timeGridWeek", list: "listMonth" })[view];

function viewOf(type: string): View {
  return type === "dayGridMonth" ? "month" : type.endsWith("Week") ? "week" : "list";
}

interface Range {
  from: Date;
  before: Date;
}

// When a post is, or was, in the calendar.
const timeOf = (post: Post) => dateOf(post.state === PostState.PUBLISHED ? (post.publishedTime ?? post.scheduledTime) : post.scheduledTime);

// usePosts is all posts of the days that are shown: those with a time of their own, and those that went out without one.
function usePosts(range: Range | undefined) {
  const times = range && { fromTime: timestampFromDate(range.from), beforeTime: timestampFromDate(range.before) };
  const paging = {
    pageParamKey: "pageToken" as const, enabled: range !== undefined, placeholderData: keepPreviousData,
  };
  const scheduled = useInfiniteQuery(
    PostService.method.listPosts, create(ListPostsRequestSchema, { ...times, order: PostOrder.SCHEDULED, pageSize: 100, pageToken: "" }),
    { ...paging, getNextPageParam: (page) => page.nextPageToken || undefined },
  );
  const published = useInfiniteQuery(
    PostService.method.listPosts, create(ListPostsRequestSchema, { ...times, states: [PostState.PUBLISHED], pageSize: 100, pageToken: "" }),
    { ...paging, getNextPageParam: (page) => page.nextPageToken || undefined },
  );
  // What is shown is shown whole.
  usePagesToTheLast(scheduled);
  usePagesToTheLast(published);
  const { data: ofTheirTime } = scheduled;
  const { data: outAlready } = published;
  const posts = useMemo(() => {
    const all = [ofTheirTime, outAlready].flatMap((data) => data?.pages.flatMap((page) => page.posts) ?? []);
    return [...new Map(all.map((post) => [post.id, post])).values()].filter((post) => post.state !== PostState.DRAFT);
  }, [ofTheirTime, outAlready]);
  return { posts, error: scheduled.error ?? published.error, refetch: () => Promise.all([scheduled.refetch(), published.refetch()]) };
}

function usePagesToTheLast({ hasNextPage, isFetching, fetchNextPage }: { hasNextPage: boolean; isFetching: boolean; fetchNextPage: () => unknown }) {
  useEffect(() => {
    if (hasNextPage && !isFetching) {
      void fetchNextPage();
    }
  }, [hasNextPage, isFetching, fetchNextPage]);
}

export function Calendar() {
  useTitle(t.calendar.title);
  const zone = useZone();
  const search = route.useSearch();
  const navigate = route.useNavigate();
  const { accounts } = useAccounts();
  const [range, setRange] = useState<Range>();
  const { posts, error, refetch } = usePosts(range);
  const [asking, setAsking] = useState<Post>();
  const schedule = useMutation(PostService.method.schedulePost);
  const [initial] = useState({ view: typeOf(search.view ?? (isNarrow() ? "list" : "month")), week: typeOf("week"), date: search.date });

  const moveTo = async (post: Post, at: Date): Promise<void> => {
    const clock = wallClock(at, zone);
    const { post: moved, warnings } = await schedule.mutateAsync({ id: post.id, timeZone: zone, localTime: `${clock.date}T${clock.time}` });
    keepPost(moved);
    forgetLists();
    if (warnings.length > 0) {
      tell(warnings.join(" "));
    }
  };
  const drop = (info: EventDropInfo) => {
    const post = posts.find(({ id }) => id === info.event.id);
    const at = info.event.start;
    const before = info.oldEvent.start;
    if (!post || !at || !before) {
      info.revert();
      return;
    }
    moveTo(post, at).then(
      () => tell(t.calendar.moved(absolute(at, zone, new Date())), () => void moveTo(post, before).catch(refused)),
      (problem: unknown) => {
        info.revert();
        refused(problem);
      },
    );
  };
  const shown = (info: DatesSetInfo) => {
    setRange({ from: info.start, before: info.end });
    const view = viewOf(info.view.type);
    // The middle of what is shown: a month's grid begins in the month before.
    const date = wallClock(new Date((info.view.currentStart.getTime() + info.view.currentEnd.getTime()) / 2), zone).date;
    if (search.view !== view || search.date !== date) {
      void navigate({ search: { view, date }, replace: true });
    }
  };

  // m moves the post that has the focus, without a mouse.
  useEffect(() => {
    const press = (event: KeyboardEvent) => {
      if (event.key === "m" && getPrefs().keys && isForKeys(event) && document.activeElement instanceof HTMLElement) {
        const id = document.activeElement.querySelector<HTMLElement>("[data-post]")?.dataset["post"];
        const post = posts.find((other) => other.id === id);
        if (post?.state === PostState.SCHEDULED) {
          event.preventDefault();
          setAsking(post);
        }
      }
    };
    document.addEventListener("keydown", press);
    return () => document.removeEventListener("keydown", press);
  }, [posts]);

  return (
    <div className="page full">
      <div className="page-head">
        <h1>{t.calendar.title}</h1>
        <span className="small muted">{t.calendar.zone(zone)}</span>
      </div>
      <ProblemNote error={error} retry={() => void refetch()} />
      <div className="calendar card">
        <FullCalendar
          plugins={[dayGrid, timeGrid, list, interaction, classic]}
          initialView={initial.view}
          {...(initial.date !== undefined && { initialDate: initial.date })}
          headerToolbar={{ start: "prev,today,next", center: "title", end: `dayGridMonth,${initial.week},listMonth` }}
          buttons={{
            today: { text: t.calendar.today, hint: t.calendar.today },
            prev: { hint: t.calendar.before },
            next: { hint: t.calendar.after },
            dayGridMonth: { text: t.calendar.month, hint: t.calendar.month },
            [initial.week]: { text: t.calendar.week, hint: t.calendar.week },
            listMonth: { text: t.calendar.list, hint: t.calendar.list },
          }}
          moreLinkText={(n) => t.calendar.more(n)}
          moreLinkHint={(n) => t.calendar.more(n)}
          closeHint={t.action.close}
          locale={language === "en" ? "en-GB" : language}
          timeZone={zone}
          firstDay={1}
          height="auto"
          nowIndicator
          allDaySlot={false}
          scrollTime="07:00"
          dayMaxEvents={4}
          editable
          eventDurationEditable={false}
          eventInteractive
          forceEventDuration
          defaultTimedEventDuration="01:00"
          displayEventEnd={false}
          eventDisplay="block"
          eventTimeFormat={{ hour: "2-digit", minute: "2-digit", hour12: false }}
          noEventsContent={t.calendar.none}
          datesSet={shown}
          eventDrop={drop}
          eventClick={(info: EventClickInfo) => {
            info.jsEvent.preventDefault();
            void navigate({ to: "/posts/$id", params: { id: info.event.id } });
          }}
          eventContent={(info: EventDisplayInfo) => <Card info={info} />}
          events={posts.flatMap((post) => {
            const at = timeOf(post);
            return at
              ? [{
                id: post.id, start: at, title: firstLine(post.content), startEditable: post.state === PostState.SCHEDULED,
                color: `var(--${stateTone(post.state)}-soft)`, contrastColor: `var(--${stateTone(post.state)})`, className: "post-event",
                extendedProps: { state: stateWord(post.state), account: accountName(accounts, post.accountId) },
              }]
              : [];
          })}
        />
      </div>
      <p className="small muted">{t.calendar.help}</p>
      {asking && <ScheduleDialog post={asking} onClose={() => setAsking(undefined)} />}
    </div>
  );
}

function refused(problem: unknown) {
  tell(t.calendar.refused(problemOf(problem).message));
}

function Card({ info }: { info: EventDisplayInfo }) {
  const props = info.event.extendedProps as { state: string; account: string };
  return (
    <span className="post-card" data-post={info.event.id}>
      <span className="line-1"><b>{info.timeText}</b> <span className="post-card-more">{props.state}</span></span>
      <span className="line-1 post-card-more">{info.event.title}</span>
      {!info.view.type.startsWith("timeGrid") && <span className="line-1 post-card-more">{props.account}</span>}
    </span>
  );
}
