import { X } from "lucide-react";
import { useState } from "react";
import { t } from "../i18n";
import { Button } from "../ui/button";

const same = (a: string, b: string) => a.toLowerCase() === b.toLowerCase();

// Hashtags of the post itself, beside those that its text holds.
export function Hashtags({ tags, onChange }: { tags: string[]; onChange: (tags: string[]) => void }) {
  const [typed, setTyped] = useState("");
  const add = () => {
    const wanted = typed.split(/[\s,#＃]+/).filter((tag) => tag !== "");
    onChange(wanted.reduce((all, tag) => (all.some((other) => same(other, tag)) ? all : [...all, tag]), tags));
    setTyped("");
  };
  return (
    <fieldset className="stack tight">
      <legend className="label">{t.write.hashtags}</legend>
      {tags.length > 0 && (
        <ul className="tags">
          {tags.map((tag) => (
            <li key={tag}>
              <button type="button" className="chip" aria-label={t.write.removeHashtag(tag)} onClick={() => onChange(tags.filter((other) => other !== tag))}>
                {`#${tag}`}
                <X className="icon small" aria-hidden />
              </button>
            </li>
          ))}
        </ul>
      )}
      <form
        className="row"
        onSubmit={(event) => {
          event.preventDefault();
          add();
        }}
      >
        <input
          className="input tag-input" value={typed} aria-label={t.write.addHashtag} placeholder={t.write.addHashtag} aria-describedby="tags-help"
          onChange={(event) => setTyped(event.target.value)}
        />
        <Button type="submit" compact isDisabled={typed.trim() === ""}>{t.write.add}</Button>
      </form>
      <p className="small muted" id="tags-help">{t.write.hashtagsHelp}</p>
    </fieldset>
  );
}
