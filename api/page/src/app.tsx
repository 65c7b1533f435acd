// The shell: bar, views, dialogs. Each view is loaded when it is first opened.
import { useSignalEffect } from "@preact/signals";
import type { ComponentType } from "preact";
import { useEffect, useState } from "preact/hooks";
import { ConnectionBanner } from "./parts/connection-banner";
import { ErrorNotice, Skeleton } from "./parts/notices";
import { SignIn } from "./parts/sign-in";
import { SittingDialog } from "./parts/sitting-dialog";
import { Toasts } from "./parts/toast";
import { TopBar } from "./parts/top-bar";
import { DropAnywhere } from "./search/drop-zone";
import { onReturn } from "./state/connection";
import { say } from "./state/language";
import { place, type View } from "./state/route";
import { enter, session } from "./state/session";
import { readSite, site } from "./state/site";
import { common } from "./words/common";

const VIEWS: Record<View, () => Promise<{ default: ComponentType }>> = {
  search: () => import("./search/search-view"),
  trace: () => import("./trace/trace-view"),
  live: () => import("./live/live-view"),
  sighting: () => import("./search/sighting-view"),
};

export function App() {
  const [fault, setFault] = useState<unknown>(null);
  const read = () => {
    setFault(null);
    readSite().catch(setFault);
  };
  useSignalEffect(() => {
    if (session.value === "in" && site.peek() === null) read();
  });
  useEffect(() => onReturn(() => {
    if (session.peek() === "offline") void enter(null);
    else if (session.peek() === "in" && site.peek() === null) read();
  }), []);
  useSignalEffect(() => {
    const name = session.value === "in" ? say(common)[place.value.view] : say(common).signIn;
    document.title = `${name} · ${site.value?.name ? `${site.value.name} · ` : ""}雁迹 yanji`;
  });
  const skip = (event: Event) => {
    event.preventDefault();
    document.getElementById("view")?.focus();
  };
  return (
    <div class="shell">
      <a class="skip" href="#view" onClick={skip}>{say(common).skip}</a>
      <div class="shell-head">
        <TopBar />
        <ConnectionBanner />
      </div>
      <main class="view" id="view" tabIndex={-1}>
        {session.value !== "in" ? <SignIn /> : site.value ? <CurrentView />
          : fault !== null ? <ErrorNotice error={fault} onAgain={read} /> : <Skeleton kind="panel" count={2} />}
      </main>
      {session.value === "in" && site.value && <DropAnywhere />}
      <SittingDialog />
      <Toasts />
    </div>
  );
}

function CurrentView() {
  const view = place.value.view;
  const [shown, show] = useState<{ view: View; Component: ComponentType } | null>(null);
  const [fault, setFault] = useState<unknown>(null);
  const [tries, setTries] = useState(0);
  useEffect(() => {
    let wanted = true;
    setFault(null);
    VIEWS[view]().then(
      (module) => {
        if (!wanted) return;
        scrollTo(0, 0);
        show({ view, Component: module.default });
      },
      (error: unknown) => {
        if (wanted) setFault(error);
      },
    );
    return () => {
      wanted = false;
    };
  }, [view, tries]);
  useEffect(() => onReturn(() => setTries((before) => before + 1)), []);
  if (fault !== null) return <ErrorNotice error={fault} onAgain={() => setTries(tries + 1)} />;
  return shown?.view === view ? <shown.Component /> : <Skeleton kind="panel" count={2} />;
}
