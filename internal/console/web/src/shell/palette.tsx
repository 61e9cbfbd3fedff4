import { useQuery } from "@connectrpc/connect-query";
import { keepPreviousData } from "@tanstack/react-query";
import { useNavigate } from "@tanstack/react-router";
import { useState } from "react";
import { Autocomplete } from "react-aria-components/Autocomplete";
import { Dialog } from "react-aria-components/Dialog";
import { Header, Menu, MenuItem, MenuSection } from "react-aria-components/Menu";
import { Modal, ModalOverlay } from "react-aria-components/Modal";
import { Input, SearchField } from "react-aria-components/SearchField";
import { PostService } from "@api/postwright/v1/post_service_pb";
import { t } from "../i18n";
import { setPrefs } from "../lib/prefs";
import { firstLine } from "../lib/text";
import { useDebounced } from "../lib/use";
import { StateBadge } from "../ui/state";
import { places } from "./places";
import { useSignOut } from "./session";

interface PaletteProps {
  isOpen: boolean;
  onClose: () => void;
  onKeys: () => void;
}

// Palette leads to every page, action and post by typing.
export function Palette({ isOpen, onClose, onKeys }: PaletteProps) {
  return (
    <ModalOverlay
      className="veil"
      isOpen={isOpen}
      isDismissable
      onOpenChange={(open) => {
        if (!open) {
          onClose();
        }
      }}
    >
      <Modal className="dialog wide">
        <Dialog aria-label={t.palette.title} className="palette">
          <Choices onClose={onClose} onKeys={onKeys} />
        </Dialog>
      </Modal>
    </ModalOverlay>
  );
}

interface Choice {
  word: string;
  act: () => void;
}

function Choices({ onClose, onKeys }: Omit<PaletteProps, "isOpen">) {
  const navigate = useNavigate();
  const signOut = useSignOut();
  const [typed, setTyped] = useState("");
  const query = useDebounced(typed.trim(), 200);
  const found = useQuery(PostService.method.searchPosts, { query, pageSize: 8 }, { enabled: query.length > 1, placeholderData: keepPreviousData });

  const fits = ({ word }: Choice) => word.toLocaleLowerCase().includes(typed.trim().toLocaleLowerCase());
  const pages: Choice[] = [
    ...places.map(({ to, word }) => ({ word: word(), act: () => void navigate({ to }) })),
    { word: t.nav.system, act: () => void navigate({ to: "/system" }) },
  ].filter(fits);
  const actions: Choice[] = [
    { word: t.action.newPost, act: () => void navigate({ to: "/write/{-$id}", params: { id: undefined } }) },
    { word: `${t.theme.label}: ${t.theme.light}`, act: () => setPrefs({ theme: "light" }) },
    { word: `${t.theme.label}: ${t.theme.dark}`, act: () => setPrefs({ theme: "dark" }) },
    { word: `${t.theme.label}: ${t.theme.system}`, act: () => setPrefs({ theme: "system" }) },
    { word: t.shortcuts.help, act: onKeys },
    { word: t.action.signOut, act: () => signOut.mutate({}) },
  ].filter(fits);
  const posts = query.length > 1 && typed.trim().length > 1 ? (found.data?.posts ?? []) : [];
  const choose = (act: () => void) => () => {
    onClose();
    act();
  };
  return (
    <Autocomplete inputValue={typed} onInputChange={setTyped} filter={() => true}>
      <SearchField aria-label={t.palette.title} autoFocus>
        <Input className="input palette-input" placeholder={t.palette.placeholder} />
      </SearchField>
      <Menu className="menu palette-list" aria-label={t.palette.title} renderEmptyState={() => <p className="muted palette-none">{t.palette.none}</p>}>
        {pages.length > 0 && (
          <MenuSection>
            <Header className="menu-section-head">{t.palette.pages}</Header>
            {pages.map(({ word, act }) => <MenuItem key={word} id={`page ${word}`} textValue={word} className="menu-item" onAction={choose(act)}>{word}</MenuItem>)}
          </MenuSection>
        )}
        {actions.length > 0 && (
          <MenuSection>
            <Header className="menu-section-head">{t.palette.actions}</Header>
            {actions.map(({ word, act }) => <MenuItem key={word} id={`action ${word}`} textValue={word} className="menu-item" onAction={choose(act)}>{word}</MenuItem>)}
          </MenuSection>
        )}
        {posts.length > 0 && (
          <MenuSection>
            <Header className="menu-section-head">{t.palette.posts}</Header>
            {posts.map((post) => (
              <MenuItem
                key={post.id}
                id={post.id}
                textValue={firstLine(post.content)}
                className="menu-item"
                onAction={choose(() => void navigate({ to: "/posts/$id", params: { id: post.id } }))}
              >
                <span className="grow line-1">{firstLine(post.content)}</span>
                <StateBadge state={post.state} />
              </MenuItem>
            ))}
          </MenuSection>
        )}
      </Menu>
    </Autocomplete>
  );
}
