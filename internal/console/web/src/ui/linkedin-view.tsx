import "./linkedin-view.css";
import { useState } from "react";
import { t } from "../i18n";
import { runsOf } from "../lib/text";

export interface LinkedInViewProps {
  author: string;
  // The text as people read it, with the hashtags that are added.
  text: string;
  phone?: boolean;
}

// A post as LinkedIn shows it: folded after three lines, hashtags and links in LinkedIn's blue.
export function LinkedInView({ author, text, phone }: LinkedInViewProps) {
  const [open, setOpen] = useState(false);
  return (
    <figure className={phone ? "linkedin phone" : "linkedin"}>
      <figcaption className="linkedin-head">
        <span className="linkedin-face" aria-hidden>{author.slice(0, 1)}</span>
        <span>
          <b>{author}</b>
          <br />
          <span className="linkedin-faint">{t.preview.now}</span>
        </span>
      </figcaption>
      {text.trim() === ""
        ? <p className="linkedin-faint">{t.preview.empty}</p>
        : <Folded key={open ? "open" : "folded"} text={text} open={open} onOpen={() => setOpen(true)} />}
    </figure>
  );
}

function Folded({ text, open, onOpen }: { text: string; open: boolean; onOpen: () => void }) {
  const [cut, setCut] = useState(false);
  // Whether three lines are too few is known once it is laid out, and changes with the width.
  const measure = (element: HTMLDivElement | null) => {
    if (!element || open) {
      return undefined;
    }
    const look = () => setCut(element.scrollHeight > element.clientHeight + 2);
    const observer = new ResizeObserver(look);
    observer.observe(element);
    return () => observer.disconnect();
  };
  return (
    <div className="linkedin-text">
      <div className={open ? "" : "linkedin-fold"} ref={measure} key={text.length}>
        {runsOf(text).map((run, i) => (run.kind === "plain" ? run.text : <span key={i} className="linkedin-link">{run.text}</span>))}
      </div>
      {cut && !open && <button type="button" className="linkedin-more" onClick={onOpen}>{t.preview.more}</button>}
    </div>
  );
}
