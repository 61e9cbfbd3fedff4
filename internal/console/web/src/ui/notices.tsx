import {
  UNSTABLE_Toast as Toast, UNSTABLE_ToastContent as ToastContent, UNSTABLE_ToastQueue as ToastQueue, UNSTABLE_ToastRegion as ToastRegion,
} from "react-aria-components/Toast";
import { Text } from "react-aria-components/Text";
import { t } from "../i18n";
import { Button } from "./button";

interface Notice {
  text: string;
  undo?: () => void;
}

const queue = new ToastQueue<Notice>({ maxVisibleToasts: 3 });

// How long what was done can be undone.
const undoFor = 8000;

// tell says in a corner what happened; with undo it offers to take it back for a while.
export function tell(text: string, undo?: () => void) {
  queue.add(undo ? { text, undo } : { text }, { timeout: undoFor });
}

export function Notices() {
  return (
    <ToastRegion queue={queue} className="notices" aria-label={t.notices}>
      {({ toast }) => (
        <Toast toast={toast} className="notice">
          <ToastContent className="grow"><Text slot="title">{toast.content.text}</Text></ToastContent>
          {toast.content.undo && (
            <Button
              compact
              onPress={() => {
                toast.content.undo?.();
                queue.close(toast.key);
              }}
            >
              {t.action.undo}
            </Button>
          )}
          <Button compact look="quiet" slot="close" aria-label={t.action.close}>{"✕"}</Button>
        </Toast>
      )}
    </ToastRegion>
  );
}
