import type { ReactNode } from "react";
import { Dialog as AriaDialog, Heading } from "react-aria-components/Dialog";
import { Modal, ModalOverlay } from "react-aria-components/Modal";
import { t } from "../i18n";
import { Button } from "./button";
import { ProblemNote } from "./problem";

export interface DialogProps {
  title: string;
  isOpen: boolean;
  onClose: () => void;
  wide?: boolean;
  alert?: boolean;
  children: ReactNode;
}

// A dialog keeps the focus while it is open, and gives it back.
export function Dialog({ title, isOpen, onClose, wide, alert, children }: DialogProps) {
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
      <Modal className={wide ? "dialog wide" : "dialog"}>
        <AriaDialog role={alert ? "alertdialog" : "dialog"}>
          <Heading slot="title" level={2}>{title}</Heading>
          {children}
        </AriaDialog>
      </Modal>
    </ModalOverlay>
  );
}

export interface ConfirmProps {
  title: string;
  confirm: string;
  danger?: boolean;
  isOpen: boolean;
  isPending: boolean;
  error?: unknown;
  onClose: () => void;
  onConfirm: () => void;
  children?: ReactNode;
}

// Confirm asks once before what can't be taken back.
export function Confirm({ title, confirm, danger, isOpen, isPending, error, onClose, onConfirm, children }: ConfirmProps) {
  return (
    <Dialog title={title} isOpen={isOpen} onClose={onClose} alert>
      {children}
      <ProblemNote error={error} />
      <div className="ends">
        <Button onPress={onClose}>{t.action.cancel}</Button>
        <Button look={danger ? "danger" : "primary"} isPending={isPending} onPress={onConfirm} autoFocus>{confirm}</Button>
      </div>
    </Dialog>
  );
}
