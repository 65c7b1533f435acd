// Takes a picture in every way there is: dropped or pasted anywhere on the page, chosen, or taken.
import { useEffect, useRef, useState } from "preact/hooks";
import { Icon } from "../parts/icons";
import { ErrorNotice } from "../parts/notices";
import { say } from "../state/language";
import { search } from "../words/search";
import { ACCEPTED, fileIn } from "./file-check";
import { cancel, send, upload, uploadFault } from "./uploading";

/** Listens on the whole page while it is shown; shows itself only while something is dragged. */
export function DropAnywhere() {
  const [over, setOver] = useState(false);
  useEffect(() => {
    let depth = 0;
    const carriesFile = (event: DragEvent) => event.dataTransfer?.types.includes("Files") ?? false;
    const enter = (event: DragEvent) => {
      if (!carriesFile(event)) return;
      event.preventDefault();
      depth += 1;
      setOver(true);
    };
    const move = (event: DragEvent) => {
      if (carriesFile(event)) event.preventDefault();
    };
    const leave = (event: DragEvent) => {
      if (!carriesFile(event)) return;
      depth = Math.max(0, depth - 1);
      if (depth === 0) setOver(false);
    };
    const drop = (event: DragEvent) => {
      depth = 0;
      setOver(false);
      const file = fileIn(event.dataTransfer);
      if (!file) return;
      event.preventDefault();
      void send(file);
    };
    const paste = (event: ClipboardEvent) => {
      const file = fileIn(event.clipboardData);
      if (!file) return;
      event.preventDefault();
      void send(file);
    };
    addEventListener("dragenter", enter);
    addEventListener("dragover", move);
    addEventListener("dragleave", leave);
    addEventListener("drop", drop);
    addEventListener("paste", paste);
    return () => {
      removeEventListener("dragenter", enter);
      removeEventListener("dragover", move);
      removeEventListener("dragleave", leave);
      removeEventListener("drop", drop);
      removeEventListener("paste", paste);
    };
  }, []);
  return over ? <div class="drop-over" aria-hidden="true"><Icon name="upload" size={48} /><strong>{say(search).dropNow}</strong></div> : null;
}

/** A button that opens the system's chooser. */
export function ChooseFile({ text, first = false, icon = "picture", camera = false }: {
  text: string; first?: boolean; icon?: "picture" | "photo"; camera?: boolean;
}) {
  const input = useRef<HTMLInputElement>(null);
  return (
    <>
      <button type="button" class={first ? "button first" : "button"} onClick={() => input.current?.click()}>
        <Icon name={icon} /> {text}
      </button>
      <input ref={input} class="unseen" type="file" accept={ACCEPTED} tabIndex={-1} aria-hidden="true"
        {...(camera ? { capture: "environment" as const } : {})}
        onChange={(event) => {
          const file = event.currentTarget.files?.[0];
          // The same file again must count as a change, too.
          event.currentTarget.value = "";
          if (file) void send(file);
        }} />
    </>
  );
}

/** The progress of the upload, or why there was none; nothing otherwise. */
export function UploadState() {
  const words = say(search);
  const now = upload.value;
  if (now) {
    return (
      <div class="card uploading" role="status">
        <img src={now.preview} alt="" onError={(event) => { event.currentTarget.hidden = true; }} />
        <div class="uploading-text">
          <strong>{now.part === null ? words.looking : `${words.sending} ${Math.round(now.part * 100)} %`}</strong>
          <span class="small quiet uploading-name">{now.name}</span>
          <progress max={1} {...(now.part === null ? {} : { value: now.part })} aria-label={words.sending} />
        </div>
        <button type="button" class="button" onClick={cancel}>{words.stop}</button>
      </div>
    );
  }
  return uploadFault.value === null ? null : <Refusal error={uploadFault.value} />;
}

/** Comes into view: the picture may have been dropped far from it. */
function Refusal({ error }: { error: unknown }) {
  const notice = useRef<HTMLDivElement>(null);
  useEffect(() => notice.current?.scrollIntoView({ block: "center" }), [error]);
  return <div ref={notice}><ErrorNotice error={error} /></div>;
}

export function DropZone() {
  const words = say(search);
  return (
    <section class="drop" aria-labelledby="drop-title">
      {upload.value === null && (
        <div class="drop-target">
          <span class="drop-icon"><Icon name="upload" size={36} /></span>
          <h1 id="drop-title">{words.title}</h1>
          <p><span class="no-touch"><strong class="drop-lead">{words.dropTitle}</strong> {words.dropHint}</span> <span class="quiet">{words.dropKinds}</span></p>
          <div class="drop-buttons">
            <ChooseFile text={words.choose} first />
            <span class="only-touch"><ChooseFile text={words.photo} icon="photo" camera /></span>
          </div>
          <p class="small quiet drop-kept"><Icon name="shield" size={15} /> {words.kept}</p>
        </div>
      )}
      <UploadState />
    </section>
  );
}
