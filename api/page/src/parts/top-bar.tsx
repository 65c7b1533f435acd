import { useSignalEffect } from "@preact/signals";
import { signOut } from "../api/calls";
import { choose, language, say } from "../state/language";
import { questionOf, traceParams } from "../state/question";
import { hashOf, place, type View } from "../state/route";
import { askSitting, sitting } from "../state/sitting";
import { session } from "../state/session";
import { site } from "../state/site";
import { common } from "../words/common";
import { explain } from "../words/problems";
import { Icon, type IconName } from "./icons";
import { problemOf } from "./notices";
import { purposeName } from "./sitting-dialog";
import { toast } from "./toast";

type Tab = "search" | "trace" | "live";
const TABS: { view: Tab; icon: IconName }[] = [
  { view: "search", icon: "search" }, { view: "trace", icon: "route" }, { view: "live", icon: "live" },
];
/** Where one was in each view: its tab leads back there. */
const left = new Map<View, string>();

function tabHash(view: Tab): string {
  const kept = left.get(view);
  if (view !== "trace" || place.value.view !== "search") return kept ?? hashOf(view);
  const asked = questionOf(place.value.params);
  return asked.sighting || asked.box ? hashOf("trace", traceParams(asked)) : kept ?? hashOf(view);
}

/** A sighting belongs to the search it was opened from. */
const tabOf = (view: View): View => (view === "sighting" ? "search" : view);

export function TopBar() {
  const words = say(common);
  useSignalEffect(() => {
    const { view, params } = place.value;
    if (view !== "sighting") left.set(view, hashOf(view, params));
  });
  const signedIn = session.value === "in";
  const leave = async () => {
    try {
      await signOut();
    } catch (error) {
      toast(explain(problemOf(error)).title, "warn");
      return;
    }
    sitting.value = null;
    sessionStorage.clear();
    // Loaded anew: nothing of what was shown stays in memory.
    history.replaceState(null, "", location.pathname);
    location.reload();
  };
  return (
    <header class="bar">
      <a class="brand" href={hashOf("search")} aria-label={`雁迹 yanji ${site.value?.name ?? ""}`}>
        <img src="/goose.svg" alt="" width="26" height="26" />
        <span class="brand-name">雁迹 <span class="brand-latin">yanji</span></span>
        {site.value?.name && <small>{site.value.name}</small>}
      </a>
      {signedIn && (
        <nav class="views" aria-label={words.views}>
          {TABS.map(({ view, icon }) => (
            <a key={view} href={tabHash(view)} aria-current={tabOf(place.value.view) === view ? "page" : undefined}>
              <Icon name={icon} /> <span>{words[view]}</span>
            </a>
          ))}
        </nav>
      )}
      <div class="right">
        {signedIn && (
          <button type="button" class={sitting.value ? "case-chip" : "case-chip none"} onClick={() => void askSitting()}
            title={sitting.value ? `${purposeName(sitting.value.purpose)} · ${sitting.value.reason}` : words.noCase}>
            <Icon name="case" size={16} />
            <span class="unseen">{words.caseNumber}: </span>
            <span class="case-number">{sitting.value ? sitting.value.case : words.noCase}</span>
          </button>
        )}
        <button type="button" class="bar-button" lang={language.value === "zh" ? "en" : "zh-CN"} aria-label={words.language}
          onClick={() => choose(language.value === "zh" ? "en" : "zh")}>
          <Icon name="globe" /> <span class="language-long">{words.language}</span><span class="language-short" aria-hidden="true">{words.languageShort}</span>
        </button>
        {signedIn && (
          <button type="button" class="bar-button" aria-label={words.signOut} title={words.signOut} onClick={() => void leave()}>
            <Icon name="signOut" />
          </button>
        )}
      </div>
    </header>
  );
}
