// The words of the pages. Every text that a person reads is in a catalogue, or comes from the API.
import { en, type Catalogue } from "./en";

// t is the catalogue in use. Read it while rendering, not when a module loads.
export let t: Catalogue = en;

export let language = "en";

const others: Record<string, () => Promise<Catalogue>> = { de: async () => (await import("./de")).de };

export async function loadLanguage(wanted: readonly string[]): Promise<void> {
  const chosen = wanted.map((name) => new Intl.Locale(name).language).find((name) => name === "en" || Object.hasOwn(others, name));
  const load = chosen === undefined ? undefined : others[chosen];
  if (chosen !== undefined && load) {
    t = await load();
    language = chosen;
  }
  document.documentElement.lang = language;
}
