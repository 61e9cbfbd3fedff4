// The caller's LinkedIn accounts, asked for once for all rows of a page.
import { useQuery } from "@connectrpc/connect-query";
import { AccountService, type Account } from "@api/postwright/v1/account_service_pb";
import { t } from "../i18n";

export function useAccounts(): { accounts: Account[]; isPending: boolean; error: unknown } {
  const { data, isPending, error } = useQuery(AccountService.method.listAccounts, {}, { staleTime: 60_000 });
  return { accounts: data?.accounts ?? [], isPending, error };
}

export const defaultAccount = (accounts: Account[]) => accounts.find((account) => account.default);

// accountName is whom a post goes out as.
export function accountName(accounts: Account[], id: string): string {
  if (id === "") {
    return defaultAccount(accounts)?.displayName ?? t.post.defaultAccount;
  }
  return accounts.find((account) => account.id === id)?.displayName ?? t.post.goneAccount;
}

// isPage tells a page of an organisation from a member.
export const isPage = (account: Account) => account.urn.startsWith("urn:li:organization:");
