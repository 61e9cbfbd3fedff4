import "./settings.css";
import { getRouteApi, Link } from "@tanstack/react-router";
import type { ComponentType } from "react";
import { t } from "../i18n";
import { useTitle } from "../lib/use";
import { Notifications } from "./settings-notifications";
import { You } from "./settings-you";
import { Webhooks } from "./settings-webhooks";

const route = getRouteApi("/signed-in/settings/{-$section}");

interface Section {
  name: string;
  word: () => string;
  page: ComponentType;
}

const you: Section = { name: "you", word: () => t.settings.you, page: You };

const sections: Section[] = [
  you,
  { name: "notifications", word: () => t.settings.notifications, page: Notifications },
  { name: "webhooks", word: () => t.settings.webhooks, page: Webhooks },
];

export function Settings() {
  const { section } = route.useParams();
  const shown = sections.find(({ name }) => name === section) ?? you;
  useTitle(`${t.settings.title}: ${shown.word()}`);
  return (
    <div className="page">
      <h1>{t.settings.title}</h1>
      <nav className="row" aria-label={t.settings.title}>
        {sections.map(({ name, word }) => (
          <Link
            key={name} className="chip tab" to="/settings/{-$section}" params={{ section: name }}
            {...(name === shown.name && { "aria-current": "page" as const })}
          >
            {word()}
          </Link>
        ))}
      </nav>
      <shown.page />
    </div>
  );
}
