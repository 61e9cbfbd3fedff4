// The pages that the rail leads to.
import { CalendarDays, ChartNoAxesColumn, House, PenLine, Settings, UsersRound } from "lucide-react";
import type { ComponentType } from "react";
import { t } from "../i18n";

interface Place {
  to: "/" | "/calendar" | "/posts" | "/numbers" | "/accounts" | "/settings/{-$section}";
  word: () => string;
  icon: ComponentType<{ className?: string; "aria-hidden"?: boolean }>;
}

export const places: Place[] = [
  { to: "/", word: () => t.nav.home, icon: House },
  { to: "/calendar", word: () => t.nav.calendar, icon: CalendarDays },
  { to: "/posts", word: () => t.nav.posts, icon: PenLine },
  { to: "/numbers", word: () => t.nav.numbers, icon: ChartNoAxesColumn },
  { to: "/accounts", word: () => t.nav.accounts, icon: UsersRound },
  { to: "/settings/{-$section}", word: () => t.nav.settings, icon: Settings },
];
