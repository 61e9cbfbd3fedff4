import { t } from "../i18n";
import { setPrefs, usePrefs } from "../lib/prefs";
import { Dialog } from "../ui/dialog";

// The keys that do something, and a switch for those that somebody who dictates would press by speaking.
export function Shortcuts({ isOpen, onClose }: { isOpen: boolean; onClose: () => void }) {
  const { keys } = usePrefs();
  const all: [string, string][] = [
    ["Ctrl K", t.shortcuts.palette],
    ["Ctrl Enter", t.shortcuts.publish],
    ["c", t.shortcuts.new],
    ["/", t.shortcuts.search],
    ["j k", t.shortcuts.move],
    ["x", t.shortcuts.select],
    ["Enter", t.shortcuts.open],
    ["?", t.shortcuts.help],
  ];
  return (
    <Dialog title={t.shortcuts.title} isOpen={isOpen} onClose={onClose}>
      <dl className="keys">
        {all.map(([key, what]) => (
          <div key={key}>
            <dt><kbd>{key}</kbd></dt>
            <dd>{what}</dd>
          </div>
        ))}
      </dl>
      <label className="check">
        <input type="checkbox" checked={keys} onChange={(event) => setPrefs({ keys: event.target.checked })} />
        {t.shortcuts.single}
      </label>
    </Dialog>
  );
}
