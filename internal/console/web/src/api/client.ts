// How the pages reach the API: the Connect API that every caller uses, with the cookie of the session.
import { createClient, type Transport } from "@connectrpc/connect";
import { createConnectTransport } from "@connectrpc/connect-web";
import { PostService } from "@api/postwright/v1/post_service_pb";

export const transport: Transport = createConnectTransport({ baseUrl: "/" });

// For what is a stream; everything else goes by connect-query.
export const posts = createClient(PostService, transport);
