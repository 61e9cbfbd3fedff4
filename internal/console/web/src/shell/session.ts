// Who is signed in.
import { createQueryOptions, useMutation, useQuery } from "@connectrpc/connect-query";
import { useNavigate } from "@tanstack/react-router";
import { SessionService, type Session } from "@api/postwright/v1/session_pb";
import { cache } from "../api/cache";
import { transport } from "../api/client";
import { browserZone } from "../lib/time";

const query = () => createQueryOptions(SessionService.method.getSession, {}, { transport });

// ensureSession asks who is signed in, once; it throws where nobody is.
export function ensureSession() {
  return cache.query({ ...query(), staleTime: "static" });
}

export function useSession(): Session | undefined {
  return useQuery(SessionService.method.getSession, {}, { staleTime: Infinity }).data?.session;
}

// useZone is the zone in which times are told: the one that the user chose, or else the browser's.
export function useZone(): string {
  const zone = useSession()?.timeZone;
  return zone === undefined || zone === "" ? browserZone() : zone;
}

export function useSignOut() {
  const navigate = useNavigate();
  return useMutation(SessionService.method.signOut, {
    onSuccess: () => {
      cache.clear();
      void navigate({ to: "/sign-in" });
    },
  });
}
