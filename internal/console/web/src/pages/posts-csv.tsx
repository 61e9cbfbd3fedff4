// Drafts from a file, and a file of what is shown.
import { useMutation } from "@connectrpc/connect-query";
import { useState } from "react";
import type { Account } from "@api/postwright/v1/account_service_pb";
import type { Post } from "@api/postwright/v1/post_pb";
import { PostService } from "@api/postwright/v1/post_service_pb";
import { forgetLists } from "../api/cache";
import { problemOf } from "../api/problem";
import { t } from "../i18n";
import { parseCsv, writeCsv } from "../lib/csv";
import { byRow, draftsOf, type ImportedDraft } from "../lib/import";
import { firstLine } from "../lib/text";
import { dateOf } from "../lib/time";
import { accountName } from "../ui/accounts";
import { Button } from "../ui/button";
import { Dialog } from "../ui/dialog";
import { tell } from "../ui/notices";
import { stateWord } from "../ui/state";

// saveCsv gives the browser a file of the posts.
export function saveCsv(posts: Post[], accounts: Account[]) {
  const iso = (at: Date | undefined) => at?.toISOString() ?? "";
  const rows = posts.map((post) => [
    post.id, stateWord(post.state), post.content, post.hashtags.join(" "), accountName(accounts, post.accountId),
    iso(dateOf(post.scheduledTime)), iso(dateOf(post.publishedTime)), post.permalink,
  ]);
  const head = ["id", "state", "content", "hashtags", "account", "scheduled", "published", "link"];
  const url = URL.createObjectURL(new Blob(["\ufeff", writeCsv([head, ...rows])], { type: "text/csv" }));
  const link = document.createElement("a");
  link.href = url;
  link.download = "posts.csv";
  link.click();
  URL.revokeObjectURL(url);
}

const mostRows = 1000;

interface Read {
  drafts: ImportedDraft[];
  faults: string[];
}

function read(text: string, accounts: Account[]): Read {
  const imported = draftsOf(parseCsv(text), accounts);
  if ("noContent" in imported) {
    return { drafts: [], faults: [t.csv.noContent] };
  }
  const { drafts, unknownAccounts } = imported;
  return {
    drafts,
    faults: [
      ...(drafts.length === 0 ? [t.csv.noRows] : []),
      ...(drafts.length > mostRows ? [t.csv.tooMany(drafts.length)] : []),
      ...unknownAccounts.map(({ row, name }) => t.csv.unknownAccount(row, name)),
    ],
  };
}

// ImportCsv makes drafts of a file's rows: all of them, or none where the server refuses one.
export function ImportCsv({ accounts, onClose }: { accounts: Account[]; onClose: () => void }) {
  const [file, setFile] = useState<Read>();
  const [requestId, setRequestId] = useState("");
  const make = useMutation(PostService.method.batchCreatePosts, {
    onSuccess: ({ posts }) => {
      forgetLists();
      onClose();
      tell(t.csv.made(posts.length));
    },
  });
  const choose = async (chosen: File | undefined) => {
    make.reset();
    setRequestId(crypto.randomUUID());
    setFile(chosen && read(await chosen.text(), accounts));
  };
  const refused = make.error ? byRow(problemOf(make.error).message, t.csv.at).split("; ") : [];
  const faults = [...(file?.faults ?? []), ...refused];
  return (
    <Dialog title={t.csv.import} isOpen onClose={onClose} wide>
      <p>{t.csv.help}</p>
      <div className="field">
        <label htmlFor="csv-file">{t.csv.file}</label>
        <input id="csv-file" type="file" accept=".csv,text/csv" onChange={(event) => void choose(event.target.files?.[0])} />
      </div>
      {faults.length > 0 && (
        <div className="callout red csv-faults" role="alert">
          <ul className="stack tight">{faults.map((fault) => <li key={fault}>{fault}</li>)}</ul>
        </div>
      )}
      {file && file.drafts.length > 0 && (
        <div className="table-scroll csv-rows" tabIndex={0} role="region" aria-label={t.csv.rows(file.drafts.length)}>
          <table>
            <caption>{t.csv.rows(file.drafts.length)}</caption>
            <thead>
              <tr>
                <th scope="col">{t.csv.row}</th>
                <th scope="col">{t.posts.columns.text}</th>
                <th scope="col">{t.write.hashtags}</th>
              </tr>
            </thead>
            <tbody>
              {file.drafts.slice(0, 50).map((draft, i) => (
                <tr key={i}>
                  <td>{i + 2}</td>
                  <td className="cell-text"><div className="line-1">{firstLine(draft.content)}</div></td>
                  <td className="nowrap">{draft.hashtags.map((tag) => `#${tag}`).join(" ")}</td>
                </tr>
              ))}
            </tbody>
          </table>
        </div>
      )}
      <div className="ends">
        <Button onPress={onClose}>{t.action.cancel}</Button>
        <Button
          look="primary" isDisabled={file === undefined || file.faults.length > 0 || file.drafts.length === 0} isPending={make.isPending}
          onPress={() => make.mutate({ posts: file?.drafts ?? [], requestId })}
        >
          {t.csv.make(file?.drafts.length ?? 0)}
        </Button>
      </div>
    </Dialog>
  );
}
