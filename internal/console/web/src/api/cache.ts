// What the pages keep of the API's answers, and when they ask again.
import { create, type DescService } from "@bufbuild/protobuf";
import { createConnectQueryKey } from "@connectrpc/connect-query";
import { MutationCache, QueryCache, QueryClient } from "@tanstack/react-query";
import { GetPostResponseSchema, PostService } from "@api/postwright/v1/post_service_pb";
import type { Post } from "@api/postwright/v1/post_pb";
import { transport } from "./client";
import { isUnauthenticated, problemOf } from "./problem";

let signedOut = () => {
  // Replaced as soon as there is a router to go to the sign-in page with.
};

export function onSignedOut(action: () => void) {
  signedOut = action;
}

function watchForSignOut(error: unknown) {
  if (isUnauthenticated(error)) {
    signedOut();
  }
}

export const cache = new QueryClient({
  queryCache: new QueryCache({ onError: watchForSignOut }),
  mutationCache: new MutationCache({ onError: watchForSignOut }),
  defaultOptions: {
    // Whoever is offline is told so by a call that fails, and not kept waiting.
    mutations: { networkMode: "always" },
    queries: {
      networkMode: "always",
      staleTime: 15_000,
      retry: (failures, error) => failures < 2 && problemOf(error).passing,
    },
  },
});

export const getPostKey = (id: string) =>
  createConnectQueryKey({ schema: PostService.method.getPost, input: { id }, transport, cardinality: "finite" });

// keepPost puts a post that a call gave back where the pages look for it.
export function keepPost(post: Post | undefined) {
  if (post) {
    cache.setQueryData(getPostKey(post.id), create(GetPostResponseSchema, { post }));
  }
}

// forget has every answer of a service asked for anew where it is shown.
export function forget(service: DescService) {
  return cache.invalidateQueries({ queryKey: createConnectQueryKey({ schema: service, transport, cardinality: undefined }) });
}

// forgetLists has the lists of posts asked for anew; what is known of one post stays.
export function forgetLists() {
  const { listPosts, searchPosts } = PostService.method;
  void cache.invalidateQueries({ queryKey: createConnectQueryKey({ schema: listPosts, transport, cardinality: undefined }) });
  void cache.invalidateQueries({ queryKey: createConnectQueryKey({ schema: searchPosts, transport, cardinality: undefined }) });
}
