// A post while it is written: kept by itself, with nothing lost when two write it at once or a page is reloaded.
import { create } from "@bufbuild/protobuf";
import { FieldMaskSchema } from "@bufbuild/protobuf/wkt";
import { createClient } from "@connectrpc/connect";
import { useCallback, useEffect, useRef, useState } from "react";
import { Visibility, type Post } from "@api/postwright/v1/post_pb";
import { PostService } from "@api/postwright/v1/post_service_pb";
import { forgetLists, keepPost } from "../api/cache";
import { transport } from "../api/client";
import { isStale, problemOf } from "../api/problem";

const calls = createClient(PostService, transport);

export interface Fields {
  content: string;
  hashtags: string[];
  accountId: string;
  visibility: Visibility;
}

export const emptyFields: Fields = { content: "", hashtags: [], accountId: "", visibility: Visibility.PUBLIC };

export function fieldsOf(post: Post): Fields {
  const { content, hashtags, accountId } = post;
  return { content, hashtags, accountId, visibility: post.visibility === Visibility.CONNECTIONS ? Visibility.CONNECTIONS : Visibility.PUBLIC };
}

const paths: Record<keyof Fields, string> = { content: "content", hashtags: "hashtags", accountId: "account_id", visibility: "visibility" };

// changed names what is not as it was, as a field mask does.
export function changed(now: Fields, before: Fields): string[] {
  return (Object.keys(paths) as (keyof Fields)[])
    .filter((name) => JSON.stringify(now[name]) !== JSON.stringify(before[name]))
    .map((name) => paths[name]);
}

// What a page that is reloaded before it has saved finds again.
interface Unsaved {
  fields: Fields;
  etag: string;
}

// The next user of the browser must not find, let alone save, what another has written.
const unsavedKey = (userId: string, id: string) => `postwright.unsaved.${userId}.${id === "" ? "new" : id}`;

function readUnsaved(userId: string, id: string): Unsaved | undefined {
  try {
    const kept = JSON.parse(localStorage.getItem(unsavedKey(userId, id)) ?? "null") as Partial<Unsaved> | null;
    return typeof kept?.fields?.content === "string" ? { fields: { ...emptyFields, ...kept.fields }, etag: kept.etag ?? "" } : undefined;
  } catch {
    return undefined;
  }
}

function writeUnsaved(userId: string, id: string, unsaved: Unsaved | undefined) {
  try {
    if (unsaved) {
      localStorage.setItem(unsavedKey(userId, id), JSON.stringify(unsaved));
    } else {
      localStorage.removeItem(unsavedKey(userId, id));
    }
  } catch {
    // Storage is refused: then it lasts as long as the page.
  }
}

export interface Draft {
  fields: Fields;
  // The post as the server has it; none before the first save.
  base: Post | undefined;
  dirty: boolean;
  saving: boolean;
  savedAt: Date | undefined;
  problem: unknown;
  // The post as somebody else left it, when it changed under what is written here.
  theirs: Post | undefined;
  set: (change: Partial<Fields>, sourceVersion?: number) => void;
  // flush saves what is not saved yet and gives the post; it throws when that can't be done.
  flush: () => Promise<Post>;
  keepMine: () => void;
  takeTheirs: () => void;
  // adopt takes a post that another call gave back for what the server has.
  adopt: (post: Post) => void;
}

const restFor = 1000;

export function useDraft(userId: string, post: Post | undefined, onCreated: (post: Post) => void): Draft {
  const [kept] = useState(() => readUnsaved(userId, post?.id ?? ""));
  const [base, setBase] = useState(() => (post && kept && kept.etag !== "" ? { ...post, etag: kept.etag } : post));
  const [fields, setFields] = useState<Fields>(() => kept?.fields ?? (post ? fieldsOf(post) : emptyFields));
  const [saving, setSaving] = useState(false);
  const [savedAt, setSavedAt] = useState<Date>();
  const [problem, setProblem] = useState<unknown>();
  const [theirs, setTheirs] = useState<Post>();
  const requestId = useRef(crypto.randomUUID());
  const source = useRef(0);
  const running = useRef<Promise<Post> | undefined>(undefined);
  const now = useRef({ fields, base });
  useEffect(() => {
    now.current = { fields, base };
  });

  const dirty = base ? changed(fields, fieldsOf(base)).length > 0 : fields.content.trim() !== "";

  const adopt = useCallback((fresh: Post) => {
    now.current = { ...now.current, base: fresh };
    setBase(fresh);
    keepPost(fresh);
    writeUnsaved(userId, fresh.id, undefined);
  }, [userId]);

  const saveOnce = useCallback(async (): Promise<Post> => {
    const { fields: mine, base: before } = now.current;
    if (!before) {
      const { post: made } = await calls.createPost({ post: mine, requestId: requestId.current });
      if (!made) {
        throw new Error("The answer holds no post.");
      }
      writeUnsaved(userId, "", undefined);
      adopt(made);
      onCreated(made);
      return made;
    }
    const mask = changed(mine, fieldsOf(before));
    if (mask.length === 0) {
      return before;
    }
    const sourceVersion = mask.includes("content") ? source.current : 0;
    const { post: saved } = await calls.updatePost({
      post: { id: before.id, ...mine }, updateMask: create(FieldMaskSchema, { paths: mask }), etag: before.etag, sourceVersion,
    });
    if (!saved) {
      throw new Error("The answer holds no post.");
    }
    source.current = 0;
    adopt(saved);
    return saved;
  }, [userId, adopt, onCreated]);

  const flush = useCallback((): Promise<Post> => {
    const previous = running.current;
    const next = (async () => {
      await previous?.catch(() => undefined);
      setSaving(true);
      try {
        const saved = await saveOnce();
        setProblem(undefined);
        setSavedAt(new Date());
        forgetLists();
        return saved;
      } catch (error) {
        const id = now.current.base?.id;
        if (isStale(error) && id !== undefined) {
          const { post: other } = await calls.getPost({ id });
          setTheirs(other);
        } else {
          setProblem(error);
        }
        throw error;
      } finally {
        setSaving(false);
      }
    })();
    running.current = next;
    return next;
  }, [saveOnce]);

  // Saved by itself after a rest, and tried again after a failure that passes.
  useEffect(() => {
    if (!dirty || saving || theirs || (problem !== undefined && !problemOf(problem).passing)) {
      return undefined;
    }
    const timer = setTimeout(() => void flush().catch(() => undefined), problem === undefined ? restFor : 10 * restFor);
    return () => clearTimeout(timer);
  }, [fields, dirty, saving, theirs, problem, flush]);

  // What is left before it is saved is saved in leaving, and kept in this browser should that fail.
  useEffect(() => () => {
    const { fields: last, base: before } = now.current;
    if (before ? changed(last, fieldsOf(before)).length > 0 : last.content.trim() !== "") {
      void flush().catch(() => undefined);
    }
  }, [flush]);

  const set = useCallback((change: Partial<Fields>, sourceVersion?: number) => {
    const next = { ...now.current.fields, ...change };
    now.current = { ...now.current, fields: next };
    if (sourceVersion !== undefined) {
      source.current = sourceVersion;
    }
    setFields(next);
    setProblem(undefined);
    writeUnsaved(userId, now.current.base?.id ?? "", { fields: next, etag: now.current.base?.etag ?? "" });
  }, [userId]);

  const keepMine = () => {
    if (theirs) {
      adopt(theirs); // what is written here is a change of theirs from now on
      writeUnsaved(userId, theirs.id, { fields, etag: theirs.etag });
      setTheirs(undefined);
    }
  };
  const takeTheirs = () => {
    if (theirs) {
      adopt(theirs);
      now.current = { fields: fieldsOf(theirs), base: theirs };
      setFields(fieldsOf(theirs));
      setTheirs(undefined);
    }
  };
  return { fields, base, dirty, saving, savedAt, problem, theirs, set, flush, keepMine, takeTheirs, adopt };
}
