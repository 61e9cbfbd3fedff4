import { CalendarClock, CircleCheck, CircleHelp, CircleX, PencilLine } from "lucide-react";
import { PostState } from "@api/postwright/v1/post_pb";
import { t } from "../i18n";

export type Tone = "grey" | "blue" | "green" | "red" | "amber";

export function stateWord(state: PostState): string {
  switch (state) {
    case PostState.DRAFT:
      return t.state.draft;
    case PostState.SCHEDULED:
      return t.state.scheduled;
    case PostState.QUEUED:
    case PostState.PUBLISHING:
      return t.state.sending;
    case PostState.PUBLISHED:
      return t.state.published;
    case PostState.FAILED:
      return t.state.failed;
    case PostState.UNCONFIRMED:
      return t.state.unconfirmed;
    case PostState.UNSPECIFIED:
      return t.state.unknown;
  }
}

export function stateTone(state: PostState): Tone {
  switch (state) {
    case PostState.SCHEDULED:
    case PostState.QUEUED:
    case PostState.PUBLISHING:
      return "blue";
    case PostState.PUBLISHED:
      return "green";
    case PostState.FAILED:
      return "red";
    case PostState.UNCONFIRMED:
      return "amber";
    case PostState.DRAFT:
    case PostState.UNSPECIFIED:
      return "grey";
  }
}

function Sign({ state }: { state: PostState }) {
  switch (state) {
    case PostState.SCHEDULED:
      return <CalendarClock className="icon" aria-hidden />;
    case PostState.QUEUED:
    case PostState.PUBLISHING:
      return <span className="dot moving" aria-hidden />;
    case PostState.PUBLISHED:
      return <CircleCheck className="icon" aria-hidden />;
    case PostState.FAILED:
      return <CircleX className="icon" aria-hidden />;
    case PostState.UNCONFIRMED:
      return <CircleHelp className="icon" aria-hidden />;
    case PostState.DRAFT:
    case PostState.UNSPECIFIED:
      return <PencilLine className="icon" aria-hidden />;
  }
}

// A state by a sign, a word and a colour.
export function StateBadge({ state }: { state: PostState }) {
  return (
    <span className={`state tone-${stateTone(state)}`}>
      <Sign state={state} />
      {stateWord(state)}
    </span>
  );
}

export const moving = (state: PostState) => state === PostState.QUEUED || state === PostState.PUBLISHING || state === PostState.SCHEDULED;
