// Copies the address of what is shown. Where the clipboard is closed (plain http), the link is shown.
import { useState } from "preact/hooks";
import { say } from "../state/language";
import { common } from "../words/common";
import { Icon } from "./icons";
import { Modal } from "./modal";
import { toast } from "./toast";

interface Props {
  /** A route like "#/sighting?id=…"; without it the address of now. */
  hash?: string | undefined;
  /** Only the icon. */
  bare?: boolean | undefined;
}

export function CopyLink({ hash, bare = false }: Props) {
  const words = say(common);
  const [byHand, setByHand] = useState<string | null>(null);
  const copy = async () => {
    const url = hash === undefined ? location.href : new URL(hash, location.href).href;
    try {
      await navigator.clipboard.writeText(url);
      toast(words.copied, "link");
    } catch {
      setByHand(url);
    }
  };
  return (
    <>
      <button type="button" class={bare ? "icon-button" : "button"} title={bare ? words.copyLink : undefined}
        aria-label={bare ? words.copyLink : undefined} onClick={() => void copy()}>
        <Icon name="link" /> {!bare && words.copyLink}
      </button>
      {byHand !== null && (
        <Modal title={words.copyLink} onClose={() => setByHand(null)}>
          <label class="field">
            <span>{words.copyByHand}</span>
            <input readOnly value={byHand} onFocus={(event) => event.currentTarget.select()} autofocus />
          </label>
        </Modal>
      )}
    </>
  );
}
