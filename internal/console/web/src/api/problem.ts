// What went wrong with a call, in the server's words.
import { Code, ConnectError } from "@connectrpc/connect";
import { t } from "../i18n";

export interface Problem {
  message: string;
  code: Code;
  // Whether the very same call may well succeed later.
  passing: boolean;
}

const passing = new Set([Code.Unavailable, Code.DeadlineExceeded, Code.ResourceExhausted, Code.Unknown, Code.Canceled]);

export function problemOf(error: unknown): Problem {
  const e = ConnectError.from(error);
  // A browser says "Failed to fetch" and the like when nobody answers.
  const unreachable = e.code === Code.Unknown && e.cause instanceof TypeError;
  return { message: unreachable ? t.problem.unreachable : e.rawMessage || t.problem.unknown, code: e.code, passing: passing.has(e.code) };
}

export function isUnauthenticated(error: unknown): boolean {
  return error instanceof ConnectError && error.code === Code.Unauthenticated;
}

// Somebody else changed the post in between.
export function isStale(error: unknown): boolean {
  return error instanceof ConnectError && error.code === Code.Aborted;
}

export function isNotFound(error: unknown): boolean {
  return error instanceof ConnectError && error.code === Code.NotFound;
}
